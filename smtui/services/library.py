"""Looking through the library, and tagging what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from smtui.domain.account import Account, UserId
from smtui.domain.errors import InputInvalid, NotFound
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.work import Clock
from smtui.domain.question import Place, Question
from smtui.domain.sample import FileId, Mark, Sample
from smtui.services.id_pages import id_pages
from smtui.services.listing import Listing
from smtui.services.permissions import Deed
from smtui.services.rights import Rights

LONGEST_TAG = 60
MOST_TAGS_SHOWN = 500
_PAGE = 500
_IDS = 1_000


class Library:
    """Questions to the sounds, and their tags."""

    def __init__(self, samples: SampleStore, rights: Rights, clock: Clock) -> None:
        self._samples = samples
        self._rights = rights
        self._clock = clock

    def listing(self, question: Question) -> Listing:
        """Give the answer as numbered rows, for a table; to be closed."""
        return Listing(self._samples, question)

    async def sample(self, file_id: FileId) -> Sample:
        """One sound; raises NotFound where it is no longer in the library."""
        found = await self._samples.get([file_id])
        if not found:
            raise NotFound("This sound is no longer in the library")
        return found[0]

    async def samples(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """Several sounds in the order asked for; those no longer there are left out."""
        return await self._samples.get(file_ids)

    async def count(self, question: Question) -> int:
        """How many sounds match."""
        return await self._samples.count(question)

    async def each(
        self, question: Question, *, limit: int | None = None
    ) -> AsyncIterator[tuple[Sample, ...]]:
        """Give the whole answer in order, page by page, at most `limit` sounds."""
        after: Place | None = None
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            page = await self._samples.page(question, limit=size, after=after)
            if page.samples:
                yield page.samples
            if len(page.samples) < size:
                return
            after = page.places[-1]
            left = None if left is None else left - size

    async def ids(
        self, question: Question, *, limit: int | None = None
    ) -> AsyncIterator[tuple[FileId, ...]]:
        """Give the ids of the answer in order, in chunks of at most 1,000."""
        async for page in id_pages(self._samples, question, size=_IDS, limit=limit):
            yield page

    async def tag(
        self,
        file_ids: Sequence[FileId],
        *,
        by: Account,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
    ) -> int:
        """Add and remove tags; gives how many sounds changed.

        Raises:
            InputInvalid: a tag cannot be used.
            NotAllowed: one of the sounds is not this account's to tag; none was changed.
        """
        adding, removing = [tag_of(text) for text in add], [tag_of(text) for text in remove]
        account = await self._rights.require_on(by, Deed.TAG, file_ids, self._samples)
        mark = Mark(by=account.user_id, at=self._clock.now())
        changed = 0
        for start in range(0, len(file_ids), _IDS):
            some = file_ids[start : start + _IDS]
            changed += await self._samples.change_tags(some, mark=mark, add=adding, remove=removing)
        return changed

    async def forget(self, file_ids: Sequence[FileId], *, by: Account) -> int:
        """Take sounds out of the library with all that is known of them; their files stay.

        Gives how many were there. Raises NotAllowed where one of the sounds is not this account's
        to forget; none was forgotten then.
        """
        owners = await self._rights.owners_of(file_ids, self._samples)
        await self._rights.require_to_take_away(by, owners, verb="forget")
        count = 0
        for start in range(0, len(file_ids), _IDS):
            count += await self._samples.remove(file_ids[start : start + _IDS])
        return count

    async def tags_in_use(self, viewer: UserId | None) -> tuple[str, ...]:
        """Tags, most used first."""
        return await self._samples.tags_in_use(viewer=viewer, limit=MOST_TAGS_SHOWN)

    async def outdated(self, viewer: UserId | None, recipe_version: int) -> int:
        """How many sounds an older recipe has heard; they are heard anew only when asked."""
        return await self._samples.count_outdated(user_id=viewer, recipe_version=recipe_version)

    async def generation(self) -> int:
        """A number that changes whenever any process changed the sounds."""
        return await self._samples.generation()


def tag_of(text: str) -> str:
    """Make a tag of what was typed; raises InputInvalid where that is none."""
    tag = " ".join(text.split())
    if not tag:
        raise InputInvalid("A tag cannot be empty")
    if len(tag) > LONGEST_TAG:
        raise InputInvalid(f"A tag can be at most {LONGEST_TAG} characters long")
    if not tag.isprintable():
        raise InputInvalid("A tag cannot have control characters")
    return tag

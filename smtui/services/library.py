"""Looking through the library and at what was measured, and tagging what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from smtui.domain.account import Account, UserId
from smtui.domain.analysis import Analysis
from smtui.domain.errors import InputInvalid, NotFound
from smtui.domain.parts import in_parts
from smtui.domain.ports.documents import AnalysisStore, SampleStore
from smtui.domain.ports.work import Clock
from smtui.domain.question import Place, Question
from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.tag_change import Retagged, Retagging
from smtui.domain.unreadable import MEND, NO_SOUND, asks_for_unreadable, is_unreadable
from smtui.services.listing import Listing, UnreadableAnswers, id_pages
from smtui.services.rights import Deed, Rights

LONGEST_TAG = 60
TAGGED_AT_ONCE = 2_000
"""So many sounds are tagged in one transaction: others who write wait for some .1 s."""
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
        """Return the answer as numbered rows, for a table; to be closed."""
        return Listing(self._answering(question), question)

    async def sample(self, file_id: FileId) -> Sample:
        """One sound; raises NotFound where it is no longer in the library."""
        if is_unreadable(file_id):
            raise NotFound(NO_SOUND, hint=MEND)
        found = await self._samples.get([file_id])
        if not found:
            raise NotFound("This sound is no longer in the library")
        return found[0]

    async def samples(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """Several sounds in the order asked for; those no longer there are left out."""
        return await self._samples.get(file_ids)

    async def count(self, question: Question) -> int:
        """How many sounds match."""
        return await self._answering(question).count(question)

    async def among(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Which of these sounds the answer has."""
        found: set[FileId] = set()
        if asks_for_unreadable(question.expression):
            return frozenset()
        for part in in_parts(file_ids, _IDS):
            found |= await self._samples.matching(question, part)
        return frozenset(found)

    async def each(
        self, question: Question, *, limit: int | None = None
    ) -> AsyncIterator[tuple[Sample, ...]]:
        """Yield the whole answer in order, page by page, at most `limit` sounds."""
        after: Place | None = None
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            page = await self._answering(question).page(question, limit=size, after=after)
            if page.samples:
                yield page.samples
            if len(page.samples) < size:
                return
            after = page.places[-1]
            left = None if left is None else left - size

    async def ids(
        self, question: Question, *, limit: int | None = None
    ) -> AsyncIterator[tuple[FileId, ...]]:
        """Yield the ids of the answer in order, in chunks of at most 1,000."""
        async for page in id_pages(self._answering(question), question, size=_IDS, limit=limit):
            yield page

    async def tag(
        self,
        file_ids: Sequence[FileId],
        *,
        by: Account,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
    ) -> int:
        """Add and remove tags; return how many sounds changed. Raises as `retag`."""
        change = change_of(add, remove)
        return sum([len(step.before) async for step in self.retag(file_ids, change, by=by)])

    async def retag(
        self, file_ids: Sequence[FileId], change: TagChange, *, by: Account
    ) -> AsyncIterator[Retagged]:
        """Add and remove tags in steps of at most 2,000 sounds; gives each as it was made.

        Whoever ends it between two steps has changed the sounds of the steps before, and can take
        these back.

        Raises:
            NotAllowed: one of the sounds is not this account's to tag; none was changed.
        """
        account = await self._rights.require_on(by, Deed.TAG, file_ids, self._samples)
        mark = Mark(by=account.user_id, at=self._clock.now())
        wanted = Retagging(mark=mark, add=change.add, remove=change.remove)
        for part in in_parts(file_ids, TAGGED_AT_ONCE):
            yield await self._samples.retag(part, wanted)

    async def take_back(self, retagged: Retagged, *, by: Account) -> AsyncIterator[int]:
        """Give back the tags that sounds had, in steps; yields how many sounds each step changed.

        Raises NotAllowed as `retag`.
        """
        file_ids = tuple(retagged.before)
        await self._rights.require_on(by, Deed.TAG, file_ids, self._samples)
        for part in in_parts(file_ids, TAGGED_AT_ONCE):
            some = {file_id: retagged.before[file_id] for file_id in part}
            yield await self._samples.take_back(replace(retagged, before=some))

    async def forget(self, file_ids: Sequence[FileId], *, by: Account) -> int:
        """Take sounds out of the library with all that is known of them; their files stay.

        Gives how many were there. Raises NotAllowed where one of the sounds is not this account's
        to forget; none was forgotten then.
        """
        owners = await self._rights.owners_of(file_ids, self._samples)
        await self._rights.require_to_take_away(by, owners, verb="forget")
        return sum([await self._samples.remove(part) for part in in_parts(file_ids, _IDS)])

    async def tags_in_use(self, viewer: UserId | None) -> tuple[str, ...]:
        """Tags, most used first."""
        return await self._samples.tags_in_use(viewer=viewer, limit=MOST_TAGS_SHOWN)

    async def outdated(self, viewer: UserId | None, recipe_version: int) -> int:
        """How many sounds an older recipe has heard; they are heard anew only when asked."""
        return await self._samples.count_outdated(user_id=viewer, recipe_version=recipe_version)

    def _answering(self, question: Question) -> SampleStore | UnreadableAnswers:
        wanted = asks_for_unreadable(question.expression)
        return UnreadableAnswers(self._samples) if wanted else self._samples

    async def generation(self) -> int:
        """A number that changes whenever any process changed the sounds."""
        return await self._samples.generation()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """Which tags come and which go."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


def change_of(add: Iterable[str], remove: Iterable[str]) -> TagChange:
    """Make a change of what was typed; raises InputInvalid where a tag cannot be used."""
    return TagChange(
        add=tuple(tag_of(text) for text in add), remove=tuple(tag_of(text) for text in remove)
    )


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


class Analyses:
    """Reads what was heard; writing is the worker's."""

    def __init__(self, analyses: AnalysisStore) -> None:
        self._analyses = analyses

    async def of(self, file_id: FileId) -> Analysis | None:
        """The analysis that counts for a sound: the highest level, then the newest."""
        return await self._analyses.newest(file_id)

    async def of_many(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same for several sounds; those never heard are left out."""
        return await self._analyses.newest_of(file_ids)

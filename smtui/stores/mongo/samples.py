"""The sounds of the library on MongoDB (`audio_files`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.question import Cut, Page, Place, Question
from smtui.domain.sample import FileId, Folder, FoundFile, Heard, Mark, Sample, Stamp, Trouble
from smtui.domain.tagging import Retagged, Retagging
from smtui.domain.unreadable import UnreadableFile
from smtui.stores.mongo import (
    adding,
    folders,
    generation,
    hearing,
    lookups,
    outdated,
    removing,
    tagging,
    unreadable,
)
from smtui.stores.mongo.adding import Owned
from smtui.stores.mongo.client import BACKGROUND_SECONDS, MongoLine
from smtui.stores.mongo.foreign_documents import Adoption
from smtui.stores.mongo.lookups import Unheard
from smtui.stores.mongo.planner import USUAL, Effort, Planner

_ADOPTING_SECONDS = 1.0


class MongoSamples:
    """The sounds of the library: pages by declared indexes, changes guarded and repeatable."""

    def __init__(self, line: MongoLine, *, effort: Effort = USUAL) -> None:
        self._line = line
        self._planner = Planner(line, effort=effort)
        self._adoption = Adoption(line)

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """Samples in the order asked for; ids that are not there are left out."""
        if len(file_ids) == 1:
            # Somebody looks at it: what another program said of it since must not wait.
            await self._adoption.look_at(file_ids[0])
        return await lookups.get(self._line, file_ids)

    async def page(
        self,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        """Rows next to a place (neither: from the start), in the question's order."""
        await self._adoption.now_and_then()
        cut = Cut(limit=limit, after=after, before=before, skip=skip)
        page, rows = await self._planner.page(question, cut)
        await self._adoption.mend(zip(rows, page.samples, strict=True))
        return page

    async def matching(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Which of these sounds match."""
        await self._adoption.now_and_then()
        return await lookups.matching(self._line, question, file_ids)

    async def count(self, question: Question) -> int:
        """How many sounds match."""
        await self._adoption.now_and_then()
        return await self._planner.count(question)

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        """Places of rows 0, every, 2·every and so on."""
        await self._adoption.now_and_then()
        return await self._planner.signposts(question, every)

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        """Ids alone, in order, with the place of the last one (None: there are no more)."""
        await self._adoption.now_and_then()
        found = await self._planner.places(question, Cut(limit=limit + 1, after=after))
        shown = found[:limit]
        last = shown[-1] if shown and len(found) > limit else None
        return tuple(place.file_id for place in shown), last

    async def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], *, user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        """What is known of these (file_path, path_bytes); by `path_key`."""
        # A scan must meet what other programs know under the same paths.
        await self._adoption.now(seconds=BACKGROUND_SECONDS)
        return await lookups.stamps(self._line, paths, user_id)

    async def by_hashes(
        self, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        """The owner's sounds with one of these hashes, by file_id."""
        return await lookups.by_field(self._line, "file_hash", hashes, user_id)

    async def by_marks(self, marks: Sequence[str], *, user_id: UserId | None) -> tuple[Sample, ...]:
        """The owner's sounds with one of these audio marks, by file_id."""
        return await lookups.by_field(self._line, "audio_mark", marks, user_id)

    async def add_found(
        self, found: Sequence[FoundFile], *, user_id: UserId | None, at: datetime
    ) -> tuple[FileId, ...]:
        """Upsert on path_key, each file guarded; gives the ids in the same order."""
        await self._adoption.now(seconds=BACKGROUND_SECONDS)
        owned = Owned(user_id=user_id, at=at)
        return tuple(await adding.add_found(self._line, found, owned))

    async def move(self, file_id: FileId, found: FoundFile) -> bool:
        """The same bytes at a new path; False if the sound is gone or the path is taken."""
        return await adding.move(self._line, file_id, found)

    async def unreadable(self, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
        """Files that a scan could not read, the viewer's and the shared ones, by path_key."""
        return await unreadable.kept(self._line, viewer)

    async def note_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        """Keep files with the reason; one that is kept already keeps its `seen_at`."""
        await unreadable.note(self._line, files)

    async def drop_unreadable(self, path_keys: Sequence[str]) -> None:
        """Forget files that can be read now, or are gone."""
        await unreadable.drop(self._line, path_keys)

    async def remove(self, file_ids: Sequence[FileId]) -> int:
        """Drop sounds with their analyses; gives how many were there."""
        return await removing.remove(self._line, file_ids)

    async def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        """Mark as not found since `at`, or with None as there again."""
        await adding.set_missing(self._line, file_ids, at)

    async def below(
        self, folder: str, *, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        """(file_path, path_bytes, id) of the owner's sounds in and below a folder, by path_key."""
        return await lookups.below(self._line, folder, user_id, after, limit)

    async def set_heard(self, file_id: FileId, heard: Heard, *, file_hash: str) -> bool:
        """Guarded: only while the bytes are those that were heard, never a lower level."""
        return await hearing.set_heard(self._line, file_id, heard, file_hash)

    async def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        """Keep why the last listening failed."""
        return await hearing.set_trouble(self._line, file_id, trouble)

    async def change_tags(
        self,
        file_ids: Sequence[FileId],
        *,
        mark: Mark,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> int:
        """Add and remove tags (compared folded, kept as typed); gives how many rows changed."""
        change = Retagging(mark=mark, add=tuple(add), remove=tuple(remove))
        return len((await self.retag(file_ids, change)).before)

    async def retag(self, file_ids: Sequence[FileId], change: Retagging) -> Retagged:
        """Add and remove tags; gives what it takes to take that back."""
        await self._adoption.now(seconds=0.0)
        change = change.storable
        before = await tagging.retag(self._line, file_ids, change)
        return Retagged(change=change, before=before)

    async def take_back(self, retagged: Retagged) -> int:
        """Give sounds back the tags that they had before; gives how many changed."""
        await self._adoption.now(seconds=0.0)
        return await tagging.take_back(self._line, retagged)

    async def unheard(  # noqa: PLR0913 - the port asks for these
        self,
        *,
        user_id: UserId | None,
        level: Level,
        below: str | None,
        limit: int,
        after: FileId | None = None,
        retry: bool = False,
    ) -> tuple[Sample, ...]:
        """Sounds not yet heard at this level, by file_id; not missing; failed ones if `retry`."""
        await self._adoption.now_and_then()
        asked = Unheard(
            user_id=user_id, level=level, below=below, limit=limit, after=after, retry=retry
        )
        return await lookups.unheard(self._line, asked)

    async def outdated(
        self, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        """Sounds heard by an older recipe, by the level at which."""
        return await outdated.outdated(self._line, user_id, recipe_version)

    async def count_outdated(self, *, user_id: UserId | None, recipe_version: int) -> int:
        """How many sounds `outdated` would give."""
        return await outdated.count(self._line, user_id, recipe_version)

    async def tags_in_use(self, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        """Tags, most used first; of several spellings the most used."""
        return await tagging.tags_in_use(self._line, viewer, limit)

    async def folders(self, *, user_id: UserId | None) -> tuple[Folder, ...]:
        """Remembered scan folders, by path."""
        return await folders.remembered(self._line, user_id)

    async def remember_folder(self, folder: Folder) -> None:
        """Remember a folder, or when it was scanned last."""
        await folders.remember(self._line, folder)

    async def forget_folder(self, folder_path: str, *, user_id: UserId | None) -> bool:
        """Forget the folder; its sounds stay in the library."""
        return await folders.forget(self._line, folder_path, user_id)

    async def generation(self) -> int:
        """A number that changes whenever any process changed the sounds."""
        # Asked every second, in the background.
        await self._adoption.now_and_then(seconds=_ADOPTING_SECONDS)
        return await self._line.ask(lambda: generation.read(self._line))

"""The sounds of the library in SQLite (`audio_files`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.question import Cut, Page, Place, Question
from smtui.domain.sample import FileId, Folder, FoundFile, Heard, Mark, Sample, Stamp, Trouble
from smtui.domain.tagging import Retagged, Retagging
from smtui.domain.unreadable import UnreadableFile
from smtui.stores.sqlite import answers, folders, lookups, removing, tagging, unreadable, writing
from smtui.stores.sqlite.connections import Reader, Readers, Writer
from smtui.stores.sqlite.lookups import Unheard
from smtui.stores.sqlite.matching import matching


class SqliteSamples:
    """The sounds of the library: pages by index, changes one transaction each.

    `readers` answer what a person waits for; `background` what may take its time (counts,
    signposts), so that neither stands in the other's way.
    """

    def __init__(
        self,
        readers: Readers,
        background: Readers,
        writer: Writer,
        *,
        effort: answers.Effort = answers.USUAL,
    ) -> None:
        self._effort = effort
        self._readers = readers
        self._background = background
        self._writer = writer

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """Samples in the order asked for; ids that are not there are left out."""
        return await self._readers.read(lambda reader: lookups.get(reader, file_ids))

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
        cut = Cut(limit=limit, after=after, before=before, skip=skip)
        return await self._readers.read(
            lambda reader: answers.page(reader, question, cut, self._effort)
        )

    async def matching(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Which of these sounds match."""
        return await self._readers.read(lambda reader: matching(reader, question, file_ids))

    async def count(self, question: Question) -> int:
        """How many sounds match."""
        return await self._background.read(
            lambda reader: answers.count(reader, question, self._effort)
        )

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        """Places of rows 0, every, 2·every and so on."""
        return await self._background.read(
            lambda reader: answers.signposts(reader, question, every, self._effort)
        )

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        """Ids alone, in order, with the place of the last one (None: there are no more)."""

        def read(reader: Reader) -> tuple[tuple[FileId, ...], Place | None]:
            found = answers.places(
                reader, question, Cut(limit=limit + 1, after=after), self._effort
            )
            shown = found[:limit]
            last = shown[-1] if shown and len(found) > limit else None
            return tuple(place.file_id for place in shown), last

        return await self._background.read(read)

    async def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], *, user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        """What is known of these (file_path, path_bytes); by `path_key`."""
        return await self._readers.read(lambda reader: lookups.stamps(reader, paths, user_id))

    async def by_hashes(
        self, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        """The owner's sounds with one of these hashes, by file_id."""
        return await self._readers.read(lambda reader: lookups.by_hashes(reader, hashes, user_id))

    async def by_marks(self, marks: Sequence[str], *, user_id: UserId | None) -> tuple[Sample, ...]:
        """The owner's sounds with one of these audio marks, by file_id."""
        return await self._readers.read(lambda reader: lookups.by_marks(reader, marks, user_id))

    async def add_found(
        self, found: Sequence[FoundFile], *, user_id: UserId | None, at: datetime
    ) -> tuple[FileId, ...]:
        """Upsert on path_key in one transaction; gives the ids in the same order."""
        return await self._writer.write(
            lambda connection: writing.add_found(connection, found, user_id, at)
        )

    async def move(self, file_id: FileId, found: FoundFile) -> bool:
        """The same bytes at a new path; False if the sound is gone or the path is taken."""
        return await self._writer.write(lambda connection: writing.move(connection, file_id, found))

    async def unreadable(self, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
        """Files that a scan could not read, the viewer's and the shared ones, by path_key."""
        return await self._background.read(lambda reader: unreadable.kept(reader, viewer))

    async def note_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        """Keep files with the reason; one that is kept already keeps its `seen_at`."""
        await self._writer.write(lambda connection: unreadable.note(connection, files))

    async def drop_unreadable(self, path_keys: Sequence[str]) -> None:
        """Forget files that can be read now, or are gone."""
        await self._writer.write(lambda connection: unreadable.drop(connection, path_keys))

    async def remove(self, file_ids: Sequence[FileId]) -> int:
        """Drop sounds with their tags and analyses; gives how many were there."""
        return await self._writer.write(lambda connection: removing.remove(connection, file_ids))

    async def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        """Mark as not found since `at`, or with None as there again."""
        await self._writer.write(lambda connection: writing.set_missing(connection, file_ids, at))

    async def below(
        self, folder: str, *, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        """(file_path, path_bytes, id) of the owner's sounds in and below a folder, by path_key."""
        return await self._readers.read(
            lambda reader: lookups.below(reader, folder, user_id, after, limit)
        )

    async def set_heard(self, file_id: FileId, heard: Heard, *, file_hash: str) -> bool:
        """Guarded: only while the bytes are those that were heard, never a lower level."""
        return await self._writer.write(
            lambda connection: writing.set_heard(connection, file_id, heard, file_hash)
        )

    async def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        """Keep why the last listening failed."""
        return await self._writer.write(
            lambda connection: writing.set_trouble(connection, file_id, trouble)
        )

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
        """Add and remove tags in one transaction; gives what it takes to take that back."""
        change = change.storable
        before = await self._writer.write(
            lambda connection: tagging.retag(connection, file_ids, change)
        )
        return Retagged(change=change, before=before)

    async def take_back(self, retagged: Retagged) -> int:
        """Give sounds back the tags that they had before; gives how many changed."""
        return await self._writer.write(lambda connection: tagging.take_back(connection, retagged))

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
        asked = Unheard(
            user_id=user_id, level=level, below=below, limit=limit, after=after, retry=retry
        )
        return await self._readers.read(lambda reader: lookups.unheard(reader, asked))

    async def outdated(
        self, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        """Sounds heard by an older recipe, by the level at which."""
        return await self._background.read(
            lambda reader: lookups.outdated(reader, user_id, recipe_version)
        )

    async def count_outdated(self, *, user_id: UserId | None, recipe_version: int) -> int:
        """How many sounds `outdated` would give."""
        return await self._background.read(
            lambda reader: lookups.count_outdated(reader, user_id, recipe_version)
        )

    async def tags_in_use(self, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        """Tags, most used first; of several spellings the first that was typed."""
        return await self._background.read(
            lambda reader: lookups.tags_in_use(reader, viewer, limit)
        )

    async def folders(self, *, user_id: UserId | None) -> tuple[Folder, ...]:
        """Remembered scan folders, by path."""
        return await self._readers.read(lambda reader: folders.remembered(reader, user_id))

    async def remember_folder(self, folder: Folder) -> None:
        """Remember a folder, or when it was scanned last."""
        await self._writer.write(lambda connection: folders.remember(connection, folder))

    async def forget_folder(self, folder_path: str, *, user_id: UserId | None) -> bool:
        """Forget the folder; its sounds stay in the library."""
        return await self._writer.write(
            lambda connection: folders.forget(connection, folder_path, user_id)
        )

    async def generation(self) -> int:
        """A number that changes whenever any process changed the sounds."""
        return await self._readers.read(
            lambda reader: int(reader.one("SELECT generation FROM state")[0])
        )

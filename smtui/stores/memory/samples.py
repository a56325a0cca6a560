"""The sounds of a library in memory: every question walks over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode
from smtui.domain.question import Page, Place, Question
from smtui.domain.sample import (
    FileId,
    Folder,
    FoundFile,
    Heard,
    Sample,
    Stamp,
    Trouble,
    path_key,
)
from smtui.domain.storable import cut_to_ms, storable
from smtui.domain.tag_change import Retagged, Retagging, Tags
from smtui.domain.text import folded
from smtui.domain.unreadable import UnreadableFile
from smtui.stores.memory.analyses import MemoryAnalyses


class _Shelf:
    """The sounds themselves, with a number that rises with each change."""

    def __init__(self) -> None:
        self.sounds: dict[FileId, Sample] = {}
        self.generation = 0

    def keep(self, sound: Sample) -> bool:
        self.generation += self.sounds.get(sound.file_id) != sound
        self.sounds[sound.file_id] = sound
        return True

    def retag(
        self, file_ids: Sequence[FileId], decide: Callable[[FileId, Tags], Tags]
    ) -> dict[FileId, Tags]:
        changed = {}
        for file_id in {*file_ids} & self.sounds.keys():
            sound = self.sounds[file_id]
            before, after = Tags.of(sound), decide(file_id, Tags.of(sound))
            if before != after:
                self.keep(replace(sound, tags=after.words, tag_marks=after.marks))
                changed[file_id] = before
        return changed


class MemorySamples:
    """Implements SampleStore; has the analyses, which go with their sounds."""

    def __init__(self, *, new_id: Callable[[], str] = lambda: str(uuid4())) -> None:
        self._new_id = new_id
        self._shelf = _Shelf()
        self.sounds = self._shelf.sounds
        self.analyses = MemoryAnalyses(self.sounds)
        self._folders: dict[tuple[UserId | None, str], Folder] = {}
        self._unreadable: dict[str, UnreadableFile] = {}

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        return tuple(self.sounds[file_id] for file_id in file_ids if file_id in self.sounds)

    async def page(
        self,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        placed = [
            (question.place_of(sample), sample)
            for sample in question.answered(self.sounds.values())
        ]
        if after is not None:
            placed = [row for row in placed if question.sort.puts_first(after, row[0])]
        if before is not None:
            placed = [row for row in placed if question.sort.puts_first(row[0], before)]
            end = max(0, len(placed) - skip)
            placed = placed[max(0, end - limit) : end]
        else:
            placed = placed[skip : skip + limit]
        return Page(
            samples=tuple(sample for _, sample in placed),
            places=tuple(place for place, _ in placed),
        )

    async def matching(self, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        return frozenset(
            sound.file_id for sound in await self.get(file_ids) if question.matches(sound)
        )

    async def count(self, question: Question) -> int:
        return len(question.answered(self.sounds.values()))

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        return tuple(
            question.place_of(sound) for sound in question.answered(self.sounds.values())[::every]
        )

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        places = (await self.page(question, limit=limit + 1, after=after)).places
        shown = places[:limit]
        last = shown[-1] if shown and len(places) > limit else None
        return tuple(place.file_id for place in shown), last

    async def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], *, user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        keys = {path_key(user_id, storable(path), raw) for path, raw in paths}
        return {
            sound.path_key: _stamp(sound)
            for sound in self.sounds.values()
            if sound.path_key in keys
        }

    async def by_hashes(
        self, hashes: Sequence[str], *, user_id: UserId | None
    ) -> tuple[Sample, ...]:
        return _by_id(
            sound
            for sound in self.sounds.values()
            if sound.user_id == user_id and sound.file_hash in hashes
        )

    async def by_marks(self, marks: Sequence[str], *, user_id: UserId | None) -> tuple[Sample, ...]:
        return _by_id(
            sound
            for sound in self.sounds.values()
            if sound.user_id == user_id and sound.audio_mark and sound.audio_mark in marks
        )

    async def add_found(
        self, found: Sequence[FoundFile], *, user_id: UserId | None, at: datetime
    ) -> tuple[FileId, ...]:
        by_path = {sound.path_key: sound.file_id for sound in self.sounds.values()}
        file_ids = []
        for file in (raw.storable for raw in found):
            key = path_key(user_id, file.file_path, file.path_bytes)
            if key in by_path:
                self._shelf.keep(self.sounds[by_path[key]].found_again(file))
            else:
                by_path[key] = FileId(self._new_id())
                self._shelf.keep(
                    Sample.first_found(file, file_id=by_path[key], user_id=user_id, at=at)
                )
            file_ids.append(by_path[key])
        return tuple(file_ids)

    async def move(self, file_id: FileId, found: FoundFile) -> bool:
        sound = self.sounds.get(file_id)
        if sound is None:
            return False
        after = sound.moved(found.storable)
        if any(
            other.path_key == after.path_key and other.file_id != file_id
            for other in self.sounds.values()
        ):
            return False
        return self._shelf.keep(after)

    async def unreadable(self, *, viewer: UserId | None) -> tuple[UnreadableFile, ...]:
        seen = [file for file in self._unreadable.values() if file.user_id in (viewer, None)]
        return tuple(sorted(seen, key=lambda file: file.path_key))

    async def note_unreadable(self, files: Sequence[UnreadableFile]) -> None:
        for file in files:
            before = self._unreadable.get(storable(file.path_key))
            after = replace(
                file,
                file_path=storable(file.file_path),
                error=storable(file.error),
                seen_at=cut_to_ms(file.seen_at) if before is None else before.seen_at,
            )
            self._unreadable[after.path_key] = after
            self._shelf.generation += before != after

    async def drop_unreadable(self, path_keys: Sequence[str]) -> None:
        for key in path_keys:
            self._shelf.generation += self._unreadable.pop(storable(key), None) is not None

    async def remove(self, file_ids: Sequence[FileId]) -> int:
        gone = [file_id for file_id in {*file_ids} if self.sounds.pop(file_id, None) is not None]
        self.analyses.drop({*file_ids})
        self._shelf.generation += bool(gone)
        return len(gone)

    async def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        for sound in await self.get(file_ids):
            self._shelf.keep(sound.missing(at))

    async def below(
        self, folder: str, *, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        inside = sorted(
            (
                sound
                for sound in self.sounds.values()
                if sound.user_id == user_id and _lies_in(sound, folder)
            ),
            key=lambda sound: sound.path_key,
        )
        return tuple(
            (sound.file_path, sound.path_bytes, sound.file_id)
            for sound in inside
            if sound.path_key > (after or "")
        )[:limit]

    async def set_heard(self, file_id: FileId, heard: Heard, *, file_hash: str) -> bool:
        sound = self.sounds.get(file_id)
        after = None if sound is None else sound.listened_to(heard, file_hash)
        return after is not None and self._shelf.keep(after)

    async def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        sound = self.sounds.get(file_id)
        return sound is not None and self._shelf.keep(replace(sound, trouble=trouble.storable))

    async def retag(self, file_ids: Sequence[FileId], change: Retagging) -> Retagged:
        change = change.storable
        before = self._shelf.retag(file_ids, lambda _, tags: change.of(tags))
        return Retagged(change=change, before=before)

    async def take_back(self, retagged: Retagged) -> int:
        before, change = retagged.before, retagged.change
        changed = self._shelf.retag(
            tuple(before), lambda file_id, tags: change.taken_back(tags, before[file_id])
        )
        return len(changed)

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
        return _by_id(
            sound
            for sound in self.sounds.values()
            if sound.user_id in (user_id, None)
            and sound.missing_since is None
            and (retry or sound.trouble is None)
            and (below is None or _lies_in(sound, below))
            and (sound.heard is None or Level(sound.heard.level).rank < level.rank)
            and sound.file_id > (after or "")
        )[:limit]

    async def outdated(
        self, *, user_id: UserId | None, recipe_version: int
    ) -> Mapping[Level, tuple[FileId, ...]]:
        found: dict[Level, tuple[FileId, ...]] = {}
        for sound in _by_id(self.sounds.values()):
            heard = sound.heard
            if (
                sound.user_id in (user_id, None)
                and sound.missing_since is None
                and sound.trouble is None
                and heard is not None
                and 0 < heard.recipe_version < recipe_version
            ):
                level = Level(heard.level)
                found[level] = (*found.get(level, ()), sound.file_id)
        return found

    async def count_outdated(self, *, user_id: UserId | None, recipe_version: int) -> int:
        by_level = await self.outdated(user_id=user_id, recipe_version=recipe_version)
        return sum(map(len, by_level.values()))

    async def tags_in_use(self, *, viewer: UserId | None, limit: int) -> tuple[str, ...]:
        tags = [
            tag
            for sound in self.sounds.values()
            if sound.user_id in (viewer, None)
            for tag in sound.tags
        ]
        counts = Counter(map(folded, tags))
        shown = {folded(tag): tag for tag in reversed(tags)}
        most_used = sorted(counts, key=lambda key: (-counts[key], key))
        return tuple(shown[key] for key in most_used[:limit])

    async def folders(self, *, user_id: UserId | None) -> tuple[Folder, ...]:
        mine = [folder for folder in self._folders.values() if folder.user_id == user_id]
        return tuple(sorted(mine, key=lambda folder: folder.folder_path))

    async def remember_folder(self, folder: Folder) -> None:
        key = (folder.user_id, folder.folder_path)
        before = self._folders.get(key)
        scanned_at = folder.scanned_at and cut_to_ms(folder.scanned_at)
        if scanned_at is None and before is not None:
            scanned_at = before.scanned_at
        self._folders[key] = replace(folder, scanned_at=scanned_at)

    async def forget_folder(self, folder_path: str, *, user_id: UserId | None) -> bool:
        return self._folders.pop((user_id, folder_path), None) is not None

    async def generation(self) -> int:
        return self._shelf.generation


def _by_id(sounds: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(sounds, key=lambda sound: sound.file_id))


def _lies_in(sound: Sample, folder: str) -> bool:
    inside = storable(folder)
    return sound.file_path.startswith(inside if inside.endswith("/") else f"{inside}/")


def _stamp(sound: Sample) -> Stamp:
    came = (sound.uploaded_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return Stamp(
        file_id=sound.file_id,
        file_size=sound.file_size,
        mtime_ns=sound.mtime_ns,
        file_hash=sound.file_hash,
        missing=sound.missing_since is not None,
        ctime_ns=sound.ctime_ns or came * 1_000_000,
        vanished=sound.trouble is not None and sound.trouble.code == ErrorCode.VANISHED,
    )

"""The sounds as a plain dictionary: what every SampleStore is compared with.

What it must answer to questions is `Question.answered`; here is how its sounds change, and the
answers that are not pages. Ids are those that the store gave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.sample import (
    FileId,
    Folder,
    FoundFile,
    Heard,
    Mark,
    Sample,
    Stamp,
    Trouble,
    path_key,
)
from smtui.domain.text import folded
from tests.contracts.account_model import to_ms


@dataclass
class Model:
    sounds: dict[FileId, Sample] = field(default_factory=dict)
    folders: dict[tuple[UserId | None, str], Folder] = field(default_factory=dict)

    def in_order(self) -> list[Sample]:
        """All of them, in the order in which they came."""
        return list(self.sounds.values())

    def add_found(
        self,
        files: Sequence[FoundFile],
        user_id: UserId | None,
        ids: Sequence[FileId],
        at: datetime,
    ) -> None:
        for file, file_id in zip(files, ids, strict=True):
            known = self.at(path_key(user_id, file.file_path, file.path_bytes))
            if known is None:
                assert file_id not in self.sounds
                fresh = Sample(
                    file_id=file_id, user_id=user_id, uploaded_at=to_ms(at), **_seen(file)
                )
                self.sounds[file_id] = fresh
            else:
                assert known.file_id == file_id
                same = known.file_hash == file.file_hash
                self.change(
                    file_id,
                    missing_since=None,
                    heard=known.heard if same else None,
                    trouble=known.trouble if same else None,
                    **_seen(file),
                )

    def move(self, file_id: FileId, file: FoundFile) -> bool:
        sound = self.sounds.get(file_id)
        if sound is None:
            return False
        there = self.at(path_key(sound.user_id, file.file_path, file.path_bytes))
        if there is not None and there.file_id != file_id:
            return False
        return self.change(file_id, missing_since=None, **_seen(file))

    def set_missing(self, file_ids: Sequence[FileId], at: datetime | None) -> None:
        for file_id in file_ids:
            if file_id in self.sounds:
                since = at and (self.sounds[file_id].missing_since or to_ms(at))
                self.change(file_id, missing_since=since)

    def set_heard(self, file_id: FileId, heard: Heard, file_hash: str) -> bool:
        sound = self.sounds.get(file_id)
        if sound is None or sound.file_hash != file_hash:
            return False
        before = sound.heard
        if (
            before is not None
            and before.recipe_version == heard.recipe_version
            and Level(before.level).rank > Level(heard.level).rank
        ):
            return False
        return self.change(file_id, heard=heard, trouble=None)

    def set_trouble(self, file_id: FileId, trouble: Trouble) -> bool:
        return self.change(file_id, trouble=trouble)

    def change_tags(
        self, file_ids: Sequence[FileId], mark: Mark, add: Sequence[str], remove: Sequence[str]
    ) -> int:
        before = dict(self.sounds)
        gone = {folded(tag) for tag in remove}
        for file_id in {*file_ids} & {*self.sounds}:
            sound = self.sounds[file_id]
            tags = {folded(tag): tag for tag in sound.tags if folded(tag) not in gone}
            marks = {tag: sound.tag_marks[tag] for tag in tags.values() if tag in sound.tag_marks}
            for tag in add:
                if folded(tag) not in tags:
                    tags[folded(tag)] = tag
                    marks[tag] = replace(mark, at=to_ms(mark.at))
            self.change(file_id, tags=tuple(tags.values()), tag_marks=marks)
        return sum(before[file_id] != sound for file_id, sound in self.sounds.items())

    def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        return tuple(self.sounds[file_id] for file_id in file_ids if file_id in self.sounds)

    def stamps(
        self, paths: Sequence[tuple[str, bytes | None]], user_id: UserId | None
    ) -> Mapping[str, Stamp]:
        known = ((key, self.at(key)) for key in (path_key(user_id, *path) for path in paths))
        return {
            key: Stamp(
                file_id=sound.file_id,
                file_size=sound.file_size,
                mtime_ns=sound.mtime_ns,
                file_hash=sound.file_hash,
                missing=sound.missing_since is not None,
            )
            for key, sound in known
            if sound is not None
        }

    def by_hashes(self, hashes: Sequence[str], user_id: UserId | None) -> list[Sample]:
        return [
            sound
            for sound in self.sounds.values()
            if sound.file_hash in hashes and sound.user_id == user_id
        ]

    def below(
        self, folder: str, user_id: UserId | None, after: str | None, limit: int
    ) -> tuple[tuple[str, bytes | None, FileId], ...]:
        inside = sorted(
            (sound for sound in self.sounds.values() if sound.user_id == user_id),
            key=lambda sound: sound.path_key,
        )
        return tuple(
            (sound.file_path, sound.path_bytes, sound.file_id)
            for sound in inside
            if lies_in(sound.file_path, folder) and sound.path_key > (after or "")
        )[:limit]

    def unheard(
        self, viewer: UserId | None, level: Level, below: str | None, *, retry: bool
    ) -> list[Sample]:
        """Every one, by file_id."""
        return sorted(
            (
                sound
                for sound in self.sounds.values()
                if sound.user_id in {viewer, None}
                and sound.missing_since is None
                and (retry or sound.trouble is None)
                and (below is None or lies_in(sound.file_path, below))
                and (sound.heard is None or Level(sound.heard.level).rank < level.rank)
            ),
            key=lambda sound: sound.file_id,
        )

    def tags_in_use(self, viewer: UserId | None) -> list[str]:
        """Folded: which of several spellings stands for a tag is the store's choice."""
        counted = Counter(
            folded(tag)
            for sound in self.sounds.values()
            if sound.user_id in {viewer, None}
            for tag in sound.tags
        )
        return sorted(counted, key=lambda tag: (-counted[tag], tag))

    def remember_folder(self, folder: Folder) -> None:
        at = (folder.user_id, folder.folder_path)
        before = self.folders.get(at)
        scanned_at = folder.scanned_at and to_ms(folder.scanned_at)
        if scanned_at is None and before is not None:
            scanned_at = before.scanned_at
        self.folders[at] = replace(folder, scanned_at=scanned_at)

    def folders_of(self, user_id: UserId | None) -> tuple[Folder, ...]:
        mine = [folder for folder in self.folders.values() if folder.user_id == user_id]
        return tuple(sorted(mine, key=lambda folder: folder.folder_path))

    def at(self, key: str) -> Sample | None:
        return next((sound for sound in self.sounds.values() if sound.path_key == key), None)

    def change(self, file_id: FileId, **changes: Any) -> bool:
        if file_id not in self.sounds:
            return False
        self.sounds[file_id] = replace(self.sounds[file_id], **changes)
        return True


def lies_in(file_path: str, folder: str) -> bool:
    return file_path.startswith(folder if folder.endswith("/") else f"{folder}/")


def _seen(file: FoundFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in (*FoundFile.__slots__, "filename")}

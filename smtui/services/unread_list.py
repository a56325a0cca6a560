"""The list of what scans could not read: kept up as one scan goes on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smtui.domain.account import UserId
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import FoundFile, path_key
from smtui.domain.scan import Candidate, Unreadable
from smtui.domain.text import path_bytes, printable_path
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile


@dataclass(slots=True, kw_only=True)
class UnreadList:
    """What one scan could not read, of one owner; `begin` comes first."""

    samples: SampleStore
    finder: SoundFinder
    clock: Clock
    user_id: UserId | None
    _kept: dict[str, UnreadableFile] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)

    async def begin(self) -> None:
        """Look what is on the list already."""
        kept = await self.samples.unreadable(viewer=self.user_id)
        self._kept = {one.path_key: one for one in kept if one.user_id == self.user_id}

    async def note(self, refused: Iterable[tuple[Candidate, Unreadable]]) -> None:
        """Put files on the list that were met and could not be read."""
        await self._keep([self._file(one.file_path, one.path_bytes, told) for one, told in refused])

    async def note_places(self, refused: Sequence[Unreadable]) -> None:
        """The same for what could not even be looked at; paths of this machine."""
        files = []
        for told in refused:
            raw = os.fsencode(self.finder.paths.kept(Path(told.file_path)))
            files.append(self._file(printable_path(raw), path_bytes(raw), told))
        await self._keep(files)

    async def read(self, found: Sequence[FoundFile]) -> None:
        """Take files off the list that can be read now."""
        keys = [path_key(self.user_id, one.file_path, one.path_bytes) for one in found]
        await self._drop([key for key in keys if key in self._kept])

    async def end(self, root: Path) -> None:
        """Take off the list what lies below a folder and was not met in this scan."""
        gone = []
        for key, one in self._kept.items():
            raw = one.path_bytes if one.path_bytes is not None else os.fsencode(one.file_path)
            if key not in self._met and Path(os.fsdecode(raw)).is_relative_to(root):
                gone.append(key)
        await self._drop(gone)

    def _file(self, path: str, raw: bytes | None, told: Unreadable) -> UnreadableFile:
        return UnreadableFile(
            file_path=path,
            path_bytes=raw,
            user_id=self.user_id,
            code=told.code,
            error=told.error,
            seen_at=self.clock.now(),
        )

    async def _keep(self, files: Sequence[UnreadableFile]) -> None:
        fresh = []
        for file in files:
            key = file.path_key
            self._met.add(key)
            before = self._kept.get(key)
            if before is None and len(self._kept) >= MOST_KEPT:
                continue
            if before is None or (before.code, before.error) != (file.code, file.error):
                self._kept[key] = file
                fresh.append(file)
        if fresh:
            await self.samples.note_unreadable(fresh)

    async def _drop(self, keys: Sequence[str]) -> None:
        if keys:
            await self.samples.drop_unreadable(keys)
            for key in keys:
                del self._kept[key]

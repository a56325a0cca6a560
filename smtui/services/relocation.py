"""Telling the library that a folder or drive is called otherwise now: tags and all come along."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from smtui.domain.account import Account, UserId
from smtui.domain.errors import InputInvalid
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import FileId, Folder, FoundFile, Sample, path_key
from smtui.domain.scan import Candidate
from smtui.domain.text import path_bytes, printable_path
from smtui.services.rights import Rights

_PAGE = 500
_SAME_TIME_NS = 2_000_000_000
_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a relocation would do.

    Attributes:
        moves: each sound with its file at the new place.
        doubles: sounds at the new place that nobody has tagged, which give way.
        lacking: sounds whose file is not at the new place.
        staying: sounds whose file is still at the old one.
        taken: sounds whose new place another, tagged sound has.
        examples: some paths that are lacking.
    """

    moves: tuple[tuple[Sample, FoundFile], ...] = ()
    doubles: tuple[FileId, ...] = ()
    lacking: int = 0
    staying: int = 0
    taken: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Relocation:
    """One folder that is somewhere else now; paths as the documents have them."""

    samples: SampleStore
    finder: SoundFinder
    clock: Clock
    rights: Rights
    by: Account
    user_id: UserId | None
    old: Path
    new: Path
    _moves: list[tuple[Sample, FoundFile]] = field(default_factory=list)
    _doubles: list[FileId] = field(default_factory=list)

    async def plan(self) -> Plan:
        """Look what is where; changes nothing.

        Raises:
            InputInvalid: the library has nothing of the old folder, or the new one is not there.
            NotAllowed: shared sounds are not this account's to move.
        """
        await self.rights.require_to_take_away(self.by, (self.user_id,), verb="relocate")
        self._refuse_paths()
        if not await self.finder.present(self.new):
            raise InputInvalid(f"No folder {self._path_here(self.new)}", hint="Is it mounted?")
        there = await self._files()
        plan, known = Plan(), 0
        async for rows in self._rows():
            known += len(rows)
            plan = await self._plan(plan, rows, there)
        if not known:
            raise InputInvalid(
                f"The library has nothing below {self._path_here(self.old)}",
                hint="`smtui folders` shows the folders it knows; `--shared` is for shared ones.",
            )
        return replace(plan, moves=tuple(self._moves), doubles=tuple(self._doubles))

    async def carry_out(self, plan: Plan) -> int:
        """Do what was planned; return how many sounds were moved."""
        await self.rights.require_to_take_away(self.by, (self.user_id,), verb="relocate")
        await self.samples.remove(plan.doubles)
        moved = 0
        for sample, found in plan.moves:
            same = replace(found, file_hash=sample.file_hash)
            moved += await self.samples.move(sample.file_id, same)
            if found.file_hash != sample.file_hash:
                now = self.clock.now()
                await self.samples.add_found([found], user_id=self.user_id, at=now)
        await self._rename_folders()
        return moved

    def _refuse_paths(self) -> None:
        if self.old == self.new:
            raise InputInvalid("Both are the same folder")
        if self.new.is_relative_to(self.old) or self.old.is_relative_to(self.new):
            raise InputInvalid(
                "One of the folders lies in the other",
                hint="`smtui scan` finds what was moved within a folder.",
            )

    async def _files(self) -> dict[str, Candidate]:
        """The files at the new place, by the path of each from there."""
        found: dict[str, Candidate] = {}
        async for step in self.finder.walk(self.new):
            for each in step.candidates:
                path = Path(os.fsdecode(each.path_bytes or os.fsencode(each.file_path)))
                found[str(path.relative_to(self.new))] = each
        return found

    async def _rows(self) -> AsyncIterator[tuple[Sample, ...]]:
        folder = printable_path(os.fsencode(self.old))
        after: str | None = None
        while True:
            places = await self.samples.below(
                folder, user_id=self.user_id, after=after, limit=_PAGE
            )
            if places:
                yield await self.samples.get([file_id for _, _, file_id in places])
            if len(places) < _PAGE:
                return
            after = path_key(self.user_id, places[-1][0], places[-1][1])

    async def _plan(self, plan: Plan, rows: Sequence[Sample], there: dict[str, Candidate]) -> Plan:
        staying = await asyncio.gather(*(self.finder.exists(row.path) for row in rows))
        gone = [row for row, stays in zip(rows, staying, strict=True) if not stays]
        pairs = [(row, there.get(str(row.path.relative_to(self.old)))) for row in gone]
        found = [
            (row, await self._file(row, candidate))
            for row, candidate in pairs
            if candidate is not None
        ]
        certain = [(row, file) for row, file in found if file is not None]
        lacking = [row.file_path for row, candidate in pairs if candidate is None]
        lacking += [row.file_path for row, file in found if file is None]
        free = await self._free(certain)
        self._moves += free
        return replace(
            plan,
            lacking=plan.lacking + len(lacking),
            staying=plan.staying + sum(staying),
            taken=plan.taken + len(certain) - len(free),
            examples=(*plan.examples, *lacking)[:_EXAMPLES],
        )

    async def _file(self, row: Sample, candidate: Candidate) -> FoundFile | None:
        """The file as a scan would find it; None where it is another sound.

        One of the same size and time is taken for the same, as by a scan; others are read.
        """
        same_time = abs(row.mtime_ns - candidate.mtime_ns) < _SAME_TIME_NS
        if same_time and row.file_size == candidate.file_size:
            return _unread(row, candidate)
        (read,) = await self.finder.read_files([candidate])
        if not isinstance(read, FoundFile):
            return None
        same_samples = bool(row.audio_mark) and row.audio_mark == read.audio_mark
        return read if read.file_hash == row.file_hash or same_samples else None

    async def _free(
        self, pairs: Sequence[tuple[Sample, FoundFile]]
    ) -> list[tuple[Sample, FoundFile]]:
        """Those whose new place is free, or has a sound that a scan alone has put there."""
        places = [(file.file_path, file.path_bytes) for _, file in pairs]
        stamps = await self.samples.stamps(places, user_id=self.user_id) if places else {}
        others = await self.samples.get([stamp.file_id for stamp in stamps.values()])
        untagged = {sample.path_key: sample.file_id for sample in others if not sample.tags}
        free = []
        for row, file in pairs:
            key = path_key(self.user_id, file.file_path, file.path_bytes)
            if key in stamps and key not in untagged:
                continue
            if key in untagged:
                self._doubles.append(untagged[key])
            free.append((row, file))
        return free

    async def _rename_folders(self) -> None:
        for folder in await self.samples.folders(user_id=self.user_id):
            if not folder.path.is_relative_to(self.old):
                continue
            left = await self.samples.below(
                folder.folder_path, user_id=self.user_id, after=None, limit=1
            )
            raw = os.fsencode(self.new / folder.path.relative_to(self.old))
            await self.samples.remember_folder(
                Folder(
                    folder_path=printable_path(raw),
                    path_bytes=path_bytes(raw),
                    user_id=self.user_id,
                    scanned_at=folder.scanned_at,
                )
            )
            if not left:
                await self.samples.forget_folder(folder.folder_path, user_id=self.user_id)

    def _path_here(self, kept: Path) -> str:
        return printable_path(os.fsencode(self.finder.paths.here(kept)))


def _unread(row: Sample, candidate: Candidate) -> FoundFile:
    """The file of a sound at its new place, as far as it is known without reading it."""
    return FoundFile(
        file_path=candidate.file_path,
        path_bytes=candidate.path_bytes,
        file_size=candidate.file_size,
        mtime_ns=candidate.mtime_ns,
        ctime_ns=candidate.ctime_ns,
        audio_mark=row.audio_mark,
        file_hash=row.file_hash,
        duration=row.duration,
        sample_rate=row.sample_rate,
        channels=row.channels,
        format=row.format,
        metadata=row.metadata,
    )

"""Which of the sounds that a scan meets at new places are old ones that were moved there.

A known sound follows its file only if the file has left its old place for good. A renamed file
keeps its number on the disk, which a copy never has; so a renamed folder of a scan keeps its tags,
and a copy of what lies on a drive that is away takes nothing from it.

It stands alone because it is a rule of its own within a scan, and a wrong answer loses tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from smtui.domain.account import UserId
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import FileId, FoundFile, Sample

# Some file systems keep times in steps of two seconds.
_SAME_TIME_NS = 2_000_000_000


@dataclass(slots=True, kw_only=True)
class Moves:
    """Lets the sounds of one owner follow their files; one for each scan.

    Attributes:
        roots: the folders that were scanned, this time or before.
        left: those of them that sounds have left and that are no longer there.
    """

    samples: SampleStore
    finder: SoundFinder
    clock: Clock
    user_id: UserId | None
    roots: list[Path] = field(default_factory=list)
    left: set[Path] = field(default_factory=set)
    _present: dict[Path, bool] = field(default_factory=dict)
    _moved: set[FileId] = field(default_factory=set)

    async def follow(self, fresh: Sequence[FoundFile]) -> list[FoundFile]:
        """Let known sounds follow their files; gives the files that are really new."""
        known = await self._candidates(fresh)
        new: list[FoundFile] = []
        waiting: list[FoundFile] = []
        # Who is certainly a renamed file goes first, so that no copy takes its row.
        for found in fresh:
            certain = [row for row in known.get(_name(found), ()) if _is_renamed(row, found)]
            if not await self._follow(found, certain):
                waiting.append(found)
        for found in waiting:
            rows = sorted(known.get(_name(found), ()), key=lambda row: _nearness(row, found))
            if not await self._follow(found, rows):
                new.append(found)
        return new

    async def _candidates(self, fresh: Sequence[FoundFile]) -> Mapping[str, Sequence[Sample]]:
        """Return by the path of each file the sounds that it may be."""
        hashes = tuple(dict.fromkeys(found.file_hash for found in fresh))
        by_hash: dict[str, list[Sample]] = {}
        for row in await self.samples.by_hashes(hashes, user_id=self.user_id):
            by_hash.setdefault(row.file_hash, []).append(row)
        known: dict[str, Sequence[Sample]] = {
            _name(found): by_hash[found.file_hash] for found in fresh if found.file_hash in by_hash
        }
        others = [found for found in fresh if found.audio_mark and _name(found) not in known]
        if not others:
            return known
        marks = Counter(found.audio_mark for found in others)
        marked = await self.samples.by_marks(tuple(marks), user_id=self.user_id)
        by_mark: dict[str, list[Sample]] = {}
        for row in marked:
            by_mark.setdefault(row.audio_mark, []).append(row)
        for found in others:
            alike = by_mark.get(found.audio_mark, [])
            alone = len(alike) == 1 and marks[found.audio_mark] == 1
            known[_name(found)] = [row for row in alike if alone or _same_name(row, found)]
        return known

    async def _follow(self, found: FoundFile, rows: Iterable[Sample]) -> bool:
        for row in rows:
            if row.file_id in self._moved or not await self._has_left(row, found):
                continue
            # Moved first as it was, for what was heard of other bytes is forgotten by what follows.
            if await self.samples.move(row.file_id, replace(found, file_hash=row.file_hash)):
                if row.file_hash != found.file_hash:
                    now = self.clock.now()
                    await self.samples.add_found([found], user_id=self.user_id, at=now)
                self._moved.add(row.file_id)
                root = self._root_of(row.path)
                if root in self.roots and not self._present.get(root, True):
                    self.left.add(root)
                return True
        return False

    async def _has_left(self, row: Sample, found: FoundFile) -> bool:
        """True if a sound's file is gone from its old place for good, and this is the file."""
        if await self.finder.exists(row.path):
            return False
        root = self._root_of(row.path)
        if root not in self._present:
            self._present[root] = await self.finder.present(root)
        if _is_renamed(row, found):
            return True
        remains = await self.finder.remains(row.path)
        if not remains.can_tell:
            return False
        # Where nothing was taken out of the folder since, another disk lay over it.
        untouched = remains.changed_ns < _ns(row.uploaded_at)
        if self._present[root]:
            return not (remains.empty and untouched)
        # A renamed folder's files would have kept their numbers. Across disks a move copies, and
        # keeps name and time, which is all that can be known where there are no numbers.
        here = await self.finder.remains(found.path)
        across = not (row.inode and found.inode) or remains.device != here.device
        same_time = abs(row.mtime_ns - found.mtime_ns) < _SAME_TIME_NS
        return across and same_time and _same_name(row, found) and not untouched

    def _root_of(self, path: Path) -> Path:
        roots = [known for known in self.roots if path.is_relative_to(known)]
        return max(roots, key=lambda known: len(known.parts), default=path.parent)


def _name(found: FoundFile) -> str:
    return f"{found.file_path}\x1f{(found.path_bytes or b'').hex()}"


def _is_renamed(row: Sample, found: FoundFile) -> bool:
    """True if it is the very file: its number on the disk, and its bytes or its samples."""
    same_bytes = row.file_hash == found.file_hash and row.mtime_ns == found.mtime_ns
    same_samples = bool(row.audio_mark) and row.audio_mark == found.audio_mark
    return bool(row.inode) and row.inode == found.inode and (same_bytes or same_samples)


def _nearness(row: Sample, found: FoundFile) -> tuple[bool, FileId]:
    return not _same_name(row, found), row.file_id


def _same_name(row: Sample, found: FoundFile) -> bool:
    return row.filename.casefold() == found.filename.casefold()


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)

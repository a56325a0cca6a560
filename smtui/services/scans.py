"""Taking folders into the library: what is on the disk, compared with what the library knows.

`Scans` is asked by a person and remembers which folders were scanned; `Scan` is one scan, which
writes the difference and keeps up the list of what could not be read.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from smtui.domain.account import Account, UserId
from smtui.domain.errors import InputInvalid, ServerUnavailable
from smtui.domain.parts import in_parts
from smtui.domain.ports.documents import AccountStore, SampleStore
from smtui.domain.ports.sessions import RateLimits
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import FileId, Folder, FoundFile, Stamp, path_key
from smtui.domain.scan import Candidate, ScanProgress, Unreadable, Walked
from smtui.domain.text import path_bytes, printable_path
from smtui.domain.unfinished_files import unfinished
from smtui.domain.unreadable import MOST_KEPT, UnreadableFile
from smtui.services.moves import Moves
from smtui.services.prefetch import finish, prefetch
from smtui.services.relocation import Relocation
from smtui.services.rights import Deed, Rights

MOST_TOLD = 1_000
"""So many unreadable files are told one by one."""

_STEPS_AHEAD = 64
# A portion is read and then saved in one transaction: so much is lost at most by stopping.
_PORTION_FILES = 128
_PORTION_BYTES = 64 * 1024 * 1024
_PAGE = 1_000
_AT_ONCE = 512

SCANS_PER_MINUTE = 20
_ENDPOINT = "audio_upload"
_PROGRESS_SECONDS = 0.1


class Scans:
    """Scans folders, and knows which were scanned."""

    def __init__(
        self,
        samples: SampleStore,
        finder: SoundFinder,
        clock: Clock,
        *,
        rights: Rights,
        intents: Intents | None = None,
    ) -> None:
        self._samples = samples
        self._finder = finder
        self._clock = clock
        self._rights = rights
        self._intents = intents or Intents()

    async def scan(
        self, roots: Sequence[Path], *, by: Account, shared: bool = False
    ) -> AsyncGenerator[ScanProgress, None]:
        """Scan folders (or single files) of this machine; the remembered ones where none are given.

        What is found is the account's own, or with `shared` nobody's, for all to see.

        Yields about ten times a second while something changes; the last one is the report.
        Stopping at any moment leaves a consistent library, and scanning again goes on.

        Raises:
            InputInvalid: no folder is given, and none is remembered.
            NotAllowed: a listener takes in no shared sounds.
            TooManyTries: this person asked for too many scans in a minute.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        kept = [self._finder.paths.documents_path(root) for root in apart(roots)]
        wanted = self._apart(kept or [folder.path for folder in await self.folders(user_id)])
        if not wanted:
            raise InputInvalid("No folder was scanned yet", hint="Name one: smtui scan FOLDER.")
        await self._count(by.user_id)
        scan = self._scan(user_id, by)
        work = asyncio.ensure_future(scan.run(wanted))
        try:
            told = scan.progress
            yield told
            while not (await asyncio.wait([work], timeout=_PROGRESS_SECONDS))[0]:
                if scan.progress != told:
                    told = scan.progress
                    yield told
            await work
        finally:
            work.cancel()
            # What was read last is saved to its end, so that nothing is written after we return.
            await asyncio.wait([work])
        yield scan.progress

    async def take_in(
        self, root: Path, found: Sequence[Candidate], *, by: Account, shared: bool = False
    ) -> ScanProgress:
        """Take in what came to rest in a watched folder of this machine; gives the report.

        Nobody asks for it, so it is no scan by the limit per minute. Raises NotAllowed as `scan`.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        scan = self._scan(user_id, by)
        await scan.take(self._finder.paths.documents_path(root), found)
        return scan.progress

    async def folders(self, user_id: UserId | None) -> tuple[Folder, ...]:
        """The folders that were scanned, by path."""
        return await self._samples.folders(user_id=user_id)

    async def forget(self, folder: Path, *, by: Account, shared: bool = False) -> bool:
        """Forget a folder; its sounds stay. False if it was not remembered.

        Raises NotAllowed where a listener would forget a shared one.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        # As this machine calls it, or as the documents do.
        named = Path(os.path.abspath(folder))  # noqa: ASYNC240, PTH100 - looks at no disk
        for path in dict.fromkeys((self._finder.paths.documents_path(named), named)):
            written = printable_path(bytes(path))
            if await self._samples.forget_folder(written, user_id=user_id):
                return True
        return False

    def relocation(self, old: Path, new: Path, *, by: Account, shared: bool = False) -> Relocation:
        """Prepare to tell the library that a folder of this machine is called otherwise now."""
        paths = self._finder.paths
        return Relocation(
            samples=self._samples,
            finder=self._finder,
            clock=self._clock,
            rights=self._rights,
            by=by,
            user_id=None if shared else by.user_id,
            old=paths.documents_path(Path(os.path.abspath(old))),  # noqa: PTH100 - looks at no disk
            new=paths.documents_path(Path(os.path.abspath(new))),  # noqa: PTH100
        )

    def _scan(self, user_id: UserId | None, by: Account) -> Scan:
        return Scan(
            samples=self._samples,
            finder=self._finder,
            clock=self._clock,
            user_id=user_id,
            counted_for=by.user_id,
            accounts=self._intents.accounts,
        )

    def _apart(self, kept: Sequence[Path]) -> list[Path]:
        """Leave out what lies in another one on this machine; paths as the documents have them."""
        paths = self._finder.paths
        foreign = [path for path in kept if paths.foreign(path)]
        there = {paths.here(path): path for path in kept if path not in foreign}
        return [there[here] for here in apart(list(there))] + foreign

    async def _count(self, user_id: UserId) -> None:
        intents = self._intents
        if intents.limits is None:
            return
        try:
            await intents.limits.hit(user_id, _ENDPOINT, limit=intents.per_minute)
        except ServerUnavailable:
            # Counting protects shared servers; without them a scan harms nobody.
            return


def apart(roots: Sequence[Path]) -> list[Path]:
    """Make paths absolute, and leave out those that lie in another one."""
    absolute = sorted({Path(os.path.abspath(root)) for root in roots})  # noqa: PTH100
    kept: list[Path] = []
    for root in absolute:
        if not any(root.is_relative_to(other) for other in kept):
            kept.append(root)
    return kept


@dataclass(slots=True, kw_only=True)
class Scan:
    """One scan, as far as it has come; `progress` is always the present.

    What it finds is `user_id`'s, None is shared by all; the uploads count for who asked.
    """

    samples: SampleStore
    finder: SoundFinder
    clock: Clock
    user_id: UserId | None
    counted_for: UserId
    accounts: AccountStore | None = None
    progress: ScanProgress = field(default_factory=ScanProgress)
    _seen: set[int] = field(default_factory=set)
    _reached: list[Path] = field(default_factory=list)
    _moves: Moves = field(init=False)
    _unread: UnreadList = field(init=False)

    def __post_init__(self) -> None:
        self._unread = UnreadList(
            samples=self.samples, finder=self.finder, clock=self.clock, user_id=self.user_id
        )
        self._moves = Moves(
            samples=self.samples, finder=self.finder, clock=self.clock, user_id=self.user_id
        )

    async def run(self, roots: Sequence[Path]) -> None:
        """Scan these paths, absolute and as the documents have them, none within another."""
        await self._know_roots()
        async with aclosing(prefetch(self._walk(roots), steps=_STEPS_AHEAD)) as steps:
            async for step in steps:
                await self._take(step)
        for root in self._reached:
            await self._find_missing(root)
            await self._unread.end(root)
            await self._remember(root, scanned=True)
        await self._forget_left()
        self.progress = replace(self.progress, current="", done=True)

    async def take(self, root: Path, found: Sequence[Candidate]) -> None:
        """Take in these files alone, at and below a folder; paths as the documents have them."""
        await self._know_roots()
        if await self.finder.present(root):
            await self._remember(root, scanned=False)
        for part in in_parts(found, _AT_ONCE):
            self._add(seen=len(part))
            await self._take(Walked(folder=printable_path(bytes(root)), candidates=tuple(part)))
        await self._remember(root, scanned=True)
        self.progress = replace(self.progress, current="", counted=True, done=True)

    async def _walk(self, roots: Sequence[Path]) -> AsyncIterator[Walked]:
        for root in roots:
            reached = False
            async for step in self.finder.walk(root):
                if not (reached or self._is_refused(root, step)) and await self.finder.present(
                    root
                ):
                    await self._remember(root, scanned=False)
                    reached = True
                self._note_unreadable(step.unreadable)
                if step.unreadable and not self._is_refused(root, step):
                    await self._unread.note_places(step.unreadable)
                self._add(seen=len(step.candidates), ignored=step.ignored)
                self._add(not_sounds=step.not_sounds, unfinished=step.unfinished)
                yield step
        self.progress = replace(self.progress, counted=True)

    async def _remember(self, root: Path, *, scanned: bool) -> None:
        raw = os.fsencode(root)
        folder = Folder(
            folder_path=printable_path(raw),
            path_bytes=path_bytes(raw),
            user_id=self.user_id,
            scanned_at=self.clock.now() if scanned else None,
        )
        await self.samples.remember_folder(folder)
        if not scanned:
            self._reached.append(root)
            self._moves.roots.append(root)

    async def _take(self, step: Walked) -> None:
        places = [(each.file_path, each.path_bytes) for each in step.candidates]
        stamps = await self.samples.stamps(places, user_id=self.user_id) if places else {}
        wanted: list[Candidate] = []
        returned: list[FileId] = []
        for candidate in step.candidates:
            key = self._key(candidate)
            self._seen.add(hash(key))
            stamp = stamps.get(key)
            if stamp is None or not _same(stamp, candidate):
                wanted.append(candidate)
            elif stamp.missing:
                returned.append(stamp.file_id)
        if returned:
            await self.samples.set_missing(returned, None)
            self._add(returned=len(returned))
        known = len(step.candidates) - len(wanted)
        self._add(unchanged=known, handled=known)
        for portion in _portions(wanted):
            await self._read_portion(portion, stamps)

    async def _read_portion(
        self, portion: Sequence[Candidate], stamps: Mapping[str, Stamp]
    ) -> None:
        folder = printable_path(bytes(portion[0].path.parent))
        self.progress = replace(self.progress, current=folder)
        results = await self.finder.read_files(portion)
        found = [result for result in results if isinstance(result, FoundFile)]
        fresh = [each for each in found if self._key(each) not in stamps]
        old = [(each, stamps[self._key(each)]) for each in found if self._key(each) in stamps]
        await finish(self._save(fresh, old))
        pairs = zip(portion, results, strict=True)
        await self._unread.note(
            [(candidate, told) for candidate, told in pairs if isinstance(told, Unreadable)]
        )
        self._note_unreadable([result for result in results if isinstance(result, Unreadable)])
        self._add(handled=len(portion))

    async def _save(self, fresh: list[FoundFile], old: list[tuple[FoundFile, Stamp]]) -> None:
        await self._unread.drop_readable([*fresh, *(each for each, _ in old)])
        added = await self._moves.follow(fresh)
        changed = sum(each.file_hash != stamp.file_hash for each, stamp in old)
        adding = [*added, *(each for each, _ in old)]
        if adding:
            await self.samples.add_found(adding, user_id=self.user_id, at=self.clock.now())
        if added and self.accounts is not None:
            await self.accounts.count_use(self.counted_for, uploads=len(added))
        moved = len(fresh) - len(added)
        self._add(added=len(added), moved=moved, changed=changed, unchanged=len(old) - changed)
        self._add(returned=sum(stamp.missing for _, stamp in old))

    async def _know_roots(self) -> None:
        known = await self.samples.folders(user_id=self.user_id)
        self._moves.roots = [folder.path for folder in known]
        await self._unread.begin()

    async def _forget_left(self) -> None:
        """Forget folders of earlier scans that are gone and that every sound has left."""
        for root in self._moves.left:
            folder = printable_path(os.fsencode(root))
            if not await self.samples.below(folder, user_id=self.user_id, after=None, limit=1):
                await self.samples.forget_folder(folder, user_id=self.user_id)

    async def _find_missing(self, root: Path) -> None:
        """Mark the sounds below a root whose files are no longer there; none is ever deleted."""
        folder = printable_path(os.fsencode(root))
        after: str | None = None
        while True:
            rows = await self.samples.below(folder, user_id=self.user_id, after=after, limit=_PAGE)
            gone = await self._find_gone(rows)
            if gone:
                await self._mark(gone)
            if len(rows) < _PAGE:
                return
            after = path_key(self.user_id, rows[-1][0], rows[-1][1])

    async def _find_gone(
        self, rows: Sequence[tuple[str, bytes | None, FileId]]
    ) -> list[tuple[str, bytes | None]]:
        unseen = [
            (text, raw)
            for text, raw, _ in rows
            if hash(path_key(self.user_id, text, raw)) not in self._seen
        ]
        paths = [Path(os.fsdecode(raw) if raw is not None else text) for text, raw in unseen]
        there = await asyncio.gather(*(self.finder.exists(path) for path in paths))
        return [place for place, exists in zip(unseen, there, strict=True) if not exists]

    async def _mark(self, gone: Sequence[tuple[str, bytes | None]]) -> None:
        stamps = await self.samples.stamps(gone, user_id=self.user_id)
        halves = [
            stamps[key].file_id
            for key, name in self._names(gone)
            if key in stamps and unfinished(name)
        ]
        # Half a download that an older scan took in was never a sound that one could miss.
        samples = await self.samples.get(halves) if halves else ()
        dropped = {sample.file_id for sample in samples if not sample.tags}
        await self.samples.remove(tuple(dropped))
        # Those that were missing before keep the time since when they are.
        newly = [
            stamp.file_id
            for stamp in stamps.values()
            if not stamp.missing and stamp.file_id not in dropped
        ]
        if newly:
            await self.samples.set_missing(newly, self.clock.now())
        self._add(missing=len(gone) - len(dropped), vanished=len(newly))

    def _names(self, places: Sequence[tuple[str, bytes | None]]) -> Iterator[tuple[str, bytes]]:
        for text, raw in places:
            path = raw if raw is not None else os.fsencode(text)
            yield path_key(self.user_id, text, raw), path.rpartition(b"/")[2]

    def _note_unreadable(self, unreadable: Sequence[Unreadable]) -> None:
        if unreadable:
            progress = self.progress
            self.progress = replace(
                progress,
                unreadable=(*progress.unreadable, *unreadable)[:MOST_TOLD],
                unreadable_count=progress.unreadable_count + len(unreadable),
            )

    def _add(self, **counts: int) -> None:
        present = {name: getattr(self.progress, name) + more for name, more in counts.items()}
        self.progress = replace(self.progress, **present)

    def _key(self, file: Candidate | FoundFile) -> str:
        return path_key(self.user_id, file.file_path, file.path_bytes)

    def _is_refused(self, root: Path, step: Walked) -> bool:
        written = printable_path(bytes(self.finder.paths.here(root)))
        return any(each.file_path == written for each in step.unreadable)


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
        self._kept = {file.path_key: file for file in kept if file.user_id == self.user_id}

    async def note(self, refused: Iterable[tuple[Candidate, Unreadable]]) -> None:
        """Put files on the list that were met and could not be read."""
        await self._keep(
            [
                self._file(candidate.file_path, candidate.path_bytes, told)
                for candidate, told in refused
            ]
        )

    async def note_places(self, refused: Sequence[Unreadable]) -> None:
        """The same for what could not even be looked at; paths of this machine."""
        files = []
        for told in refused:
            raw = os.fsencode(self.finder.paths.documents_path(Path(told.file_path)))
            files.append(self._file(printable_path(raw), path_bytes(raw), told))
        await self._keep(files)

    async def drop_readable(self, found: Sequence[FoundFile]) -> None:
        """Take files off the list that can be read now."""
        keys = [path_key(self.user_id, file.file_path, file.path_bytes) for file in found]
        await self._drop([key for key in keys if key in self._kept])

    async def end(self, root: Path) -> None:
        """Take off the list what lies below a folder and was not met in this scan."""
        gone = []
        for key, file in self._kept.items():
            raw = file.path_bytes if file.path_bytes is not None else os.fsencode(file.file_path)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Intents:
    """Where a scan is counted: with the account, and against the limit per minute."""

    accounts: AccountStore | None = None
    limits: RateLimits | None = None
    per_minute: int = SCANS_PER_MINUTE


def _same(stamp: Stamp, candidate: Candidate) -> bool:
    """True if a file is as it was looked at last.

    A change raises ctime, also where the time of change was put back; a copy of the folder on
    another machine may have a lower one.
    """
    if stamp.vanished or candidate.ctime_ns > stamp.ctime_ns > 0:
        return False
    return (stamp.file_size, stamp.mtime_ns) == (candidate.file_size, candidate.mtime_ns)


def _portions(wanted: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    portion: list[Candidate] = []
    size = 0
    for candidate in wanted:
        portion.append(candidate)
        size += candidate.file_size
        if len(portion) == _PORTION_FILES or size >= _PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

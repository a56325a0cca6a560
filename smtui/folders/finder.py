"""Finding sounds on disks: the SoundFinder port, in a few threads of its own.

Of a file that a scan does not know yet it reads header, tags, and the hash of its bytes.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.sample import FoundFile
from smtui.domain.scan import Candidate, Remains, Unreadable, Walked
from smtui.domain.text import path_bytes, printable_path
from smtui.folders.mounts import keeps_numbers, remains_of, waits_for_drive
from smtui.folders.walk import refusal, walk_folder

_BLOCK_BYTES = 1 << 20
_LARGEST_NUMBER = (1 << 63) - 1

Given = TypeVar("Given")
Result = TypeVar("Result")

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


class DiskFinder:
    """Walks folders and reads files with at most `threads` at once.

    It is asked with paths as the documents have them, and finds them where they are on this
    machine. What it gives for the documents is written as they have it, what it tells a person is
    this machine's.

    Few threads on purpose: hashing and decoding let go of the interpreter, but reading tags does
    not, and the screen in the same process must stay alive.
    """

    def __init__(self, paths: PathMap | None = None, *, threads: int | None = None) -> None:
        self.paths = paths or PathMap()
        count = threads or max(2, min(4, (os.cpu_count() or 2) // 2))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="finder")

    async def walk(
        self, root: Path, *, only: Collection[Path] | None = None
    ) -> AsyncIterator[Walked]:
        """Yield what was met since the step before, in chunks; folders in sorted order.

        With `only`, nothing but these paths of this machine and what is below them.
        """
        here = os.fsencode(self.paths.here(root))
        if self.paths.foreign(root):
            words = "This folder of the library is not on this machine"
            folder = printable_path(here)
            unreadable = Unreadable(file_path=folder, code=ErrorCode.VANISHED, error=words)
            yield Walked(folder=folder, unreadable=(unreadable,))
            return
        steps = walk_folder(here, None if only is None else [os.fsencode(path) for path in only])
        while (step := await self._in_thread(self._next, steps)) is not None:
            yield step

    async def read_files(
        self, candidates: Sequence[Candidate]
    ) -> tuple[FoundFile | Unreadable, ...]:
        """Open, hash, read header and tags; one result per candidate, in order."""
        loop = asyncio.get_running_loop()
        reading = [loop.run_in_executor(self._threads, read_file, each) for each in candidates]
        try:
            return tuple(await asyncio.gather(*reading))
        finally:
            # A cancelled scan must not go on reading what waits for a thread.
            for each in reading:
                each.cancel()

    async def exists(self, path: Path) -> bool:
        """True if a regular file is there; True also where nobody can tell.

        That is so without permission to look, below a drive's place where none is mounted, and
        for what other machines alone can have.
        """
        if self.paths.foreign(path):
            return True
        return await self._in_thread(_is_there, self.paths.here(path))

    async def present(self, folder: Path) -> bool:
        """True if a folder is there and can be looked into (its drive is mounted)."""
        if self.paths.foreign(folder):
            return False
        return await self._in_thread(os.path.isdir, self.paths.here(folder))

    async def remains(self, path: Path) -> Remains:
        """Look at what is left of the way to a file that is not there."""
        if self.paths.foreign(path):
            return Remains(can_tell=False)
        return await self._in_thread(remains_of, self.paths.here(path))

    def close(self) -> None:
        """Let the threads go as soon as they are done with their file."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[Given], Result], given: Given) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, given)

    def _next(self, steps: Iterator[Walked]) -> Walked | None:
        step = next(steps, None)
        if step is None or not self.paths.prefixes:
            return step
        known = tuple(self._in_documents(each) for each in step.candidates if not self._hides(each))
        hidden = len(step.candidates) - len(known)
        return replace(step, candidates=known, ignored=step.ignored + hidden)

    def _hides(self, candidate: Candidate) -> bool:
        """The documents would take it for a file at another place of this machine."""
        return self.paths.hidden(candidate.path)

    def _in_documents(self, candidate: Candidate) -> Candidate:
        raw = os.fsencode(self.paths.documents_path(candidate.path))
        return replace(candidate, file_path=printable_path(raw), path_bytes=path_bytes(raw))


def read_file(candidate: Candidate) -> FoundFile | Unreadable:
    """Open a candidate and read what the library keeps of it; blocks, for a thread."""
    try:
        return _read_sound(candidate)
    except SoundUnreadable as error:
        code, words = error.code, str(error)
    except OSError as error:
        code, words = refusal(error, what="file")
    return Unreadable(file_path=printable_path(bytes(candidate.path)), code=code, error=words)


def _read_sound(candidate: Candidate) -> FoundFile:
    # Late imports: what walks a folder must not load numpy and libsndfile before a file is read.
    from smtui.audio.mark import probe_with_mark
    from smtui.audio.tags import read_tags

    descriptor = os.open(candidate.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        # Taken before the bytes are read: whatever changes meanwhile is seen by the next scan.
        status = os.fstat(descriptor)
        header, mark = probe_with_mark(candidate.path)
        file_hash = _hash(descriptor)
    finally:
        os.close(descriptor)
    device = candidate.path.parent.stat().st_dev
    return FoundFile(
        file_path=candidate.file_path,
        path_bytes=candidate.path_bytes,
        file_size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=_number(status, device),
        audio_mark=mark,
        file_hash=file_hash,
        duration=header.duration,
        sample_rate=header.sample_rate,
        channels=header.channels,
        format=header.format,
        metadata=read_tags(candidate.path),
    )


def _number(status: os.stat_result, device: int) -> int:
    """Return the file's number on its disk, as much of it as every store holds; 0 for none."""
    return status.st_ino & _LARGEST_NUMBER if keeps_numbers(device) else 0


def _hash(descriptor: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    place = 0
    while block := os.pread(descriptor, _BLOCK_BYTES, place):
        digest.update(block)
        place += len(block)
    return digest.hexdigest()


def _is_there(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return error.errno not in _GONE or waits_for_drive(os.fsencode(path))

"""Finding sounds on disks: the SoundFinder port, in a few threads of its own."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from smtui.domain.sample import FoundFile
from smtui.domain.scan import Candidate, Unreadable, Walked
from smtui.folders.mounts import waits_for_drive
from smtui.folders.reading import read_file
from smtui.folders.walking import walked

Given = TypeVar("Given")
Result = TypeVar("Result")

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


class DiskFinder:
    """Walks folders and reads files with at most `threads` at once.

    Few threads on purpose: hashing and decoding let go of the interpreter, but reading tags does
    not, and the screen in the same process must stay alive.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        count = threads or max(2, min(4, (os.cpu_count() or 2) // 2))
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="finder")

    async def walk(self, root: Path) -> AsyncIterator[Walked]:
        """Yield what was met since the step before, in chunks; folders in sorted order."""
        steps = walked(os.fsencode(root))
        while (step := await self._in_thread(_next, steps)) is not None:
            yield step

    async def read(self, candidates: Sequence[Candidate]) -> tuple[FoundFile | Unreadable, ...]:
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
        """Whether a regular file is there; True also where nobody can tell.

        That is so without permission to look, and below a drive's place where none is mounted.
        """
        return await self._in_thread(_is_there, path)

    async def present(self, folder: Path) -> bool:
        """Whether a folder is there and can be looked into (its drive is mounted)."""
        return await self._in_thread(os.path.isdir, folder)

    def close(self) -> None:
        """Let the threads go as soon as they are done with their file."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[Given], Result], given: Given) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, given)


def _next(steps: Iterator[Walked]) -> Walked | None:
    return next(steps, None)


def _is_there(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return error.errno not in _GONE or waits_for_drive(os.fsencode(path))

"""Processes of smtui's own beside the screen: started when needed, killed when they are lost.

What is said to one, and what it answers, is a matter of the room that it belongs to.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping
from typing import IO, Any, TypeVar

Answer = TypeVar("Answer")

LOST = (EOFError, ConnectionError, ValueError)
"""How a pipe tells that the other end is gone. A TimeoutError is an OSError too, but means else."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""More threads of the linear algebra libraries would only get in the way of what plays audio."""

_LONGEST_LINE = 64 << 10


class Companion:
    """A module that runs as a process, at most one at a time, spoken with by standard streams."""

    def __init__(
        self,
        module: str,
        environment: Mapping[str, str],
        *,
        stderr: int | IO[Any] = DEVNULL,
        longest_line: int = _LONGEST_LINE,
    ) -> None:
        """Start nothing yet; `environment` is added to this process's own."""
        self._module = module
        self._environment = environment
        self._stderr = stderr
        self._longest_line = longest_line
        self._process: Process | None = None
        self._begun: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def process(self) -> Process | None:
        """The one that was started last, also if it has ended by itself; None once closed."""
        return None if self._closed else self._process

    async def start(self) -> Process:
        """Start one; raises ConnectionError where that cannot be, or not any more."""
        if self._closed:
            raise ConnectionError("it is closed")
        self._process = await started(
            "-m",
            self._module,
            environment=self._environment,
            stdin=PIPE,
            stderr=self._stderr,
            longest_line=self._longest_line,
        )
        return self._process

    def begin(self, work: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Begin work with the process; behind a shield it is finished, whoever still waits."""
        task = asyncio.create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._ended)
        return task

    async def kill(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            await killed(process)

    async def close(self) -> None:
        """End what has begun, and the process; none is started any more."""
        self._closed = True
        begun = tuple(self._begun)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        await self.kill()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            # Nobody may be waiting any more to be told how it ended.
            task.exception()


async def started(
    *arguments: str | os.PathLike[str],
    environment: Mapping[str, str],
    stdin: int = DEVNULL,
    stderr: int | IO[Any] = DEVNULL,
    longest_line: int = _LONGEST_LINE,
) -> Process:
    """Start Python with these arguments, out of reach of ctrl+c; raises ConnectionError."""
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *arguments),
            stdin=stdin,
            stdout=PIPE,
            stderr=stderr,
            limit=longest_line,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise ConnectionError("no process could be started") from error


async def killed(process: Process) -> None:
    """Kill a process, unless it is known to have ended, and wait until it is gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

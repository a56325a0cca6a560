"""Hearing a file from outside the library: `smtui inspect`, once, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smtui.domain.embedding import DIMENSIONS
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

_COMMAND = (sys.executable, "-P", "-m", "smtui", "inspect", "--json", "--embedding", "--")
_LONGEST_SECONDS = 120.0
_REMEMBERED = 32


class InspectedOutside:
    """Implements OutsideListener; what was heard of unchanged bytes is remembered."""

    def __init__(self, *, seconds: float = _LONGEST_SECONDS) -> None:
        self._seconds = seconds
        self._known: OrderedDict[tuple[Path, int, int], Sequence[float]] = OrderedDict()

    async def embedding(self, path: Path) -> Sequence[float]:
        """Give its 768 numbers; raises SoundUnreadable."""
        stamp = await asyncio.to_thread(_stamp, path)
        if (known := self._known.get(stamp)) is not None:
            return known
        numbers = _embedding(await self._told(path))
        self._known[stamp] = numbers
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return numbers

    async def _told(self, path: Path) -> bytes:
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        try:
            child = await asyncio.create_subprocess_exec(
                *_COMMAND,
                path,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=DEVNULL,
                env={**os.environ, **quiet},
                start_new_session=True,
            )
        except OSError as error:
            raise _failed() from error
        try:
            async with asyncio.timeout(self._seconds):
                told, _ = await child.communicate()
        except TimeoutError as error:
            raise SoundUnreadable(
                "Listening to it took too long", code=ErrorCode.TIMED_OUT
            ) from error
        finally:
            await _ended(child)
        return told


async def _ended(child: Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _stamp(path: Path) -> tuple[Path, int, int]:
    try:
        there = path.stat()
    except FileNotFoundError as error:
        raise SoundUnreadable("There is no such file", code=ErrorCode.VANISHED) from error
    except (OSError, ValueError) as error:
        raise SoundUnreadable("The file cannot be read", code=ErrorCode.UNREADABLE) from error
    return path, there.st_size, there.st_mtime_ns


def _embedding(told: bytes) -> tuple[float, ...]:
    try:
        heard: dict[str, Any] = json.loads(told)
        if "error" in heard:
            raise SoundUnreadable(str(heard["error"]), code=ErrorCode(heard["code"]))
        numbers = tuple(float(one) for one in heard["embedding"])
    except (ValueError, TypeError, LookupError) as error:
        raise _failed() from error
    if len(numbers) != DIMENSIONS:
        raise _failed()
    return numbers


def _failed() -> SoundUnreadable:
    return SoundUnreadable("Listening to it failed", code=ErrorCode.INTERNAL)

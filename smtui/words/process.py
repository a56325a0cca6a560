"""The screen's side of the process that knows meanings; implements the TextIndex port.

What it has learnt is kept in that process alone, and learnt anew by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from typing import Any

from smtui.domain.errors import ModelMissing
from smtui.domain.ports.words import Nearness

_COMMAND = (sys.executable, "-P", "-m", "smtui.words")
_LONGEST_LINE = 64 << 20
# Starting costs seconds; what is missing is not looked for with every question.
_AGAIN_SECONDS = 30.0
# So many texts take a second or less.
_AT_ONCE = 64
_LOST = (EOFError, ConnectionError, ValueError)


class _Stopped(ModelMissing):
    """The process ended or wrote what is no answer."""


class WordProcess:
    """Starts with the first question. New texts are learnt aside, some at a time."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._child: Process | None = None
        self._turn = asyncio.Lock()
        self._known: set[str] = set()
        self._learning: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[dict[str, Any]]] = set()
        self._failed: tuple[float, ModelMissing] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def nearness(self, text: str, among: Sequence[str], *, patience: float) -> Nearness:
        """Compare with each of the texts, waiting at most so many s for those not yet known."""
        if self._failed is not None and time.monotonic() - self._failed[0] < _AGAIN_SECONDS:
            raise self._failed[1]
        try:
            return await self._near(text, among, patience=patience)
        except _Stopped:
            # It may have died while nobody asked: one more try, and everything learnt anew.
            return await self._near(text, among, patience=patience)

    async def _near(self, text: str, among: Sequence[str], *, patience: float) -> Nearness:
        learning = self._learn(among)
        done, _ = await asyncio.wait({learning}, timeout=patience)
        if done:
            # Raises what went wrong.
            learning.result()
        known = [one for one in among if one in self._known]
        if not known:
            return Nearness(scores={}, known=0, of=len(among))
        scores = (await self._asked({"ask": text, "among": known}))["scores"]
        found = {one: score for one, score in zip(known, scores, strict=True) if score is not None}
        return Nearness(scores=found, known=len(found), of=len(among))

    async def close(self) -> None:
        """End the child."""
        self._closed = True
        for task in (self._learning, *self._asking):
            if task is not None:
                task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._kill()

    def _learn(self, texts: Sequence[str]) -> asyncio.Task[None]:
        """The task that learns; a new one where others are asked for or the last has ended."""
        if self._learning is not None and not self._learning.done():
            self._learning.cancel()
        self._learning = asyncio.create_task(self._learnt(tuple(texts)))
        # It may go on after whoever asked, and its failure is told to who asks next.
        self._learning.add_done_callback(_ended)
        return self._learning

    async def _learnt(self, texts: Sequence[str]) -> None:
        fresh = [text for text in texts if text not in self._known]
        for start in range(0, len(fresh), _AT_ONCE):
            some = fresh[start : start + _AT_ONCE]
            await self._asked({"learn": some})
            self._known |= {*some}

    async def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put a question and read its answer; what has begun is finished, whoever still waits."""
        task = asyncio.create_task(self._exchanged(request))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        task.add_done_callback(_ended)
        return await asyncio.shield(task)

    async def _exchanged(self, request: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            try:
                child = await self._living()
                return await _talk(child, request)
            except _LOST as error:
                await self._kill()
                raise _Stopped(
                    "The model of meanings stopped", hint="Ask again; or see: smtui words status"
                ) from error
            except ModelMissing as missing:
                # What cannot be loaded now cannot be a moment later.
                self._failed = time.monotonic(), missing
                await self._kill()
                raise

    async def _living(self) -> Process:
        """Give the child, started and with its model loaded if there was none."""
        if self._closed:
            raise ConnectionError("it is closed")
        if self._child is not None and self._child.returncode is None:
            return self._child
        self._known.clear()
        try:
            self._child = await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                limit=_LONGEST_LINE,
                env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
                start_new_session=True,
            )
        except OSError as error:
            raise ConnectionError("no process could be started") from error
        await _talk(self._child, {"hello": self._model})
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        self._known.clear()
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _talk(child: Process, request: dict[str, Any]) -> dict[str, Any]:
    """Write a line and read one; raises ModelMissing where that is the answer."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(request).encode() + b"\n")
    await child.stdin.drain()
    line = await child.stdout.readline()
    if not line:
        raise EOFError
    told: dict[str, Any] = json.loads(line)
    if "title" in told:
        raise ModelMissing(told["title"], hint=told["hint"])
    return told


def _ended(task: asyncio.Task[Any]) -> None:
    """Take note of how a task ended that nobody may be waiting for any more."""
    if not task.cancelled():
        task.exception()

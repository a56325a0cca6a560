"""The screen's side of the process that knows meanings; implements the TextModel port."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from smtui.companion import LOST, Companion
from smtui.domain.errors import ModelMissing, ModelStopped
from smtui.domain.ports.similarity_index import singles
from smtui.domain.ports.words import TextEmbedding

Answer = TypeVar("Answer")
Work = Callable[[Process], Awaitable[Answer]]

_LONGEST_LINE = 64 << 20
# Starting costs seconds; what is missing is not looked for with every question.
_AGAIN_SECONDS = 30.0


class WordProcess:
    """Starts with the first question; answers one after the other.

    With `fetch` the model is had from afar, and the process tells on standard error how far it is.
    """

    def __init__(self, model: str, *, fetch: bool = False) -> None:
        self._hello = {"hello": model, "fetch": fetch}
        self._child = Companion(
            "smtui.words",
            {"TOKENIZERS_PARALLELISM": "false"},
            # Not simply inherited: beneath it, what libraries of C write is hushed.
            stderr=sys.stderr if fetch else DEVNULL,
            longest_line=_LONGEST_LINE,
        )
        self._embedding: TextEmbedding | None = None
        self._turn = asyncio.Lock()
        # In which row the child holds which text.
        self._rows: dict[str, int] = {}
        self._failed: tuple[float, ModelMissing] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid

    async def embedding(self) -> TextEmbedding:
        """Say what it is, loaded if it was not."""

        async def work(_child: Process) -> TextEmbedding:
            assert self._embedding is not None
            return self._embedding

        return await self._exchange_aside(work)

    def unknown(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Those that it does not hold now, each once."""
        return tuple(text for text in dict.fromkeys(texts) if text not in self._rows)

    async def learn(self, texts: Sequence[str]) -> Mapping[str, bytes]:
        """Work out the vectors of texts, hold them and give them; those held already are not."""

        async def work(child: Process) -> Mapping[str, bytes]:
            fresh = self.unknown(texts)
            if not fresh:
                return {}
            numbers = base64.b64decode((await _talk(child, {"learn": fresh}))["vectors"])
            self._note_rows(fresh)
            size = len(numbers) // len(fresh)
            return {text: numbers[n * size : (n + 1) * size] for n, text in enumerate(fresh)}

        return await self._exchange_aside(work)

    async def hold(self, vectors: Mapping[str, bytes]) -> None:
        """Hold vectors that were worked out before."""

        async def work(child: Process) -> None:
            fresh = self.unknown(tuple(vectors))
            if fresh:
                numbers = b"".join(vectors[text] for text in fresh)
                await _talk(child, {"hold": base64.b64encode(numbers).decode()})
                self._note_rows(fresh)

        await self._exchange_aside(work)

    async def scores(self, text: str, among: Sequence[str]) -> Mapping[str, float]:
        """The cosine of a text with each that is held."""

        async def work(child: Process) -> Mapping[str, float]:
            answer = await _talk(child, {"ask": text})
            scores = singles(base64.b64decode(answer["scores"]))
            rows = self._rows
            return {known: scores[rows[known]] for known in among if known in rows}

        return await self._exchange_aside(work)

    async def close(self) -> None:
        """End the child."""
        await self._child.close()
        self._rows.clear()

    def _note_rows(self, fresh: Sequence[str]) -> None:
        first = len(self._rows)
        self._rows |= {text: first + number for number, text in enumerate(fresh)}

    async def _exchange_aside(self, work: Work[Answer]) -> Answer:
        """Put a question and read its answer; what has begun is finished, whoever still waits."""
        return await asyncio.shield(self._child.begin(self._exchange(work)))

    async def _exchange(self, work: Work[Answer]) -> Answer:
        async with self._turn:
            if self._failed is not None and time.monotonic() - self._failed[0] < _AGAIN_SECONDS:
                raise self._failed[1]
            try:
                return await work(await self._living())
            except LOST as error:
                await self._kill()
                raise ModelStopped(
                    "The model of meanings stopped", hint="Ask again; or see: smtui words status"
                ) from error
            except ModelMissing as missing:
                # What cannot be loaded now cannot be a moment later.
                self._failed = time.monotonic(), missing
                await self._kill()
                raise

    async def _living(self) -> Process:
        """Return the child, started and with its model loaded if there was none."""
        child = self._child.process
        if child is None:
            child = await self._child.start()
            self._embedding = TextEmbedding(**await _talk(child, self._hello))
        elif child.returncode is not None:
            raise EOFError("it has ended while nobody asked")
        return child

    async def _kill(self) -> None:
        self._rows.clear()
        await self._child.kill()


async def _talk(child: Process, request: dict[str, Any]) -> dict[str, Any]:
    """Write a line and read one; raises ModelMissing where that is the answer."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(request).encode() + b"\n")
    await child.stdin.drain()
    line = await child.stdout.readline()
    if not line:
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    if "title" in answer:
        raise ModelMissing(answer["title"], hint=answer["hint"])
    return answer

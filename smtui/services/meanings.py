"""How near descriptions are to what somebody says; what was learnt once is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smtui.domain.description import WORDING
from smtui.domain.errors import IndexUnusable, ModelStopped, ServerUnavailable

if TYPE_CHECKING:
    from smtui.domain.ports.words import TextEmbedding, TextModel, TextVectors

# A question waits for the part at hand, so that it is about a second: of learning, of recalling.
_LEARNT_AT_ONCE = 32
_RECALLED_AT_ONCE = 250
# A place that is away is not asked again with every step.
_AGAIN_SECONDS = 30.0
_LAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near texts are to another by their meaning.

    Attributes:
        scores: the cosine of each text that is known so far, -1 to 1.
        of: how many texts were given.
        unkept: why what is learnt is not kept for the next session; empty where it is.
    """

    scores: Mapping[str, float]
    of: int
    unkept: str = ""

    @property
    def known(self) -> int:
        """How many of the texts are known."""
        return len(self.scores)


class Meanings:
    """Compares texts by their meaning.

    Texts that the model does not hold are first looked for where they are kept; the others it
    learns, some at a time, and they are kept aside. Nobody waits for that longer than they want.
    Where nothing can be kept it learns all the same: then the next session does so anew.
    """

    def __init__(self, model: TextModel, vectors: TextVectors) -> None:
        self._model = model
        self._vectors = vectors
        self._wanted: Sequence[str] = ()
        self._learning: asyncio.Task[None] | None = None
        self._to_keep: dict[str, bytes] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._unkept: tuple[float, str] | None = None

    async def nearness(self, text: str, among: Sequence[str], *, patience: float) -> Nearness:
        """Compare with each of the texts, waiting at most so many s for those not yet known.

        Learning the others goes on afterwards. Raises ModelMissing, which says what to do.
        """
        try:
            return await self._near(text, among, patience)
        except ModelStopped:
            # It may have died while nobody asked: one more try.
            return await self._near(text, among, patience)

    async def close(self) -> None:
        """Keep what was learnt last, if that is soon done, and end the model's process."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.wait({self._learning})
        if self._keeping is not None:
            await asyncio.wait({self._keeping}, timeout=_LAST_SECONDS)
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        await self._model.close()

    async def _near(self, text: str, among: Sequence[str], patience: float) -> Nearness:
        self._wanted = among
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learnt())
            # It may go on after whoever asked.
            self._learning.add_done_callback(_ended)
        learning = self._learning
        await asyncio.wait({learning}, timeout=patience)
        if learning.done():
            # Raises what went wrong.
            learning.result()
        unkept = "" if self._unkept is None else self._unkept[1]
        if among and len(self._model.unknown(among)) == len(among):
            return Nearness(scores={}, of=len(among), unkept=unkept)
        scores = await self._model.scores(text, among)
        return Nearness(scores=scores, of=len(among), unkept=unkept)

    async def _learnt(self) -> None:
        """Learn what is wanted, and what has come to be wanted meanwhile."""
        told = await self._model.embedding()
        # What is kept of another wording is of no use.
        by = replace(told, version=f"{WORDING}-{told.version}")
        texts: Sequence[str] | None = None
        while texts is not self._wanted:
            texts = self._wanted
            for part in self._parts(texts, _RECALLED_AT_ONCE):
                if not await self._recall(part, by):
                    break
            for part in self._parts(texts, _LEARNT_AT_ONCE):
                self._keep(await self._model.learn(part), by)

    def _parts(self, texts: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
        """Those that are not known, in parts; no more once others are wanted."""
        fresh = self._model.unknown(texts)
        for start in range(0, len(fresh), size):
            if texts is self._wanted:
                yield fresh[start : start + size]

    async def _recall(self, texts: Sequence[str], by: TextEmbedding) -> bool:
        """Have those held that are kept; False where they cannot be had now."""
        if self._is_away():
            return False
        try:
            kept = await self._vectors.of(texts, by=by)
        except (ServerUnavailable, IndexUnusable) as error:
            self._unkept = time.monotonic(), error.title
            return False
        self._unkept = None
        await self._model.hold(kept)
        return True

    def _keep(self, vectors: Mapping[str, bytes], by: TextEmbedding) -> None:
        """See that they are kept, aside; what is learnt while that is impossible is not."""
        if self._is_away():
            return
        self._to_keep |= vectors
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._put(by))

    async def _put(self, by: TextEmbedding) -> None:
        while self._to_keep:
            some, self._to_keep = self._to_keep, {}
            try:
                await self._vectors.put(some, by=by)
            except (ServerUnavailable, IndexUnusable) as error:
                self._unkept = time.monotonic(), error.title
                self._to_keep = {}
                return
            self._unkept = None

    def _is_away(self) -> bool:
        return self._unkept is not None and time.monotonic() - self._unkept[0] < _AGAIN_SECONDS


def _ended(task: asyncio.Task[None]) -> None:
    """Take note of how a task ended that nobody may be waiting for any more."""
    if not task.cancelled():
        task.exception()

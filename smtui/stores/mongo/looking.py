"""Looking for the cheapest index: how many sounds has each part of a question?

Counts and rare answers are remembered for a little while, as a table asks the same question for
each of its pages. A count only chooses between two ways to the same answer, so an old one does no
harm. Ids are part of an answer, so they are forgotten when any smtui changes the library; what
another program adds shows up `REMEMBERED_SECONDS` later.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from smtui.domain.question import Field, Question
from smtui.stores.mongo import generation
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.finding import BY_NAME, Source, Union, of_ids, owned, parts_of, sources
from smtui.stores.mongo.indexes import AUDIO_FILES

REMEMBERED_SECONDS = 20.0
BACKGROUND_SECONDS = 120.0
"""How long a count or a walk of the whole library may take, s."""

_MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of what is tried before something else is.

    On a MongoDB whose indexes fit in memory a key costs 0.3 to 1 µs, a document 3 to 5 µs.

    Attributes:
        few: so many sounds are gathered and sorted at once.
        ids: so many are remembered by their ids.
        counted: sounds are counted up to here.
        patience: time for a walk, for each sound that would be gathered instead, µs.
        shortest: the least time for a walk, s, on a line that may be slow.
    """

    few: int = 14_000
    ids: int = 5_000
    counted: int = 100_000
    patience: float = 5.0
    shortest: float = 0.4


USUAL = Effort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a question is answered: through a source that is small, or along the order.

    Attributes:
        source: the smallest source, None where nothing is known to be smaller than the library.
        small: it is gathered at once; otherwise only after a walk that took too long.
        seconds: how long such a walk may take.
    """

    source: Source | None = None
    small: bool = False
    seconds: float = 0.0


@dataclass(slots=True)
class _Memory:
    """What was found out, and until when it counts."""

    kept: OrderedDict[Hashable, tuple[float, object]] = field(default_factory=OrderedDict)

    def recall(self, key: Hashable) -> object | None:
        until, value = self.kept.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def keep(self, key: Hashable, value: object) -> None:
        self.kept[key] = (time.monotonic() + REMEMBERED_SECONDS, value)
        self.kept.move_to_end(key)
        while len(self.kept) > _MOST_REMEMBERED:
            self.kept.popitem(last=False)


class Looking:
    """Chooses between the indexes that can answer a question."""

    def __init__(self, line: MongoLine, *, effort: Effort = USUAL) -> None:
        self._line = line
        self._effort = effort
        self._memory = _Memory()

    async def choice(self, question: Question, *, whole: bool = False) -> Choice:
        """Choose; `whole`: all matches are wanted, not one page of them."""
        found = sources(question.expression)
        plain = [one for one in found if isinstance(one, Source) and not one.scanned]
        others = [one for one in found if one not in plain]
        plain.append(owned(question.viewer))
        sizes = await asyncio.gather(*(self._size(one) for one in plain))
        size, best = min(zip(sizes, plain, strict=True), key=lambda pair: pair[0])
        if size < self._effort.few:
            return Choice(source=best, small=True)
        by_name = question.sort.field is Field.NAME and not whole
        for other in others:
            if by_name and isinstance(other, Source) and other.hint == BY_NAME:
                # Words in the order of names are read from the very index that is walked.
                continue
            ids = await self._ids(other)
            if ids is not None:
                return Choice(source=of_ids(ids), small=True)
        if best is plain[-1]:
            return Choice()
        return Choice(source=best, seconds=self._patience(size))

    def is_late(self, question: Question) -> bool:
        """Whether a walk for this question has lately taken too long."""
        return self._memory.recall(("late", question)) is not None

    def was_late(self, question: Question) -> None:
        """Remember that a walk for this question took too long."""
        self._memory.keep(("late", question), question)

    def _patience(self, size: int) -> float:
        return max(self._effort.shortest, self._effort.patience * size / 1e6)

    async def _size(self, source: Source) -> int:
        """How many sounds, counted up to `counted`."""
        key = ("size", repr(source.where))
        known = self._memory.recall(key)
        if isinstance(known, int):
            return known

        async def work() -> int:
            return await self._line.collection(AUDIO_FILES).count_documents(
                source.where, limit=self._effort.counted, hint=list(source.hint)
            )

        size = int(await self._line.ask(work, seconds=BACKGROUND_SECONDS))
        self._memory.keep(key, size)
        return size

    async def _ids(self, source: Source | Union) -> list[str] | None:
        """The ids of all its sounds, or None where they are too many."""
        # Asked before, so that a change in between makes the answer old and not wrong.
        at = await self._line.ask(lambda: generation.read(self._line))
        key = ("ids", at, repr([one.where for one in parts_of(source)]))
        known = self._memory.recall(key)
        if known is None:
            known = await self._gathered(parts_of(source))
            self._memory.keep(key, known)
        assert isinstance(known, tuple)
        return list(known) if len(known) <= self._effort.ids else None

    async def _gathered(self, parts: Sequence[Source]) -> tuple[str, ...]:
        """The ids of all sounds of all parts; at least one more than `ids` where they are many."""
        found: dict[str, None] = {}
        for part in parts:
            if len(found) > self._effort.ids:
                break
            found |= dict.fromkeys(await self._ids_of(part))
        return tuple(found)

    async def _ids_of(self, source: Source) -> list[str]:
        most = self._effort.ids + 1

        async def work() -> list[str]:
            cursor = self._line.collection(AUDIO_FILES).find(
                source.where,
                {"_id": False, "file_id": True},
                hint=list(source.hint),
                limit=most,
                batch_size=most,
            )
            return [one.get("file_id") or "" for one in await cursor.to_list(most)]

        return await self._line.ask(work, seconds=BACKGROUND_SECONDS)

"""What a question finds, remembered while the library does not change.

People ask one filter of many seeds and weights. So how many match is counted once, which they are
is read once, and where a question is asked again their embeddings are kept at hand: comparing them
one and all is then quicker than any index, and exact.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.likeness import AtHand, Comparison, Embedded, EmbeddingStore
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.services.listing import id_pages

MOST_AT_HAND = 20_000
"""So many embeddings are kept at hand, of all questions together: 61 MB."""

_IDS_AT_ONCE = 5_000
_READ_AT_ONCE = 2_000
_COUNTS_REMEMBERED = 32
_LISTS_REMEMBERED = 4


@dataclass(frozen=True, slots=True)
class _Key:
    """A question, and the generation of the library in which it is asked."""

    question: Question
    generation: int


class Matches:
    """Counts, lists and gathers what matches a question of one generation."""

    def __init__(
        self,
        samples: SampleStore,
        embeddings: EmbeddingStore,
        comparison: Comparison,
        *,
        recipe_version: int,
    ) -> None:
        self._samples = samples
        self._embeddings = embeddings
        self._comparison = comparison
        self._recipe_version = recipe_version
        self._counts: OrderedDict[object, int] = OrderedDict()
        self._lists: OrderedDict[_Key, tuple[FileId, ...]] = OrderedDict()
        self._gathered: OrderedDict[_Key, AtHand] = OrderedDict()
        self._asked: OrderedDict[_Key, None] = OrderedDict()

    async def count(self, question: Question, generation: int) -> int:
        """How many match."""
        key = _Key(question, generation)
        if key not in self._counts:
            self._counts[key] = await self._samples.count(question)
            _forget(self._counts, _COUNTS_REMEMBERED)
        return self._counts[key]

    async def total(self, generation: int) -> int:
        """How many sounds of the library have an embedding."""
        if generation not in self._counts:
            count = await self._embeddings.count(recipe_version=self._recipe_version)
            self._counts[generation] = count
            _forget(self._counts, _COUNTS_REMEMBERED)
        return self._counts[generation]

    async def ids(self, question: Question, generation: int) -> tuple[FileId, ...]:
        """All that match."""
        key = _Key(question, generation)
        if key in self._lists:
            return self._lists[key]
        found: list[FileId] = []
        async for page in id_pages(self._samples, question, size=_IDS_AT_ONCE):
            found += page
        if len(found) <= MOST_AT_HAND:
            self._lists[key] = tuple(found)
            _forget(self._lists, _LISTS_REMEMBERED)
        return tuple(found)

    async def at_hand(self, question: Question, generation: int) -> AtHand | None:
        """The embeddings of all that match, from the second time on that it is asked for them.

        The first time it would cost more than the one search; None too where they are too many.
        """
        key = _Key(question, generation)
        again = key in self._asked
        self._asked[key] = None
        _forget(self._asked, _COUNTS_REMEMBERED)
        if not again or await self.count(question, generation) > MOST_AT_HAND:
            return None
        return await self.gathered(question, generation)

    async def gathered(self, question: Question, generation: int) -> AtHand:
        """The embeddings of all that match, read unless they are at hand; for no more than fit."""
        key = _Key(question, generation)
        if any(one.generation != generation for one in self._gathered):
            # Of an earlier generation it only takes room.
            self._gathered.clear()
        if key in self._gathered:
            self._gathered.move_to_end(key)
            return self._gathered[key]
        gathered = self._comparison.begin()
        ids = await self.ids(question, generation)
        for start in range(0, len(ids), _READ_AT_ONCE):
            await gathered.add(await self.embedded(ids[start : start + _READ_AT_ONCE]))
        self._gathered[key] = gathered
        while sum(map(len, self._gathered.values())) > MOST_AT_HAND:
            self._gathered.popitem(last=False)
        return gathered

    async def embedded(self, file_ids: Sequence[FileId]) -> tuple[Embedded, ...]:
        """The embeddings of these, in their order."""
        found = await self._embeddings.of(file_ids, recipe_version=self._recipe_version)
        return tuple(found[one] for one in file_ids if one in found)


def _forget(remembered: OrderedDict[Any, Any], most: int) -> None:
    while len(remembered) > most:
        remembered.popitem(last=False)

"""Finding what is most alike: the filter first, then the index or every match, then exactly.

Few matches are compared one and all. Of more the index gives candidates: where most sounds match
it is asked for more than are wanted and the others are dropped, where few do it is asked among
these alone. Either way what it says is only a choice of what to compare.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from math import ceil

from smtui.domain.errors import IndexUnusable, ServerUnavailable
from smtui.domain.likeness import Hit, Wanted, Weights
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.likeness import (
    Comparison,
    Embedded,
    EmbeddingStore,
    IndexState,
    OutsideListener,
    SimilarityIndex,
)
from smtui.domain.ports.sessions import Cache
from smtui.domain.question import All, Everything, Fact, Is, Not, Question
from smtui.domain.sample import FileId

FEW = 1_500
"""So many matches are compared one and all: as quick as asking the index."""
MOST_EXACTLY = 20_000
"""So many are where the index cannot be asked, about a second."""

_SPARE = 1.3
_MOST_FETCHED = 3_000
_MOST_AMONG = 20_000
_AMONG_AT_ONCE = 5_000
_READ_AT_ONCE = 2_000
_REMEMBERED = 32
# An index that lacks more than this share is still being filled.
_LACKING = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessPorts:
    """What a search by likeness works with."""

    samples: SampleStore
    embeddings: EmbeddingStore
    index: SimilarityIndex
    comparison: Comparison
    outside: OutsideListener
    cache: Cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is looked for.

    Attributes:
        seeds: sounds that are no hits.
        left: how many could be hits.
        most: so many are wanted, best first.
    """

    wanted: Wanted
    weights: Weights
    question: Question
    seeds: frozenset[FileId]
    left: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question is answered.

    Attributes:
        out_of: how many sounds match, seeds among them.
        among: all of them, where they are compared one and all.
        index: how the index is, where it is asked.
        total: how many sounds have an embedding.
        remarks: what the person should know.
    """

    out_of: int
    among: tuple[FileId, ...] | None = None
    index: IndexState | None = None
    total: int = 0
    remarks: tuple[str, ...] = ()


class Nearest:
    """Finds the sounds that are most alike to what is wanted."""

    def __init__(self, ports: LikenessPorts, *, recipe_version: int) -> None:
        self._samples = ports.samples
        self._embeddings = ports.embeddings
        self._index = ports.index
        self._comparison = ports.comparison
        self._recipe_version = recipe_version
        self._counts: OrderedDict[object, int] = OrderedDict()

    async def plan(self, question: Question, generation: int) -> Plan:
        """Look how many sounds match, and how the index is where they are many.

        Raises:
            ServerUnavailable, IndexUnusable: it is needed, and cannot be asked.
        """
        question = _heard(question)
        if question.expression != _HEARD:
            few, more = await self._samples.ids(question, limit=FEW)
            if more is None:
                return Plan(out_of=len(few), among=few)
        out_of = await self._count(question, generation)
        if out_of <= FEW:
            return Plan(out_of=out_of, among=await self._ids(question))
        total = await self._total(generation)
        try:
            state = await self._index.state()
        except (ServerUnavailable, IndexUnusable) as error:
            return await self.without_index(question, out_of, error)
        if state.trouble:
            unusable = IndexUnusable(state.trouble, hint=REBUILD)
            return await self.without_index(question, out_of, unusable)
        lacking = max(0, total - state.sounds)
        if lacking > _LACKING * total and out_of <= MOST_EXACTLY:
            return Plan(out_of=out_of, among=await self._ids(question))
        remarks = (_lacks(lacking, total),) if lacking else ()
        return Plan(out_of=out_of, index=state, total=total, remarks=remarks)

    async def without_index(
        self, question: Question, out_of: int, error: ServerUnavailable | IndexUnusable
    ) -> Plan:
        """Plan to compare all matches, and say why; raises the error where they are too many."""
        if out_of > MOST_EXACTLY:
            raise error
        return Plan(
            out_of=out_of, among=await self._ids(_heard(question)), remarks=(_without(error),)
        )

    async def found(self, aim: Aim, plan: Plan) -> tuple[Hit, ...]:
        """Give the most alike, best first; never fewer than asked while more exist."""
        if plan.among is not None:
            return await self._exactly(aim, plan.among)
        question = _heard(aim.question)
        fetch = ceil(_SPARE * aim.most * max(1.0, plan.total / plan.out_of)) + len(aim.seeds)
        if fetch <= _MOST_FETCHED or plan.out_of > _MOST_AMONG:
            near = await self._index.nearest(self._query(aim), limit=fetch)
            fitting = await self._fitting(question, near)
            hits = await self._exactly(aim, fitting)
            if len(hits) >= min(aim.most, aim.left):
                return hits
        candidates: list[FileId] = []
        matches = await self._ids(question)
        for start in range(0, len(matches), _AMONG_AT_ONCE):
            part = matches[start : start + _AMONG_AT_ONCE]
            limit = aim.most + len(aim.seeds)
            candidates += await self._index.nearest(self._query(aim), limit=limit, among=part)
        hits = await self._exactly(aim, candidates)
        if len(hits) < min(aim.most, aim.left):
            # What the index lacks may be what is wanted.
            return await self._exactly(aim, matches)
        return hits

    async def embedded(self, file_ids: Sequence[FileId]) -> tuple[Embedded, ...]:
        """The embeddings of these, in their order."""
        found = await self._embeddings.of(file_ids, recipe_version=self._recipe_version)
        return tuple(found[one] for one in file_ids if one in found)

    def _query(self, aim: Aim) -> tuple[float, ...]:
        return aim.wanted.query(aim.weights)

    async def _fitting(self, question: Question, near: Sequence[FileId]) -> Sequence[FileId]:
        fitting = await self._samples.matching(question, near)
        return [one for one in near if one in fitting]

    async def _exactly(self, aim: Aim, file_ids: Sequence[FileId]) -> tuple[Hit, ...]:
        """Compare with every one of these."""
        best: list[Hit] = []
        async for part in self._parts([one for one in file_ids if one not in aim.seeds]):
            best += await self._comparison.best(aim.wanted, aim.weights, part, most=aim.most)
        best.sort(key=lambda hit: (-hit.score, hit.file_id))
        return tuple(best[: aim.most])

    async def _parts(self, file_ids: Sequence[FileId]) -> AsyncIterator[tuple[Embedded, ...]]:
        for start in range(0, len(file_ids), _READ_AT_ONCE):
            yield await self.embedded(file_ids[start : start + _READ_AT_ONCE])

    async def _ids(self, question: Question) -> tuple[FileId, ...]:
        found: list[FileId] = []
        part, after = await self._samples.ids(question, limit=_AMONG_AT_ONCE)
        found += part
        while after is not None:
            part, after = await self._samples.ids(question, limit=_AMONG_AT_ONCE, after=after)
            found += part
        return tuple(found)

    async def _count(self, question: Question, generation: int) -> int:
        key = (question, generation)
        if key not in self._counts:
            self._remember(key, await self._samples.count(question))
        return self._counts[key]

    async def _total(self, generation: int) -> int:
        if generation not in self._counts:
            count = await self._embeddings.count(recipe_version=self._recipe_version)
            self._remember(generation, count)
        return self._counts[generation]

    def _remember(self, key: object, count: int) -> None:
        self._counts[key] = count
        while len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)


REBUILD = "`smtui index rebuild` makes it anew from what was heard."
_HEARD = All((Is(Fact.HEARD), Not(Is(Fact.MISSING))))


def _heard(question: Question) -> Question:
    """Ask only for what can be found: heard, and there."""
    if question.expression == _HEARD or (
        isinstance(question.expression, All) and question.expression.parts[1:] == _HEARD.parts
    ):
        return question
    if question.expression == Everything():
        return Question(expression=_HEARD, viewer=question.viewer)
    return Question(expression=All((question.expression, *_HEARD.parts)), viewer=question.viewer)


def _without(error: ServerUnavailable | IndexUnusable) -> str:
    return f"Every sound was compared without the index. {error}"


def _lacks(lacking: int, total: int) -> str:
    if lacking == 1:
        return "1 sound is not in the index yet and may be missing here."
    return f"{lacking:,} of {total:,} sounds are not in the index yet and may be missing here."

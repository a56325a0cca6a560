"""Finding what is most alike: the filter first, then the index or every match, then exactly.

Few matches are compared one and all. Of more the index gives candidates: it is asked for more than
are wanted, and those that do not match are dropped. Where that leaves too few, all matches are
compared, or where they are very many it is asked among these alone. What the index says is only a
choice of what to compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from smtui.domain.errors import IndexUnusable, ServerUnavailable
from smtui.domain.likeness import Hit, Wanted, Weights
from smtui.domain.ports.documents import SampleStore
from smtui.domain.ports.sessions import Cache
from smtui.domain.ports.similarity_index import (
    AtHand,
    Comparison,
    Embedded,
    EmbeddingStore,
    IndexState,
    OutsideListener,
    SimilarityIndex,
)
from smtui.domain.question import All, Everything, Fact, Is, Not, Question
from smtui.domain.sample import FileId
from smtui.lru import Lru
from smtui.services.listing import id_pages

FEW = 2_500
"""As many matches are compared one and all: as quick as asking the index."""
MOST_EXACTLY = 20_000
"""As many are where the index cannot be asked, about a second."""
MOST_READ = 20_000
"""As many are read one and all where the index would have to go deep: no slower."""
MOST_AT_HAND = 20_000
"""As many embeddings are kept at hand, of all questions together: 61 MB."""
REBUILD = "`smtui index rebuild` makes it again from the analyses."

_SPARE = 2.0
_LEAST = 100
_BROADEST = 6.0
# Some of what the index has may be missing by now.
_GONE = 50
_MOST_FETCHED = 3_000
_AMONG_AT_ONCE = 5_000
_IDS_AT_ONCE = 5_000
_READ_AT_ONCE = 2_000
_COUNTS_REMEMBERED = 32
_LISTS_REMEMBERED = 4
# An index that lacks more than this share is still being filled.
_LACKING = 0.05
_ANALYSED = All((Is(Fact.HEARD), Not(Is(Fact.MISSING))))


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
        most: how many are wanted, best first.
        enough: how many do where finding them takes long.
    """

    wanted: Wanted
    weights: Weights
    question: Question
    seeds: frozenset[FileId]
    left: int
    most: int
    enough: int

    @property
    def compared(self) -> int:
        """How many candidates of the index are compared."""
        return self.most + len(self.seeds) + _GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question is answered.

    Attributes:
        out_of: how many sounds match, seeds among them.
        generation: of the library, when that was so.
        at_hand: the embeddings of all of them, where they are compared one and all.
        index: how the index is, where it is asked.
        total: how many sounds have an embedding.
        remarks: what the person should know.
    """

    out_of: int
    generation: int
    at_hand: AtHand | None = None
    index: IndexState | None = None
    total: int = 0
    remarks: tuple[str, ...] = ()


class Nearest:
    """Finds the sounds that are most alike to what is wanted."""

    def __init__(self, ports: LikenessPorts, *, recipe_version: int) -> None:
        self._samples = ports.samples
        self._index = ports.index
        self._comparison = ports.comparison
        self._matches = _Matches(
            ports.samples, ports.embeddings, ports.comparison, recipe_version=recipe_version
        )

    async def plan(self, question: Question, generation: int) -> Plan:
        """Look how many sounds match, and how the index is where they are many.

        Raises:
            ServerUnavailable, IndexUnusable: it is needed, and cannot be asked.
        """
        question = _within_analysed(question)
        out_of = await self._matches.count(question, generation)
        plan = Plan(out_of=out_of, generation=generation)
        at_hand = await self._matches.at_hand(question, generation)
        if at_hand is not None:
            return replace(plan, at_hand=at_hand)
        if out_of <= FEW:
            return await self._one_and_all(question, plan)
        total = await self._matches.total(generation)
        try:
            state = await self._index.state()
        except (ServerUnavailable, IndexUnusable) as error:
            return await self.without_index(question, plan, error)
        if state.trouble:
            unusable = IndexUnusable(state.trouble, hint=state.hint or REBUILD)
            return await self.without_index(question, plan, unusable)
        lacking = max(0, total - state.sounds)
        if lacking > _LACKING * total and out_of <= MOST_EXACTLY:
            return await self._one_and_all(question, plan)
        remarks = (_lacks(lacking, total),) if lacking else ()
        return replace(plan, index=state, total=total, remarks=remarks)

    async def without_index(
        self, question: Question, plan: Plan, error: ServerUnavailable | IndexUnusable
    ) -> Plan:
        """Plan to compare all matches, and say why; raises the error where they are too many."""
        if plan.out_of > MOST_EXACTLY:
            raise error
        return replace(
            await self._one_and_all(_within_analysed(question), plan), remarks=(_without(error),)
        )

    async def _one_and_all(self, question: Question, plan: Plan) -> Plan:
        return replace(plan, at_hand=await self._matches.gathered(question, plan.generation))

    async def best(self, aim: Aim, plan: Plan) -> tuple[Hit, ...]:
        """Return the most alike, best first; never fewer than wanted while more exist."""
        if plan.at_hand is not None:
            return await _best_at_hand(plan.at_hand, aim)
        question = _within_analysed(aim.question)
        fetch = _to_fetch(aim, plan)
        few = plan.out_of <= MOST_READ
        if not few or fetch <= _MOST_FETCHED:
            near = await self._index.nearest(self._query(aim), limit=fetch)
            hits = await self._reranked(aim, near, question)
            if len(hits) >= min(aim.enough, aim.left):
                return hits
        if few:
            # To read them all takes no longer than the index, where it would have to go so deep.
            gathered = await self._matches.gathered(question, plan.generation)
            return await _best_at_hand(gathered, aim)
        candidates: list[FileId] = []
        matches = await self._matches.ids(question, plan.generation)
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
        """Return the embeddings of these, in their order."""
        return await self._matches.embedded(file_ids)

    def _query(self, aim: Aim) -> tuple[float, ...]:
        return aim.wanted.query(aim.weights)

    async def _reranked(
        self, aim: Aim, near: Sequence[FileId], question: Question
    ) -> tuple[Hit, ...]:
        """Compare with the nearest of these that match; the index has them in order already."""
        matching = await self._samples.matching(question, near)
        candidates = [file_id for file_id in near if file_id in matching]
        return await self._exactly(aim, candidates[: aim.compared])

    async def _exactly(self, aim: Aim, file_ids: Sequence[FileId]) -> tuple[Hit, ...]:
        """Compare with every one of these."""
        best: list[Hit] = []
        others = [file_id for file_id in file_ids if file_id not in aim.seeds]
        for start in range(0, len(others), _READ_AT_ONCE):
            part = await self.embedded(others[start : start + _READ_AT_ONCE])
            best += await self._comparison.best(aim.wanted, aim.weights, part, most=aim.most)
        best.sort(key=lambda hit: (-hit.score, hit.file_id))
        return tuple(best[: aim.most])


@dataclass(frozen=True, slots=True)
class _Key:
    """A question, and the generation of the library in which it is asked."""

    question: Question
    generation: int


class _Matches:
    """Counts, lists and gathers what matches a question, while the library does not change.

    People ask one filter of many seeds and weights. So how many match is counted once, which they
    are is read once, and where a question is asked again their embeddings are kept at hand:
    comparing them one and all is then quicker than any index, and exact.
    """

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
        self._counts: Lru[_Key | int, int] = Lru(_COUNTS_REMEMBERED)
        self._lists: Lru[_Key, tuple[FileId, ...]] = Lru(_LISTS_REMEMBERED)
        self._gathered: Lru[_Key, AtHand] = Lru(MOST_AT_HAND, weigh=len)
        self._questions: Lru[_Key, _Key] = Lru(_COUNTS_REMEMBERED)

    async def count(self, question: Question, generation: int) -> int:
        """Return how many match."""
        key = _Key(question, generation)
        count = self._counts.get(key)
        if count is None:
            count = await self._samples.count(question)
            self._counts.put(key, count)
        return count

    async def total(self, generation: int) -> int:
        """Return how many sounds of the library have an embedding."""
        count = self._counts.get(generation)
        if count is None:
            count = await self._embeddings.count(recipe_version=self._recipe_version)
            self._counts.put(generation, count)
        return count

    async def ids(self, question: Question, generation: int) -> tuple[FileId, ...]:
        """Return all that match."""
        key = _Key(question, generation)
        if (known := self._lists.get(key)) is not None:
            return known
        ids: list[FileId] = []
        async for page in id_pages(self._samples, question, size=_IDS_AT_ONCE):
            ids += page
        if len(ids) <= MOST_AT_HAND:
            self._lists.put(key, tuple(ids))
        return tuple(ids)

    async def at_hand(self, question: Question, generation: int) -> AtHand | None:
        """Return the embeddings of all that match, from the second time on that they are wanted.

        The first time it would cost more than the one search; None too where they are too many.
        """
        key = _Key(question, generation)
        again = self._questions.get(key) is not None
        self._questions.put(key, key)
        if not again or await self.count(question, generation) > MOST_AT_HAND:
            return None
        return await self.gathered(question, generation)

    async def gathered(self, question: Question, generation: int) -> AtHand:
        """Return the embeddings of all that match, read unless at hand; for no more than fit."""
        key = _Key(question, generation)
        if any(known.generation != generation for known, _ in self._gathered.items()):
            # Of an earlier generation it only takes room.
            self._gathered.clear()
        if (known := self._gathered.get(key)) is not None:
            return known
        gathered = self._comparison.begin()
        ids = await self.ids(question, generation)
        for start in range(0, len(ids), _READ_AT_ONCE):
            await gathered.add(await self.embedded(ids[start : start + _READ_AT_ONCE]))
        self._gathered.put(key, gathered)
        return gathered

    async def embedded(self, file_ids: Sequence[FileId]) -> tuple[Embedded, ...]:
        """Return the embeddings of these, in their order."""
        found = await self._embeddings.of(file_ids, recipe_version=self._recipe_version)
        return tuple(found[file_id] for file_id in file_ids if file_id in found)


def _within_analysed(question: Question) -> Question:
    """Return the question for what can be found: analysed, and there."""
    if question.expression == _ANALYSED or (
        isinstance(question.expression, All) and question.expression.parts[1:] == _ANALYSED.parts
    ):
        return question
    if question.expression == Everything():
        return Question(expression=_ANALYSED, viewer=question.viewer)
    return Question(expression=All((question.expression, *_ANALYSED.parts)), viewer=question.viewer)


async def _best_at_hand(at_hand: AtHand, aim: Aim) -> tuple[Hit, ...]:
    return await at_hand.best(aim.wanted, aim.weights, most=aim.most, without=aim.seeds)


def _to_fetch(aim: Aim, plan: Plan) -> int:
    """How many to ask the index for, so that enough of them match.

    Its graph joins what is alike as a whole. A query that looks along an aspect of small share
    goes against it, and finds the nearest only among many: at 100,000 sounds and rhythm alone,
    250 candidates held .82 of the ten nearest.
    """
    against = min(_BROADEST, sum(one * one for one in aim.wanted.query(aim.weights)))
    share = plan.out_of / max(plan.out_of, plan.total)
    wanted = aim.most if share == 1 else _SPARE * min(aim.most, max(_LEAST, 2 * aim.enough))
    return ceil(wanted * max(1.0, against) / share) + len(aim.seeds)


def _without(error: ServerUnavailable | IndexUnusable) -> str:
    return f"Every sound was compared without the index. {error}"


def _lacks(lacking: int, total: int) -> str:
    if lacking == 1:
        return "1 sound is not in the index yet and may be missing here."
    return f"{lacking:,} of {total:,} sounds are not in the index yet and may be missing here."

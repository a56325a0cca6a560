"""What sounds like this: seeds, weights and a filter in, sounds with their aspects out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.errors import IndexUnusable, InputInvalid, ServerUnavailable
from smtui.domain.likeness import Hit, Likeness, Wanted, wanted
from smtui.domain.path_map import PathMap
from smtui.domain.ports.similarity_index import packed
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.domain.search import MOST_SEEDS, TOO_MANY_SEEDS, Answer, Search
from smtui.services.hits import placed
from smtui.services.nearest import Aim, LikenessPorts, Nearest, Plan
from smtui.services.seeds import Seeds

SAME = 0.98
"""Sounds whose embeddings have a greater cosine are the same to the ear.

Of 60 sounds encoded with loss (Vorbis) 93 in 100 stay above it, at half the gain all do; the most
alike of those that are different reach .86.
"""

CACHE_SECONDS = 1_800
_LEAST = 200
_TIMES = 5
# Where hits are dropped for being the same or of one folder, more must be at hand.
_WIDER = 5
_WIDEST = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """One search with what was made of it."""

    search: Search
    goal: Wanted
    question: Question
    limit: int

    @property
    def dropping(self) -> bool:
        """Hits are dropped for being the same, or of one folder."""
        return self.search.apart or self.search.per_folder is not None

    def key(self, *generations: int) -> str:
        """Name the answer by all that it depends on."""
        search = self.search
        parts = (
            search.weights,
            self.question,
            search.per_folder,
            search.apart,
            sorted(search.seed_ids),
            self.limit,
            generations,
        )
        digest = blake2b(packed(self.goal.direction) + repr(parts).encode(), digest_size=16)
        return f"cache:similarity:{digest.hexdigest()}"


class Similarity:
    """Answers searches by likeness."""

    def __init__(
        self, ports: LikenessPorts, seeds: Seeds, *, paths: PathMap, recipe_version: int
    ) -> None:
        self._samples = ports.samples
        self._comparison = ports.comparison
        self._cache = ports.cache
        self._paths = paths
        self._nearest = Nearest(ports, recipe_version=recipe_version)
        self._seeds = seeds

    async def find(self, search: Search, *, viewer: UserId | None, limit: int = 50) -> Answer:
        """Find what sounds like the seeds of the search, within its filter.

        Raises:
            QueryInvalid: the filter has a mistake.
            InputInvalid: there is no seed, one was not analysed, or they cancel out.
            NotFound: a seed is not in the viewer's library.
            SoundUnreadable: a file from outside cannot be analysed.
            ServerUnavailable, IndexUnusable: the library is too large to do without the index.
        """
        question = Question(
            expression=self._paths.in_documents(parse(search.filter)), viewer=viewer
        )
        goal = await self._goal(search, viewer)
        # Refused, where nothing is left of the seeds, before anything else is asked.
        goal.query(search.weights)
        generation = await self._samples.generation()
        plan = await self._nearest.plan(question, generation)
        query = _Query(search=search, goal=goal, question=question, limit=limit)
        answer = await self._through_cache(query, plan, generation)
        return answer.reweighted(search.weights, limit=limit)

    async def _through_cache(self, query: _Query, plan: Plan, generation: int) -> Answer:
        """Answer, from the cache where the index was asked the same since its last change."""
        if plan.index is None:
            return await self._answer(query, plan)
        key = query.key(generation, plan.index.generation)
        kept = await self._cache.get(key)
        if kept is not None and (known := _from_json(kept, query.search)) is not None:
            return known
        try:
            answer = await self._answer(query, plan)
        except (ServerUnavailable, IndexUnusable) as error:
            instead = await self._nearest.without_index(query.question, plan, error)
            return await self._answer(query, instead)
        await self._cache.put(key, _to_json(answer), seconds=CACHE_SECONDS)
        return answer

    async def _goal(self, search: Search, viewer: UserId | None) -> Wanted:
        if len(search.seeds) > MOST_SEEDS:
            raise InputInvalid(TOO_MANY_SEEDS, hint="Take some of them away.")
        numbers = await self._seeds.numbers(search.seeds, viewer)
        return wanted(numbers[: len(search.more)], numbers[len(search.more) :])

    async def _answer(self, query: _Query, plan: Plan) -> Answer:
        """Compare until there are as many hits as asked, or no more sounds."""
        search, seeds = query.search, query.search.seed_ids
        # Seeds outside the filter are none of what could have been found.
        inside = await self._samples.matching(query.question, list(seeds)) if seeds else ()
        left = max(0, plan.out_of - len(inside))
        most = max(_LEAST, _TIMES * query.limit) * (_WIDER if query.dropping else 1)
        while True:
            aim = Aim(
                wanted=query.goal,
                weights=search.weights,
                question=query.question,
                seeds=seeds,
                left=left,
                most=most,
                enough=most if query.dropping else query.limit,
            )
            best = await self._nearest.best(aim, plan)
            pool = await self._described(search, best)
            answer = Answer(
                pool=pool,
                out_of=left,
                remarks=(*plan.remarks, *_remarks(search, left)),
                per_folder=search.per_folder,
                apart=search.apart,
            )
            if not query.dropping or len(best) < most:
                return answer
            if len(answer.reweighted(search.weights, limit=query.limit).hits) >= query.limit:
                return answer
            if most >= _WIDEST:
                only = f"Only the {len(pool):,} nearest of {left:,} were looked at."
                return replace(answer, remarks=(*answer.remarks, only))
            most = min(_WIDEST, most * _WIDER)

    async def _described(self, search: Search, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Add what hits are dropped by, where the search asks for that."""
        ids = [hit.file_id for hit in hits]
        if search.apart:
            same = await self._comparison.same(await self._nearest.embedded(ids), above=SAME)
            hits = tuple(replace(hit, same_as=same.get(hit.file_id)) for hit in hits)
        if search.per_folder is not None:
            hits = await placed(hits, self._samples)
        return hits


def _remarks(search: Search, out_of: int) -> tuple[str, ...]:
    if out_of > 0:
        return ()
    if search.filter.strip():
        return ("No other analysed sound matches the filter.",)
    return ("No other sound to compare with yet.",)


def _to_json(answer: Answer) -> bytes:
    pool = [
        [hit.file_id, hit.score, hit.likeness.aspects, hit.folder, hit.same_as]
        for hit in answer.pool
        if hit.likeness is not None
    ]
    return json.dumps({"pool": pool, "out_of": answer.out_of, "remarks": answer.remarks}).encode()


def _from_json(kept: bytes, search: Search) -> Answer | None:
    """Read what was kept; None for what another smtui wrote otherwise."""
    try:
        values: Any = json.loads(kept)
        pool = tuple(
            Hit(
                file_id=FileId(file_id),
                score=score,
                likeness=Likeness(aspects=tuple(aspects)),
                folder=folder,
                same_as=same_as,
            )
            for file_id, score, aspects, folder, same_as in values["pool"]
        )
        out_of, remarks = int(values["out_of"]), tuple(values["remarks"])
    except (ValueError, TypeError, LookupError):
        return None
    return Answer(
        pool=pool,
        out_of=out_of,
        remarks=remarks,
        per_folder=search.per_folder,
        apart=search.apart,
    )

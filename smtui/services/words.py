"""Sounds by what somebody says of them: "dark metallic hit, no tail"."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smtui.domain.errors import InputInvalid, ModelMissing
from smtui.domain.likeness import Hit, wanted
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.search import Answer, Progress, Search, Seed, not_listened_to, unwatched
from smtui.domain.vocabulary import Terms, terms
from smtui.services.hits import spread
from smtui.services.seeds import check_seen

if TYPE_CHECKING:
    from smtui.domain.account import UserId
    from smtui.domain.path_map import PathMap
    from smtui.domain.ports.documents import SampleStore
    from smtui.domain.ports.similarity_index import Comparison, EmbeddingStore, OutsideListener
    from smtui.services.descriptions import Corpus, Descriptions
    from smtui.services.meanings import Meanings

BY_WORDS_ALONE = "Matched word for word: install the extra `text` to match by meaning."

_LEXICAL = 0.5
"""How much the words count beside the meaning: a model of meanings does not hear a `no`."""
_POOL = 5_000
_PATIENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is read: descriptions, and where sounds stand beside words their likeness."""

    samples: SampleStore
    descriptions: Descriptions
    embeddings: EmbeddingStore
    comparison: Comparison
    outside: OutsideListener
    recipe_version: int


class Words:
    """Finds sounds by a description; with a model by what it means, too."""

    def __init__(self, reading: Reading, paths: PathMap, meanings: Meanings | None = None) -> None:
        self._reading = reading
        self._paths = paths
        self._meanings = meanings

    async def find(
        self,
        search: Search,
        *,
        viewer: UserId | None,
        limit: int = 50,
        patience: float = _PATIENCE,
        progress: Progress = unwatched,
    ) -> Answer:
        """Find what the words of a search describe, within its filter, best first.

        Where seeds stand beside the words, being like them counts as much. The `why` of a hit is
        its description. `patience` is how long to wait for a model to learn new descriptions, s.

        Raises:
            InputInvalid: there are no words, or none of them says anything about sounds.
            NotFound: a seed beside them is not in the viewer's library.
            QueryInvalid: the filter has a mistake.
            SoundUnreadable: a file from outside that stands beside them cannot be analysed.
        """
        asked = terms(search.words)
        if not search.words.strip():
            raise InputInvalid(
                "No words to look for", hint="Say what it is like: dark hit, no tail"
            )
        expression = self._paths.in_documents(parse(search.filter))
        await check_seen(search.seeds, viewer, self._reading.samples)
        corpus = await self._reading.descriptions.corpus(
            Question(expression=expression, viewer=viewer).of_present, progress
        )
        lexical = await asyncio.to_thread(corpus.lexicon.scores, asked)
        meaning, remarks = await self._meant(search.words, corpus, patience)
        if meaning is None and not asked.wanted and not asked.unwanted:
            raise _says_nothing(asked)
        if meaning is None and asked.unknown:
            remarks.append(f"No description speaks of {_listed(asked.unknown)}.")
        scores = dict(lexical) if meaning is None else _joined(lexical, meaning, asked)
        hits = _hits(corpus, scores, apart=search.apart)
        if search.more:
            hits = await self._like(search, hits, remarks)
        reading = self._reading
        shown = await spread(hits, reading.samples, per_folder=search.per_folder, limit=limit)
        return Answer(
            hits=shown,
            pool=shown,
            out_of=corpus.sounds,
            remarks=(*remarks, *_counts(search, corpus, hits)),
        )

    async def _meant(
        self, text: str, corpus: Corpus, patience: float
    ) -> tuple[Mapping[str, float] | None, list[str]]:
        """The cosine of each description, or None with the reason where no model says it."""
        if self._meanings is None:
            return None, [BY_WORDS_ALONE]
        try:
            near = await self._meanings.nearness(text, corpus.meant, patience=patience)
        except ModelMissing as missing:
            return None, [f"By words alone: {missing}"]
        remarks = []
        if near.known < near.of:
            part = f"{near.known:,} of {near.of:,}"
            remarks.append(f"The meaning of {part} descriptions is known so far; ask again soon.")
        if near.unkept:
            remarks.append(f"What is learnt is not kept for the next time: {near.unkept}.")
        scores = near.scores
        found = {text: scores[said] for text, said in corpus.essences.items() if said in scores}
        return found, remarks

    async def _like(self, search: Search, hits: Sequence[Hit], remarks: list[str]) -> list[Hit]:
        """Rank the best anew, half by how alike they are to the seeds; the seeds are no hits."""
        reading = self._reading
        more, less = await self._numbers(search.more), await self._numbers(search.less)
        if not more:
            remarks.append("The sounds to be like are not analysed yet: by words alone.")
            return list(hits)
        seeds = search.seed_ids
        pool = [hit for hit in hits[:_POOL] if hit.file_id not in seeds]
        embedded = await reading.embeddings.of(
            [hit.file_id for hit in pool], recipe_version=reading.recipe_version
        )
        found = await reading.comparison.likeness(wanted(more, less), embedded)

        def score(hit: Hit) -> float:
            likeness = found.get(hit.file_id)
            alike = 0.0 if likeness is None else max(0.0, likeness.score(search.weights))
            return (hit.score + alike) / 2

        again = [replace(hit, score=score(hit)) for hit in pool]
        return sorted(again, key=lambda hit: (-hit.score, hit.file_id))

    async def _numbers(self, seeds: Sequence[Seed]) -> list[Sequence[float]]:
        """Return the embeddings of those that were analysed; a file from outside is, now."""
        reading = self._reading
        ids = [seed.file_id for seed in seeds if seed.file_id is not None]
        kept = await reading.embeddings.of(ids, recipe_version=reading.recipe_version)
        numbers: list[Sequence[float]] = [kept[i].singles for i in ids if i in kept]
        paths = [seed.path for seed in seeds if seed.path is not None]
        return numbers + [(await reading.outside.analyse(path)).embedding for path in paths]


def _joined(
    lexical: Mapping[str, float], meaning: Mapping[str, float], asked: Terms
) -> dict[str, float]:
    """Both together; what says something that is not wanted is not found by its meaning alone."""
    found = {}
    for text in {*lexical, *meaning}:
        near = max(0.0, meaning.get(text, 0.0))
        words = lexical.get(text, 0.0)
        if (words <= 0 and near <= 0) or (asked.unwanted and terms(text).wanted & asked.unwanted):
            continue
        found[text] = _LEXICAL * max(0.0, words) + (1 - _LEXICAL) * near
    return found


def _hits(corpus: Corpus, scores: Mapping[str, float], *, apart: bool) -> list[Hit]:
    """A hit for each sound, or with `apart` for each description, best first."""
    best = heapq.nsmallest(len(scores), scores.items(), key=lambda item: (-item[1], item[0]))
    return [
        Hit(file_id=file_id, score=score, why=text)
        for text, score in best
        for file_id in sorted(corpus.by_text[text])[: 1 if apart else None]
    ]


def _counts(search: Search, corpus: Corpus, hits: Sequence[Hit]) -> list[str]:
    remarks = []
    if corpus.unheard:
        remarks.append(not_listened_to(corpus.unheard))
    if not hits and corpus.sounds:
        remarks.append("No description comes near these words.")
    elif not hits and search.filter.strip():
        remarks.append("No analysed sound matches the filter.")
    elif not hits:
        remarks.append("No sound to find yet.")
    return remarks


def _says_nothing(asked: Terms) -> InputInvalid:
    title = (
        f"{_listed(asked.unknown)} {'say' if asked.unknown[1:] else 'says'} nothing about a sound"
        if asked.unknown
        else ("These words say nothing about a sound")
    )
    return InputInvalid(title, hint="Try words like dark, short, metallic, kick, no tail")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words[:3])

"""How alike two sounds are, aspect by aspect, and what a search for likeness asks.

A *seed* is a sound that hits should be like, or with a minus unlike. The seeds and a person's
weights make one *query*, a vector in the space of the embeddings (`domain/embedding.py`): each
block is the mean of the seeds' blocks less half the mean of the minus ones' (Rocchio, "Relevance
feedback in information retrieval", 1971), brought to length one, times the weight of its aspect.
So the cosine of a query and an embedding is the weighted sum of the aspects' own cosines, and
one search in the index answers any weights and any seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from operator import mul

from smtui.domain.embedding import BLOCKS, DIMENSIONS
from smtui.domain.errors import InputInvalid
from smtui.domain.sample import FileId

ASPECTS = ("timbre", "rhythm", "tonality", "envelope")
"""In the order of their keys, `1` to `4`."""

EVEN = 2
"""The weight of an aspect that nobody has moved: it counts as much as its share says."""
HEAVIEST = 5
_STEP = 4.0
"""One step of weight makes an aspect count so many times more against the others."""
_LESS = 0.5
_NOTHING = 1e-6
_WHOLLY = 0.9995
_IDENTICAL = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each aspect counts: 0 not at all, 2 as usual, 5 almost alone.

    Steps are ratios: all at 3 ask the same as all at 2.
    """

    timbre: float = EVEN
    rhythm: float = EVEN
    tonality: float = EVEN
    envelope: float = EVEN

    def __post_init__(self) -> None:
        """Refuse what no search can be made of; raises InputInvalid."""
        for name in ASPECTS:
            if not 0 <= self.of(name) <= HEAVIEST:
                raise InputInvalid(
                    f"The weight of {name} goes from 0 to {HEAVIEST}",
                    hint=f"{name}=0 leaves it out, {name}={HEAVIEST} is almost all that counts",
                )
        if not any(self.of(name) for name in ASPECTS):
            raise InputInvalid(
                "With every weight at 0 there is nothing to compare",
                hint="Give one aspect a weight above 0",
            )

    def of(self, aspect: str) -> float:
        """The weight of an aspect by its name."""
        return float(getattr(self, aspect))

    def moved(self, aspect: str, by: int) -> Weights:
        """The same with one aspect heavier or lighter, as far as that goes; may raise InputInvalid.

        What stands between two steps goes to the next whole one.
        """
        weight = min(max(round(self.of(aspect)) + by, 0), HEAVIEST)
        return replace(self, **{aspect: float(weight)})

    def factors(self) -> Mapping[str, float]:
        """What each aspect contributes to the whole; together 1."""
        raw = {
            block.name: block.share * _STEP ** (self.of(block.name) - EVEN)
            for block in BLOCKS
            if self.of(block.name)
        }
        total = sum(raw.values())
        return {name: raw.get(name, 0.0) / total for name in ASPECTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike a sound is to the seeds: the cosine of each aspect, -1 to 1, in their order."""

    aspects: tuple[float, float, float, float]

    @property
    def telling(self) -> tuple[float | None, ...]:
        """The same for people: None where neither sound has anything of an aspect.

        That makes them wholly alike in it, which is no reason for anything; of a copy all is.
        """
        timbre, *others = self.aspects
        copy = self.is_copy
        return (timbre, *(None if one >= _WHOLLY and not copy else one for one in others))

    @property
    def is_copy(self) -> bool:
        """It is practically the same sound; a codec changes less than another stroke does."""
        return min(self.aspects) >= _IDENTICAL

    def score(self, weights: Weights) -> float:
        """The whole, -1 to 1."""
        return self.weighted(weights.factors())

    def weighted(self, factors: Mapping[str, float]) -> float:
        """The whole, where the factors of many sounds are worked out once."""
        return sum(factors[name] * value for name, value in zip(ASPECTS, self.aspects, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A sound that was found.

    Attributes:
        score: how well it answers, at most 1.
        likeness: how alike it is; None where the search was not for likeness.
        why: one phrase on what speaks for it, where the search gives one.
        folder: where its file lies; empty where nobody asked for few of one folder.
        same_as: the first of the sounds that are the same to the ear, itself if it is that one;
            None where nobody asked for them to be told apart.
    """

    file_id: FileId
    score: float
    likeness: Likeness | None = None
    why: str = ""
    folder: str = ""
    same_as: FileId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for, before weights: unit blocks of the seeds taken together.

    Attributes:
        direction: 768 numbers, each block of length one, or all 0 where the seeds cancel out.
    """

    direction: tuple[float, ...] = field(repr=False)

    def query(self, weights: Weights) -> tuple[float, ...]:
        """The one vector whose cosine with an embedding is the weighted sum of its aspects.

        Raises:
            InputInvalid: nothing is left of the seeds where the weights look.
        """
        factors = weights.factors()
        query = [0.0] * DIMENSIONS
        for block in BLOCKS:
            scale = factors[block.name] / block.norm
            query[block.span] = [scale * number for number in self.direction[block.span]]
        if sum(map(mul, query, query)) < _NOTHING**2:
            raise InputInvalid(
                "The sounds to be like and unlike cancel each other out",
                hint="Take one of them away, or give another aspect weight",
            )
        return tuple(query)

    def likeness(self, embedding: Sequence[float]) -> Likeness:
        """Compare with one embedding; many at once go to the `Comparison` port."""
        by_name = {
            block.name: sum(map(mul, self.direction[block.span], embedding[block.span]))
            / block.norm
            for block in BLOCKS
        }
        timbre, rhythm, tonality, envelope = (by_name[name] for name in ASPECTS)
        return Likeness(aspects=(timbre, rhythm, tonality, envelope))


def wanted(more: Iterable[Sequence[float]], less: Iterable[Sequence[float]] = ()) -> Wanted:
    """Join the embeddings of seeds, and of what hits should be less like.

    Raises:
        InputInvalid: there is no seed to be like, or one is not 768 numbers long.
    """
    liked, unliked = list(more), list(less)
    if not liked:
        raise InputInvalid("No sound to be like", hint="Name one: like kick_01")
    if any(len(one) != DIMENSIONS for one in (*liked, *unliked)):
        raise InputInvalid(
            f"A sound to compare with must have {DIMENSIONS} numbers", hint="Analyse it again"
        )
    direction = [0.0] * DIMENSIONS
    for block in BLOCKS:
        middle = _mean(liked, block.span)
        if unliked:
            away = _mean(unliked, block.span)
            middle = [near - _LESS * far for near, far in zip(middle, away, strict=True)]
        length = sqrt(sum(map(mul, middle, middle)))
        if length > _NOTHING:
            direction[block.span] = [number / length for number in middle]
    return Wanted(direction=tuple(direction))


def _mean(vectors: Sequence[Sequence[float]], span: slice) -> list[float]:
    parts = [vector[span] for vector in vectors]
    return [sum(column) / len(parts) for column in zip(*parts, strict=True)]

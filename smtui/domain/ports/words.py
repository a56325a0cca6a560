"""Who knows what words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near texts are to another by their meaning.

    Attributes:
        scores: the cosine of each text that is known so far, -1 to 1.
        known, of: how many of the texts that is, and how many were given.
    """

    scores: Mapping[str, float]
    known: int
    of: int


class TextIndex(Protocol):
    """Compares texts by their meaning; in a process of its own."""

    async def nearness(self, text: str, among: Sequence[str], *, patience: float) -> Nearness:
        """Compare with each of the texts, waiting at most so many s for those not yet known.

        Learning the others goes on afterwards. Raises ModelMissing, which says what to do; it
        never fetches a model.
        """
        ...

    async def close(self) -> None: ...

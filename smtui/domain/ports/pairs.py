"""Who finds pairs of sounds that may be the same, and compares them closely."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from smtui.domain.analysis import Measurement
from smtui.domain.copies import Difference
from smtui.domain.masking import Outline, Overlay, Room
from smtui.domain.sample import FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Pairs that were found since the step before, by their places in what was given.

    Attributes:
        done: of all that were given, how many are compared with all others.
    """

    done: int
    pairs: tuple[tuple[int, int], ...]


class Copies(Protocol):
    """Compares many sounds, off the event loop."""

    def near(
        self,
        embeddings: Mapping[FileId, bytes],
        outlines: AsyncIterator[Sequence[Outline]],
        *,
        least: float,
    ) -> AsyncIterator[Near]:
        """Yield pairs that may be the same, block by block, by their places among the outlines.

        Either the cosine of their embeddings (768 little-endian float32) is at least so high, and
        they have the same spectrum on the whole; or the one may be a part of the other, cut at its
        start or its end. Of one sound that is alike very many, only the 24 most alike, the 12 most
        alike by its beginning and as many by its end. What is silent is alike nothing.
        """
        ...

    async def differences(
        self, pairs: Sequence[tuple[Measurement, Measurement]]
    ) -> tuple[Difference | None, ...]:
        """Lay each pair upon each other and compare, in their order; None where one is silent."""
        ...


class Masking(Protocol):
    """Measures many pairs at once, off the event loop."""

    async def rooms(self, seed: Outline, laid: Sequence[Overlay]) -> tuple[Room, ...]:
        """What the seed and each of the others leave of one another, in their order.

        Those that are silent, or share no moment with the seed, are left out. A silent seed
        gives none.
        """
        ...

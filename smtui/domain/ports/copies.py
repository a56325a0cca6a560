"""Who finds pairs of sounds that may be the same, and compares them closely."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from smtui.domain.analysis import Measurement
from smtui.domain.copies import Difference
from smtui.domain.masking import Outline


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

    def near(self, embeddings: Sequence[bytes], *, least: float) -> AsyncIterator[Near]:
        """Yield every pair whose cosine is at least so high, block by block.

        Of one sound that is alike very many, only the 24 most alike. What is silent is alike
        nothing. An embedding is 768 little-endian float32.
        """
        ...

    def parts(self, outlines: AsyncIterator[Sequence[Outline]]) -> AsyncIterator[Near]:
        """Yield pairs of which the one may be a part of the other, cut at its start or its end.

        Their places are those of the outlines, in the order in which they come; of one sound at
        most 12 for its beginning and as many for its end.
        """
        ...

    async def differences(
        self, pairs: Sequence[tuple[Measurement, Measurement]]
    ) -> tuple[Difference | None, ...]:
        """Lay each pair upon each other and compare, in their order; None where one is silent."""
        ...

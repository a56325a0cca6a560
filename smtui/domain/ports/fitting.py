"""Who measures how much two sounds leave of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from smtui.domain.masking import Outline, Overlay, Room


class Masking(Protocol):
    """Measures many pairs at once, off the event loop."""

    async def rooms(self, seed: Outline, laid: Sequence[Overlay]) -> tuple[Room, ...]:
        """What the seed and each of the others leave of one another, in their order.

        Those that are silent, or share no moment with the seed, are left out. A silent seed
        gives none.
        """
        ...

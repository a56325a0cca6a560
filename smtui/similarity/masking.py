"""The Masking port; numpy is loaded in the thread that first measures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from smtui.domain.masking import Outline, Overlay, Room


class NumpyMasking:
    """Measures in a thread."""

    async def rooms(self, seed: Outline, laid: Sequence[Overlay]) -> tuple[Room, ...]:
        """What the seed and each of the others leave of one another, in their order."""
        return await asyncio.to_thread(_measure, seed, laid)


def _measure(seed: Outline, laid: Sequence[Overlay]) -> tuple[Room, ...]:
    # A late import: opening the library needs no numpy.
    from smtui.similarity.masking_model import measure_rooms

    return measure_rooms(seed, laid)

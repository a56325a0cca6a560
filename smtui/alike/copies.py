"""The Copies port; numpy is loaded in the thread that first compares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence

from smtui.domain.analysis import Measurement
from smtui.domain.copies import Difference
from smtui.domain.ports.copies import Near


class NumpyCopies:
    """Compares in a thread, one block after the other."""

    async def near(self, embeddings: Sequence[bytes], *, least: float) -> AsyncGenerator[Near]:
        """Yield every pair whose cosine is at least so high, block by block."""
        blocks = await asyncio.to_thread(_blocks, embeddings, least)
        while (step := await asyncio.to_thread(next, blocks, None)) is not None:
            yield step

    async def differences(
        self, pairs: Sequence[tuple[Measurement, Measurement]]
    ) -> tuple[Difference | None, ...]:
        """Lay each pair upon each other and compare, in their order."""
        return await asyncio.to_thread(_compared, pairs)


def _blocks(embeddings: Sequence[bytes], least: float) -> Iterator[Near]:
    # Late imports, here and below: opening the library needs no numpy.
    from smtui.alike.sameness import near

    return near(embeddings, least)


def _compared(
    pairs: Sequence[tuple[Measurement, Measurement]],
) -> tuple[Difference | None, ...]:
    from smtui.alike.sameness import difference

    return tuple(difference(first, other) for first, other in pairs)

"""The Copies port; numpy is loaded in the thread that first compares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from smtui.domain.analysis import Measurement
from smtui.domain.copies import Difference
from smtui.domain.masking import Outline
from smtui.domain.ports.pairs import Near
from smtui.domain.sample import FileId

if TYPE_CHECKING:
    from smtui.similarity.copy_search import Gathered


class NumpyCopies:
    """Compares in a thread, one block after the other."""

    async def near(
        self,
        embeddings: Mapping[FileId, bytes],
        outlines: AsyncIterator[Sequence[Outline]],
        *,
        least: float,
    ) -> AsyncGenerator[Near]:
        """Yield pairs that may be the same, block by block."""
        gathered = await asyncio.to_thread(_begin)
        async for some in outlines:
            await asyncio.to_thread(gathered.add, some, embeddings)
        blocks = gathered.near(least)
        while (step := await asyncio.to_thread(next, blocks, None)) is not None:
            yield step

    async def differences(
        self, pairs: Sequence[tuple[Measurement, Measurement]]
    ) -> tuple[Difference | None, ...]:
        """Lay each pair upon each other and compare, in their order."""
        return await asyncio.to_thread(_compare, pairs)


def _begin() -> Gathered:
    # Late imports, here and below: opening the library needs no numpy.
    from smtui.similarity.copy_search import Gathered

    return Gathered()


def _compare(
    pairs: Sequence[tuple[Measurement, Measurement]],
) -> tuple[Difference | None, ...]:
    from smtui.similarity.sameness import difference, sound_of

    sounds = {id(measured): sound_of(measured) for pair in pairs for measured in pair}
    laid = [(sounds[id(first)], sounds[id(other)]) for first, other in pairs]
    return tuple(
        None if first is None or other is None else difference(first, other)
        for first, other in laid
    )

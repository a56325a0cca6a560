"""The 768 numbers that say how a sound sounds: which of them speak of what.

Each block has a fixed norm, the square root of its share, in every embedding, so the shares
together are 1 and so is the whole. The last number of a block is kept for *absent*: it carries
the block's whole norm where the sound has nothing of the kind (a kick has no harmony), else 0.
So the cosine of two embeddings is the sum of the blocks' cosines weighted by their shares, and
that of a query whose blocks are scaled is the sum weighted as the scales say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

DIMENSIONS = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One aspect of a sound: its numbers are `start` … `stop - 1`.

    Attributes:
        share: of the cosine of two whole embeddings; all shares together are 1.
    """

    name: str
    start: int
    stop: int
    share: float

    @property
    def span(self) -> slice:
        """Where its numbers are."""
        return slice(self.start, self.stop)

    @property
    def absent(self) -> int:
        """The place of the number that says that there is nothing of the kind."""
        return self.stop - 1

    @property
    def norm(self) -> float:
        """The length of the block in every embedding."""
        return float(self.share**0.5)


TIMBRE = Block(name="timbre", start=0, stop=448, share=0.8)
"""What it is made of: the spectrum and how it moves after the onset."""
ENVELOPE = Block(name="envelope", start=448, stop=544, share=0.1)
"""How it begins, lasts and ends; absent where nothing sounds."""
RHYTHM = Block(name="rhythm", start=544, stop=656, share=0.05)
"""When it is struck again; absent for a single stroke."""
TONALITY = Block(name="tonality", start=656, stop=768, share=0.05)
"""Which pitches sound; absent where none does."""
BLOCKS = (TIMBRE, ENVELOPE, RHYTHM, TONALITY)


def alike(first: Sequence[float], second: Sequence[float], block: Block | None = None) -> float:
    """The cosine of two embeddings, -1 to 1, or of one block of theirs."""
    if block is None:
        return float(sum(map(mul, first, second)))
    return float(sum(map(mul, first[block.span], second[block.span]))) / block.share

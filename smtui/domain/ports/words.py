"""Who knows what words mean, and where that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEmbedding:
    """How texts become numbers; equal ones give the same numbers for the same text.

    Attributes:
        name: of the model, without the folder it lies in.
        version: tells apart models of one name.
        dimension: how many numbers a text has.
    """

    name: str
    version: str
    dimension: int


class TextModel(Protocol):
    """Turns texts into vectors and compares them; in a process of its own.

    It holds texts for as long as that process lives. Every call but `unknown` and `close` raises
    ModelMissing, which says what to do, and ModelStopped where the process has ended and with it
    what it held; it never fetches a model. A vector is `dimension` little-endian float32, of
    length one.
    """

    async def embedding(self) -> TextEmbedding:
        """Say what it is, loaded if it was not."""
        ...

    def unknown(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Those that it does not hold now, each once."""
        ...

    async def learn(self, texts: Sequence[str]) -> Mapping[str, bytes]:
        """Work out the vectors of texts, hold them and give them; those held already are not."""
        ...

    async def hold(self, vectors: Mapping[str, bytes]) -> None:
        """Hold vectors that were worked out before."""
        ...

    async def scores(self, text: str, among: Sequence[str]) -> Mapping[str, float]:
        """The cosine of a text with each that is held."""
        ...

    async def close(self) -> None: ...


class TextVectors(Protocol):
    """Keeps vectors of texts, and nothing else of them, for the next session.

    Both calls raise ServerUnavailable where the server is away, and IndexUnusable where what is
    kept there is not smtui's or belongs to somebody with another model.
    """

    async def of(self, texts: Sequence[str], *, by: TextEmbedding) -> Mapping[str, bytes]:
        """The vectors of the texts that are kept."""
        ...

    async def put(self, vectors: Mapping[str, bytes], *, by: TextEmbedding) -> None:
        """Keep them, in bulk."""
        ...

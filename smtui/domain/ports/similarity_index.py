"""The index of embeddings, the documents it is a projection of, and who compares in bulk."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from smtui.domain.likeness import Hit, Likeness, Wanted, Weights
from smtui.domain.masking import Outline
from smtui.domain.sample import FileId
from smtui.domain.traits import Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A sound's embedding as the documents have it.

    Attributes:
        numbers: 768 little-endian float32, 3,072 bytes.
    """

    file_id: FileId
    recipe_version: int
    numbers: bytes

    @property
    def singles(self) -> Sequence[float]:
        """The numbers themselves."""
        return singles(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What the index says of itself.

    Attributes:
        sounds: how many it holds.
        generation: changes with every change of its content, whoever made it.
        recipe_version: of the embeddings it holds, None where it is empty and new.
        trouble: one sentence where it cannot be used as it is (another library's or program's,
            another dimension or version); else empty.
        hint: what mends that.
    """

    sounds: int
    generation: int
    recipe_version: int | None
    trouble: str = ""
    hint: str = ""


class EmbeddingStore(Protocol):
    """The embeddings of the newest analyses: the truth that the index can be rebuilt from.

    A sound has one where this recipe heard its present bytes and the file is not missing.
    """

    async def of(
        self, file_ids: Sequence[FileId], *, recipe_version: int
    ) -> Mapping[FileId, Embedded]:
        """Those of this recipe; sounds without one are left out."""
        ...

    async def after(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[Embedded, ...]:
        """The next ones by rising file_id, of sounds that are in the library."""
        ...

    async def ids(
        self, file_id: FileId | None, *, recipe_version: int, limit: int
    ) -> tuple[FileId, ...]:
        """The ids of what `after` gives."""
        ...

    async def count(self, *, recipe_version: int) -> int:
        """How many sounds of the library have an embedding of this recipe."""
        ...


class SimilarityIndex(Protocol):
    """Finds candidates quickly; what it says is compared anew with the documents' numbers.

    Every call but `state` and `clear` raises IndexUnusable where the collection is of another
    name, dimension or recipe; every call raises ServerUnavailable where the server is away.
    """

    async def state(self) -> IndexState: ...

    async def nearest(
        self, query: Sequence[float], *, limit: int, among: Sequence[FileId] | None = None
    ) -> tuple[FileId, ...]:
        """Ids by falling cosine with the query, all of them or only among these."""
        ...

    async def put(self, entries: Sequence[Entry]) -> None:
        """Add or replace, in bulk."""
        ...

    async def remove(self, file_ids: Sequence[FileId]) -> None:
        """Take out; ids that are not there are no mistake."""
        ...

    async def ids(self, *, limit: int, skip: int = 0) -> tuple[FileId, ...]:
        """What it holds, in an order that stays while nothing changes."""
        ...

    async def clear(self) -> None:
        """Begin anew, empty, for the embeddings of this recipe."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sound of the index: its numbers, and what SCHEMA calls its metadata.

    Attributes:
        about: the fields of SCHEMA's metadata; the embedded index, whose server asks nobody who
            they are, keeps only file_id, numbers and kind of it.
    """

    embedded: Embedded
    about: Mapping[str, str | float | int | bool | tuple[str, ...] | None]


class AtHand(Protocol):
    """Embeddings that are kept at hand, to be compared again and again; off the event loop."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    async def add(self, embeddings: Sequence[Embedded]) -> None:
        """Take in more of them."""
        ...

    async def best(
        self, wanted: Wanted, weights: Weights, *, most: int, without: frozenset[FileId]
    ) -> tuple[Hit, ...]:
        """As Comparison's, over all of them but these."""
        ...


class Comparison(Protocol):
    """Compares many embeddings at once, exactly; off the event loop."""

    async def likeness(
        self, wanted: Wanted, embeddings: Mapping[FileId, Embedded]
    ) -> Mapping[FileId, Likeness]: ...

    async def best(
        self, wanted: Wanted, weights: Weights, embeddings: Sequence[Embedded], *, most: int
    ) -> tuple[Hit, ...]:
        """The most alike by falling score, at most so many; equal ones by file_id."""
        ...

    def begin(self) -> AtHand:
        """Begin to keep embeddings at hand."""
        ...

    async def same(
        self, embeddings: Sequence[Embedded], *, above: float
    ) -> Mapping[FileId, FileId]:
        """For each the first in this order whose cosine with it is above; itself where none is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardOutside:
    """What was heard of a file that is not of the library.

    Attributes:
        embedding: 768 numbers.
        traits: what can be said of it beside another.
        outline: what must leave room for another, None for a file without slices.
    """

    embedding: Sequence[float] = field(repr=False)
    traits: Traits
    outline: Outline | None = None


class OutsideListener(Protocol):
    """Hears a file that is not of the library, in a process of its own."""

    async def analyse(self, path: Path) -> HeardOutside:
        """Listen to it; raises SoundUnreadable. Cancelling the caller ends the process."""
        ...

    async def file_hash(self, path: Path) -> str:
        """BLAKE2b-128 over its bytes, hex, as a scan takes it; raises SoundUnreadable."""
        ...


def singles(numbers: bytes) -> Sequence[float]:
    """Read little-endian float32."""
    read = array("f", numbers)
    if sys.byteorder == "big":
        read.byteswap()
    return read


def packed(numbers: Sequence[float]) -> bytes:
    """Write as little-endian float32."""
    written = array("f", numbers)
    if sys.byteorder == "big":
        written.byteswap()
    return written.tobytes()

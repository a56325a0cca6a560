"""Comparing many embeddings with what is looked for: one product of matrices for each aspect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from smtui.domain.embedding import BLOCKS, DIMENSIONS
from smtui.domain.likeness import ASPECTS, Hit, Likeness, Wanted, Weights
from smtui.domain.ports.similarity_index import Embedded
from smtui.domain.sample import FileId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# So many rows at once of a comparison of each with each: 6 MB.
_ROWS = 1_000
_BY_NAME = {block.name: block for block in BLOCKS}


class MatrixComparison:
    """Implements Comparison by numpy, in a thread."""

    async def likeness(
        self, wanted: Wanted, embeddings: Mapping[FileId, Embedded]
    ) -> Mapping[FileId, Likeness]:
        """How alike each is, aspect by aspect."""

        def work() -> Mapping[FileId, Likeness]:
            rows = _aspects(wanted, _matrix(list(embeddings.values()))).tolist()
            return {file_id: _likeness(row) for file_id, row in zip(embeddings, rows, strict=True)}

        return await asyncio.to_thread(work) if embeddings else {}

    async def best(
        self, wanted: Wanted, weights: Weights, embeddings: Sequence[Embedded], *, most: int
    ) -> tuple[Hit, ...]:
        """The most alike by falling score, at most so many; equal ones by file_id."""
        gathered = MatrixAtHand()
        await gathered.add(embeddings)
        return await gathered.best(wanted, weights, most=most)

    def begin(self) -> MatrixAtHand:
        """Begin to keep embeddings at hand."""
        return MatrixAtHand()

    async def same(
        self, embeddings: Sequence[Embedded], *, above: float
    ) -> Mapping[FileId, FileId]:
        """For each the first in this order whose cosine with it is above; itself where none is."""
        return await asyncio.to_thread(_same, embeddings, above) if embeddings else {}


class MatrixAtHand:
    """Implements AtHand: the ids, and beside them the numbers in a few matrices."""

    def __init__(self) -> None:
        self._ids: list[FileId] = []
        self._matrices: list[NDArray[np.float32]] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ids)

    async def add(self, embeddings: Sequence[Embedded]) -> None:
        """Take in more of them."""
        if embeddings:
            self._matrices.append(await asyncio.to_thread(_matrix, embeddings))
            self._ids += [embedded.file_id for embedded in embeddings]

    async def best(
        self,
        wanted: Wanted,
        weights: Weights,
        *,
        most: int,
        without: frozenset[FileId] = frozenset(),
    ) -> tuple[Hit, ...]:
        """The most alike by falling score, at most so many, none of these; equal ones by id."""
        if not self._ids or most <= 0:
            return ()
        return await asyncio.to_thread(self._best, wanted, weights, most, without)

    def _best(
        self, wanted: Wanted, weights: Weights, most: int, without: frozenset[FileId]
    ) -> tuple[Hit, ...]:
        import numpy as np

        aspects = np.concatenate([_aspects(wanted, matrix) for matrix in self._matrices])
        factors = weights.factors()
        scores = aspects @ np.array([factors[name] for name in ASPECTS])
        chosen = np.arange(len(scores))
        spare = most + len(without)
        if spare < len(scores):
            # All that equal the last one, so that the ids decide and not their places.
            chosen = np.flatnonzero(scores >= np.partition(scores, -spare)[-spare])
        ids = self._ids
        rows = [row for row in chosen.tolist() if ids[row] not in without]
        rows.sort(key=lambda row: (-scores[row], ids[row]))
        return tuple(
            Hit(
                file_id=ids[row],
                score=float(scores[row]),
                likeness=_likeness(aspects[row].tolist()),
            )
            for row in rows[:most]
        )


def _matrix(embeddings: Sequence[Embedded]) -> NDArray[np.float32]:
    """Rows of 768 numbers, without a copy of each."""
    # A late import: only who compares pays for it.
    import numpy as np

    joined = b"".join(embedded.numbers for embedded in embeddings)
    return np.frombuffer(joined, "<f4").reshape(-1, DIMENSIONS)


def _aspects(wanted: Wanted, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """The cosines, (sounds, aspects)."""
    import numpy as np

    direction = np.array(wanted.direction, np.float32)
    found = np.empty((len(matrix), len(ASPECTS)))
    for column, name in enumerate(ASPECTS):
        block = _BY_NAME[name]
        found[:, column] = matrix[:, block.span] @ direction[block.span] / block.norm
    return found


def _same(embeddings: Sequence[Embedded], above: float) -> Mapping[FileId, FileId]:
    import numpy as np

    matrix = _matrix(embeddings)
    ids = [embedded.file_id for embedded in embeddings]
    first = list(range(len(ids)))
    for start in range(0, len(ids), _ROWS):
        rows = matrix[start : start + _ROWS] @ matrix.T
        for row, column in np.argwhere(rows > above).tolist():
            place = start + row
            # Only the first of some alike stands for others, so that no chain joins the unlike.
            if column < place and first[place] == place and first[column] == column:
                first[place] = column
    return {file_id: ids[place] for file_id, place in zip(ids, first, strict=True)}


def _likeness(row: Sequence[float]) -> Likeness:
    timbre, rhythm, tonality, envelope = row
    return Likeness(aspects=(timbre, rhythm, tonality, envelope))

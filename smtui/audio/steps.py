"""A stream reduced over steps of equal length in time, at any sample rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What becomes of a step.

    Attributes:
        of: reduces (rows, n) from each of the given places to the next.
        join: puts together what one step gave in two blocks.
    """

    of: Callable[[Floats, Integers], Floats]
    join: np.ufunc


def _highest(values: Floats, starts: Integers) -> Floats:
    return np.asarray(np.maximum.reduceat(values, starts, axis=1))


def _energy(values: Floats, starts: Integers) -> Floats:
    # Long steps: one dot product for each is faster than squares and sums of all.
    parts = np.split(values, starts[1:], axis=1)
    return np.stack([np.vecdot(part, part) for part in parts], axis=1).astype(np.float64)


HIGHEST = Reduction(of=_highest, join=np.maximum)
ENERGY = Reduction(of=_energy, join=np.add)


class Steps:
    """Reduces a stream of (rows, n) over steps of equal length.

    Step i begins at the sample floor(i · rate / per_second), so steps at any rate cover the same
    stretch of time to within a sample.
    """

    def __init__(self, rate: int, per_second: int, reduction: Reduction) -> None:
        self._rate = rate
        self._per_second = per_second
        self._reduction = reduction
        self._place = 0
        self._parts: list[Floats] = []

    def edges(self, first: int, stop: int) -> Integers:
        """The first samples of the steps from `first` to before `stop`."""
        return np.arange(first, stop, dtype=np.int64) * self._rate // self._per_second

    def push(self, values: Floats) -> None:
        """Take the next (rows, n)."""
        start, stop = self._place, self._place + values.shape[1]
        near = self.edges(
            start * self._per_second // self._rate, stop * self._per_second // self._rate + 2
        )
        inner = near[(near > start) & (near < stop)] - start
        indices = np.concatenate((np.zeros(1, dtype=np.int64), inner))
        parts = self._reduction.of(values, indices)
        if self._parts and start not in near:
            # The last step of the block before goes on in this one.
            last = self._parts[-1]
            last[:, -1] = self._reduction.join(last[:, -1], parts[:, 0])
            parts = parts[:, 1:]
        if parts.shape[1]:
            self._parts.append(parts)
        self._place = stop

    def reduced(self) -> Floats:
        """The steps so far: (rows, steps); the last may be incomplete."""
        return np.concatenate(self._parts, axis=1) if self._parts else np.zeros((1, 0))

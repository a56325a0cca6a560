"""A recursive filter over blocks of samples, as matrix products.

A recursive filter goes on from each sample to the next, which numpy cannot do fast. But a block
of its output depends only on the block of input and on the filter's state before it, both by a
matrix; and so do the states on each other. So a block is two products, and what is left to be
done one after the other is a step of a few numbers for every thousand samples.

It stands alone because it knows nothing of loudness, its only user, and is tested against scipy's
filters, which take too long to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from smtui.audio.decoder import Samples

Floats = npt.NDArray[np.float64]
Section = tuple[Floats, Floats]
"""The three coefficients above and the three below of a section of second order."""

BLOCK = 64
"""Samples that one product filters."""
_GROUP = 32
# States that have died away would become denormal numbers, which processors add slowly.
_GONE = 1e-25


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """What a filter of order s does to blocks, written for rows on the left.

    Attributes:
        through: (BLOCK, BLOCK) from a block of input to its output, at rest before.
        ringing: (s, BLOCK) from the state before a block to its output.
        into: (BLOCK, s) from a block of input to the state after it, at rest before.
        along: (_GROUP · s, _GROUP · s) from what each block of a group brings to the states
            before each of them, at rest before the group.
        ahead: (s, _GROUP · s) from the state before a group to that before each of its blocks.
        over: (s, s) from the state before a block to that after it, without input.
    """

    through: Samples
    ringing: Samples
    into: Samples
    along: Floats
    ahead: Floats
    over: Floats


class Recursion:
    """Sections of second order one after the other, applied to a stream of (channels, n)."""

    def __init__(self, sections: tuple[Section, ...], channels: int) -> None:
        """Start at rest."""
        self._matrices = _matrices(tuple((tuple(above), tuple(below)) for above, below in sections))
        self._state = np.zeros((channels, 2 * len(sections)))

    def push(self, signal: Samples) -> Samples:
        """Filter (channels, n); n must be a multiple of BLOCK."""
        does = self._matrices
        channels, count = len(signal), signal.shape[1] // BLOCK
        blocks = signal.reshape(channels * count, BLOCK)
        brought = (blocks @ does.into).reshape(channels, count, -1)
        states = self._states(brought.astype(np.float64))
        filtered = blocks @ does.through
        filtered += states.astype(np.float32).reshape(channels * count, -1) @ does.ringing
        return np.asarray(filtered.reshape(channels, count * BLOCK))

    def _states(self, brought: Floats) -> Floats:
        """The states before each block: (channels, blocks, s)."""
        does = self._matrices
        channels, count, order = brought.shape
        groups = -(-count // _GROUP)
        padded = np.zeros((channels, groups * _GROUP, order))
        padded[:, :count] = brought
        rows = padded.reshape(channels, groups, _GROUP * order)
        states = rows @ does.along
        # What a group leaves behind: the state before its last block, and that block's own.
        left = states[:, :, -order:] @ does.over + rows[:, :, -order:]
        whole = does.ahead[:, -order:] @ does.over
        before = np.empty((channels, groups, order))
        state = self._state
        for group in range(groups):
            before[:, group] = state
            state = state @ whole + left[:, group]
        states += before @ does.ahead
        states = states.reshape(channels, groups * _GROUP, order)
        self._state = states[:, count - 1] @ does.over + brought[:, -1]
        self._state[np.abs(self._state) < _GONE] = 0
        return np.asarray(states[:, :count])


@lru_cache(maxsize=16)
def _matrices(sections: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]) -> Matrices:
    step, entry, exit_, direct = _balance(*_chain(sections))
    order = len(step)
    powers = [np.eye(order)]
    for _ in range(BLOCK):
        powers.append(powers[-1] @ step)
    answer = np.array([direct, *(exit_ @ power @ entry for power in powers[: BLOCK - 1])])
    later = np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]
    over = powers[BLOCK].T
    hops = [np.eye(order)]
    for _ in range(_GROUP - 1):
        hops.append(hops[-1] @ over)
    along = np.zeros((_GROUP, order, _GROUP, order))
    for first in range(_GROUP):
        for then in range(first + 1, _GROUP):
            along[first, :, then] = hops[then - first - 1]
    return Matrices(
        through=np.where(later >= 0, answer[np.maximum(later, 0)], 0).astype(np.float32),
        ringing=np.stack([exit_ @ power for power in powers[:BLOCK]], axis=1).astype(np.float32),
        into=np.stack([power @ entry for power in powers[BLOCK - 1 :: -1]]).astype(np.float32),
        along=along.reshape(_GROUP * order, _GROUP * order),
        ahead=np.concatenate(hops, axis=1),
        over=over,
    )


def _chain(
    sections: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...],
) -> tuple[Floats, Floats, Floats, float]:
    """State space of the sections in a row: step (s, s), entry (s,), exit (s,), direct."""
    step, entry, exit_, direct = np.zeros((0, 0)), np.zeros(0), np.zeros(0), 1.0
    for above, below in sections:
        b, a = np.array(above) / below[0], np.array(below) / below[0]
        own_step = np.array([[-a[1], 1.0], [-a[2], 0.0]])
        own_entry = b[1:] - a[1:] * b[0]
        own_exit = np.array([1.0, 0.0])
        size = len(step)
        joined = np.zeros((size + 2, size + 2))
        joined[:size, :size] = step
        joined[size:, :size] = np.outer(own_entry, exit_)
        joined[size:, size:] = own_step
        step = joined
        entry = np.concatenate((entry, own_entry * direct))
        exit_ = np.concatenate((b[0] * exit_, own_exit))
        direct *= b[0]
    return step, entry, exit_, float(direct)


def _balance(
    step: Floats, entry: Floats, exit_: Floats, direct: float
) -> tuple[Floats, Floats, Floats, float]:
    """The same filter with states that white noise fills evenly and independently.

    In the plain form the states of a high-pass far below the rate are large and cancel, which
    single precision would not bear.
    """
    filled, power = np.outer(entry, entry), step
    while np.abs(power).max() > 1e-18:
        filled = filled + power @ filled @ power.T
        power = power @ power
    root = np.linalg.cholesky(filled)
    back = np.linalg.inv(root)
    return back @ step @ root, back @ entry, exit_ @ root, direct

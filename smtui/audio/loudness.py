"""Integrated loudness by ITU-R BS.1770-4, at any sample rate, and sums over steps of equal length.

K-weighting, 400 ms blocks overlapping by 75 %, an absolute gate at -70 LUFS and a relative one
10 LU below. Both filters run as one recursion in blocks, half the price of transforms.

A recursive filter goes on from each sample to the next, which numpy cannot do fast. But a block
of its output depends only on the block of input and on the filter's state before it, both by a
matrix; and so do the states on each other. So a block is two products, and what is left to be
done one after the other is a step of a few numbers for every thousand samples. (scipy's filters
take too long to import; tests compare with them.)

It stands alone, apart from `levels`, because it is read beside the standard.

Conventions: signals are (channels, n) at the file's own rate; power is a mean square, loudness is
in LUFS.
"""

from __future__ import annotations

from collections.abc import Callable
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

AnyFloats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

# The analog filters behind the coefficients that BS.1770 prints for 48 kHz, so that they can be
# made for any rate (derivation: B. De Man, "Evaluation of implementations of the EBU R128
# loudness measurement", AES 2018).
_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773

_OFFSET = -0.691
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_STEPS_PER_SECOND = 10
_STEPS_PER_BLOCK = 4
_BLOCK_SECONDS = _STEPS_PER_BLOCK / _STEPS_PER_SECOND

# Loudspeaker weights by number of channels in the usual file order; all others count as 1.
_CHANNEL_WEIGHTS = {
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What becomes of a step.

    Attributes:
        of: reduces (rows, n) from each of the given places to the next.
        join: puts together what one step gave in two blocks.
    """

    of: Callable[[AnyFloats, Integers], AnyFloats]
    join: np.ufunc


def _highest(values: AnyFloats, starts: Integers) -> AnyFloats:
    return np.asarray(np.maximum.reduceat(values, starts, axis=1))


HIGHEST = Reduction(of=_highest, join=np.maximum)


def _energy(values: AnyFloats, starts: Integers) -> AnyFloats:
    # Long steps: one dot product for each is faster than squares and sums of all.
    parts = np.split(values, starts[1:], axis=1)
    return np.stack([np.vecdot(part, part) for part in parts], axis=1).astype(np.float64)


ENERGY = Reduction(of=_energy, join=np.add)


class LoudnessMeter:
    """K-weights a stream and gathers its power in steps of 100 ms."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._weights = np.array(_CHANNEL_WEIGHTS.get(channels, (1.0,) * channels))
        self._filter = Recursion(weighting(rate), channels)
        self._kept = np.zeros((channels, 0), dtype=np.float32)
        self._steps = Steps(rate, _STEPS_PER_SECOND, ENERGY)
        self._frames = 0

    @property
    def padded(self) -> bool:
        """Shorter than one block."""
        return self._frames < self._block_frames

    @property
    def _block_frames(self) -> int:
        return _STEPS_PER_BLOCK * self._rate // _STEPS_PER_SECOND

    def push(self, signal: Samples) -> None:
        """Take (channels, n)."""
        self._frames += signal.shape[1]
        if self._kept.shape[1]:
            signal = np.concatenate((self._kept, signal), axis=1)
        whole = signal.shape[1] // BLOCK * BLOCK
        self._kept = signal[:, whole:]
        if whole:
            self._steps.push(self._filter.push(signal[:, :whole]))

    def integrated(self) -> float | None:
        """Integrated loudness in LUFS, None where nothing passes the absolute gate.

        No more can be pushed afterwards.
        """
        left = self._kept.shape[1]
        if left:
            last = np.pad(self._kept, ((0, 0), (0, BLOCK - left)))
            self._steps.push(self._filter.push(last)[:, :left])
            self._kept = self._kept[:, :0]
        power = self._weights @ self._block_power()
        loudness = _lufs(power)
        loud = loudness > _ABSOLUTE_GATE
        if not loud.any():
            return None
        relative = _lufs(power[loud].mean()) + _RELATIVE_GATE
        kept = power[loud & (loudness > relative)]
        return float(_lufs(kept.mean()))

    def _block_power(self) -> Floats:
        """Mean square of each block: (channels, blocks).

        The end is taken at the nearest step of 100 ms, zeros beyond it, as pyloudnorm does: a
        short sound is not cut by up to a fifth of its length.
        """
        sums = self._steps.reduced()
        if self.padded:
            return np.asarray(sums.sum(axis=1, keepdims=True) / self._block_frames)
        blocks = round((self._frames / self._rate - _BLOCK_SECONDS) * _STEPS_PER_SECOND) + 1
        running = np.concatenate((np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)), axis=1)
        running = running[:, : blocks + _STEPS_PER_BLOCK]
        power = running[:, _STEPS_PER_BLOCK:] - running[:, :-_STEPS_PER_BLOCK]
        return np.asarray(np.maximum(power / self._block_frames, 0.0))


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
        self._parts: list[AnyFloats] = []

    def edges(self, first: int, stop: int) -> Integers:
        """The first samples of the steps from `first` to before `stop`."""
        return np.arange(first, stop, dtype=np.int64) * self._rate // self._per_second

    def push(self, values: AnyFloats) -> None:
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

    def reduced(self) -> AnyFloats:
        """The steps so far: (rows, steps); the last may be incomplete."""
        return np.concatenate(self._parts, axis=1) if self._parts else np.zeros((1, 0))


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


def weighting(rate: int) -> tuple[Section, Section]:
    """The K-weighting at a rate in Hz: both of its filters."""
    return _shelf(rate), _pass(rate)


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


def _lufs(power: Floats) -> Floats:
    return np.asarray(_OFFSET + 10 * np.log10(np.maximum(power, 1e-20)))


def _shelf(rate: int) -> Section:
    """The first stage, the head's effect: a shelf of 4 dB above 1.7 kHz."""
    k = np.tan(np.pi * min(_SHELF_HZ, 0.49 * rate) / rate)
    high = 10 ** (_SHELF_GAIN_DB / 20)
    band = high**0.4996667741545416
    above = [high + band * k / _SHELF_Q + k * k, 2 * (k * k - high)]
    above.append(high - band * k / _SHELF_Q + k * k)
    below = [1 + k / _SHELF_Q + k * k, 2 * (k * k - 1), 1 - k / _SHELF_Q + k * k]
    return np.array(above), np.array(below)


def _pass(rate: int) -> Section:
    """The second stage: a high-pass at 38 Hz."""
    k = np.tan(np.pi * _PASS_HZ / rate)
    below = np.array([1 + k / _PASS_Q + k * k, 2 * (k * k - 1), 1 - k / _PASS_Q + k * k])
    return np.array([1.0, -2.0, 1.0]) * below[0], below

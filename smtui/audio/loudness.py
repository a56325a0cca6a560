"""Integrated loudness by ITU-R BS.1770-4, at any sample rate.

K-weighting, 400 ms blocks overlapping by 75 %, an absolute gate at -70 LUFS and a relative one
10 LU below.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.decoder import Samples
from smtui.audio.steps import Floats, Steps

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
_FILTER_MEMORY = 0.1
"""s after which the filters have forgotten to below -150 dB."""

# Loudspeaker weights by number of channels in the usual file order; all others count as 1.
_CHANNEL_WEIGHTS = {
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41),
}


class LoudnessMeter:
    """K-weights a stream and gathers its power in steps of 100 ms."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._weights = np.array(_CHANNEL_WEIGHTS.get(channels, (1.0,) * channels))
        self._memory = np.zeros((channels, round(rate * _FILTER_MEMORY)), dtype=np.float32)
        self._steps = Steps(rate, _STEPS_PER_SECOND, np.add)
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
        # The filters ring, so they are applied in the frequency domain to the block and the
        # tenth of a second before it; what wraps round falls on that tenth and is dropped.
        held = self._memory.shape[1]
        joined = np.concatenate((self._memory, signal), axis=1)
        self._memory = joined[:, -held:]
        size = _transform_size(joined.shape[1])
        spectrum = scipy.fft.rfft(joined, size, axis=1) * _k_weighting(self._rate, size)
        weighted = scipy.fft.irfft(spectrum, size, axis=1)[:, held : joined.shape[1]]
        self._steps.push(np.square(weighted))
        self._frames += signal.shape[1]

    def integrated(self) -> float | None:
        """Integrated loudness in LUFS, None where nothing passes the absolute gate."""
        power = self._weights @ self._block_power()
        loudness = _lufs(power)
        loud = loudness > _ABSOLUTE_GATE
        if not loud.any():
            return None
        relative = _lufs(power[loud].mean()) + _RELATIVE_GATE
        kept = power[loud & (loudness > relative)]
        return float(_lufs(kept.mean()))

    def _block_power(self) -> Floats:
        """Mean square of each block: (channels, blocks)."""
        sums = self._steps.reduced()
        if self.padded:
            return np.asarray(sums.sum(axis=1, keepdims=True) / self._block_frames)
        edges = self._steps.edges(0, sums.shape[1] + 1)
        whole = int(np.sum(edges[1:] <= self._frames))
        running = np.concatenate((np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)), axis=1)
        running, edges = running[:, : whole + 1], edges[: whole + 1]
        blocks = running[:, _STEPS_PER_BLOCK:] - running[:, :-_STEPS_PER_BLOCK]
        lengths = edges[_STEPS_PER_BLOCK:] - edges[:-_STEPS_PER_BLOCK]
        return np.asarray(np.maximum(blocks / lengths, 0.0))


def _lufs(power: Floats) -> Floats:
    return np.asarray(_OFFSET + 10 * np.log10(np.maximum(power, 1e-20)))


def _transform_size(length: int) -> int:
    """A size whose weighting is likely at hand: 2ⁿ or 3·2ⁿ⁻¹."""
    size = 1 << max(8, (length - 1).bit_length())
    return size * 3 // 4 if length <= size * 3 // 4 else size


@lru_cache(maxsize=32)
def _k_weighting(rate: int, size: int) -> npt.NDArray[np.complex64]:
    """The K-weighting's response at the bins of a transform of this size."""
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones(len(turn), dtype=np.complex128)
    for above, below in (_shelf(rate), _pass(rate)):
        response *= np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)
    return response.astype(np.complex64)


def _shelf(rate: int) -> tuple[Floats, Floats]:
    """The first stage, the head's effect: a shelf of 4 dB above 1.7 kHz."""
    k = np.tan(np.pi * min(_SHELF_HZ, 0.49 * rate) / rate)
    high = 10 ** (_SHELF_GAIN_DB / 20)
    band = high**0.4996667741545416
    above = [high + band * k / _SHELF_Q + k * k, 2 * (k * k - high)]
    above.append(high - band * k / _SHELF_Q + k * k)
    below = [1 + k / _SHELF_Q + k * k, 2 * (k * k - 1), 1 - k / _SHELF_Q + k * k]
    return np.array(above), np.array(below)


def _pass(rate: int) -> tuple[Floats, Floats]:
    """The second stage: a high-pass at 38 Hz."""
    k = np.tan(np.pi * _PASS_HZ / rate)
    below = np.array([1 + k / _PASS_Q + k * k, 2 * (k * k - 1), 1 - k / _PASS_Q + k * k])
    return np.array([1.0, -2.0, 1.0]) * below[0], below

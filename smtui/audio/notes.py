"""The note of a single tone: its period, and whether the sound is that one tone.

The period is where the sound repeats best, by the normalised square difference of P. McLeod and
G. Wyvill (A smarter way to find pitch, ICMC 2005). A chord repeats too, but below its notes; so
there must be power at the period's own frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.frames import RATE, Array, power_spectra
from smtui.domain.analysis import KEY_NAMES

Floats = npt.NDArray[np.float64]

_WINDOW = 4_096
_STEP = 1_024
_LOWEST_HZ, _HIGHEST_HZ = 27.0, 2_300.0
_SHORTEST = int(RATE / _HIGHEST_HZ)
_LONGEST = int(RATE / _LOWEST_HZ)
_FIRST_PEAK = 0.9
_MOST_WINDOWS = 8
_LEAST_CLARITY = 0.87
_LEAST_VOICED = 0.7
_STEADY_SEMITONES = 0.6
_LEAST_STEADY = 0.6
_FALLEN = tuple(round(seconds * RATE) for seconds in (0.16, 0.12, 0.08))
"""Samples after which a drum has fallen to its pitch; the later, the more surely."""
_SHORTEST_TAIL = round(0.065 * RATE)
_LEAST_TAIL = 10 ** (-26 / 20)
_SAME_SEMITONES = 0.8
_LOUD_SHARE = 0.1
_ONSET_SHARE = 0.03
_MULTIPLES = 7
_FUNDAMENTAL_SHARE = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The steady pitch of a single tone: MIDI number, and how steady and clear, 0 to 1."""

    midi: float
    steadiness: float
    clarity: float

    @property
    def name(self) -> str:
        """Note and octave, A4 = 440 Hz."""
        number = round(self.midi)
        return f"{KEY_NAMES[number % 12]}{number // 12 - 1}"

    @property
    def confidence(self) -> float:
        """How sure the pitch is, 0 to 1."""
        return round(min(1.0, self.steadiness * self.clarity), 3)

    @property
    def is_root(self) -> bool:
        """True if the tone is one note clearly enough to name it."""
        return self.steadiness >= _LEAST_STEADY and self.clarity >= _LEAST_CLARITY


def steady_note(signal: Array) -> Note | None:
    """Find the steady pitch of the opening of a sound at RATE, None where there is none."""
    windows = _loud_windows(_from_onset(signal))
    if not len(windows):
        return None
    pitch, clarity = _periods(windows)
    voiced = clarity > _LEAST_VOICED
    if not voiced.any():
        return None
    middle = float(np.median(pitch[voiced]))
    steady = voiced & (np.abs(pitch - middle) < _STEADY_SEMITONES)
    if not steady.any():
        return None
    midi = float(np.median(pitch[steady]))
    if not _sounds(windows, midi):
        return None
    return Note(
        midi=midi,
        steadiness=float(steady.mean()),
        clarity=float(np.median(clarity[steady])),
    )


def drum_note(signal: Array, whole: Note | None) -> Note | None:
    """Find the pitch on which a drum at RATE rings out; None where it rings on none.

    A drum falls from high to low within some 50 to 150 ms and decays on one pitch, its fundamental.
    So what counts is what is left as late as it can be heard; where that alone is not clear, it
    must agree with the pitch of all of it.

    Args:
        signal: its opening.
        whole: the steady pitch of that.
    """
    struck = _from_onset(signal)
    least = _LEAST_TAIL * np.abs(struck).max(initial=0)
    tails = (struck[start:] for start in _FALLEN if len(struck) >= start + _SHORTEST_TAIL)
    tail = next((each for each in tails if np.abs(each).max() > least), None)
    left = None if tail is None else steady_note(tail)
    if left is None or left.is_root or whole is None:
        return left if left is not None and left.is_root else None
    both = abs(left.midi - whole.midi) < _SAME_SEMITONES
    return left if both and min(left.clarity, whole.clarity) > _LEAST_VOICED else None


def _from_onset(signal: Array) -> Array:
    """Without what goes before, so that silence in front does not move the windows."""
    level = np.abs(signal)
    return signal[int(np.argmax(level > _ONSET_SHARE * level.max(initial=0))) :]


def _loud_windows(signal: Array) -> Array:
    """At most eight windows, evenly out of those within 20 dB of the loudest."""
    if len(signal) < _WINDOW // 4:
        return np.empty((0, _WINDOW), dtype=np.float32)
    padded = np.pad(signal, (0, max(0, _WINDOW - len(signal))))
    steps = padded[: len(padded) // _STEP * _STEP].reshape(-1, _STEP)
    running = np.cumsum(np.pad(np.einsum("ij,ij->i", steps, steps), (1, 0)), dtype=np.float64)
    power = running[_WINDOW // _STEP :] - running[: -(_WINDOW // _STEP)]
    if power.max() <= 0:
        return np.empty((0, _WINDOW), dtype=np.float32)
    loud = np.flatnonzero(power > _LOUD_SHARE**2 * power.max())
    if len(loud) > _MOST_WINDOWS:
        loud = loud[np.linspace(0, len(loud) - 1, _MOST_WINDOWS).round().astype(np.int64)]
    return np.stack([padded[place * _STEP :][:_WINDOW] for place in loud])


def _sounds(windows: Array, midi: float) -> bool:
    """True if there is power at a pitch itself, beside that at its first six multiples."""
    power = power_spectra(windows).sum(axis=0)
    base = 440 * 2 ** ((midi - 69) / 12) * _WINDOW / RATE
    near = [
        power[max(0, round(base * n) - 1) : round(base * n) + 2].sum() for n in range(1, _MULTIPLES)
    ]
    return bool(near[0] >= _FUNDAMENTAL_SHARE * max(near))


def _periods(windows: Array) -> tuple[Floats, Floats]:
    """MIDI pitch and clarity of each window: the first period that repeats almost best."""
    likeness = _likeness(windows)
    left, middle, right = likeness[:, :-2], likeness[:, 1:-1], likeness[:, 2:]
    # The peak at lag zero does not count: look only after the first fall below zero.
    fallen = np.logical_or.accumulate(middle < 0, axis=1)
    peak = (middle > left) & (middle >= right) & fallen
    peak[:, : _SHORTEST - 1] = False
    heights = np.where(peak, middle, 0)
    best = heights.max(axis=1)
    first = np.argmax(heights >= _FIRST_PEAK * np.maximum(best, 1e-9)[:, None], axis=1)
    rows = np.arange(len(likeness))
    low, top, high = (likeness[rows, first + step] for step in range(3))
    bend = np.minimum(low - 2 * top + high, -1e-12)
    period = first + 1 + np.clip(0.5 * (low - high) / bend, -0.5, 0.5)
    return 69 + 12 * np.log2(RATE / period / 440), heights[rows, first]


def _likeness(windows: Array) -> Floats:
    """The normalised square difference at each lag up to the longest period, 1 for a repeat."""
    size = _padded_size()
    spectrum = scipy.fft.rfft(windows, size, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    lags = _LONGEST + 2
    correlation = scipy.fft.irfft(power, size, axis=1)[:, :lags]
    squares = np.square(windows, dtype=np.float64)
    lost = np.cumsum(squares[:, : lags - 1] + squares[:, :-lags:-1], axis=1)
    both = 2 * squares.sum(axis=1, keepdims=True) - np.pad(lost, ((0, 0), (1, 0)))
    return np.asarray(2 * correlation / np.maximum(both, 1e-12), dtype=np.float64)


@cache
def _padded_size() -> int:
    """Room enough that the longest lag does not wrap around."""
    return int(scipy.fft.next_fast_len(_WINDOW + _LONGEST + 2, real=True))

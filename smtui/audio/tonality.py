"""Key and mode of harmony, root note of a single tone, or neither.

The key is the best correlation of the pitch classes with the profiles that listeners gave
(C. Krumhansl and E. Kessler, Psychological Review 89, 1982). A root note is the period of the
sound itself, by the normalised square difference of P. McLeod and G. Wyvill (A smarter way to
find pitch, ICMC 2005), if there is power at that period's own frequency: a chord repeats too,
but below its notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.frames import RATE, Array, power_spectra
from smtui.audio.pitches import Floats, Pitches
from smtui.domain.analysis import KEY_NAMES, KeyClaim

_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
_LEAST_TONALNESS = 0.45
_TONAL_QUANTILE = 0.65
_LEAST_CORRELATION = 0.6
_FEWEST_CLASSES = 3
_SHORTEST_KEY = 0.5
_MOST_ALTERNATIVES = 3

_WINDOW = 4_096
_STEP = 1_024
_LOWEST_HZ, _HIGHEST_HZ = 27.0, 2_000.0
_FIRST_PEAK = 0.9
_MOST_WINDOWS = 24
_LEAST_CLARITY = 0.87
_STEADY_SEMITONES = 0.6
_LEAST_STEADY = 0.6
_LOUD_SHARE = 0.1
_MULTIPLES = 7
_FUNDAMENTAL_SHARE = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonality:
    """What is in tune.

    Attributes:
        key: `C` … `B` with sharps, None where there is no key.
        mode: `major` or `minor`, None with the key.
        tonalness: share of power in spectral peaks, 0 for noise to 1 for tones.
    """

    key: str | None = None
    mode: str | None = None
    confidence: float = 0.0
    alternatives: tuple[KeyClaim, ...] = ()
    tonalness: float = 0.0


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
    def is_root(self) -> bool:
        """Whether the tone is one note clearly enough to name it."""
        return self.steadiness >= _LEAST_STEADY and self.clarity >= _LEAST_CLARITY


def tonality(pitches: Pitches, duration: float) -> Tonality:
    """Find the key of a sound of `duration` seconds."""
    tonalness = _tonalness(pitches)
    none = Tonality(tonalness=tonalness)
    if tonalness < _LEAST_TONALNESS or duration < _SHORTEST_KEY:
        return none
    classes = _pitch_classes(pitches)
    if (classes > 0.12 * classes.max()).sum() < _FEWEST_CLASSES:
        return none
    fits = _fits(classes)
    best = fits[0]
    if best[0] < _LEAST_CORRELATION:
        return none
    sure = min(1.0, best[0]) * min(1.0, tonalness + 0.3)
    margin = min(1.0, (best[0] - fits[1][0]) / 0.15)
    return Tonality(
        key=best[1],
        mode=best[2],
        confidence=round(float(sure * (0.5 + 0.5 * margin)), 3),
        alternatives=tuple(
            KeyClaim(key=key, mode=mode, confidence=round(float(0.5 * sure * fit / best[0]), 3))
            for fit, key, mode in fits[1 : 1 + _MOST_ALTERNATIVES]
        ),
        tonalness=tonalness,
    )


def _tonalness(pitches: Pitches) -> float:
    """Share of peaks in the more tonal frames of those that sound: strokes do not decide."""
    sounding = _sounding(pitches)
    if not sounding.any():
        return 0.0
    return float(np.quantile(_shares(pitches)[sounding], _TONAL_QUANTILE))


def _sounding(pitches: Pitches) -> npt.NDArray[np.bool_]:
    return np.asarray(pitches.power > _LOUD_SHARE**2 * pitches.power.max())


def _shares(pitches: Pitches) -> Floats:
    """Share of the power that lies in peaks, per frame."""
    return np.asarray(np.minimum(1, pitches.peak_power / np.maximum(pitches.power, 1e-12)))


def _pitch_classes(pitches: Pitches) -> Floats:
    """Strength of the twelve classes, C first; a frame counts by how tonal it is."""
    tuning = float(np.angle(pitches.deviation.sum()) / (2 * np.pi))
    counts = _shares(pitches) * _sounding(pitches)
    thirds = np.roll(counts @ pitches.thirds, 1 - round(3 * tuning))
    return np.asarray(thirds.reshape(12, 3).sum(axis=1))


def _fits(classes: Floats) -> list[tuple[float, str, str]]:
    """Correlation with all 24 keys, best first."""
    fits = []
    for mode in ("major", "minor"):
        profile = np.array(_PROFILES[mode])
        for tonic, name in enumerate(KEY_NAMES):
            fit = float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1])
            fits.append((fit, name, mode))
    return sorted(fits, reverse=True)


def steady_note(signal: Array) -> Note | None:
    """Find the steady pitch of the opening of a sound at RATE, None where there is none."""
    if len(signal) < _WINDOW // 4:
        return None
    padded = np.pad(signal, (0, max(0, _WINDOW - len(signal))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP]
    power = np.square(windows).mean(axis=1)
    if power.max() <= 0:
        return None
    windows = windows[power > _LOUD_SHARE**2 * power.max()]
    windows = windows[:: -(-len(windows) // _MOST_WINDOWS)]
    pitch, clarity = _periods(windows)
    voiced = clarity > 0.8 * _LEAST_CLARITY
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


def _sounds(windows: Array, midi: float) -> bool:
    """Whether there is power at a pitch itself, beside that at its first six multiples."""
    power = power_spectra(windows).sum(axis=0)
    base = 440 * 2 ** ((midi - 69) / 12) * _WINDOW / RATE
    near = [
        power[max(0, round(base * n) - 1) : round(base * n) + 2].sum() for n in range(1, _MULTIPLES)
    ]
    return bool(near[0] >= _FUNDAMENTAL_SHARE * max(near))


def _periods(windows: Array) -> tuple[Floats, Floats]:
    """MIDI pitch and clarity of each window: the first period that repeats almost best."""
    likeness = _likeness(windows)
    lags = np.arange(likeness.shape[1])
    shortest, longest = int(RATE / _HIGHEST_HZ), int(RATE / _LOWEST_HZ)
    peak = np.zeros(likeness.shape, dtype=bool)
    peak[:, 1:-1] = (likeness[:, 1:-1] > likeness[:, :-2]) & (likeness[:, 1:-1] >= likeness[:, 2:])
    # The peak at lag zero does not count: look only after the first fall below zero.
    fallen = np.maximum.accumulate(likeness < 0, axis=1)
    peak &= fallen & (lags >= shortest) & (lags <= longest)
    heights = np.where(peak, likeness, 0)
    best = heights.max(axis=1)
    first = np.argmax(heights >= _FIRST_PEAK * np.maximum(best, 1e-9)[:, None], axis=1)
    rows = np.arange(len(likeness))
    inner = np.clip(first, 1, likeness.shape[1] - 2)
    low, top, high = (likeness[rows, inner + step] for step in (-1, 0, 1))
    bend = np.minimum(low - 2 * top + high, -1e-12)
    period = np.maximum(first + np.clip(0.5 * (low - high) / bend, -0.5, 0.5), 1.0)
    return 69 + 12 * np.log2(RATE / period / 440), heights[rows, first]


def _likeness(windows: Array) -> npt.NDArray[np.float64]:
    """The normalised square difference at each lag up to half the window, 1 for a repeat."""
    size = windows.shape[1]
    padded = size + size // 2
    spectrum = scipy.fft.rfft(windows, padded, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    correlation = scipy.fft.irfft(power, padded, axis=1)[:, : size // 2]
    squares = np.cumsum(np.pad(np.square(windows), ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    total = squares[:, -1:]
    lags = np.arange(size // 2)
    both = squares[:, size - lags] + total - squares[:, lags]
    return np.asarray(2 * correlation / np.maximum(both, 1e-12))

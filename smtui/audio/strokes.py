"""Where a sound is struck, band by band, and how alike that is to itself some time later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.frames import Array, Frames

LOW, BODY, MIDDLE, TOP, ALL, HARMONY = range(6)
"""Rows of strokes: below 150 Hz, to 600 Hz, to 5 kHz, above, the whole mel spectrum, and how much
the pitch classes change."""
STROKE_ROWS = 6
LIKENESS_ROWS = 8
"""Each row of strokes with itself, then MIDDLE and BODY with LOW before them."""
LONGEST_LAG = 860
"""Frames: eight beats at 50 BPM."""

_NEIGHBOURHOOD_FRAMES = 43
_CHANGE_FRAMES = 12
_QUIET = 1e-7
_PIECE_FRAMES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Strokes and their correlations.

    Attributes:
        strokes: (6, n) onset strength above its neighbourhood, see the row names.
        likeness: (8, lags) normalised correlation by lag in frames.
        circular: the sound is taken as a ring, as a loop is played.
    """

    strokes: Array
    likeness: Array
    circular: bool

    def widened(self) -> tuple[Array, Array]:
        """Likeness at each lag, the best within one frame and within two (12 and 23 ms)."""
        one = np.maximum(self.likeness, self._beside(self.likeness))
        return one, self._beside(one)

    def at(self, widened: Array, lags: npt.NDArray[np.float64]) -> Array:
        """Read (rows, lags) at lags in frames, 0 beyond the last: rows first, then as `lags`."""
        places = np.rint(lags).astype(np.int64)
        count = widened.shape[1]
        if self.circular:
            return np.asarray(widened[:, places % count])
        known = places < count - 1
        return np.where(known, widened[:, np.where(known, places, 0)], np.float32(0))

    def _beside(self, rows: Array) -> Array:
        """The higher of both neighbours of each value."""
        higher = np.empty_like(rows)
        np.maximum(rows[:, 2:], rows[:, :-2], out=higher[:, 1:-1])
        if self.circular:
            np.maximum(rows[:, 1], rows[:, -1], out=higher[:, 0])
            np.maximum(rows[:, 0], rows[:, -2], out=higher[:, -1])
        else:
            higher[:, 0], higher[:, -1] = rows[:, 1], rows[:, -2]
        return higher


def strokes_of(frames: Frames) -> Array:
    """Onset strength above its mean over the second around: (6, n)."""
    count = len(frames.strength)
    # In pieces, because what is made on the way takes ten times the memory of the strokes.
    pieces = [
        _stroke_strength(frames, start, min(count, start + _PIECE_FRAMES))
        for start in range(0, count, _PIECE_FRAMES)
    ]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=1)


def _stroke_strength(frames: Frames, first: int, stop: int) -> Array:
    """The strokes of some frames, with as much before and after as they depend on."""
    context = _NEIGHBOURHOOD_FRAMES + _CHANGE_FRAMES + 1
    start = max(0, first - context)
    part = slice(start, stop + context)
    loud = np.sqrt(np.sqrt(frames.bands[part]))
    rises = np.maximum(np.diff(loud, axis=0, prepend=np.zeros((1, 6), dtype=np.float32)), 0).T
    rows = np.stack(
        (
            rises[0] + rises[1],
            rises[2],
            rises[3] + rises[4],
            rises[5],
            frames.strength[part],
            _harmony_change(frames.chroma[part]),
        )
    )
    strokes: Array = np.maximum(0, rows - _around(rows))
    return strokes[:, first - start : stop - start]


def ring(strokes: Array, first: float, frames: float) -> Pulse:
    """Take `frames` frames from `first` as a ring."""
    start, count = round(first), max(8, round(frames))
    part = strokes[:, start : start + count]
    part = np.pad(part, ((0, 0), (0, count - part.shape[1])))
    return Pulse(strokes=part, likeness=_correlations(part, count), circular=True)


def line(strokes: Array) -> Pulse:
    """Take the strokes as they go by."""
    count = strokes.shape[1]
    lags = max(2, min(count // 2, LONGEST_LAG))
    size = scipy.fft.next_fast_len(count + lags, real=True)
    sums = _correlations(strokes, size)[:, :lags]
    # Fewer frames overlap at longer lags.
    likeness = sums * (count / (count - np.arange(lags, dtype=np.float32)))
    return Pulse(strokes=strokes, likeness=likeness.astype(np.float32), circular=False)


def _correlations(strokes: Array, size: int) -> Array:
    spectra = scipy.fft.rfft(strokes, size, axis=1)
    later = np.concatenate((spectra, spectra[[MIDDLE, BODY]]))
    first = np.concatenate((spectra, spectra[[LOW, LOW]]))
    sums = scipy.fft.irfft(np.conj(first) * later, size, axis=1)
    power = np.sqrt(np.square(strokes).sum(axis=1))
    norms = np.concatenate((power * power, power[LOW] * power[[MIDDLE, BODY]]))
    correlations: Array = sums / np.maximum(norms, _QUIET)[:, None]
    return correlations


def _harmony_change(chroma: Array) -> Array:
    """How much the pitch classes of the next 0.14 s differ from those of the last."""
    classes = np.sqrt(chroma)
    classes = classes / np.maximum(np.sqrt(chroma.sum(axis=1, keepdims=True)), _QUIET)
    padded = np.pad(classes, ((_CHANGE_FRAMES, _CHANGE_FRAMES), (0, 0)), mode="edge")
    running = np.zeros((len(padded) + 1, classes.shape[1]))
    np.cumsum(padded, axis=0, out=running[1:])
    here = running[_CHANGE_FRAMES : -_CHANGE_FRAMES - 1]
    change = running[2 * _CHANGE_FRAMES : -1] + running[: -2 * _CHANGE_FRAMES - 1] - 2 * here
    return np.asarray(np.maximum(change, 0).sum(axis=1) / _CHANGE_FRAMES, dtype=np.float32)


def _around(rows: Array) -> Array:
    """The mean over half a second to both sides, shorter at the ends."""
    count = rows.shape[1]
    running = np.zeros((len(rows), count + 1))
    np.cumsum(rows, axis=1, out=running[:, 1:])
    place = np.arange(count)
    first = np.maximum(0, place - _NEIGHBOURHOOD_FRAMES)
    stop = np.minimum(count, place + _NEIGHBOURHOOD_FRAMES + 1)
    return np.asarray((running[:, stop] - running[:, first]) / (stop - first), dtype=np.float32)

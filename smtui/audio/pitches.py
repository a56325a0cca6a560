"""Which pitches sound: spectral peaks of long frames, folded into pitch classes.

Keys need semitones apart down in the bass, which the short frames cannot show; so a second,
slow transform with windows of 0.37 s looks at the lower 2 kHz alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import RATE, Array, Framer, power_spectra

Floats = npt.NDArray[np.float64]

LONG_FRAME = 8_192
LONG_HOP = 4_096
THIRDS = 36
"""Pitch classes are kept in thirds of a semitone until the tuning is known."""

_BASS = 43
_LOW_BIN = round(60 / RATE * LONG_FRAME)
# Below this the drums are: how tonal a frame is, is asked above.
_TONAL_BIN = round(130 / RATE * LONG_FRAME) - _LOW_BIN
_HIGH_BIN = round(2_000 / RATE * LONG_FRAME)
_NEIGHBOUR_BINS = 25
_OVER_NEIGHBOURS = 3.0
_OF_STRONGEST = 0.02
# A peak of a Hann window has two thirds of its power in its highest bin.
_PEAK_POWER = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitches:
    """What was heard in n long frames, the first centred on the start.

    Attributes:
        thirds: (n, 36) strength of each third of a semitone, that of C first.
        peak_power: (n,) power of the peaks from 130 Hz to 2 kHz.
        power: (n,) of all there is from 130 Hz up, tones or not.
        deviation: (n,) complex; the angle is how far the peaks lie from equal temperament at
            440 Hz, a whole turn for a semitone.
    """

    thirds: Floats
    peak_power: Floats
    power: Floats
    deviation: npt.NDArray[np.complex128]


class PitchReader:
    """Turns a stream at RATE into Pitches."""

    def __init__(self) -> None:
        self._framer = Framer(LONG_FRAME, LONG_HOP)
        self._parts: list[Pitches] = []

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        windows = self._framer.push(chunk)
        if len(windows):
            self._parts.append(_described(windows))

    def finish(self) -> Pitches:
        """Take the end of the sound and tell what was heard."""
        windows = self._framer.finish()
        if len(windows):
            self._parts.append(_described(windows))
        return Pitches(
            thirds=np.concatenate([part.thirds for part in self._parts]),
            peak_power=np.concatenate([part.peak_power for part in self._parts]),
            power=np.concatenate([part.power for part in self._parts]),
            deviation=np.concatenate([part.deviation for part in self._parts]),
        )


def _described(windows: Array) -> Pitches:
    whole = power_spectra(windows)
    power = whole[:, _LOW_BIN - 1 : _HIGH_BIN + 2]
    left, middle, right = power[:, :-2], power[:, 1:-1], power[:, 2:]
    # Peaks must stand out of noise; the square root judges by magnitude.
    magnitude = np.sqrt(middle)
    floor = np.maximum(
        _OVER_NEIGHBOURS * _around(magnitude),
        _OF_STRONGEST * magnitude.max(axis=1, keepdims=True),
    )
    frame, place = np.nonzero((middle > left) & (middle >= right) & (magnitude > floor))
    height = middle[frame, place].astype(np.float64)
    pitch = _pitch(left[frame, place], height, right[frame, place], place)
    # Magnitude, halved with each octave: overtones say less of the harmony than what is played.
    weight = np.sqrt(height) * 2 ** (-(np.maximum(pitch, _BASS) - _BASS) / 12)
    third = np.round(pitch * 3).astype(np.int64) % THIRDS
    count = len(windows)
    thirds = np.bincount(frame * THIRDS + third, weights=weight, minlength=count * THIRDS)
    tonal = np.where(place >= _TONAL_BIN, height, 0)
    peaks = np.bincount(frame, weights=tonal, minlength=count)
    turns = weight * np.exp(2j * np.pi * pitch)
    return Pitches(
        thirds=np.asarray(thirds, dtype=np.float64).reshape(count, THIRDS),
        peak_power=np.asarray(_PEAK_POWER * peaks, dtype=np.float64),
        power=whole[:, _LOW_BIN + _TONAL_BIN :].sum(axis=1, dtype=np.float64),
        deviation=np.bincount(frame, weights=turns.real, minlength=count)
        + 1j * np.bincount(frame, weights=turns.imag, minlength=count),
    )


def _pitch(left: Array, middle: Floats, right: Array, place: npt.NDArray[np.int64]) -> Floats:
    """MIDI note numbers of peaks, by a parabola through the logarithms of three bins."""
    low, top, high = (np.log(np.maximum(each, 1e-30)) for each in (left, middle, right))
    bend = np.minimum(low - 2 * top + high, -1e-12)
    shift = np.clip(0.5 * (low - high) / bend, -0.5, 0.5)
    hertz = (_LOW_BIN + place + shift) * (RATE / LONG_FRAME)
    return np.asarray(69 + 12 * np.log2(hertz / 440))


def _around(magnitude: Array) -> Array:
    """The mean magnitude of the neighbouring bins."""
    padded = np.pad(magnitude, ((0, 0), (_NEIGHBOUR_BINS + 1, _NEIGHBOUR_BINS)), mode="edge")
    running = np.cumsum(padded, axis=1)
    width = 2 * _NEIGHBOUR_BINS + 1
    return np.asarray((running[:, width:] - running[:, :-width]) / width, dtype=np.float32)

"""Which pitches sound: spectral peaks of long frames, folded into pitch classes by register.

Keys need semitones apart down in the bass, which the short frames cannot show; so a second,
slow transform with windows of 0.37 s looks at what lies below 2 kHz. What is pushed is gathered
until there are frames enough for one transform of many, because a call costs more than a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.frames import RATE, Array, Framer, hann

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LONG_FRAME = 8_192
LONG_HOP = 4_096
THIRDS = 36
"""Pitch classes are kept in thirds of a semitone until the tuning is known."""
REGISTERS = 4
"""Bass, the left hand, the right hand, and what is above: melodies and overtones."""

_REGISTER_STARTS = (50.0, 64.0, 80.0)
_GATHERED = 16 * LONG_HOP
_BASS = 43
_LOW_BIN = round(40 / RATE * LONG_FRAME)
# Below this the drums are: how tonal a frame is, is asked above.
_TONAL_BIN = round(130 / RATE * LONG_FRAME)
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
        thirds: (n, 4, 36) magnitude in each register and third of a semitone, that of C first.
        peak_power: (n,) power of the peaks from 130 Hz to 2 kHz.
        power: (n,) of all there is from 130 Hz up, tones or not.
        deviation: (n,) complex; the angle is how far the peaks lie from equal temperament at
            440 Hz, a whole turn for a semitone.
        magnitude: (n,) what the length of `deviation` is if all peaks lie equally far.
    """

    thirds: Array
    peak_power: Floats
    power: Floats
    deviation: npt.NDArray[np.complex128]
    magnitude: Floats


class PitchReader:
    """Turns a stream at RATE into Pitches."""

    def __init__(self) -> None:
        self._framer = Framer(LONG_FRAME, LONG_HOP)
        self._waiting: list[Array] = []
        self._parts: list[Pitches] = []

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        self._waiting.append(chunk)
        if sum(map(len, self._waiting)) >= _GATHERED:
            self._add_spectra(np.concatenate(self._waiting))
            self._waiting = []

    def finish(self) -> Pitches:
        """Take the end of the sound and tell what was heard."""
        beyond = np.zeros(LONG_FRAME // 2, dtype=np.float32)
        self._add_spectra(np.concatenate((*self._waiting, beyond)))
        parts = self._parts
        return Pitches(
            thirds=np.concatenate([part.thirds for part in parts]),
            peak_power=np.concatenate([part.peak_power for part in parts]),
            power=np.concatenate([part.power for part in parts]),
            deviation=np.concatenate([part.deviation for part in parts]),
            magnitude=np.concatenate([part.magnitude for part in parts]),
        )

    def _add_spectra(self, samples: Array) -> None:
        windows = self._framer.push(samples)
        if len(windows):
            self._parts.append(_describe(windows))


def _describe(windows: Array) -> Pitches:
    spectra = scipy.fft.rfft(windows * hann(LONG_FRAME), axis=1)
    near = spectra[:, _LOW_BIN - 1 : _HIGH_BIN + 2]
    power = np.square(near.real) + np.square(near.imag)
    frame, place = np.nonzero(_peaks(power))
    height = power[frame, place + 1].astype(np.float64)
    pitch = _pitch(power, frame, place)
    magnitude = np.sqrt(height)
    count = len(windows)
    register = np.searchsorted(_REGISTER_STARTS, pitch, side="right")
    cell = (frame * REGISTERS + register) * THIRDS + np.round(pitch * 3).astype(np.int64) % THIRDS
    thirds = np.bincount(cell, weights=magnitude, minlength=count * REGISTERS * THIRDS)
    tonal = np.where(place + _LOW_BIN >= _TONAL_BIN, height, 0)
    # Halved with each octave: overtones of strings and bells are sharp, what is played is not.
    length = magnitude * 2 ** (-(np.maximum(pitch, _BASS) - _BASS) / 12)
    turns = length * np.exp(2j * np.pi * pitch)
    above = np.ascontiguousarray(spectra[:, _TONAL_BIN:]).view(np.float32)
    return Pitches(
        thirds=thirds.reshape(count, REGISTERS, THIRDS).astype(np.float32),
        peak_power=_PEAK_POWER * _sums(frame, tonal, count),
        power=np.einsum("ij,ij->i", above, above).astype(np.float64),
        deviation=_sums(frame, turns.real, count) + 1j * _sums(frame, turns.imag, count),
        magnitude=_sums(frame, length, count),
    )


def _sums(frame: Integers, values: Floats, count: int) -> Floats:
    """The sum of the values of each frame's peaks: (count,)."""
    return np.asarray(np.bincount(frame, weights=values, minlength=count), dtype=np.float64)


def _peaks(power: Array) -> npt.NDArray[np.bool_]:
    """Bins that are higher than both neighbours and stand out of noise: (n, bins - 2)."""
    magnitude = np.sqrt(power)
    left, middle, right = magnitude[:, :-2], magnitude[:, 1:-1], magnitude[:, 2:]
    floor = np.maximum(
        _OVER_NEIGHBOURS * _around(middle),
        _OF_STRONGEST * middle.max(axis=1, keepdims=True),
    )
    return np.asarray((middle > left) & (middle >= right) & (middle > floor))


def _pitch(power: Array, frame: Integers, place: Integers) -> Floats:
    """MIDI note numbers of peaks, by a parabola through the logarithms of three bins."""
    three = np.stack([power[frame, place + step] for step in range(3)])
    low, top, high = np.log(np.maximum(three, 1e-30, dtype=np.float64))
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

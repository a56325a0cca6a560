"""What a sound is like, in numbers that know neither its level nor the silence around it.

Time is counted from the onset and levels from the loudest moment. The same numbers tell the
kind of a sound and, weighed and turned, make its embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.frames import FRAMES_PER_SECOND, Array, Frames, Sketch, cepstral_basis
from smtui.audio.levels import ENVELOPE_RATE
from smtui.audio.notes import Note
from smtui.audio.onsets import onset_frames
from smtui.domain.analysis import MFCC_COUNT
from smtui.domain.mel import MEL_BANDS

_DEEPEST = -45.0
"""dB below the loudest moment, where rooms and recorders begin to be heard."""
_ONSET_DB = -20.0
_ENDED_DB = -40.0
_LOUD_DB = -30.0
_FRAMES_PER_MS = FRAMES_PER_SECOND / ENVELOPE_RATE
_SEGMENTS = (0, 1, 2, 3, 4, 6, 8, 10, 14, 18, 26, 34, 50, 66, 98, 130, 194, 258, 386)
"""Edges in frames of 12 ms, counted from the onset."""
_BANDS = 32
_FALLS = (-6.0, -15.0, -30.0)
_POINTS_MS = (
    1, 2, 3, 4, 6, 8, 11, 14, 18, 23, 30, 39, 50, 64, 82, 106, 136, 174, 224, 287, 368, 472, 606,
    777, 997, 1279, 1641, 2106, 2702, 3467, 4448,
)  # fmt: skip
_RIPPLE_MS = (4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 34, 40)
_TINY = 1e-9


Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is needed of a sound.

    Attributes:
        mel: (n, MEL_BANDS) dB, the opening.
        envelope: (m,) highest magnitude in each millisecond.
        midi: pitch of its steady note, 0 without one.
        voiced: how clear and steady the note is, 0 to 1.
        flatness: of its spectrum where it is loud, 0 for tones to 1 for noise.
    """

    mel: Array
    envelope: Array
    midi: float
    voiced: float
    flatness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptors:
    """Numbers in three groups, float32, and the frames of mel they come from.

    Attributes:
        timbre: spectra after the onset, their means and falls.
        envelope: level after the onset, times.
        manner: pitch, strokes.
        strength: (n,) onset strength per frame from the onset on.
        strokes: frames at which it is struck, counted from the onset.
    """

    timbre: Array
    envelope: Array
    manner: Array
    strength: Array
    strokes: npt.NDArray[np.int64]

    @property
    def all(self) -> Array:
        """All in one row."""
        return np.concatenate((self.timbre, self.envelope, self.manner))


def material_of(frames: Frames, sketch: Sketch, envelope: Array, note: Note | None) -> Material:
    """What is needed of a sound; of its envelope the part that the sketch has is taken."""
    mel, power = sketch.opening(), np.square(frames.rms, dtype=np.float64)
    start, stop = (int(place / _FRAMES_PER_MS) for place in (sketch.start, sketch.start + len(mel)))
    return Material(
        mel=mel,
        envelope=envelope[start : stop + 1],
        midi=note.midi if note else 0.0,
        voiced=note.steadiness * note.clarity if note else 0.0,
        flatness=float(power @ frames.flatness / max(float(power.sum()), 1e-20)),
    )


def describe(material: Material) -> Descriptors | None:
    """Describe a sound; None where nothing sounds."""
    if not len(material.mel) or material.envelope.max(initial=0) <= 0:
        return None
    onset, end = _span(material.envelope)
    mel = _align(material.mel, onset * _FRAMES_PER_MS, end * _FRAMES_PER_MS)
    level = np.maximum(mel - mel.max(), _DEEPEST)
    power = np.exp(level * np.float32(np.log(10) / 10))
    total = 10 * np.log10(power.sum(axis=1))
    total -= total.max()
    timbre = (
        _segments(level).ravel(),
        _shape(level, power),
        _falls(level).ravel(),
        _cepstra(level, total),
        _moments(power),
    )
    strength = _strength(power)
    strokes = onset_frames(strength)
    return Descriptors(
        timbre=_row(timbre),
        envelope=_row(_envelope(material.envelope[onset:end])),
        manner=_row((_manner(material, len(total), len(strokes)), _modulation(total))),
        strength=strength,
        strokes=strokes,
    )


def _span(envelope: Array) -> tuple[int, int]:
    """The milliseconds from the onset up to where it has ended."""
    loud = np.flatnonzero(envelope > envelope.max() * 10 ** (_ENDED_DB / 20))
    onset = int(np.argmax(envelope > envelope.max() * 10 ** (_ONSET_DB / 20)))
    return onset, int(loud[-1]) + 1


def _align(mel: Array, onset: float, end: float) -> Array:
    """Frames from the onset on, wherever it lies between two frames.

    The frames overlap so much that what lies between two of them is on the line between them.
    """
    first = min(int(onset), len(mel) - 1)
    share = np.float32(onset - first)
    count = max(1, min(len(mel) - 1 - first, int(end - onset) + 1))
    near = mel[first : first + count]
    after = mel[first + 1 : first + 1 + count]
    return near if len(after) < len(near) else (1 - share) * near + share * after


def _row(parts: tuple[Floats, ...]) -> Array:
    return np.concatenate(parts).astype(np.float32)


def _strength(power: Array) -> Array:
    """The mean rise over two frames of what is like loudness, the fourth root of power."""
    loud = np.sqrt(np.sqrt(power))
    strength = np.zeros(len(loud), dtype=np.float32)
    strength[:2] = loud[:2].mean(axis=1)
    strength[2:] = np.maximum(loud[2:] - loud[:-2], 0).mean(axis=1)
    return strength


def _segments(level: Array) -> Array:
    """Mean dB of 32 bands in stretches that grow longer: (18, 32)."""
    bands = _halve(level[: _SEGMENTS[-1]])
    edges = np.array(_SEGMENTS)
    running = np.zeros((_SEGMENTS[-1] + 1, _BANDS), dtype=np.float32)
    count = len(bands)
    running[1 : count + 1] = bands
    running[count + 1 :] = _DEEPEST
    np.cumsum(running, axis=0, out=running)
    sums = running[edges[1:]] - running[edges[:-1]]
    return np.asarray(sums / np.diff(edges)[:, None] / 10, dtype=np.float32)


def _halve(level: Array) -> Array:
    """The means of two neighbours: half as many bands."""
    return np.float32(0.5) * (level[:, ::2] + level[:, 1::2])


def _shape(level: Array, power: Array) -> Floats:
    """The mean spectrum by power and the highest value of each band, in tens of dB."""
    mean = 10 * np.log10(power.mean(axis=0) + np.float32(1e-5))
    return np.concatenate((mean - mean.max(), level.max(axis=0))) / 10


def _falls(level: Array) -> Floats:
    """How long broad bands stay near their own peak, log of frames: (3, 16)."""
    bands = _halve(_halve(level))
    peak = bands.max(axis=0)
    return np.asarray([np.log1p((bands > peak + fall).sum(axis=0)) for fall in _FALLS])


def _cepstra(level: Array, total: Array) -> Floats:
    """Mean, spread and movement of cepstral coefficients where it sounds."""
    cepstra = level @ _cosines()
    loud = cepstra[total > _LOUD_DB]
    moves = np.abs(np.diff(loud, axis=0)).mean(axis=0) if len(loud) > 1 else np.zeros(MFCC_COUNT)
    return np.concatenate((loud.mean(axis=0), loud.std(axis=0), moves)) / 20


def _moments(power: Array) -> Floats:
    """Centre and width of the mel spectrum in broad stretches, in bands, and how flat it is."""
    count = len(power)
    place = np.arange(MEL_BANDS, dtype=np.float32)
    rows = []
    for start, stop in ((0, 5), (3, 10), (8, 24), (20, 80), (0, count)):
        part = power[start:stop].sum(axis=0) if start < count else power[-1]
        part = part / max(float(part.sum()), _TINY)
        centre = float(part @ place)
        width = float(np.sqrt(max(0.0, float(part @ np.square(place)) - centre**2)))
        flat = float(np.exp(np.log(part + 1e-5).mean()) * MEL_BANDS)
        rows += [centre / 20, width / 10, flat, float(part.max()), float(np.argmax(part)) / 20]
    return np.array(rows)


def _envelope(envelope: Array) -> tuple[Floats, ...]:
    """Level at growing times after the onset, ripples of the opening, and times."""
    level = 20 * np.log10(np.maximum(envelope / envelope.max(), 10 ** (_ENDED_DB / 20)))
    highest = np.maximum.accumulate(level[::-1])[::-1]
    peak = int(np.argmax(level > -1.5))
    ended = [int(np.argmax(highest < fall)) or len(level) for fall in (-6, -12, -24, -36)]
    points = np.array(_POINTS_MS)
    running = np.concatenate(([0.0], np.cumsum(level, dtype=np.float64)))
    edges = np.minimum(np.concatenate(([0], points)), len(level))
    widths = np.diff(edges)
    sums = np.diff(running[edges])
    curve = np.where(widths > 0, sums / np.maximum(widths, 1), _ENDED_DB) / 10
    centre = float((envelope @ np.arange(len(envelope))) / max(float(envelope.sum()), _TINY))
    share = float((level > -10).mean())
    times = np.log(np.array([peak + 2, *(end + 2 for end in ended), centre + 2]) / 100)
    return curve, _ripples(envelope), times, np.array([share])


def _ripples(envelope: Array) -> Floats:
    """How alike the first 120 ms are to themselves some milliseconds later: hands clap thus."""
    opening = np.zeros(160)
    opening[: min(160, len(envelope))] = envelope[:160]
    smooth = np.convolve(opening, np.ones(24) / 24, mode="same")
    ripple = (opening - smooth)[4:124]
    power = max(float(ripple @ ripple), _TINY)
    alike = [float(ripple[lag:] @ ripple[:-lag]) / power for lag in _RIPPLE_MS]
    depth = np.sqrt(power / 120) / max(float(opening.max()), _TINY)
    return np.array([*alike, 4 * depth])


def _manner(material: Material, frames: int, strokes: int) -> Floats:
    """Pitch, how tonal, how long, how often struck."""
    pitched = material.voiced > 0
    seconds = frames / FRAMES_PER_SECOND
    return np.array(
        [
            material.voiced,
            (material.midi - 55) / 15 if pitched else 0.0,
            np.log10(material.flatness + 1e-5),
            np.log(seconds + 0.01),
            np.log1p(strokes),
            np.log1p(strokes / (seconds + 0.25)),
        ]
    )


def _modulation(total: Array) -> Floats:
    """How strongly the level moves at 0.5 to 40 times a second, in ten bands of an octave or less.

    Strokes, syllables and vibrato differ here.
    """
    signal = np.maximum(total, -40) / 40
    size = 1_024
    if len(signal) > size:
        signal = signal[:size]
    spectrum = np.abs(scipy.fft.rfft(signal - signal.mean(), size)) / np.sqrt(len(signal))
    hz = np.arange(len(spectrum)) * FRAMES_PER_SECOND / size
    edges = (0.4, 0.8, 1.5, 2.5, 3.5, 5, 7, 10, 15, 22, 40)
    starts = np.searchsorted(hz, edges)
    bands = np.add.reduceat(spectrum[: starts[-1]], starts[:-1]) / np.diff(starts)
    return np.asarray(np.log(bands + 0.02))


@cache
def _cosines() -> Array:
    """The cepstral basis with its first column as high as the others, as the tables learned it."""
    basis = cepstral_basis().copy()
    basis[:, 0] *= np.sqrt(2)
    return basis

"""What kind of sound it is, by plain rules on spectrum, envelope, rhythm and pitch.

Each kind has a likeness from 0 to 1, the product of soft limits; the best one is claimed if it
is clear enough. The limits come from listening to drum machines, kits and synthesisers. Voices
are not told from other sounds by such rules, so `vocal` is never claimed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import Frames
from smtui.audio.levels import ENVELOPE_RATE, Levels
from smtui.audio.tempo import Rhythm
from smtui.audio.tonality import Note, Tonality

_LEAST_LIKENESS = 0.25
_ANY_STROKE = 0.45
"""How alike percussion any short stroke is, so that a clearer kind wins."""
_HIGHEST_BASS = 50
_LONGEST_HIT = 6.0
_LONGEST_ONE_SHOT = 15.0
_SMOOTH_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the rules look at.

    Attributes:
        deep, low, body, middle, high, top: shares of power below 90 Hz, 150 Hz, 600 Hz, 2 kHz,
            5 kHz and above, together 1.
        attack: s from the start of the sound to its loudest moment.
        decay: s from there until it stays 20 dB lower.
        flatness: 0 for tones to 1 for noise, where it is loud.
        tonalness: share of power in steady peaks.
    """

    duration: float
    deep: float
    low: float
    body: float
    middle: float
    high: float
    top: float
    attack: float
    decay: float
    flatness: float
    tonalness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Everything that was heard before the kind is asked."""

    frames: Frames
    levels: Levels
    rhythm: Rhythm
    tonality: Tonality
    note: Note | None
    duration: float


def kind_of(heard: Heard) -> tuple[str | None, float]:
    """Name the kind and how sure; None where no rule fits."""
    if heard.levels.true_peak_dbtp is None:
        return None, 0.0
    if heard.rhythm.is_loop:
        return "loop", max(0.5, heard.rhythm.confidence)
    if heard.duration > _LONGEST_ONE_SHOT:
        return _long(heard)
    traits = traits_of(heard)
    likeness = _skins(traits) | _metals(traits) | _tones(traits, heard)
    ranked = sorted(likeness.items(), key=lambda item: -item[1])
    (best, most), (_, next_most) = ranked[0], ranked[1]
    if most < _LEAST_LIKENESS:
        return None, 0.0
    return best, round(float(most * (1 - 0.5 * next_most / most)), 3)


def traits_of(heard: Heard) -> Traits:
    """Measure what the rules look at."""
    power = heard.frames.bands.sum(axis=0, dtype=np.float64)
    shares = power / max(power.sum(), 1e-20)
    attack, decay = _envelope_times(heard.levels.envelope)
    loudness = np.square(heard.frames.rms, dtype=np.float64)
    return Traits(
        duration=heard.duration,
        deep=float(shares[0]),
        low=float(shares[1]),
        body=float(shares[2]),
        middle=float(shares[3]),
        high=float(shares[4]),
        top=float(shares[5]),
        attack=attack,
        decay=decay,
        flatness=float(loudness @ heard.frames.flatness / max(loudness.sum(), 1e-20)),
        tonalness=heard.tonality.tonalness,
    )


def _long(heard: Heard) -> tuple[str | None, float]:
    """A piece with a beat or harmony is music; a long sound with neither is not named."""
    sure = max(heard.rhythm.confidence, heard.tonality.confidence)
    return ("music", round(0.4 + 0.5 * sure, 3)) if sure > 0 else (None, 0.0)


def _skins(traits: Traits) -> dict[str, float]:
    """What is struck and soon over."""
    struck = _below(traits.duration, 2.5, _LONGEST_HIT) * _below(traits.attack, 0.03, 0.12)
    short = struck * _below(traits.decay, 0.35, 0.8)
    bright = traits.high + traits.top
    bottom = traits.deep + traits.low
    return {
        "kick": short
        * _above(bottom, 0.35, 0.7)
        * _above(traits.deep, 0.1, 0.4)
        * _below(bright, 0.15, 0.4),
        "tom": struck
        * _below(traits.decay, 0.6, 1.0)
        * _above(bottom + traits.body, 0.6, 0.9)
        * _below(traits.deep, 0.1, 0.4)
        * _below(bright, 0.08, 0.25)
        * _below(traits.flatness, 0.008, 0.03),
        "snare": short
        * _above(traits.flatness, 0.01, 0.04)
        * _above(bottom + traits.body, 0.04, 0.2)
        * _below(bottom, 0.3, 0.6)
        * _above(traits.middle + bright, 0.06, 0.18)
        * _below(traits.top, 0.5, 0.8),
        "clap": short
        * _below(traits.tonalness, 0.1, 0.3)
        * _below(bottom + traits.body, 0.08, 0.25)
        * _above(traits.middle + traits.high, 0.6, 0.85)
        * _above(traits.middle, 0.2, 0.35),
        "percussion": _ANY_STROKE * short,
    }


def _metals(traits: Traits) -> dict[str, float]:
    """What is bright; a cymbal rings on, a hat does not."""
    hit = _below(traits.duration, 2.5, _LONGEST_HIT)
    bright = traits.high + traits.top
    ring = _above(traits.decay, 0.32, 0.55)
    return {
        "hat": hit
        * _below(traits.attack, 0.014, 0.034)
        * _above(bright, 0.7, 0.9)
        * _above(traits.top, 0.2, 0.45)
        * (1 - ring),
        "cymbal": hit
        * _below(traits.attack, 0.12, 0.3)
        * _above(bright, 0.4, 0.8)
        * _above(traits.top, 0.05, 0.3)
        * ring,
    }


def _tones(traits: Traits, heard: Heard) -> dict[str, float]:
    note = heard.note
    root = note.steadiness * note.clarity if note is not None and note.is_root else 0.0
    midi = note.midi if note is not None else 0.0
    held = _above(traits.decay, 0.4, 0.7)
    tonal = _above(traits.tonalness, 0.4, 0.7)
    deep = _above(traits.deep + traits.low + traits.body, 0.5, 0.8)
    # A bass that slides or growls has no steady note, and still nothing but depth.
    growl = 0.5 * _above(traits.deep + traits.low, 0.6, 0.9)
    slow = _above(traits.attack, 0.25, 0.8) * _above(traits.duration, 0.6, 1.2)
    chord = _above(heard.tonality.confidence, 0.2, 0.5) * _above(traits.duration, 0.5, 1.0)
    return {
        "bass": max(root if midi <= _HIGHEST_BASS else 0.0, growl) * deep * held,
        "lead": root * held * tonal * (1.0 if midi > _HIGHEST_BASS else 0.0),
        "chord": chord * tonal * (1 - root),
        "fx": slow * (1 - 0.8 * tonal),
    }


def _envelope_times(envelope: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Attack and decay in s, on the envelope smoothed over five milliseconds."""
    kernel = np.ones(min(_SMOOTH_STEPS, len(envelope))) / _SMOOTH_STEPS
    smooth = np.convolve(envelope, kernel, mode="same")
    peak = int(np.argmax(smooth))
    start = int(np.argmax(smooth > smooth[peak] * 0.1))
    # A drum is at its loudest where it first comes near its peak, not at a later ripple.
    near = int(np.argmax(smooth >= 0.7 * smooth[peak]))
    loud = np.flatnonzero(smooth > smooth[peak] * 0.1)
    return (near - start) / ENVELOPE_RATE, (int(loud[-1]) - near) / ENVELOPE_RATE


def _above(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _below(value: float, low: float, high: float) -> float:
    """1 up to `low`, 0 from `high` on."""
    return 1.0 - _above(value, low, high)

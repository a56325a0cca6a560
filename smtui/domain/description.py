"""A plain English description of a sound, written from what was heard of it.

The same analysis always gives the same words. They are words of the trade, each with one meaning:
what is between dark and bright is called neither.
How a sound begins, lasts and ends is read from its slices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from operator import mul

from smtui.domain.analysis import Measurement, SpectralFeatures

_FLOOR = -90.0
_SOUNDING = -40.0
_BEGUN = -20.0
_NEAR_PEAK_DB = -10.0
_FULL = -4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Times in s, as fine as the slices are.

    Attributes:
        attack: from where it has begun (-20 dB) to where it is nearly at its loudest (-4 dB).
        length: as long as it sounds, from its onset to -40 dB.
        fall: from its loudest to where it stays below -20 dB.
        tail: from where it stays below -10 dB to where it stays below -40 dB.
        held: the share of its length that lies above -10 dB, 0 to 1.
        cut: it ends while it still sounds: above -30 dB in its last slice.
        rise: how much louder its second half is than its first, dB.
    """

    attack: float
    length: float
    fall: float
    tail: float
    held: float
    cut: bool
    rise: float


def envelope(rms: Sequence[float], duration: float) -> Envelope | None:
    """Read slices of equal length that together are `duration` s; None where nothing sounds."""
    highest = max(rms, default=0.0)
    if highest <= 0 or duration <= 0:
        return None
    levels = [max(_FLOOR, 20 * log10(max(value, 1e-9) / highest)) for value in rms]
    step = duration / len(levels)
    begun, full = (_first_above(levels, level) for level in (_BEGUN, _FULL))
    peak = levels.index(max(levels))
    last = {level: _last_above(levels, level) for level in (_NEAR_PEAK_DB, _BEGUN, _SOUNDING)}
    sounding = levels[begun : last[_SOUNDING] + 1]
    middle = max(1, len(sounding) // 2)
    return Envelope(
        attack=(full - begun) * step,
        length=len(sounding) * step,
        fall=(last[_BEGUN] - peak + 1) * step,
        tail=(last[_SOUNDING] - last[_NEAR_PEAK_DB]) * step,
        held=sum(level > _NEAR_PEAK_DB for level in sounding) / len(sounding),
        cut=levels[-1] > _SOUNDING + 10,
        rise=_mean(sounding[middle:] or sounding) - _mean(sounding[:middle]),
    )


def _first_above(levels: Sequence[float], limit: float) -> int:
    return next(place for place, level in enumerate(levels) if level > limit)


def _last_above(levels: Sequence[float], limit: float) -> int:
    return max(place for place, level in enumerate(levels) if level > limit)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


WORDING = 1
"""Raised with every change of the words, so that nothing is kept of texts that no sound has."""

_NOUNS = {
    "kick": "kick drum",
    "snare": "snare drum",
    "clap": "hand clap",
    "hat": "hi-hat",
    "cymbal": "cymbal",
    "tom": "tom drum",
    "percussion": "percussion",
    "bass": "bass note",
    "chord": "chord",
    "lead": "lead note",
    "vocal": "voice",
    "fx": "sound effect",
    "loop": "loop",
    "music": "piece of music",
}
_HITS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
_METAL = ("hat", "cymbal")
_SKINS = ("kick", "snare", "clap", "tom", "percussion")
_MAY_RING = (None, "percussion", "fx", "lead")
_LOW = ("kick", "bass", "tom")
_SURE, _MAYBE = 0.5, 0.2
_FACT = re.compile(r"\d+ BPM|in [A-G]#? (?:major|minor)|note .*|mono|wide stereo")

_DARK_HZ, _BRIGHT_HZ, _AIRY_HZ = 1_100.0, 4_200.0, 9_000.0
_DEEP_HZ = 320.0
_NOISY, _CLEAN, _TONAL = 0.08, 0.0003, 0.0015
_METALLIC_HZ = 2_200.0
_METALLIC = (0.004, 0.06)
_SHORT, _LONG = 0.3, 3.0
_NO_TAIL, _LONG_TAIL = 0.16, 0.9
_SLOW, _PUNCH = 0.1, 0.05
_HOLDS = 0.5
_BOOMS = 0.4
_HELD = 0.6
_SWELLS = 9.0
_QUIET, _LOUD = -30.0, -9.0
_WIDE = 0.4
_BUSY, _SPARSE = 7.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """What the spectrum is like where the sound is loud.

    Attributes:
        centroid, rolloff: Hz.
        flatness: 0 for tones to 1 for noise.
    """

    centroid: float
    rolloff: float
    flatness: float


def description(heard: Measurement) -> str:
    """Describe a sound: what it is like; what it is; how it ends; tempo, key, width."""
    shape = _envelope(heard)
    if shape is None:
        return "silence" if heard.is_silent else _noun(heard)
    colour = colour_of(heard.spectral_features)
    words = [*_spectrum(heard, colour), *_manner(heard, shape), *_level(heard)]
    parts = [", ".join(words), _noun(heard), *_ending(heard, shape), *_facts(heard)]
    return "; ".join(part for part in parts if part)


def essence(text: str) -> str:
    """A description without its numbers, keys and channels: what a model of meanings is asked."""
    return "; ".join(part for part in text.split("; ") if not _FACT.fullmatch(part))


def colour_of(features: SpectralFeatures | None) -> Colour | None:
    """Weigh the slices by their power; None where there are none."""
    if features is None:
        return None
    power = [value * value for value in features.rms]
    total = sum(power)
    if total <= 0:
        return None

    def mean(values: Sequence[float]) -> float:
        return float(sum(map(mul, power, values)) / total)

    return Colour(
        centroid=mean(features.spectral_centroid),
        rolloff=mean(features.spectral_rolloff),
        flatness=mean(features.flatness),
    )


def _envelope(heard: Measurement) -> Envelope | None:
    features = heard.spectral_features
    return None if features is None else envelope(features.rms, heard.duration)


def _spectrum(heard: Measurement, colour: Colour | None) -> Iterator[str]:
    if colour is None:
        return
    if colour.centroid < _DARK_HZ:
        yield "dark"
    elif colour.centroid > _BRIGHT_HZ:
        yield "bright"
    if colour.rolloff < _DEEP_HZ:
        yield "deep"
    elif colour.rolloff > _AIRY_HZ and colour.flatness > _TONAL:
        yield "airy"
    if colour.flatness > _NOISY:
        yield "noisy"
    elif colour.flatness < _CLEAN:
        yield "clean"
    if _is_metallic(heard, colour):
        yield "metallic"


def _is_metallic(heard: Measurement, colour: Colour) -> bool:
    """Whether many partials ring high up that no key explains."""
    low, high = _METALLIC
    rings = colour.centroid > _METALLIC_HZ and low < colour.flatness < high
    may_ring = heard.kind in _MAY_RING and heard.key is None and not heard.is_loop
    return heard.kind in _METAL or (rings and may_ring)


def _manner(heard: Measurement, shape: Envelope) -> Iterator[str]:
    if heard.is_loop or heard.kind == "music":
        yield from _pace(heard)
        return
    if shape.length < _SHORT:
        yield "short"
    elif shape.length > _LONG:
        yield "long"
    struck = shape.attack <= _PUNCH and shape.fall < _SHORT and heard.kind in _SKINS
    if shape.attack > _SLOW or struck:
        yield "punchy" if struck else "soft"
    if shape.held > _HELD and shape.length > _HOLDS:
        yield "sustained"
    if shape.rise > _SWELLS:
        yield "rising"
    if heard.kind in _LOW and shape.fall > _BOOMS:
        yield "boomy"


def _pace(heard: Measurement) -> Iterator[str]:
    """How much happens in a loop."""
    per_second = len(heard.onsets) / max(heard.duration, 1e-3)
    if per_second > _BUSY:
        yield "busy"
    elif per_second < _SPARSE:
        yield "sparse"


def _level(heard: Measurement) -> Iterator[str]:
    if heard.loudness_lufs is None or heard.loudness_padded:
        return
    if heard.loudness_lufs < _QUIET:
        yield "quiet"
    elif heard.loudness_lufs > _LOUD:
        yield "loud"


def _noun(heard: Measurement) -> str:
    """What it is; a doubtful kind is only one-shot or loop, and perhaps this or that."""
    if heard.kind is None or heard.kind_confidence < _SURE:
        unknown = heard.is_loop is None or "is_loop" in heard.unsaid
        whole = "sound" if unknown else "loop" if heard.is_loop else "one-shot"
        maybe = " or ".join(_NOUNS.get(kind, kind) for kind in _likely(heard))
        return f"{whole}, perhaps {maybe}" if maybe else whole
    noun = _NOUNS.get(heard.kind, heard.kind)
    if heard.is_loop and noun != "loop":
        return f"{noun} loop"
    return f"{noun} hit" if heard.kind in _HITS else noun


def _likely(heard: Measurement) -> Iterator[str]:
    """Kinds that it may be, the likelier first."""
    if heard.kind is not None and heard.kind_confidence >= _MAYBE:
        yield heard.kind
    for claim in heard.claims.kind_alternatives[:1]:
        if claim.confidence >= _MAYBE and not heard.is_loop:
            yield claim.kind


def _ending(heard: Measurement, shape: Envelope) -> Iterator[str]:
    if heard.is_loop or heard.kind == "music":
        return
    if shape.tail < _NO_TAIL:
        yield "dry, no tail"
    elif shape.tail > _LONG_TAIL:
        yield "long tail"


def _facts(heard: Measurement) -> Iterator[str]:
    if heard.tempo is not None:
        yield f"{round(heard.tempo)} BPM"
    if heard.key is not None:
        yield f"in {heard.key} {heard.mode or 'major'}"
    elif heard.root_note is not None:
        yield f"note {heard.root_note}"
    if heard.stereo_correlation is None:
        if "stereo_correlation" not in heard.unsaid:
            yield "mono"
    elif heard.stereo_correlation < _WIDE:
        yield "wide stereo"

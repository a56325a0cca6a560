"""A plain English description of a sound, written from what was heard of it.

The same analysis always gives the same words. They are words of the trade, each with one meaning:
what is between dark and bright is called neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from smtui.domain.analysis import Measurement, SpectralFeatures
from smtui.domain.envelope import Envelope, envelope

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
_LOW = ("kick", "bass", "tom")
_SURE = 0.5

_DARK_HZ, _BRIGHT_HZ, _AIRY_HZ = 1_100.0, 4_200.0, 9_000.0
_DEEP_HZ = 320.0
_NOISY, _CLEAN = 0.08, 0.0015
_METALLIC_HZ = 2_200.0
_METALLIC = (0.004, 0.09)
_SHORT, _LONG = 0.3, 3.0
_NO_TAIL, _LONG_TAIL = 0.16, 0.9
_SLOW, _PUNCH = 0.08, 0.03
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
        return "silence" if heard.loudness_lufs is None else _noun(heard)
    colour = colour_of(heard.spectral_features)
    words = [*_spectrum(heard, colour), *_manner(heard, shape), *_level(heard)]
    parts = [", ".join(words), _noun(heard), *_ending(heard, shape), *_facts(heard)]
    return "; ".join(part for part in parts if part)


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
    elif colour.rolloff > _AIRY_HZ and colour.flatness > _CLEAN:
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
    return heard.kind in _METAL or (rings and heard.key is None and not heard.is_loop)


def _manner(heard: Measurement, shape: Envelope) -> Iterator[str]:
    if heard.is_loop or heard.kind == "music":
        yield from _pace(heard)
        return
    if shape.length < _SHORT:
        yield "short"
    elif shape.length > _LONG:
        yield "long"
    struck = shape.attack <= _PUNCH and shape.fall < _SHORT and heard.kind in _HITS
    if shape.attack > _SLOW or struck:
        yield "punchy" if struck else "soft"
    if shape.held > _HELD and shape.length > _SHORT:
        yield "sustained"
    if shape.rise > _SWELLS:
        yield "rising"
    if heard.kind in _LOW and shape.fall > _SHORT:
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
    """What it is; a doubtful kind is only one-shot or loop."""
    if heard.kind is None or heard.kind_confidence < _SURE:
        return "loop" if heard.is_loop else "one-shot"
    noun = _NOUNS.get(heard.kind, heard.kind)
    if heard.is_loop and noun != "loop":
        return f"{noun} loop"
    return f"{noun} hit" if heard.kind in _HITS else noun


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
        yield "mono"
    elif heard.stereo_correlation < _WIDE:
        yield "wide stereo"

"""What can be said of a sound beside another: a few measures that a musician would name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, log

from smtui.domain.analysis import Analysis, Measurement, SpectralFeatures, heard_of
from smtui.domain.keys import KEY_NAMES
from smtui.domain.sample import Heard, Sample, certainty

_SURE = 0.5
_NOTE = re.compile(r"([A-G]#?)(-?\d)")
_ENDED = 0.0316
"""30 dB below the loudest slice: what is quieter is no part of a tail that one hears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Measures of one sound; None is never guessed at.

    Attributes:
        brightness: Hz, the geometric mean of the spectral centroid, loud parts counting more.
        noisiness: 0 a tone to 1 noise, the mean flatness, loud parts counting more.
        length: s, of the file.
        tail: s from the loudest part of a one-shot to where it has died away.
        tempo: BPM, where that is more likely right than wrong.
        pitch_class, mode: of the key, 0 is C, where that is more likely right than wrong.
        note: of a pitched one-shot, in semitones; 69 is A4.
        loudness: LUFS.
        is_loop: None where nobody has listened.
        kind: where that is more likely right than wrong.
    """

    brightness: float | None = None
    noisiness: float | None = None
    length: float | None = None
    tail: float | None = None
    tempo: float | None = None
    pitch_class: int | None = None
    mode: str | None = None
    note: int | None = None
    loudness: float | None = None
    is_loop: bool | None = None
    kind: str | None = None


def traits(sample: Sample, analysis: Analysis | None = None) -> Traits:
    """Take what the row knows, and what was heard over time where that is at hand."""
    features = None if analysis is None else analysis.measured.spectral_features
    length = sample.duration if sample.duration > 0 else None
    if sample.heard is None:
        return Traits(length=length)
    return _traits(sample.heard, features, length)


def traits_outside(measured: Measurement, at: datetime) -> Traits:
    """Take what was heard of a file that is not of the library."""
    length = measured.duration if measured.duration > 0 else None
    return _traits(heard_of(measured, at), measured.spectral_features, length)


def _traits(heard: Heard, features: SpectralFeatures | None, length: float | None) -> Traits:
    has_key = heard.key in KEY_NAMES and certainty(heard.key_confidence) >= _SURE
    return Traits(
        brightness=_brightness(features),
        noisiness=_noisiness(features),
        length=length,
        tail=None if heard.is_loop else _tail(features),
        tempo=heard.tempo if heard.tempo and certainty(heard.tempo_confidence) >= _SURE else None,
        pitch_class=KEY_NAMES.index(heard.key) if has_key and heard.key else None,
        mode=heard.mode if has_key else None,
        note=_note(heard),
        loudness=heard.loudness_lufs,
        is_loop=heard.is_loop,
        kind=heard.kind if certainty(heard.kind_confidence) >= _SURE else None,
    )


def _note(heard: Heard) -> int | None:
    match = _NOTE.fullmatch(heard.root_note or "")
    if match is None:
        return None
    return KEY_NAMES.index(match[1]) + 12 * (int(match[2]) + 1) if match[1] in KEY_NAMES else None


def _brightness(features: SpectralFeatures | None) -> float | None:
    if features is None:
        return None
    pairs = zip(features.spectral_centroid, features.rms, strict=False)
    logs = [(log(hertz), level**2) for hertz, level in pairs if hertz > 0]
    mean = _mean(logs)
    return None if mean is None else exp(mean)


def _noisiness(features: SpectralFeatures | None) -> float | None:
    if features is None:
        return None
    pairs = zip(features.flatness, features.rms, strict=False)
    return _mean([(flatness, level**2) for flatness, level in pairs])


def _mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total > 0 else None


def _tail(features: SpectralFeatures | None) -> float | None:
    """The time from the loudest slice to the end of the last that is not 30 dB below it."""
    if features is None or len(features.rms) < 2 or len(features.times) != len(features.rms):
        return None
    loudest = max(features.rms)
    if loudest <= 0:
        return None
    first = features.rms.index(loudest)
    last = max(place for place, level in enumerate(features.rms) if level >= loudest * _ENDED)
    step = features.times[1] - features.times[0]
    return features.times[last] - features.times[first] + step

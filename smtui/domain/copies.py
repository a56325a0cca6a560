"""Whether two files are the same sound, and what became of the one to make the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from smtui.domain.sample import Sample

SAME_BYTES = "same bytes"

ALIKE_ENOUGH = 0.9
"""The cosine of two embeddings from which somebody looks closer."""

HEARD_SECONDS = 0.03
"""What is longer or shorter by less is taken to be as long."""

LEAST_CUT = 0.3
"""s; of a shorter sound the slices say too little to know a part of it again."""

MOST_CUT_BANDS = 0.45
MOST_CUT_LEVEL = 0.5
"""dB by which a part may differ from what it was cut from: its slices are not the same."""

_LOSSLESS = ("wav", "flac", "aiff", "aif", "w64", "rf64", "caf", "au", "wavex")
_HEARD_DB = 0.5
_MOSTLY = 0.9
_GRAIN = 0.1

_LEAST_SHARED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """How far two files may differ and be one sound; the fields are those of a difference."""

    alike: float = -1.0
    bands: float
    most: float = 1.9
    level: float
    brightness: float
    pitches: float = 0.985
    fine: float = 99.0


# Codecs and gains stay within these, other sounds of the same instrument do not. What no codec has
# touched must come nearer: two hits of a drum may differ by less than an MP3 does.
_AS_LONG = (_Limits(alike=0.93, bands=0.3, most=0.6, level=0.15, brightness=0.13, fine=0.9),)
_AS_LONG_CODED = (
    _Limits(alike=0.93, bands=0.7, level=0.2, brightness=0.13),
    _Limits(alike=0.98, bands=1.0, level=0.2, brightness=0.25),
)
_WITH_SILENCE = (_Limits(alike=0.93, bands=0.45, level=0.6, brightness=0.08, fine=0.7),)
_WITH_SILENCE_CODED = (_Limits(alike=0.93, bands=0.45, level=0.4, brightness=0.08),)
# An embedding says how a sound begins, so that of a part says nothing.
_CUT = (_Limits(bands=MOST_CUT_BANDS, level=MOST_CUT_LEVEL, brightness=0.08, fine=0.7),)
_CUT_CODED = (_Limits(bands=MOST_CUT_BANDS, level=0.3, brightness=0.06),)
_FEW_STROKES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a sound differs from another, once both are laid upon each other.

    Attributes:
        offset: s of the first that lie before the start of the second; negative where the second
            begins earlier.
        longer: s by which the second lasts longer.
        silence: s of silence that the second has more, before and after it together.
        shorter: s that the shorter of them lasts.
        strokes: how often the one that is struck less is struck.
        shared: of the shorter, how much lies upon the other, 0 to 1.
        gain: dB by which the second is louder; all that follows is whatever the gain.
        alike: the cosine of their embeddings.
        bands: the difference of their bands, dB, in the middle stretch where they sound.
        most: the same in the stretch that nine of ten do not exceed.
        level: the mean difference of their levels, dB.
        brightness: the mean difference of their centroids, octaves.
        pitches: the mean cosine of their chroma.
        fine: the mean difference of their bands down to the faintest, dB; codecs leave these out.
    """

    offset: float
    longer: float
    silence: float
    shorter: float
    strokes: int
    shared: float
    gain: float
    alike: float
    bands: float
    most: float
    level: float
    brightness: float
    pitches: float
    fine: float

    @property
    def turned(self) -> Difference:
        """How the first differs from the second."""
        return replace(
            self,
            offset=-self.offset,
            longer=-self.longer,
            silence=-self.silence,
            gain=-self.gain,
        )

    @property
    def is_silence(self) -> bool:
        """Whether they are of different length by the silence around them alone."""
        apart = abs(self.longer - self.silence)
        return abs(self.longer) > HEARD_SECONDS >= apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file that is the same sound as the first of its group, and how it differs."""

    sample: Sample
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Files that are the same sound; `first` is the one that most speaks for being the original."""

    first: Sample
    copies: tuple[Copy, ...]


def is_same(found: Difference, *, coded: bool) -> bool:
    """Whether it is the same sound, re-encoded, trimmed or made louder perhaps.

    What is as long must be alike in nearly everything. What has more silence around it, or is a
    part of the other, is laid upon it less exactly. `coded` is whether one of them went through a
    codec with losses.
    """
    if found.shared < _LEAST_SHARED:
        return False
    if abs(found.longer) <= HEARD_SECONDS:
        return _within(found, _AS_LONG_CODED if coded else _AS_LONG)
    if found.is_silence:
        return _within(found, _WITH_SILENCE_CODED if coded else _WITH_SILENCE)
    return found.shorter >= LEAST_CUT and _within(found, _CUT_CODED if coded else _CUT)


def is_coded(sample: Sample) -> bool:
    """Whether its file keeps it with losses."""
    return sample.format not in _LOSSLESS


def _within(found: Difference, either: Sequence[_Limits]) -> bool:
    # Between strokes there may be next to nothing, which no two cuts have in the same slices.
    fine = found.fine if found.strokes <= _FEW_STROKES else 0.0
    return any(
        found.alike >= limits.alike
        and found.bands <= limits.bands
        and found.most <= limits.most
        and found.level <= limits.level
        and found.brightness <= limits.brightness
        and found.pitches >= limits.pitches
        and fine <= limits.fine
        for limits in either
    )


def reason(of: Sample, other: Sample, found: Difference, *, first: Sample) -> str:
    """Say how the other differs from what it is a copy of, by name if that is a copy too."""
    parts = []
    if _coding(of) != _coding(other):
        parts.append("re-encoded")
    if abs(found.longer) > HEARD_SECONDS:
        parts.append(_of_length(found))
    if abs(found.gain) >= _HEARD_DB:
        parts.append(f"{abs(found.gain):.1f} dB {'louder' if found.gain > 0 else 'quieter'}")
    which = "same sound" if of is first else f"same sound as {of.filename}"
    return f"{which}: {', '.join(parts) or 'other bytes'}"


def likely_original(sample: Sample) -> tuple[float, bool, float, float, int, str, str]:
    """What to sort by so that the likely original comes first: long, lossless, old, short-named.

    Old is what came into the library first, and of what came at once what was written first.
    """
    return (
        -round(sample.duration / _GRAIN),
        is_coded(sample),
        sample.uploaded_at.timestamp(),
        sample.mtime_ns or inf,
        len(sample.filename),
        sample.file_path,
        sample.file_id,
    )


def _coding(sample: Sample) -> tuple[str, int, int]:
    return sample.format, sample.sample_rate, sample.channels


def _of_length(found: Difference) -> str:
    seconds, less = abs(found.longer), found.longer < 0
    if found.is_silence:
        return f"{seconds:.2f} s {'less' if less else 'more'} silence"
    if not less:
        return f"{seconds:.2f} s longer"
    words = f"trimmed by {seconds:.2f} s"
    if found.offset >= _MOSTLY * seconds:
        return f"{words} at its start"
    return f"{words} at its end" if found.offset <= (1 - _MOSTLY) * seconds else words

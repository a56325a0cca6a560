"""Whether two files are the same sound, and what became of the one to make the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from smtui.domain.sample import FileId, Sample

SAME_BYTES = "same bytes"

ALIKE_ENOUGH = 0.85
"""The cosine of two embeddings below which nobody looks closer."""

_LOSSLESS = ("wav", "flac", "aiff", "aif", "w64", "rf64", "caf", "au", "wavex")
_UNLIKE_DB = 2.0
_LEAST_SHARED = 0.9
_LEAST_STRUCK = 0.75
_HEARD_DB = 0.3
_HEARD_SECONDS = 0.03
_MOSTLY = 0.75
_GRAIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What two sounds are compared by once they seem alike.

    Attributes:
        duration: s.
        onsets: s, rising.
        slices, numbers: as in `domain.masking.Outline`.
    """

    file_id: FileId
    duration: float
    onsets: tuple[float, ...]
    slices: int
    numbers: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a sound differs from another, once both are laid upon each other.

    Attributes:
        offset: s of the first that lie before the start of the second; negative where the second
            begins earlier.
        gain: dB by which the second is louder.
        spectrum: the mean difference of their bands where they sound, dB, whatever the gain.
        shared: of the shorter one, how much lies upon the other, 0 to 1.
        struck: of the onsets in what they share, how many both have, 0 to 1; 1 without any.
    """

    offset: float
    gain: float
    spectrum: float
    shared: float
    struck: float


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


def is_same(difference: Difference) -> bool:
    """Whether it is the same sound, re-encoded, trimmed or made louder perhaps."""
    return (
        difference.spectrum <= _UNLIKE_DB
        and difference.shared >= _LEAST_SHARED
        and difference.struck >= _LEAST_STRUCK
    )


def reason(first: Sample, other: Sample, difference: Difference) -> str:
    """Say how the other differs from the first, of which it is a copy."""
    parts = []
    if _coding(first) != _coding(other):
        parts.append("re-encoded")
    longer = other.duration - first.duration
    if longer < -_HEARD_SECONDS:
        parts.append(_trimmed(-longer, difference.offset))
    elif longer > _HEARD_SECONDS:
        parts.append(f"{longer:.2f} s longer")
    if abs(difference.gain) >= _HEARD_DB:
        parts.append(
            f"{abs(difference.gain):.1f} dB {'louder' if difference.gain > 0 else 'quieter'}"
        )
    return f"same sound: {', '.join(parts) or 'other bytes'}"


def likely_original(sample: Sample) -> tuple[float, bool, float, str, str]:
    """What to sort by so that the likely original comes first: long, lossless, old."""
    return (
        -round(sample.duration / _GRAIN),
        sample.format not in _LOSSLESS,
        sample.uploaded_at.timestamp(),
        sample.file_path,
        sample.file_id,
    )


def _coding(sample: Sample) -> tuple[str, int, int]:
    return sample.format, sample.sample_rate, sample.channels


def _trimmed(seconds: float, offset: float) -> str:
    words = f"trimmed by {seconds:.2f} s"
    if offset >= _MOSTLY * seconds:
        return f"{words} at its start"
    return f"{words} at its end" if offset <= (1 - _MOSTLY) * seconds else words

"""What fits to a sound: one that leaves room for it, at its tempo, in a key that goes with it.

Two sounds *mask* one another where both are strong in the same band at the same time. How much of
each is left is measured by the `Masking` port from the slices that the documents keep; here is
what may stand together at all, how the two are laid over each other, and what is said of it.

Which keys go together follows from their places on the circle of fifths, which DJs call Camelot
numbers: a key, its relative, and the two keys a fifth away of the same mode share all their notes
but at most one.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from smtui.domain.analysis import MAX_SLICES, MFCC_COUNT, Measurement
from smtui.domain.keys import KEY_NAMES, MINOR
from smtui.domain.sample import FileId, Sample, certainty

_FIFTH = 7
_RELATIVE = 3
"""Semitones from a minor key up to the major one with the same notes."""


class Kinship(StrEnum):
    """How two keys stand to each other; FREE where one of the two sounds has none."""

    SAME = "same"
    RELATIVE = "relative"
    FIFTH = "fifth"
    CLASH = "clash"
    FREE = "free"


def kinship(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> Kinship:
    """Compare two keys, each a name (`C` … `B` with sharps) and a mode; no mode is major."""
    places = _place(*one), _place(*other)
    if places[0] is None or places[1] is None:
        return Kinship.FREE
    same_mode = (one[1] == MINOR) == (other[1] == MINOR)
    apart = (places[0] - places[1]) % len(KEY_NAMES)
    if apart == 0:
        return Kinship.SAME if same_mode else Kinship.RELATIVE
    return Kinship.FIFTH if same_mode and apart in (1, len(KEY_NAMES) - 1) else Kinship.CLASH


def _place(key: str | None, mode: str | None) -> int | None:
    """Where a key stands on the circle, a minor one with its relative; None for no key."""
    if key not in KEY_NAMES:
        return None
    step = KEY_NAMES.index(key) + (_RELATIVE if mode == MINOR else 0)
    return step * _FIFTH % len(KEY_NAMES)


REGIONS = ("low", "middle", "high")
"""Up to about 400 Hz, up to about 4 kHz, above."""

ROWS = 14
"""The numbers of an outline: rms, then 13 cepstral coefficients."""

_NEAR = 0.04
"""As far apart two tempos may be, as a share: what stretching bridges without being heard."""
_MULTIPLES = (1.0, 2.0, 0.5)
_MOST_ROUNDS = 4.0
_SURE = 0.5
_SAME_BYTES = 0.02
_FREE = 0.8
_MOSTLY = 0.65
_COVERED = 0.45
_WORTH = {
    Kinship.SAME: 1.0,
    Kinship.RELATIVE: 1.0,
    Kinship.FREE: 1.0,
    Kinship.FIFTH: 0.95,
    Kinship.CLASH: 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A sound as far as it matters to what stands beside it.

    Attributes:
        duration: s.
        tempo, key, mode: what counts for the sound, with a person's corrections.
        key_confidence: 0 to 1; a doubtful key clashes with none.
        slices: how many stretches of equal length its numbers speak of, at most 64.
        numbers: 14 rows of so many little-endian float64: rms, then 13 cepstral coefficients of
            64 mel bands in dB.
    """

    file_id: FileId
    file_hash: str
    duration: float
    tempo: float | None = None
    key: str | None = None
    mode: str | None = None
    key_confidence: float = 0.0
    slices: int
    numbers: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How another sound is laid over the seed.

    Attributes:
        other: the sound.
        multiple: the other's tempo times this is the seed's, None where one has no tempo: then
            both begin with their onsets and are compared while both sound.
        rate: how many seconds of the other pass in one of the seed.
        span: s of the seed over which both go round; 0 without tempo.
    """

    other: Outline
    multiple: float | None = None
    rate: float = 1.0
    span: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much two sounds leave of each other, 0 to 1 (1: all can be heard, .5: all is shared).

    Attributes:
        seed, other: of the loudness of each.
        kept: of the seed in each of the three regions.
        share: of the seed's loudness that lies in each region; together 1.
    """

    file_id: FileId
    seed: float
    other: float
    kept: tuple[float, float, float]
    share: tuple[float, float, float]


def outline_of(sample: Sample, measured: Measurement) -> Outline | None:
    """The outline of a sound, with what counts for it now; None where it was not heard so far."""
    outline = outline_outside(measured)
    if outline is None or sample.heard is None:
        return None
    return replace(
        outline,
        file_id=sample.file_id,
        file_hash=sample.file_hash,
        tempo=sample.heard.tempo,
        key=sample.heard.key,
        mode=sample.heard.mode,
        key_confidence=certainty(sample.heard.key_confidence),
    )


def outline_outside(measured: Measurement) -> Outline | None:
    """The outline of a file that is not of the library; None where it has no slices."""
    features = measured.spectral_features
    rows = () if features is None else (features.rms, *features.mfcc)
    slices = len(rows[0]) if rows else 0
    whole = len(rows) == 1 + MFCC_COUNT and all(len(row) == slices for row in rows)
    if not whole or not 0 < slices <= MAX_SLICES:
        return None
    numbers = array("d", [number for row in rows for number in row])
    if sys.byteorder == "big":
        numbers.byteswap()
    return Outline(
        file_id=FileId(""),
        file_hash=measured.file_hash,
        duration=measured.duration,
        tempo=measured.tempo,
        key=measured.key,
        mode=measured.mode,
        key_confidence=measured.claims.key_confidence,
        slices=slices,
        numbers=numbers.tobytes(),
    )


def overlay(seed: Outline, other: Outline) -> Overlay | None:
    """Lay a sound over the seed; None where their tempos do not go together.

    What has no tempo fits any. With two tempos both are taken as loops that begin with a beat.
    """
    if not seed.tempo or not other.tempo:
        return Overlay(other=other)
    for multiple in _MULTIPLES:
        rate = seed.tempo / (other.tempo * multiple)
        if abs(rate - 1) <= _NEAR:
            shorter, longer = sorted((seed.duration, other.duration / rate))
            span = min(longer, _MOST_ROUNDS * shorter)
            return Overlay(other=other, multiple=multiple, rate=rate, span=span)
    return None


def kin(seed: Outline, other: Outline) -> Kinship:
    """How the keys of two sounds stand to each other; one that is doubtful counts as none."""
    if min(seed.key_confidence, other.key_confidence) < _SURE:
        return Kinship.FREE
    return kinship((seed.key, seed.mode), (other.key, other.mode))


def fitness(room: Room, seed: Outline, other: Outline) -> float:
    """How well a sound fits, 0 to 1: by the one of the two that suffers more."""
    same = bool(seed.file_hash) and seed.file_hash == other.file_hash
    score = min(room.seed, room.other) * _WORTH[kin(seed, other)]
    return max(0.0, score - _SAME_BYTES * same)


def why(room: Room, seed: Outline, laid: Overlay) -> str:
    """Say in one phrase why it fits, or where it does not."""
    words = [_of_room(room), _OF_TEMPO.get(laid.multiple, ""), _OF_KEY[kin(seed, laid.other)]]
    return ", ".join(word for word in words if word)


class _Told(StrEnum):
    FREE = "leaves the {region} band free"
    MOSTLY = "leaves most of it free"
    COVERED = "is mostly covered by it"
    SHARED = "shares the {region} band"


_OF_TEMPO: Mapping[float | None, str] = {
    1.0: "same tempo",
    2.0: "half the tempo",
    0.5: "twice the tempo",
}
_OF_KEY = {
    Kinship.SAME: "same key",
    Kinship.RELATIVE: "relative key",
    Kinship.FIFTH: "key a fifth away",
    Kinship.CLASH: "but the keys clash",
    Kinship.FREE: "",
}


def _of_room(room: Room) -> str:
    if room.other < min(_COVERED, room.seed):
        return str(_Told.COVERED)
    strongest = _place_of_most(room.share)
    if room.kept[strongest] >= _FREE:
        return _Told.FREE.format(region=REGIONS[strongest])
    if room.seed >= _MOSTLY:
        return str(_Told.MOSTLY)
    lost = [share * (1 - kept) for share, kept in zip(room.share, room.kept, strict=True)]
    return _Told.SHARED.format(region=REGIONS[_place_of_most(lost)])


def _place_of_most(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)

"""Which keys go together, by their places on the circle of fifths.

DJs call the places Camelot numbers: a key, its relative, and the two keys a fifth away of the same
mode share all their notes but at most one.
"""

from __future__ import annotations

from enum import StrEnum

from smtui.domain.keys import KEY_NAMES, MINOR

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

"""How musicians write keys: `Am`, `a minor`, `Bbm`, `C#maj`."""

from __future__ import annotations

import re

KEY_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR, MINOR = "major", "minor"
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_NOTE = re.compile(r"[A-Ga-g][#♯b♭]?")
_KEY = re.compile(r"([A-Ga-g])([#♯b♭]?)[ _-]?(M|m|maj|major|min|minor|)")


def read_key(text: str) -> str | None:
    """Give the label of a key (`A#m` for `Bb minor`), or None where this is not a key."""
    match = _KEY.fullmatch(text) or _KEY.fullmatch(text.strip().lower())
    if match is None:
        return None
    note, accidental, quality = match.groups()
    step = (_STEPS[note.lower()] + _ACCIDENTALS[accidental]) % len(KEY_NAMES)
    return key_label(KEY_NAMES[step], read_mode(quality) or MAJOR)


def key_label(key: str, mode: str | None) -> str:
    """Write a key as musicians do: `Am` for A minor, `F#` for F sharp major."""
    return f"{key}m" if mode == MINOR else key


def is_note(text: str) -> bool:
    """Whether this is a note by itself, without a mode: `A`, `bb`."""
    return _NOTE.fullmatch(text) is not None


def read_mode(text: str) -> str | None:
    """Give `major` or `minor`, or None; a lone capital M is major."""
    if text == "m" or text.lower() in ("min", MINOR):
        return MINOR
    return MAJOR if text == "M" or text.lower() in ("maj", MAJOR) else None

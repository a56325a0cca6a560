"""How musicians write keys: `Am`, `a minor`, `Bbm`, `C#maj`."""

from __future__ import annotations

import re
from collections.abc import Sequence

KEY_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR, MINOR = "major", "minor"
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_NOTE = re.compile(r"[A-Ga-g][#♯b♭]?")
_NOTES = re.compile(r"([A-Ga-g])([#♯b♭]?)(-1|[0-9]?)")
OCTAVES = range(9)
"""Octaves of notes that are heard, A4 = 440 Hz."""
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


def read_notes(text: str) -> tuple[str, ...] | None:
    """Give the notes that are meant: `A#1` for `Bb1`, all octaves of it for `Bb`; None for none."""
    match = _NOTES.fullmatch(text.strip())
    if match is None:
        return None
    # C flat belongs to the octave below, B sharp to the one above.
    shift, step = divmod(_STEPS[match[1].lower()] + _ACCIDENTALS[match[2]], len(KEY_NAMES))
    name = KEY_NAMES[step]
    if match[3]:
        return (f"{name}{int(match[3]) + shift}",)
    return name, *(f"{name}{octave}" for octave in OCTAVES)


def note_names(notes: Sequence[str]) -> list[str]:
    """Write notes as `read_notes` reads them: those of all octaves as one."""
    names: list[str] = []
    left = list(dict.fromkeys(notes))
    for note in left:
        every = read_notes(note.rstrip("-0123456789")) or ()
        name = every[0] if every and set(every) <= set(left) else note
        names.append(name)
    return list(dict.fromkeys(names))


def read_mode(text: str) -> str | None:
    """Give `major` or `minor`, or None; a lone capital M is major."""
    if text == "m" or text.lower() in ("min", MINOR):
        return MINOR
    return MAJOR if text == "M" or text.lower() in ("maj", MAJOR) else None

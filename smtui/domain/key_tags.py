"""The key that a file's tag names, in all the ways in which taggers and DJ programs spell it.

A tag for the key holds nothing else, so much more is taken for a key there than in a name: `am`,
`08A`, `Fis-Moll`, `La mineur`, `8A - 6`, `G#m/Abm`. What is no key makes the whole tag say nothing.
"""

from __future__ import annotations

import re
import unicodedata

from smtui.domain.keys import KEY_NAMES, MAJOR, MINOR

_STEPS = {
    "c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11,
    "do": 0, "re": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11,
}  # fmt: skip
_SHARP = ("#", "is", "sharp", "diese", "diesis", "sostenido")
_FLAT = ("b", "es", "s", "flat", "bemol", "bemolle")
_MODES = {
    **dict.fromkeys(("m", "mi", "min", "minor", "mol", "moll", "mineur", "minore", "menor"), MINOR),
    **dict.fromkeys(("maj", "major", "dur", "majeur", "maggiore", "mayor"), MAJOR),
}
_GERMAN = ("dur", "mol", "moll")
_KEY = re.compile(
    r"(?P<note>do|re|mi(?!n)|fa|sol|la|si|[a-h])"
    r"(?P<accidental>[ -]?(?:sharp|flat|diese|diesis|sostenido|bemolle|bemol)"
    r"|#|is|es|b|s(?=$|[ -]))?"
    r"[ -]?(?P<mode>majeur|major|maj|maggiore|mayor|dur"
    r"|mineur|minore|minor|menor|min|mi|moll|mol|m)?"
    r"(?:6|7|9|11|13)?",
    re.IGNORECASE,
)
# 8A is A minor in Camelot's wheel, 1m in that of open keys.
_WHEEL = re.compile(r"0?(1[0-2]|[1-9]) ?([ABDM])", re.IGNORECASE)
_BETWEEN = re.compile(r"[/|,;()\[\]]+| - | = | or ")
# How far it is out of tune, and how full of energy it is: `+50`, `-12 cents`, `442 Hz`, `Energy 6`.
_ASIDE = re.compile(
    r"(?:energy (?:level )?)?[+-]?\d{1,3}(?:\.\d+)? ?(?:ct|cents?|c|hz)?", re.IGNORECASE
)
_TRAILING = re.compile(r" ?[+-]\d{1,3}(?: ?(?:ct|cents?|c))?$| \d{3}(?:\.\d)? ?hz$", re.IGNORECASE)
_LONGEST = 60

Key = tuple[str, str | None]


def key_in_tag(text: str) -> tuple[str | None, str | None]:
    """Give key and mode; a note alone in capitals is major (ID3v2 TKEY), else of no mode."""
    if len(text) > _LONGEST:
        return None, None
    found: set[Key] = set()
    for part in _BETWEEN.split(_plain(text)):
        bare = _TRAILING.sub("", part.strip()).strip()
        if not bare or _ASIDE.fullmatch(bare):
            continue
        key = _on_wheel(bare) or _spelled(bare) or _both(bare)
        if key is None:
            return None, None
        found.add(key)
    return found.pop() if len(found) == 1 else (None, None)


def _plain(text: str) -> str:
    """The same in few signs: sharps and flats as ASCII, no accents on letters."""
    signs = text.replace("♯", "#").replace("♭", "b").replace("_", " ")
    letters = unicodedata.normalize("NFKD", signs)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _on_wheel(text: str) -> Key | None:
    wheel = _WHEEL.fullmatch(text)
    if wheel is None:
        return None
    side = wheel[2].lower()
    fifths = int(wheel[1]) - (8 if side in "ab" else 1)
    minor = side in "am"
    return KEY_NAMES[((9 if minor else 0) + 7 * fifths) % 12], MINOR if minor else MAJOR


def _spelled(text: str) -> Key | None:
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    note, mode = match["note"], match["mode"] or ""
    accidental = (match["accidental"] or "").lower().strip(" -")
    if accidental == "s" and note.lower() not in ("a", "e"):
        return None
    step = _STEPS[note.lower()] + (accidental in _SHARP) - (accidental in _FLAT)
    # Germans call H what others call B, and B what others call B flat.
    step -= note.lower() == "b" and not accidental and mode.lower() in _GERMAN
    key = KEY_NAMES[step % len(KEY_NAMES)]
    if mode == "M":
        return key, MAJOR
    if mode:
        return key, _MODES[mode.lower()]
    return key, MAJOR if note[0].isupper() else None


def _both(text: str) -> Key | None:
    """Two spellings of one key beside each other: `8A Am`."""
    first, _, second = text.partition(" ")
    keys = {_on_wheel(first) or _spelled(first), _on_wheel(second) or _spelled(second)}
    return keys.pop() if second and len(keys) == 1 else None

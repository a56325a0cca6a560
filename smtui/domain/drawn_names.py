"""Names as they are drawn: of a width that all terminals agree on.

Terminals follow different editions of Unicode, and none tells which. A letter of which two of them
differ pushes the rest of its row out of its columns, so it is not sent. What is copied, written
to files and given to other programs keeps every letter.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from smtui.domain.text import shown

LEFT_TO_RIGHT = "\u200e"
"""Takes no cell; behind a text that runs to the left it keeps the next column where it is."""

_INSTEAD = "~"
_DROPPED = "\ufe0e\ufe0f"
"""Whether a sign is drawn as an emoji: one cell wide or two, as each terminal likes."""
_SKIN = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_TO_THE_LEFT = ("R", "AL", "AN")
# Measured in tmux 3.3a, GNU screen 4.9.0, mosh 1.4.0 and xterm 379: `poe bench-widths`.
_DISPUTED = (
    (0x06DE, 0x06DE), (0x1885, 0x1886), (0x2630, 0x2637), (0x268A, 0x268F), (0x3164, 0x3164),
    (0x3248, 0x324F), (0xD7B0, 0xD7FB), (0xFFA0, 0xFFA0), (0x1D300, 0x1D376),
)  # fmt: skip
# What came with Unicode 15: newer than the tables of terminals that are still in use.
_NEW = (
    (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x10EFD, 0x10EFF), (0x11240, 0x11241),
    (0x11B00, 0x11B09), (0x11F00, 0x11F59), (0x13439, 0x13455), (0x1B132, 0x1B132),
    (0x1B155, 0x1B155), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E08F),
    (0x1E4D0, 0x1E4F9), (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F776), (0x1F77B, 0x1F77F),
    (0x1F7D9, 0x1F7D9), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA88), (0x1FAAD, 0x1FAAF),
    (0x1FABB, 0x1FABD), (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACF), (0x1FADA, 0x1FADB),
    (0x1FAE8, 0x1FAE8), (0x1FAF7, 0x1FAF8), (0x2EBF0, 0x2EE5D), (0x2FFC, 0x2FFF),
    (0x31EF, 0x31EF), (0x31350, 0x323AF),
)  # fmt: skip


def drawn(text: str) -> str:
    r"""Make outside text inert, and as wide as all terminals say it is.

    Beyond what `shown` does: accents join their letters where they can, emoji lose skin and style,
    a mark or letter of disputed width becomes `~`, what is newer than Unicode 14 `\u…`.
    """
    return shown(text) if text.isascii() else _drawn(text)


def held(text: str) -> str:
    """Keep a text that runs to the left from taking its neighbours along."""
    if text.isascii() or text.endswith(LEFT_TO_RIGHT) or not runs_left(text):
        return text
    return text + LEFT_TO_RIGHT


def runs_left(text: str) -> bool:
    """True if some of it is read from right to left."""
    return any(unicodedata.bidirectional(letter) in _TO_THE_LEFT for letter in text)


@lru_cache(4096)
def _drawn(text: str) -> str:
    letters = []
    before = ""
    for letter in unicodedata.normalize("NFC", text):
        letters.append(_letter(letter, before))
        before = letter
    return held(shown("".join(letters)))


def _letter(letter: str, before: str) -> str:
    if letter.isascii():
        return letter
    if letter in _DROPPED:
        return ""
    if letter in _SKIN:
        return "" if before and unicodedata.category(before) == "So" else _INSTEAD
    if _within(letter, _NEW):
        return letter.encode("unicode_escape").decode("ascii")
    return _INSTEAD if _disputed(letter) else letter


def _disputed(letter: str) -> bool:
    """True of what some terminals give a cell more, or less, than others.

    Spacing signs of Indic scripts are part of their letter in some. GNU screen knows the combining
    marks of old, and gives later ones a cell of their own.
    """
    category = unicodedata.category(letter)
    if category in ("Mn", "Me") and unicodedata.ucd_3_2_0.category(letter) == "Cn":
        return True
    return category == "Mc" or _within(letter, _DISPUTED)


def _within(letter: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= ord(letter) <= high for low, high in ranges)

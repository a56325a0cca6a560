"""Text for matching, text that is safe to show, and counts as people read them."""

from __future__ import annotations

import os
import unicodedata

from smtui.domain.storable import storable as storable


def folded(text: str) -> str:
    """Fold text for matching and sorting: NFC, then casefold; the same on every store."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def printable_path(raw: bytes) -> str:
    r"""Write the bytes of a file name as text: what is not UTF-8 becomes `\xNN`.

    The text identifies the file to a person; only the bytes open it.
    """
    return raw.decode("utf-8", errors="backslashreplace")


def path_bytes(raw: bytes) -> bytes | None:
    """Give the bytes that must be kept beside the printable text, or None where it is enough."""
    return None if os.fsencode(printable_path(raw)) == raw else raw


def folder_parts(folder: str) -> str:
    """Return the folder's path so that whole parts can be found in it: `/a/drums/`."""
    return folder if folder.endswith("/") else f"{folder}/"


def shown(text: str) -> str:
    r"""Make outside text inert for a terminal: control and format characters become visible.

    Newline becomes `\n`, ESC `\x1b`, bidirectional overrides `\u202e`. Markup is not touched
    here: widgets draw such text as plain text, never through a markup parser.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", errors="backslashreplace").decode("ascii")
        for character in text
    )


def counted(count: int, one: str, many: str = "") -> str:
    """Say how many: 1 sound, 1,182 sounds; `many` is for what does not end in s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"

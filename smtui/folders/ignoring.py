"""What a scan leaves out: built-in patterns, and those in `.smtuiignore` files.

The patterns are those of `.gitignore`: one a line, `#` begins a comment, `!` takes a name back
in, the last match decides. `*` and `?` stand for anything but a slash, `**` for any folders,
`[a-z]` for one of these. A slash at the end asks for a folder; one at the beginning or within
ties the pattern to the folder of its file, else the name may be anywhere below. Upper and lower
case differ. What lies in a folder that is left out is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

IGNORE_FILE = b".smtuiignore"

BUILT_IN = (
    b"._*",
    b"__MACOSX/",
    b".*/",
    b"$RECYCLE.BIN/",
    b"System Volume Information/",
    IGNORE_FILE,
)
"""Left out everywhere: shadows of macOS, hidden folders (`.git`, `.Trash-1000`, …), bins."""

LARGEST_FILE = 256 * 1024
"""Bytes of an ignore file that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern: what it matches, below which folder, and whether it takes back in."""

    base: bytes
    matches: re.Pattern[bytes]
    folders_only: bool
    takes_in: bool


def rules(lines: Iterable[bytes], *, base: bytes) -> tuple[Rule, ...]:
    """Read patterns that hold below the folder `base`; lines that make no sense are left out."""
    found = (_rule(line, base) for line in lines)
    return tuple(rule for rule in found if rule is not None)


def ignored(path: bytes, *, is_folder: bool, by: tuple[Rule, ...]) -> bool | None:
    """Whether the last rule that matches leaves this path out; None where no rule does."""
    for rule in reversed(by):
        if rule.folders_only and not is_folder:
            continue
        if rule.matches.fullmatch(path, len(rule.base) + 1):
            return not rule.takes_in
    return None


def _rule(line: bytes, base: bytes) -> Rule | None:
    text = line.rstrip(b"\r\n")
    while text.endswith(b" ") and not text.endswith(b"\\ "):
        text = text[:-1]
    if not text or text.startswith(b"#"):
        return None
    takes_in = text.startswith(b"!")
    text = text.removeprefix(b"!")
    folders_only = text.endswith(b"/")
    text = text.rstrip(b"/")
    if not text:
        return None
    anywhere = b"/" not in text
    expression = (rb"(?:.*/)?" if anywhere else b"") + _expression(text.removeprefix(b"/"))
    try:
        matches = re.compile(expression, re.DOTALL)
    except re.error:
        return None
    return Rule(
        base=base.rstrip(b"/"), matches=matches, folders_only=folders_only, takes_in=takes_in
    )


_TOKENS = re.compile(
    rb"(?P<folders>\*\*/+)|(?P<below>/\*\*\Z)|(?P<any>\*+)|(?P<one>\?)"
    rb"|(?P<set>\[[!^]?\]?[^\]/]*\])|\\(?P<escaped>.)|(?P<plain>.)",
    re.DOTALL,
)


def _expression(pattern: bytes) -> bytes:
    """Write a pattern as a regular expression over the path below the pattern's folder."""
    parts = []
    for token in _TOKENS.finditer(pattern):
        match token.lastgroup:
            case "folders":
                parts.append(rb"(?:.*/)?")
            case "below":
                parts.append(rb"/.+")
            case "any":
                parts.append(rb"[^/]*")
            case "one":
                parts.append(rb"[^/]")
            case "set":
                inner = token.group()[1:-1].replace(b"\\", b"\\\\")
                if inner[:1] in (b"!", b"^"):
                    inner = b"^/" + inner[1:]
                # A bracket first in a set stands for itself.
                parts.append(b"[" + inner.replace(b"]", b"\\]").replace(b"[", b"\\[") + b"]")
            case "escaped":
                parts.append(re.escape(token.group("escaped")))
            case _:
                parts.append(re.escape(token.group()))
    return b"".join(parts)

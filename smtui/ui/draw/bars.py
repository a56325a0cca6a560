"""How alike something is as a short bar, and a weight as a scale of steps."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_NOTHING = "-"


def bar(share: float, *, cells: int, ascii_alone: bool) -> str:
    """Draw a share, 0 to 1, in exactly so many cells; nothing at all is a dash."""
    share = min(max(share, 0.0), 1.0)
    if ascii_alone:
        drawn = "#" * round(share * cells)
    else:
        full, part = divmod(round(share * cells * 8), 8)
        drawn = _EIGHTHS[8] * full + (_EIGHTHS[part] if part else "")
    return (drawn or _NOTHING).ljust(cells)


def scale(value: float, *, most: int, ascii_alone: bool) -> tuple[str, str]:
    """Draw a weight from 0 to `most`, a cell a step: what counts, and the rest."""
    full = min(max(round(value), 0), most)
    on, off = ("#", "-") if ascii_alone else ("━", "─")
    return on * full, off * (most - full)

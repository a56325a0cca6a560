"""What the terminal that TERM names can do, by the system's own description of terminals."""

from __future__ import annotations

TRUE_COLOUR = 16_777_216
_FEW = 16


def colours_by_terminfo(terminal: str) -> int | None:
    """Return how many colours terminfo gives a terminal, 2 for none; None where it is unknown.

    curses keeps the first terminal it was asked about, so a process can ask about one alone.
    """
    # A late import: only a terminal whose name says nothing is looked up.
    import curses

    try:
        curses.setupterm(terminal, 1)
    except curses.error:
        return None
    if curses.tigetflag("RGB") == 1 or curses.tigetflag("Tc") == 1:
        return TRUE_COLOUR
    colours = curses.tigetnum("colors")
    # Of those with eight the bright ones are had by bold, and nearly all have them as such.
    return max(colours, _FEW) if colours >= _FEW // 2 else 2

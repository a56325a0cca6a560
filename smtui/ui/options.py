"""How the screens are to look and behave on this terminal; settings know why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtui.domain.analysis import Level
from smtui.ui.draw.cells import Depth, Ink, depth_of

TRUE_COLOUR = 16_777_216


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the screens are told about the person's wishes and the terminal.

    Attributes:
        theme: name of a theme in `ui/theme.py`.
        keymap: binding id → keys, comma separated, as the person remapped them.
        ascii: draw with ASCII characters alone (a locale that is not UTF-8, the Linux console).
        thin_line: a slow connection: no animation, at most 15 frames a second, few colours.
        asks_tmux: whether the line is thin is tmux's to say: it was attached after it had started.
        colours: how many colours the terminal can show: 16,777,216, 256, 16 or 2.
        address: where the person comes from, for the session: an IP address or `local`.
        place: the name of the machine, shown on the login screen.
        log: the file that a crash is written to, named to the person.
        level: how much is listened for when the person asks.
        listen: listen to what a scan has found without being asked.
        scan_shared: what is scanned here is for all to see, not one's own.
        last_seen: file that keeps filter, sort and cursor for the next start; None keeps nothing.
    """

    theme: str = "smtui-dark"
    keymap: Mapping[str, str] = field(default_factory=dict)
    ascii: bool = False
    thin_line: bool = False
    asks_tmux: bool = False
    colours: int = TRUE_COLOUR
    address: str = "local"
    place: str = ""
    log: Path | None = None
    level: Level = Level.ADVANCED
    listen: bool = True
    scan_shared: bool = False
    last_seen: Path | None = None

    @property
    def full_ink(self) -> Ink:
        """All that the terminal can show."""
        return Ink(depth=depth_of(self.colours), ascii=self.ascii)

    @property
    def first_ink(self) -> Ink:
        """What pictures are drawn with unless a key asks for more: few colours on a thin line."""
        if not self.thin_line:
            return self.full_ink
        return Ink(depth=min(depth_of(self.colours), Depth.LEVELS), ascii=self.ascii)

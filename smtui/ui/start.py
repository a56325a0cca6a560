"""The door to the screens: run them and give the process's exit status."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from smtui.ui.options import TRUE_COLOUR, Options

if TYPE_CHECKING:
    from smtui.services.box import Services

_THIN_LINE_FRAMES = 15
_PALETTE = 256
_FEW = 16


def show(
    open_services: Callable[[], AbstractAsyncContextManager[Services]], options: Options
) -> int:
    """Run the screens until the person leaves.

    Returns:
        0; 70 after a defect (one sentence was printed); 143 or 129 after SIGTERM or SIGHUP.
    """
    _tell_textual(options)
    from smtui.ui.app import SmtuiApp

    app = SmtuiApp(open_services, options)
    asyncio.run(app.run_async())
    _let_go_of_terminal()
    return app.return_code or 0


def _tell_textual(options: Options) -> None:
    """Set what Textual reads when it is imported, and so has to come before."""
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", _colour_system(options))
    # A line that drops leaves a terminal of kitty's protocol where nothing can be typed any more.
    os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    if options.thin_line:
        os.environ.setdefault("TEXTUAL_FPS", str(_THIN_LINE_FRAMES))
    if options.colours < _FEW:
        os.environ["NO_COLOR"] = "1"
    else:
        # Textual takes an empty one for a wish, too; a setting of the person outranks either.
        os.environ.pop("NO_COLOR", None)


def _let_go_of_terminal() -> None:
    """Send what a terminal that has gone cannot take to nowhere, else Python's exit is 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _colour_system(options: Options) -> str:
    """Name the colours to send; an index of a palette is half as long as a true colour."""
    if options.colours == TRUE_COLOUR and not options.thin_line:
        return "truecolor"
    return "256" if options.colours >= _PALETTE else "standard"

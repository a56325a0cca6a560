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


def show(
    open_services: Callable[[], AbstractAsyncContextManager[Services]], options: Options
) -> int:
    """Run the screens until the person leaves.

    Returns:
        0; 70 after a defect (one sentence was printed); 143 or 129 after SIGTERM or SIGHUP.
    """
    # Textual reads these when it is imported, so they come before.
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", _colour_system(options))
    if options.thin_line:
        os.environ.setdefault("TEXTUAL_FPS", str(_THIN_LINE_FRAMES))
    from smtui.ui.app import SmtuiApp

    app = SmtuiApp(open_services, options)
    asyncio.run(app.run_async())
    _let_go_of_terminal()
    return app.return_code or 0


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

"""Bare `smtui`: straight to the screen, with as little before the first frame as can be."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from smtui.cli.memory_limit import check_memory_limits
from smtui.cli.runtime import exit_on_failure
from smtui.cli.terminal import colours_of, dumb, err, only_ascii
from smtui.heap import share_arenas
from smtui.paths import Places, places
from smtui.settings import Loaded, Look, load
from smtui.ui.options import TRUE_COLOUR, Options

if TYPE_CHECKING:
    from smtui.services.box import Services

_COLOURS = {"truecolor": TRUE_COLOUR, "256": 256, "16": 16}
_ENOUGH = 256


def open_screen() -> None:
    """Open the screens and leave the process with their exit status."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        err("smtui: the screen needs a terminal. `smtui list` and `smtui inspect` do without.")
        raise SystemExit(1)
    if dumb(os.environ):
        kind = os.environ.get("TERM") or "not set"
        err(f"smtui: TERM is {kind}, and the screen needs a terminal that can move its cursor.")
        err("`smtui list` and `smtui inspect` do without; `export TERM=xterm` where it can.")
        raise SystemExit(1)
    with exit_on_failure():
        check_memory_limits()
        here = places()
        loaded = load(here)
        check_keys(loaded)
    raise SystemExit(show(here, loaded))


def check_keys(loaded: Loaded) -> None:
    """Raise SettingInvalid where a key that the person chose cannot work."""
    if loaded.settings.keys:
        # A late import: who chose no keys does not wait for all screens to be read.
        from smtui.ui.key_check import check_keys as check

        check(loaded.settings.keys, loaded.origins)


def show(here: Places, loaded: Loaded) -> int:
    """Run the screens on these places; return the exit status."""
    # Late imports: Textual is what the first frame needs, and only the screen needs it.
    from smtui import wiring
    from smtui.ui import read_ahead
    from smtui.ui.start import show as show_screens

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        # Before the first of their threads, and after the first frame.
        share_arenas()
        async with (
            wiring.services(here, loaded.settings) as services,
            wiring.watched(here, loaded.settings),
        ):
            read_ahead.begin()
            yield services

    return show_screens(opened, options(here, loaded, os.environ))


def options(here: Places, loaded: Loaded, environment: Mapping[str, str]) -> Options:
    """Tell the screens how to behave, from the settings and what the terminal says of itself."""
    look = loaded.settings.look
    colours = _COLOURS.get(look.colours) or colours_of(environment)
    return Options(
        # Of the shades of a theme few colours leave pairs that cannot be told apart.
        theme=f"smtui-{look.theme if colours >= _ENOUGH else 'plain'}",
        keymap=loaded.settings.keys,
        ascii=_ascii(look, environment),
        asks_tmux=look.link == "auto" and "TMUX" in environment,
        thin_line=look.link == "thin" or (look.link == "auto" and "SSH_CONNECTION" in environment),
        colours=colours,
        # "client port server port", as sshd sets it
        address=environment.get("SSH_CONNECTION", "").partition(" ")[0] or "local",
        level=loaded.settings.work.level,
        listen=loaded.settings.work.start,
        scan_shared=loaded.settings.work.scan_as == "shared",
        place=os.uname().nodename,
        log=here.log,
        last_seen=here.state / "last-seen.json",
    )


def _ascii(look: Look, environment: Mapping[str, str]) -> bool:
    return only_ascii(environment) if look.ascii == "auto" else look.ascii == "on"

"""`smtui pause` and `smtui resume-all`: no analysis on this machine while somebody records.

A pause is a file of this machine, so no server need run for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import here_and_settings, run
from smtui.cli.terminal import err, out
from smtui.domain.pause import duration

if TYPE_CHECKING:
    from smtui.services.pauses import Pauses
    from smtui.wiring import SystemClock


@click.command("pause")
@click.option("--for", "length", metavar="TIME", help="End by itself after 2h, 90m, 1h30m.")
def pause_command(*, length: str | None) -> None:
    """Pause all analysis on this machine, until `smtui resume-all` or for a TIME.

    What is being analysed now is finished; the rest waits, and no try is counted. Nothing
    need run for it, and it holds over a restart of smtui and of the machine. Other machines
    on the same servers go on, and so do workers of other accounts and in containers on this one:
    they are paused by `smtui pause` there. The key P does the same; the setting work.quiet
    does so every day.
    """

    async def work() -> None:
        wanted = None if length is None else duration(length)
        service, clock = _pauses()
        out(f"{await service.pause(None if wanted is None else clock.now() + wanted)}.")
        if others := _reach():
            err(others)

    run(work)


@click.command("resume-all")
def resume_all_command() -> None:
    """End the pause of this machine; in quiet hours, analyse in spite of them until they end."""

    async def work() -> None:
        service, _ = _pauses()
        if await service.resume():
            out("Analysis resumed on this machine.")
        else:
            out("This machine was not paused.")

    run(work)


def _pauses() -> tuple[Pauses, SystemClock]:
    """Return the pauses of this machine and their clock; raises SettingInvalid."""
    # Late imports, here and below: --help reads no settings.
    from smtui import wiring

    return wiring.pauses(*here_and_settings()), wiring.SystemClock()


def _reach() -> str:
    """Say which workers a pause holds; empty where there is no other worker to be mistaken."""
    from getpass import getuser

    from smtui import wiring

    here, settings = here_and_settings()
    if wiring.guarded(settings):
        return ""
    return (
        f"It holds the workers of {getuser()} that keep their state in {here.state}; one of another"
        " account or in a container is paused there."
    )

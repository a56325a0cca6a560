"""`smtui pause`: hold all listening on this machine while somebody records."""

from __future__ import annotations

import click

from smtui.cli.pausing import pauses, reach
from smtui.cli.running import err, out, run
from smtui.domain.pause import duration


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
        service, clock = pauses()
        out(f"{await service.pause(None if wanted is None else clock.now() + wanted)}.")
        if others := reach():
            err(others)

    run(work)

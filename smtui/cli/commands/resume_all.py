"""`smtui resume-all`: let this machine listen again."""

from __future__ import annotations

import click

from smtui.cli.pausing import pauses
from smtui.cli.running import out, run


@click.command("resume-all")
def resume_all_command() -> None:
    """End the pause of this machine; in quiet hours, analyse in spite of them until they end."""

    async def work() -> None:
        service, _ = pauses()
        if await service.resume():
            out("Analysis resumed on this machine.")
        else:
            out("This machine was not paused.")

    run(work)

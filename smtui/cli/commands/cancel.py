"""`smtui cancel`: stop what has not begun of a run, or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smtui.cli.runs import run_named, short
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.terminal import out
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.domain.batch import RunProgress

_ALL = "all"


@click.command("cancel")
@click.argument("name", metavar="RUN|all")
def cancel_command(*, name: str) -> None:
    """Cancel what has not started of a RUN, named by the first letters of its id, or of all runs.

    What is being analysed is finished and kept. `smtui resume RUN` goes on with the rest.
    """

    async def work() -> None:
        async with opened(writes=True) as box:
            if name != _ALL:
                await _cancel(box, await run_named(box, name))
                return
            going = await box.services.batches.going(box.account.user_id)
            for run_id in going:
                progress = await box.services.batches.runs.progress(run_id)
                if progress is not None:
                    await _cancel(box, progress)
            if not going:
                out("Nothing is being analysed.")

    run(work)


async def _cancel(box: Opened, before: RunProgress) -> None:
    count = await box.services.batches.cancel(before.run_id, by=box.account)
    name = f"Run {short(before.run_id)}"
    if count:
        sounds = counted(count, "sound")
        out(f"{name} is cancelled: {sounds} not begun. `smtui resume` goes on with them.")
    elif before.status.ended:
        out(f"{name} has ended: nothing to cancel.")
    elif before.cancel_requested_at is not None:
        out(f"{name} is cancelled already; what is being analysed is finished and kept.")
    else:
        out(f"{name} is cancelled; its last sounds are finished and kept.")

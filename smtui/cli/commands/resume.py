"""`smtui resume`: go on with what a run left."""

from __future__ import annotations

import click

from smtui.cli.runs import report_waiting, run_named, short
from smtui.cli.runtime import opened, run
from smtui.cli.terminal import out
from smtui.domain.text import counted


@click.command("resume")
@click.argument("name", metavar="RUN")
def resume_command(*, name: str) -> None:
    """Go on with what a RUN left, named by the first letters of its id.

    That is what was cancelled, and what was not there when its turn came (an unmounted drive).
    `smtui retry RUN` tries what failed; `smtui resume-all` ends a pause of this machine.
    """

    async def work() -> None:
        async with opened(writes=True) as box:
            batches = box.services.batches
            before = await run_named(box, name)
            count = await batches.resume(before.run_id, by=box.account)
            name_of_run = f"Run {short(before.run_id)}"
            if count:
                out(f"{name_of_run} goes on with {counted(count, 'sound')}.")
                report_waiting(batches)
            elif before.status.ended:
                failed = " `smtui retry` tries what failed." if before.failed else ""
                out(f"{name_of_run} has ended and left nothing to go on with.{failed}")
            else:
                # Perhaps nobody works on it, as after `smtui services stop --now`.
                await batches.call_worker(before.run_id)
                out(f"{name_of_run} goes on already.")
                report_waiting(batches)

    run(work)

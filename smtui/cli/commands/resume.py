"""`smtui resume`: go on with what a run left."""

from __future__ import annotations

import click

from smtui.cli.running import err, opened, out, run
from smtui.cli.runs import run_named, short
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
            told = f"Run {short(before.run_id)}"
            if count:
                out(f"{told} goes on with {counted(count, 'sound')}.")
                if batches.waiting:
                    err(f"Waiting: {batches.waiting}")
            elif before.status.ended:
                failed = " `smtui retry` tries what failed." if before.failed else ""
                out(f"{told} has ended and left nothing to go on with.{failed}")
            else:
                # Perhaps nobody works on it, as after `smtui services stop --now`.
                await batches.call_worker(before.run_id)
                out(f"{told} goes on already.")
                if batches.waiting:
                    err(f"Waiting: {batches.waiting}")

    run(work)

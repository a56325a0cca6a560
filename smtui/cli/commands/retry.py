"""`smtui retry`: try once more what failed in a run."""

from __future__ import annotations

import click

from smtui.cli.runs import report_waiting, run_named, short
from smtui.cli.runtime import opened, run
from smtui.cli.terminal import out
from smtui.domain.text import counted


@click.command("retry")
@click.argument("name", metavar="RUN")
def retry_command(*, name: str) -> None:
    """Retry what failed in a RUN, named by the first letters of its id, and nothing else.

    It stays the same run, so that its counters say in the end what became of every sound.
    """

    async def work() -> None:
        async with opened(writes=True) as box:
            batches = box.services.batches
            before = await run_named(box, name)
            again = await batches.retry_failed(before.run_id, by=box.account)
            if again is None:
                out(f"Nothing has failed in run {short(before.run_id)}.")
                return
            out(f"Run {short(again)} retries {counted(before.failed, 'sound')}.")
            report_waiting(batches)

    run(work)

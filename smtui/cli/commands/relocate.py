"""`smtui relocate`: say where a renamed drive or folder is now; its sounds keep what they have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import confirmed, opened, run
from smtui.cli.terminal import err, out
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.services.relocation import Plan

_FOLDER = click.Path(path_type=Path, readable=False)


@click.command("relocate")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--shared", is_flag=True, help="The sounds that are everybody's.")
@click.option("--partly", is_flag=True, help="Also where NEW lacks some of the files.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
def relocate_command(*, old: Path, new: Path, shared: bool, partly: bool, yes: bool) -> None:
    """Tell the library that what it knows at OLD is at NEW now.

    For a drive that has another name, or a folder that was renamed or copied elsewhere. The
    files must be at NEW by the same names; each is known by its size and time, or else by its
    bytes. Tags and analyses stay. First it is told how many are there, and a yes is asked
    for. Where some are not at NEW nothing is changed, unless with --partly.
    """

    async def work() -> int:
        async with opened(writes=True) as box:
            relocation = box.services.scans.relocation(old, new, by=box.account, shared=shared)
            plan = await relocation.plan()
            _tell(plan)
            if not plan.moves:
                err("smtui: No sound has left OLD for NEW; nothing was changed.")
                return 1
            if plan.lacking and not partly:
                words = "NEW lacks files of OLD; nothing was changed."
                err(f"smtui: {words} With --partly the others are relocated.")
                return 1
            if confirmed(f"Relocate {counted(len(plan.moves), 'sound')}?", yes=yes):
                moved = await relocation.carry_out(plan)
                out(f"{counted(moved, 'sound')} relocated. No file was touched.")
        return 0

    run(work)


def _tell(plan: Plan) -> None:
    out(f"{counted(len(plan.moves), 'sound')} of OLD found at NEW.")
    if plan.doubles:
        out(f"{counted(len(plan.doubles), 'untagged sound')} of an earlier scan of NEW give way.")
    if plan.staying:
        out(f"{counted(plan.staying, 'sound')} still at OLD, and left there.")
    if plan.taken:
        out(f"{counted(plan.taken, 'sound')} whose place at NEW another, tagged sound has.")
    if plan.lacking:
        out(f"{counted(plan.lacking, 'sound')} not at NEW:")
        for path in plan.examples:
            out(f"  {path}")

"""`smtui folders`: which folders were scanned, and forgetting one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.running import Opened, opened, out, run
from smtui.domain.errors import NotFound
from smtui.domain.question import All, Fact, Is, Not, Question, Within
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.domain.sample import Folder


@click.group("folders", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per folder and line.")
@click.pass_context
def folders_command(context: click.Context, *, as_json: bool) -> None:
    """Show the folders that were scanned: when, and how many sounds the library has of each.

    `smtui scan` without a folder scans one's own again, `smtui scan --shared` the shared ones.
    """
    if context.invoked_subcommand is not None:
        return

    async def work() -> None:
        async with opened() as box:
            scans = box.services.scans
            folders = await scans.folders(box.account.user_id) + await scans.folders(None)
            if not folders and not as_json:
                out("No folder was scanned yet: smtui scan FOLDER")
            for folder in folders:
                count = await box.services.library.count(_below(box, folder))
                out(_object(folder, count) if as_json else _line(folder, count))

    run(work)


@folders_command.command("forget")
@click.argument("folder", type=click.Path(path_type=Path, readable=False))
@click.option("--shared", is_flag=True, help="The one whose sounds are everybody's.")
def forget_command(*, folder: Path, shared: bool) -> None:
    """Forget FOLDER; what the library has of it stays."""

    async def work() -> None:
        async with opened(writes=True) as box:
            if not await box.services.scans.forget(folder, by=box.account, shared=shared):
                raise NotFound(
                    "This folder is not remembered", hint="`smtui folders` shows those that are."
                )

    run(work)


def _below(box: Opened, folder: Folder) -> Question:
    there = All((Within(folder.folder_path), Not(Is(Fact.MISSING))))
    return Question(expression=there, viewer=box.account.user_id)


def _line(folder: Folder, count: int) -> str:
    scanned = folder.scanned_at
    when = f"{scanned.astimezone():%Y-%m-%d %H:%M}" if scanned else "not finished    "
    notes = ["shared"] if folder.user_id is None else []
    notes += [] if folder.path.is_dir() else ["not there now"]
    told = f"  ({', '.join(notes)})" if notes else ""
    sounds = f"{count:>9,} sound{'s' if count != 1 else ' '}"
    return f"{when}  {sounds}  {shown(folder.folder_path)}{told}"


def _object(folder: Folder, count: int) -> str:
    raw = folder.path_bytes
    return json.dumps(
        {
            "path": folder.folder_path,
            "path_bytes": None if raw is None else base64.b64encode(raw).decode("ascii"),
            "scanned_at": folder.scanned_at and folder.scanned_at.isoformat(),
            "sounds": count,
            "shared": folder.user_id is None,
            "there": folder.path.is_dir(),
        }
    )

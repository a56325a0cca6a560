"""`smtui folders`: which folders were scanned, and forgetting one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import Opened, opened, run
from smtui.cli.terminal import out
from smtui.domain.errors import NotFound
from smtui.domain.fields import path_fields
from smtui.domain.question import All, Fact, Is, Not, Question, Within
from smtui.domain.text import printable_path, shown

if TYPE_CHECKING:
    from smtui.domain.path_map import PathMap
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
                place = _Place(folder, box.services.paths)
                out(_object(place, count) if as_json else _line(place, count))

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


class _Place:
    """A folder, and where it is on this machine."""

    def __init__(self, folder: Folder, paths: PathMap) -> None:
        self.folder = folder
        self.here = printable_path(bytes(paths.here(folder.path)))
        self.is_there = paths.here(folder.path).is_dir() and not paths.foreign(folder.path)


def _line(place: _Place, count: int) -> str:
    folder = place.folder
    scanned = folder.scanned_at
    when = f"{scanned.astimezone():%Y-%m-%d %H:%M}" if scanned else "not finished    "
    notes = ["shared"] if folder.user_id is None else []
    notes += [] if place.here == folder.folder_path else [f"here {shown(place.here)}"]
    notes += [] if place.is_there else ["not there now"]
    remarks = f"  ({', '.join(notes)})" if notes else ""
    sounds = f"{count:>9,} sound{'s' if count != 1 else ' '}"
    return f"{when}  {sounds}  {shown(folder.folder_path)}{remarks}"


def _object(place: _Place, count: int) -> str:
    folder = place.folder
    return json.dumps(
        {
            **path_fields(folder.folder_path, folder.path_bytes),
            "scanned_at": folder.scanned_at and folder.scanned_at.isoformat(),
            "sounds": count,
            "shared": folder.user_id is None,
            "here": place.here,
            "there": place.is_there,
        }
    )

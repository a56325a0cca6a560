"""`smtui watch`: folders whose new sounds are taken in and listened to by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.running import err, opened, out, run
from smtui.cli.watching import Standing, keep_watching
from smtui.domain.errors import InputInvalid, SettingInvalid
from smtui.domain.text import path_bytes, printable_path, shown

if TYPE_CHECKING:
    from smtui.paths import Places
    from smtui.settings import Settings


@click.command("watch")
@click.argument(
    "folders", nargs=-1, type=click.Path(path_type=Path, readable=False), metavar="[FOLDER]..."
)
@click.option("--stop", is_flag=True, help="Watch these no longer; their sounds stay.")
@click.option("--all", "every", is_flag=True, help="With --stop: none at all.")
@click.option("--run", "as_watcher", is_flag=True, hidden=True)
def watch_command(*, folders: tuple[Path, ...], stop: bool, every: bool, as_watcher: bool) -> None:
    """Watch FOLDERs: what is dropped in is added and analysed once it has stopped growing.

    Without a FOLDER it shows which are watched and how that stands. They are kept in the settings
    of this machine (watch.folders) and watched in the background for as long as it runs; after
    its next start, from the first screen or `smtui watch`. What a scan leaves out is left out
    here. Network folders are looked through every few seconds.
    """
    if as_watcher:
        run(keep_watching)

    async def work() -> int:
        if every and not stop:
            raise InputInvalid("--all goes with --stop")
        if stop and not (folders or every):
            raise InputInvalid("Which one?", hint="Name a FOLDER, or --all.")
        if stop and every and folders:
            raise InputInvalid("Name folders or --all, not both")
        if stop:
            return await _stop(None if every else folders)
        return await (_add(folders) if folders else _show())

    run(work)


async def _add(folders: Sequence[Path]) -> int:
    wanted = [_place(folder) for folder in folders]
    _joined(_loaded()[1].watch.folders, wanted)
    # Whoever cannot be told apart cannot take anything in; and the folders exist by then.
    async with opened(writes=True):
        pass
    settings = _changed(lambda present: _joined(present, wanted))
    here, _ = _loaded()
    from smtui import wiring

    await wiring.watcher(here, settings).watcher()
    for folder in wanted:
        network = wiring.network_of(Path(folder))
        how = f", on a network ({shown(network)}): looked through every few seconds"
        out(f"{shown(folder)} is watched{how if network else ''}.")
    return 0


async def _stop(folders: Sequence[Path] | None) -> int:
    """Take folders out of the settings, all for None; exit status 1 where one was not watched."""
    given = [_absolute(folder) for folder in folders or ()]
    _, before = _loaded()
    present = before.watch.folders
    unknown = [folder for folder in given if folder not in present]
    gone = [folder for folder in present if folders is None or folder in given]
    for folder in unknown:
        err(f"{shown(printable_path(os.fsencode(folder)))} was not watched.")
    if gone:
        settings = _changed(lambda now: [folder for folder in now if folder not in gone])
        if not settings.watch.folders:
            await _rest(settings)
    for folder in gone:
        out(f"{shown(folder)} is no longer watched; its sounds stay in the library.")
    if folders is None and not gone:
        out("No folder was watched.")
    return 1 if unknown else 0


async def _show() -> int:
    here, settings = _loaded()
    if not settings.watch.folders:
        out("No folders are watched: smtui watch FOLDER")
        return 0
    from smtui import wiring

    await wiring.watcher(here, settings).watcher()
    standing = Standing(here).read()
    for folder in settings.watch.folders:
        out(f"{shown(folder)}: {shown(standing.get(folder, 'watched in a moment'))}")
    return 0


async def _rest(settings: Settings) -> None:
    from smtui import wiring

    here, _ = _loaded()
    await wiring.watcher(here, settings).rest("watcher")


def _place(folder: Path) -> str:
    """Give the folder as the settings have it; raises InputInvalid where it cannot be watched."""
    place = _absolute(folder)
    raw = os.fsencode(place)
    told = shown(printable_path(raw))
    if not Path(place).is_dir():
        what = "is not a folder" if Path(place).exists() else "is not there"
        raise InputInvalid(f"{told} {what}")
    if path_bytes(raw) is not None:
        raise InputInvalid(
            f"{told} has a name that is not UTF-8, which settings cannot hold",
            hint="Watch the folder above it.",
        )
    return place


def _absolute(folder: Path) -> str:
    return os.path.abspath(folder)  # noqa: PTH100 - links are left as they are


def _joined(present: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Add folders; raises InputInvalid where one lies in another, which would hear all twice."""
    joined = list(present)
    for folder in wanted:
        if folder in joined:
            continue
        for other in joined:
            inner, outer = sorted((Path(folder), Path(other)), key=lambda path: -len(path.parts))
            if inner.is_relative_to(outer):
                raise InputInvalid(
                    f"{shown(str(inner))} lies in {shown(str(outer))}",
                    hint="Watch one of them; `smtui watch --stop` takes one out.",
                )
        joined.append(folder)
    return joined


def _loaded() -> tuple[Places, Settings]:
    # Late imports: --help reads no settings.
    from smtui import settings
    from smtui.paths import places

    here = places()
    return here, settings.load(here, os.environ).settings


def _changed(change: Callable[[Sequence[str]], Sequence[str]]) -> Settings:
    """Change the folders in the settings file and give the settings that hold now."""
    from smtui import settings
    from smtui.settings.writing import write_watched, writing

    here, _ = _loaded()
    with writing(here):
        loaded = settings.load(here, os.environ)
        if loaded.origins[settings.WATCHED].startswith("SMTUI_"):
            raise SettingInvalid(
                f"{loaded.origins[settings.WATCHED]} says which folders are watched here",
                hint="Change it there, or unset it.",
            )
        present = loaded.settings.watch.folders
        wanted = change(present)
        if list(present) != list(wanted):
            write_watched(here, wanted)
    return _loaded()[1]

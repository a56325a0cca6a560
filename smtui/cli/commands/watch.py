"""`smtui watch`: folders whose new sounds are taken in and analysed by themselves.

With the hidden option `--run` it is the watcher's own process, which the keeper starts: every
folder of the settings is watched, and what is found is taken in.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import here_and_settings, opened, run
from smtui.cli.terminal import err, out
from smtui.domain.errors import InputInvalid, SettingInvalid, SmtuiError
from smtui.domain.text import path_bytes, printable_path, shown
from smtui.files import write_whole

if TYPE_CHECKING:
    from smtui.folders.watched_folder import Found
    from smtui.paths import Places
    from smtui.settings import Settings


_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


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
        run(_keep_watching)

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
    _joined(here_and_settings()[1].watch.folders, wanted)
    # Whoever cannot be told apart cannot take anything in; and the folders exist by then.
    async with opened(writes=True):
        pass
    settings = _change_folders(lambda present: _joined(present, wanted))
    here, _ = here_and_settings()
    from smtui import wiring

    await wiring.keeper_of(here, settings).watcher()
    for folder in wanted:
        network = wiring.network_of(Path(folder))
        how = f", on a network ({shown(network)}): looked through every few seconds"
        out(f"{shown(folder)} is watched{how if network else ''}.")
    return 0


async def _stop(folders: Sequence[Path] | None) -> int:
    """Take folders out of the settings, all for None; exit status 1 where one was not watched."""
    given = [_absolute(folder) for folder in folders or ()]
    _, before = here_and_settings()
    present = before.watch.folders
    unknown = [folder for folder in given if folder not in present]
    gone = [folder for folder in present if folders is None or folder in given]
    for folder in unknown:
        err(f"{shown(printable_path(os.fsencode(folder)))} was not watched.")
    if gone:
        settings = _change_folders(lambda now: [folder for folder in now if folder not in gone])
        if not settings.watch.folders:
            await _rest(settings)
    for folder in gone:
        out(f"{shown(folder)} is no longer watched; its sounds stay in the library.")
    if folders is None and not gone:
        out("No folder was watched.")
    return 1 if unknown else 0


async def _show() -> int:
    here, settings = here_and_settings()
    if not settings.watch.folders:
        out("No folders are watched: smtui watch FOLDER")
        return 0
    from smtui import wiring

    await wiring.keeper_of(here, settings).watcher()
    notes = _Notes(here).load()
    for folder in settings.watch.folders:
        out(f"{shown(folder)}: {shown(notes.get(folder, 'watched in a moment'))}")
    return 0


async def _rest(settings: Settings) -> None:
    from smtui import wiring

    here, _ = here_and_settings()
    await wiring.keeper_of(here, settings).rest("watcher")


def _place(folder: Path) -> str:
    """Return the folder as the settings have it; raises InputInvalid where it cannot be watched."""
    place = _absolute(folder)
    raw = os.fsencode(place)
    named = shown(printable_path(raw))
    if not Path(place).is_dir():
        what = "is not a folder" if Path(place).exists() else "is not there"
        raise InputInvalid(f"{named} {what}")
    if path_bytes(raw) is not None:
        raise InputInvalid(
            f"{named} has a name that is not UTF-8, which settings cannot hold",
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


def _change_folders(change: Callable[[Sequence[str]], Sequence[str]]) -> Settings:
    """Change the folders in the settings file and give the settings that hold now."""
    # Late imports: --help reads no settings.
    from smtui import settings
    from smtui.settings.watched_folders import write_watched, writing

    here, _ = here_and_settings()
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
    return here_and_settings()[1]


async def _keep_watching() -> int:
    """Watch until told to end; the settings file is read again whenever it has changed."""
    # Late imports: they belong to this process alone.
    from smtui import logs, settings, wiring
    from smtui.paths import places

    here = places()
    logs.start(here.log)
    watching = _Watching(here)
    changed = -1
    try:
        while True:
            if (present := settings.changed_at(here)) != changed:
                changed = present
                try:
                    loaded = settings.load(here, os.environ).settings
                    watching.set(loaded)
                    if not loaded.watch.folders:
                        # The keeper ends this process, and asks nobody to start it again.
                        await wiring.keeper_of(here, loaded).rest("watcher")
                except SmtuiError as error:
                    _log.warning("%s", error)
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await watching.close()


class _Watching:
    """One task per folder."""

    def __init__(self, here: Places) -> None:
        self._notes = _Notes(here)
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        # One scan after the other: they are quick, and write to one library.
        self._taking = asyncio.Lock()

    def set(self, settings: Settings) -> None:
        """Watch the folders of these settings, and no others."""
        from smtui import wiring
        from smtui.folders.finder import DiskFinder
        from smtui.folders.watched_folder import WatchedFolder

        wanted = {Path(folder) for folder in settings.watch.folders}
        for folder in self._tasks.keys() - wanted:
            self._tasks.pop(folder).cancel()
            self._notes.forget(folder)
        for folder in sorted(wanted - self._tasks.keys()):
            watched = WatchedFolder(
                root=folder,
                finder=DiskFinder(settings.paths.here, threads=1),
                take=self._take,
                say=self._notes.note,
                network_of=wiring.network_of,
            )
            self._tasks[folder] = asyncio.create_task(watched.keep())

    async def close(self) -> None:
        """End all, with what is being taken in saved to its end."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _take(self, found: Found) -> None:
        """Take in what was found and have it heard; opened for it alone, so that servers rest."""
        async with self._taking, opened() as box:
            settings = box.settings.work
            shared = settings.scan_as == "shared"
            report = await box.services.scans.take_in(
                found.root, found.candidates, by=box.account, shared=shared
            )
            news = report.added + report.changed
            if news:
                _log.warning("%s: %d taken in", shown(printable_path(bytes(found.root))), news)
            if settings.start and (news or found.whole):
                below = printable_path(bytes(box.services.paths.documents_path(found.root)))
                await box.services.batches.start_unheard(box.account, settings.level, below=below)


class _Notes:
    """How the watching of each folder stands, in a file that `smtui watch` reads."""

    def __init__(self, here: Places) -> None:
        self._file = here.state / "watching.json"
        self._words: dict[str, str] = {}

    def load(self) -> Mapping[str, str]:
        """Return it as it was written last; empty where that cannot be read."""
        try:
            notes = json.loads(self._file.read_text("utf-8"))
            return {str(folder): str(words) for folder, words in notes.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def note(self, folder: Path, words: str) -> None:
        """Write it down, and in the log."""
        _log.warning("%s: %s", shown(printable_path(bytes(folder))), words)
        self._words[str(folder)] = words
        self._write()

    def forget(self, folder: Path) -> None:
        """Leave out a folder that is no longer watched."""
        self._words.pop(str(folder), None)
        self._write()

    def _write(self) -> None:
        # With a full disk the log has it all the same, and a power cut ends the watching, too.
        with suppress(OSError):
            write_whole(self._file, json.dumps(self._words).encode(), synced=False)

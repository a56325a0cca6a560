"""What the watcher's process does: every folder of the settings watched, what is found taken in."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.cli.running import opened
from smtui.domain.errors import SmtuiError
from smtui.domain.text import printable_path, shown
from smtui.files import write_whole

if TYPE_CHECKING:
    from smtui.folders.watching import Found
    from smtui.paths import Places
    from smtui.settings import Settings

_LOOK_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Standing:
    """How the watching of each folder stands, in a file for whoever asks."""

    def __init__(self, here: Places) -> None:
        self._file = here.state / "watching.json"
        self._words: dict[str, str] = {}

    def read(self) -> Mapping[str, str]:
        """Give it as it was written last; empty where that cannot be read."""
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            return {str(folder): str(words) for folder, words in kept.items()}
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


async def keep_watching() -> int:
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
            if (present := _changed(here.settings_file)) != changed:
                changed = present
                try:
                    loaded = settings.load(here, os.environ).settings
                    watching.set(loaded)
                    if not loaded.watch.folders:
                        # The keeper ends this process, and asks nobody to start it again.
                        await wiring.watcher(here, loaded).rest("watcher")
                except SmtuiError as error:
                    _log.warning("%s", error)
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await watching.close()


class _Watching:
    """One task per folder."""

    def __init__(self, here: Places) -> None:
        self._standing = Standing(here)
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        # One scan after the other: they are quick, and write to one library.
        self._taking = asyncio.Lock()

    def set(self, settings: Settings) -> None:
        """Watch the folders of these settings, and no others."""
        from smtui import wiring
        from smtui.folders.finder import DiskFinder
        from smtui.folders.watching import WatchedFolder

        wanted = {Path(folder) for folder in settings.watch.folders}
        for folder in self._tasks.keys() - wanted:
            self._tasks.pop(folder).cancel()
            self._standing.forget(folder)
        for folder in sorted(wanted - self._tasks.keys()):
            one = WatchedFolder(
                root=folder,
                finder=DiskFinder(settings.paths.here, threads=1),
                take=self._take,
                say=self._standing.note,
                network_of=wiring.network_of,
            )
            self._tasks[folder] = asyncio.create_task(one.keep())

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
                below = printable_path(bytes(box.services.paths.kept(found.root)))
                await box.services.batches.start_unheard(box.account, settings.level, below=below)


def _changed(file: Path) -> int:
    """When a file was changed last, ns; 0 where there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0

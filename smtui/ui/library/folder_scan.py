"""A scan of a folder, begun and stopped from the library screen.

It stands apart from the screen because it has a sentence of its own for how a scan ended.
"""

from __future__ import annotations

import os
from pathlib import Path

import aiofiles.os

from smtui.domain.path_map import PathMap
from smtui.domain.scan import ScanProgress
from smtui.domain.text import printable_path
from smtui.ui.base_screen import BaseScreen
from smtui.ui.library.browser import Context
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import looking

FOLDER = "folder"

_GROUP = "scan"


class FolderScan:
    """Scans a folder in the background; what is new is analysed at once."""

    def __init__(
        self, screen: BaseScreen, context: Context, line: AskLine, status: StatusBar
    ) -> None:
        self.screen = screen
        self._context = context
        self._services = context.services
        self._line = line
        self._status = status

    def ask(self) -> None:
        """Ask for a folder."""
        for_all = " for everybody" if self._context.options.scan_shared else ""
        self._ask_folder(f"scan folder{for_all}", f"{Path.home()}/")

    def _ask_folder(self, words: str, begun: str) -> None:
        self._line.ask(FOLDER, words, hint="tab completes", suggester=FolderSuggester())
        self._line.set_path(begun)

    def answer(self, text: str) -> None:
        """Take what was typed."""
        self._scan(Path(text.strip()).expanduser())

    @property
    def is_running(self) -> bool:
        """True while a scan runs from here."""
        screen = self.screen
        return any(w.group == _GROUP and w.node is screen and w.is_running for w in screen.workers)

    def stop(self) -> None:
        """End the scan; what it found stays."""
        self.screen.workers.cancel_group(self.screen, _GROUP)
        self.screen.say("Scan stopped. What it found is kept; scan again to continue.")

    @looking(group=_GROUP)
    async def _scan(self, folder: Path) -> None:
        if not await aiofiles.os.path.exists(folder):
            # In the line itself: a toast would lie over what is to be mended.
            self._ask_folder("no such folder; folder to scan", str(folder))
            return
        account, options = self._context.account, self._context.options
        last = ScanProgress()
        try:
            async for progress in self._services.scans.scan(
                [folder], by=account, shared=options.scan_shared
            ):
                last = progress
                self._status.show_scan(progress)
        finally:
            self._status.show_scan(None)
        self.screen.say(report(folder, last))
        if options.listen:
            below = _library_path(folder, self._services.paths)
            await self._services.batches.start_unheard(account, options.level, below=below)


def _library_path(folder: Path, paths: PathMap) -> str:
    """Return a folder as the library knows it: absolute and printable, links as they are."""
    return printable_path(bytes(paths.documents_path(Path(os.path.normpath(folder.absolute())))))


def report(folder: Path, progress: ScanProgress) -> str:
    """Return in one line what a scan did where; what it could not read, with the first reason."""
    where = printable_path(bytes(folder)).rpartition("/")[2] or "/"
    counts = (
        ("added", progress.added),
        ("changed", progress.changed),
        ("moved", progress.moved),
        ("unchanged", progress.unchanged),
        ("missing", progress.missing),
    )
    words = ", ".join(f"{count:,} {name}" for name, count in counts if count) or "no sounds found"
    words = f"Scanned {where}: {words}"
    if not progress.unreadable_count:
        return words
    first = progress.unreadable[0]
    name = first.file_path.rpartition("/")[2]
    return f"{words}, {progress.unreadable_count:,} unreadable ({name}: {first.error})"

"""Scanning folders from the library screen."""

from __future__ import annotations

import os
from pathlib import Path

import aiofiles.os

from smtui.domain.path_map import PathMap
from smtui.domain.scan import ScanProgress
from smtui.domain.text import printable_path
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import looking

FOLDER = "folder"

_GROUP = "scan"


class Scanning(Browser):
    """Scans a folder in the background; what is new is listened to at once."""

    def action_scan(self) -> None:
        """Ask for a folder."""
        for_all = " for everybody" if self.options.scan_shared else ""
        self._ask_folder(f"scan folder{for_all}", f"{Path.home()}/")

    def _ask_folder(self, words: str, begun: str) -> None:
        line = self.query_one(AskLine)
        line.ask(FOLDER, words, hint="tab completes", suggester=FolderSuggester())
        line.set_path(begun)

    def answer_folder(self, text: str) -> None:
        """Take what was typed."""
        self._scan(Path(text.strip()).expanduser())

    @property
    def is_scanning(self) -> bool:
        """A scan runs from here."""
        return any(w.group == _GROUP and w.node is self and w.is_running for w in self.workers)

    def stop_scan(self) -> None:
        """End the scan; what it found stays."""
        self.workers.cancel_group(self, _GROUP)
        self.say("Scan stopped. What it found is kept; scan again to continue.")

    @looking(group=_GROUP)
    async def _scan(self, folder: Path) -> None:
        if not await aiofiles.os.path.exists(folder):
            # In the line itself: a toast would lie over what is to be mended.
            self._ask_folder("no such folder; folder to scan", str(folder))
            return
        bar = self.query_one(StatusBar)
        last = ScanProgress()
        try:
            async for progress in self.services.scans.scan(
                [folder], by=self.account, shared=self.options.scan_shared
            ):
                last = progress
                bar.show_scan(progress)
        finally:
            bar.show_scan(None)
        self.say(report(folder, last))
        if self.options.listen:
            await self.services.batches.start_unheard(
                self.account, self.options.level, below=_kept(folder, self.services.paths)
            )


def _kept(folder: Path, paths: PathMap) -> str:
    """Write a folder as the library knows it: absolute and printable, links as they are."""
    return printable_path(bytes(paths.kept(Path(os.path.normpath(folder.absolute())))))


def report(folder: Path, progress: ScanProgress) -> str:
    """Say in one line what a scan did where; what it could not read, with the first reason."""
    where = printable_path(bytes(folder)).rpartition("/")[2] or "/"
    counts = (
        ("added", progress.added),
        ("changed", progress.changed),
        ("moved", progress.moved),
        ("unchanged", progress.unchanged),
        ("missing", progress.missing),
    )
    words = ", ".join(f"{count:,} {name}" for name, count in counts if count) or "no sounds found"
    told = f"Scanned {where}: {words}"
    if not progress.unreadable_count:
        return told
    first = progress.unreadable[0]
    name = first.file_path.rpartition("/")[2]
    return f"{told}, {progress.unreadable_count:,} unreadable ({name}: {first.error})"

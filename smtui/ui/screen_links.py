"""The ways that lead from several screens: to what is similar, and to saved and recent searches."""

from __future__ import annotations

import logging
import os.path
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import aiofiles.os
from textual.message import Message

from smtui.domain.errors import SmtuiError
from smtui.domain.kept_search import KeptSearch
from smtui.domain.sample import FileId
from smtui.domain.search import MOST_SEEDS
from smtui.ui.base_screen import BaseScreen
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.workers import looking

OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What to begin with: one of these.

    Attributes:
        seeds: sounds of the library, the first being the seed.
        outside: a file that is not of the library.
        line: a whole search as text (`domain/search_line.py`).
    """

    seeds: tuple[FileId, ...] = ()
    outside: Path | None = None
    line: str = ""


class SimilarLink:
    """Leads from the sounds of a screen to those that are similar.

    `targets` gives the sounds that it is asked for; `line` asks for a file.
    """

    @dataclass
    class Wanted(Message):
        """The person wants to see what is similar to this."""

        begin: Begin

    def __init__(
        self, screen: BaseScreen, line: AskLine, targets: Callable[[], Sequence[FileId]]
    ) -> None:
        self.screen = screen
        self._line = line
        self._targets = targets

    def open(self) -> None:
        """See what is similar to the sound, or to the marked ones together."""
        targets = tuple(self._targets())
        if not targets:
            self.screen.say("No sound selected")
        elif len(targets) > MOST_SEEDS:
            self.screen.say(f"Up to {MOST_SEEDS} marked sounds can be seeds; esc takes marks away")
        else:
            self.screen.post_message(self.Wanted(Begin(seeds=targets)))

    def ask_file(self) -> None:
        """Ask for a file, and see what is similar to it."""
        self.ask("sounds like the file", f"{Path.home()}/")

    def ask(self, words: str, begun: str) -> None:
        """Ask for a file's path, beginning with a text."""
        suggester = FolderSuggester(files=True)
        self._line.ask(OUTSIDE, words, hint="tab completes", suggester=suggester)
        self._line.set_path(begun)

    def answer(self, text: str) -> None:
        """Take the path of a file."""
        # A Path has no home for an account that is not there.
        path = Path(os.path.abspath(os.path.expanduser(text.strip())))  # noqa: PTH100, PTH111
        self._open_file(path, text)

    @looking(group="outside")
    async def _open_file(self, path: Path, text: str) -> None:
        if await aiofiles.os.path.isfile(path):
            self.screen.post_message(self.Wanted(Begin(outside=path)))
        else:
            # In the line itself: a toast would lie over what is to be mended.
            self.ask("no file is there; sounds like the file", text)


_log = logging.getLogger(__name__)


@runtime_checkable
class AsksSaved(Protocol):
    """A screen that leads to what is saved, and asks what was chosen there."""

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was chosen."""
        ...


@dataclass
class SavedWanted(Message):
    """The person wants to see what is saved; `present` is what is asked here now."""

    present: KeptSearch | None


def want_saved(screen: BaseScreen, present: KeptSearch | None) -> None:
    """Show what is saved, unless the person has gone on meanwhile."""
    if screen.is_current:
        screen.post_message(SavedWanted(present))


@contextmanager
def quietly() -> Iterator[None]:
    """Remember what is asked: nobody asked for that, so a failure is no reason to disturb."""
    try:
        yield
    except SmtuiError as error:
        _log.warning("what was asked is not remembered: %s", error)

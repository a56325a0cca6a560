"""The way to what sounds like this, from wherever a sound is looked at."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiofiles.os
from textual.message import Message

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


class TowardsAlike(BaseScreen):
    """A screen that leads to the similar screen."""

    @dataclass
    class AlikeWanted(Message):
        """The person wants to see what is like this."""

        begin: Begin

    @property
    def alike_targets(self) -> Sequence[FileId]:
        """The sounds that `s` is for."""
        raise NotImplementedError

    def action_similar(self) -> None:
        """See what is like the sound, or like the marked ones together."""
        targets = self.alike_targets
        if not targets:
            self.say("No sound selected")
        elif len(targets) > MOST_SEEDS:
            self.say(f"Up to {MOST_SEEDS} marked sounds can be seeds; esc takes marks away")
        else:
            self.post_message(self.AlikeWanted(Begin(seeds=tuple(targets))))

    def action_similar_outside(self) -> None:
        """Ask for a file, and see what is like it."""
        self.ask_outside("sounds like the file", f"{Path.home()}/")

    def ask_outside(self, words: str, begun: str) -> None:
        """Ask for a file's path, beginning with a text."""
        line = self.query_one(AskLine)
        suggester = FolderSuggester(files=True)
        line.ask(OUTSIDE, words, hint="tab completes", suggester=suggester)
        line.set_path(begun)

    def answer_outside(self, text: str) -> None:
        """Take the path of a file."""
        # A Path has no home for an account that is not there.
        path = Path(os.path.abspath(os.path.expanduser(text.strip())))  # noqa: PTH100, PTH111
        self._open_outside(path, text)

    @looking(group="outside")
    async def _open_outside(self, path: Path, text: str) -> None:
        if await aiofiles.os.path.isfile(path):
            self.post_message(self.AlikeWanted(Begin(outside=path)))
        else:
            # In the line itself: a toast would lie over what is to be mended.
            self.ask_outside("no file is there; sounds like the file", text)

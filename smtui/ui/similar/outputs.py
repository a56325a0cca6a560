"""What leaves the screen: the search as a remembered or copied line, the hits as a file."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles.os

from smtui.domain.drawn_names import drawn
from smtui.domain.hit_list import form_of
from smtui.domain.kept_search import KeptKind
from smtui.domain.likeness import Hit
from smtui.domain.search import Search, View
from smtui.domain.text import counted
from smtui.files import write_whole_in_thread
from smtui.ui.base_screen import BaseScreen
from smtui.ui.screen_links import quietly, want_saved
from smtui.ui.similar.searcher import Searcher
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.workers import doing, looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services

FILE = "file"

_BEGUN = {View.ALIKE: "like", View.FITS: "fits", View.WORDS: "words"}
_LONGEST_NAME = 60
_NO_HITS = "there are no hits to write; write to"


class SearchLog:
    """Remembers searches, and writes them so that they find the same again."""

    def __init__(self, searcher: Searcher, services: Services, account: Account) -> None:
        self.screen: BaseScreen = searcher.screen
        self._searcher = searcher
        self._seeds = services.seeds
        self._saved = services.kept_searches
        self._account = account
        self._noted = ""

    def open(self) -> None:
        """Show what was saved and asked lately, the present search among it."""
        self._open(self._searcher.understood)

    @doing
    async def _open(self, search: Search) -> None:
        text = await self._line(search)
        await self._note(search, text)
        want_saved(self.screen, self._saved.at_present(KeptKind.SEARCH, text))

    def note(self) -> None:
        """Remember what is asked, for it led somewhere."""
        self._note_quietly(self._searcher.understood)

    @doing
    async def _note_quietly(self, search: Search) -> None:
        with quietly():
            await self._note(search, await self._line(search))

    async def _note(self, search: Search, text: str) -> None:
        if not text or text == self._noted:
            return
        if search.filter:
            await self._saved.remember(KeptKind.FILTER, search.filter, by=self._account)
        await self._saved.remember(KeptKind.SEARCH, text, by=self._account)
        self._noted = text

    async def _line(self, search: Search) -> str:
        """Return a search as one line; empty where nothing could be found by it."""
        if not (search.words if search.view is View.WORDS else search.more):
            return ""
        return await self._seeds.line_of(search, self._account.user_id)

    def copy_line(self) -> None:
        """Copy the search as one line."""
        self._copy_line(self._searcher.understood)

    @looking(group="copy")
    async def _copy_line(self, search: Search) -> None:
        text = await self._line(search)
        if text:
            await self._copy(text)
        else:
            self.screen.say("Nothing to look for yet")

    def copy_path(self) -> None:
        """Copy the path of the sound under the cursor."""
        row = self._searcher.table.row
        seed = None if row is None else row.seed
        if row is not None and row.sample is not None:
            self._copy_text(str(row.sample.path))
        elif seed is not None and seed.path is not None:
            self._copy_text(str(seed.path))
        else:
            self.screen.say("No sound selected")

    @looking(group="copy")
    async def _copy_text(self, text: str) -> None:
        await self._copy(text)

    async def _copy(self, text: str) -> None:
        """Put a text onto the clipboard; what was asked is remembered, for it led somewhere."""
        await self.screen.copy(text)
        self.note()


class HitFile:
    """Writes the hits: a table, JSON lines or a list to play, by the extension of the name."""

    def __init__(self, searcher: Searcher, services: Services, line: AskLine) -> None:
        self.screen: BaseScreen = searcher.screen
        self._searcher = searcher
        self._hit_lists = services.hit_lists
        self._line = line

    def ask(self) -> None:
        """Ask for a file, and write the hits there."""
        # The line opens whatever there is to write: letters typed ahead would else be commands.
        nothing = self._searcher.outcome.is_set() and not self._hits
        self._ask(_NO_HITS if nothing else "write the hits to", f"~/{self._proposed()}.csv")

    @property
    def _hits(self) -> tuple[Hit, ...]:
        """What is shown, best first; sounds to be like or unlike are none."""
        rows = self._searcher.table.rows
        ranked = [self._searcher.hit_of(row) for row in rows if row.rank is not None]
        return tuple(hit for hit in ranked if hit is not None)

    def _proposed(self) -> str:
        search, seed = self._searcher.search, self._searcher.seed
        about = search.words if search.view is View.WORDS or seed is None else Path(seed.name).stem
        safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in about)
        return "-".join(part for part in (_BEGUN[search.view], safe[:_LONGEST_NAME]) if part)

    def _ask(self, words: str, text: str) -> None:
        hint = "/folder/hits.csv, .jsonl or .m3u"
        self._line.ask(FILE, words, hint=hint, suggester=FolderSuggester())
        self._line.set_path(text)

    def answer(self, text: str) -> None:
        """Take the name of the file."""
        path = Path(os.path.expanduser(text.strip())).absolute()  # noqa: PTH111
        if form_of(path) is None:
            self._ask("the file name must end in .csv, .jsonl or .m3u; write to", text)
        else:
            self._write_hits(path, text)

    @looking(group="write")
    async def _write_hits(self, path: Path, text: str) -> None:
        """Write what is found; who typed ahead of the answer waits for it."""
        await self._searcher.outcome.wait()
        if self._hits:
            self._write(path, self._searcher.search, self._hits)
        else:
            self._ask(_NO_HITS, text)

    @doing
    async def _write(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        """Write a new file; one that is there is written over only when the person says so."""
        if not await aiofiles.os.path.exists(path):
            await self._save(path, search, hits)
        elif await aiofiles.os.path.isfile(path):
            question = f"{path} is there already. Write over it?"
            self.screen.confirm(question, lambda: self._write_over(path, search, hits))
        else:
            self._ask("that is no file; write to", str(path))

    @doing
    async def _write_over(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        await self._save(path, search, hits)

    async def _save(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        form = form_of(path)
        assert form is not None
        content, count = await self._hit_lists.of(search, hits, form)
        try:
            await write_whole_in_thread(path, content, mode=None)
        except OSError as error:
            why = error.strerror or "it cannot be written"
            self._ask(f"{drawn(why)}; write to", str(path))
            return
        left = f", {len(hits) - count:,} cannot be named there" if count < len(hits) else ""
        self.screen.say(f"Saved {counted(count, 'hit')} to {path}{left}")

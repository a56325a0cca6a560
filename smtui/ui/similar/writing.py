"""The hits as a file: a table, JSON lines or a list to play, by the extension of its name."""

from __future__ import annotations

import os.path
from pathlib import Path

import aiofiles.os

from smtui.domain.drawn import drawn
from smtui.domain.hit_list import form_of
from smtui.domain.likeness import Hit
from smtui.domain.search import Search, View
from smtui.domain.text import counted
from smtui.files import write_whole_in_thread
from smtui.ui.similar.searching import Searching
from smtui.ui.widgets.ask_line import AskLine, FolderSuggester
from smtui.ui.workers import doing, looking

FILE = "file"

_BEGUN = {View.ALIKE: "like", View.FITS: "fits", View.WORDS: "words"}
_LONGEST_NAME = 60
_NO_HITS = "there are no hits to write; write to"


class Writing(Searching):
    """Writes the list out."""

    def action_write(self) -> None:
        """Ask for a file, and write the hits there."""
        # The line opens whatever there is to write: letters typed ahead would else be commands.
        nothing = self.outcome.is_set() and not self._hits
        self._ask_file(_NO_HITS if nothing else "write the hits to", f"~/{self._proposed()}.csv")

    @property
    def _hits(self) -> tuple[Hit, ...]:
        """What is shown, best first; sounds to be like or unlike are none."""
        ranked = [self.hit_of(row) for row in self.table.rows if row.rank is not None]
        return tuple(hit for hit in ranked if hit is not None)

    def _proposed(self) -> str:
        view, seed = self.search.view, self.seed
        about = self.search.words if view is View.WORDS or seed is None else Path(seed.name).stem
        safe = "".join(one if one.isalnum() or one in "-_." else "-" for one in about)
        return f"{_BEGUN[view]}-{safe[:_LONGEST_NAME]}"

    def _ask_file(self, words: str, text: str) -> None:
        line = self.query_one(AskLine)
        hint = "/folder/hits.csv, .jsonl or .m3u"
        line.ask(FILE, words, hint=hint, suggester=FolderSuggester())
        line.set_path(text)

    def answer_file(self, text: str) -> None:
        """Take the name of the file."""
        path = Path(os.path.expanduser(text.strip())).absolute()  # noqa: PTH111
        if form_of(path) is None:
            self._ask_file("the file name must end in .csv, .jsonl or .m3u; write to", text)
        else:
            self._write_found(path, text)

    @looking(group="write")
    async def _write_found(self, path: Path, text: str) -> None:
        """Write what is found; who typed ahead of the answer waits for it."""
        await self.outcome.wait()
        if self._hits:
            self._write(path, self.search, self._hits)
        else:
            self._ask_file(_NO_HITS, text)

    @doing
    async def _write(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        """Write a new file; one that is there is written over only when the person says so."""
        if not await aiofiles.os.path.exists(path):
            await self._written(path, search, hits)
        elif await aiofiles.os.path.isfile(path):
            question = f"{path} is there already. Write over it?"
            self.confirm(question, lambda: self._write_over(path, search, hits))
        else:
            self._ask_file("that is no file; write to", str(path))

    @doing
    async def _write_over(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        await self._written(path, search, hits)

    async def _written(self, path: Path, search: Search, hits: tuple[Hit, ...]) -> None:
        form = form_of(path)
        assert form is not None
        content, count = await self.services.hit_lists.of(search, hits, form)
        try:
            await write_whole_in_thread(path, content, mode=None)
        except OSError as error:
            why = error.strerror or "it cannot be written"
            self._ask_file(f"{drawn(why)}; write to", str(path))
            return
        left = f", {len(hits) - count:,} cannot be named there" if count < len(hits) else ""
        self.say(f"Saved {counted(count, 'hit')} to {path}{left}")

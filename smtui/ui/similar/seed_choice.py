"""Which sounds to be like and unlike: chosen by keys, or written with the rest as one line.

Apart from the searcher, which asks whatever was chosen: here is who changes what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import QueryInvalid, SmtuiError
from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.sample import FileId
from smtui.domain.search import MOST_SEEDS, TOO_MANY_SEEDS, Search, Seed, View
from smtui.domain.search_line import SearchLine, parse, text_of
from smtui.domain.unreadable import MEND, NO_SOUND, is_unreadable
from smtui.ui.base_screen import BaseScreen
from smtui.ui.screen_links import Begin
from smtui.ui.similar.outputs import SearchLog
from smtui.ui.similar.searcher import Searcher
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.services.box import Services

LINE = "line"
WORDS = "words"

_MOST_BACK = 50
_BACK = "esc goes back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """An earlier search, and the sound that the cursor stood on."""

    search: Search
    file_id: FileId | None


class SeedChoice:
    """Chooses sounds to be like and unlike, and leads back through earlier searches."""

    def __init__(self, searcher: Searcher, services: Services, log: SearchLog) -> None:
        self.screen: BaseScreen = searcher.screen
        self._searcher = searcher
        self._library = services.library
        self._seeds = services.seeds
        self._log = log
        self._history: tuple[_Before, ...] = ()

    @property
    def has_earlier(self) -> bool:
        """There is a search to go back to."""
        return bool(self._history)

    @looking(group="begin", patient=True)
    async def begin(self, begin: Begin) -> None:
        """Look for what is like these sounds, or like a file from outside."""
        if begin.outside is not None:
            await self._begin_outside(begin.outside)
            return
        # Marks have no order of their own; by name the same marks give the same seed.
        read = await self._library.samples(begin.seeds)
        samples = sorted(read, key=lambda sample: sample.search_key)
        self._searcher.samples |= {sample.file_id: sample for sample in samples}
        seeds = tuple(Seed(name=sample.filename, file_id=sample.file_id) for sample in samples)
        if seeds:
            self._go_on(seeds)
        elif all(map(is_unreadable, begin.seeds)):
            self._refuse(NO_SOUND, f"{MEND} {_BACK}")
        else:
            self._refuse("This sound is no longer in the library", _BACK)

    async def _begin_outside(self, path: Path) -> None:
        searcher, panes = self._searcher, self._searcher.panes
        analysing = f"Analysing {drawn(path.name)}"
        if searcher.seed is None:
            panes.show_notice(analysing)
        else:
            panes.show_remark(f"{analysing} ...")
        try:
            # A path of the library means its sound, which is then no hit of itself.
            seed = await self._seeds.meant(str(path), searcher.viewer)
        except SmtuiError as error:
            if searcher.seed is None:
                self._refuse(error.title, f"{error.hint} {_BACK}".strip())
                return
            panes.show_remark("")
            if searcher.answer is not None:
                panes.remark_on(searcher.answer, searcher.search)
            self.screen.tell(error)
            return
        self._go_on((seed,))

    def _refuse(self, title: str, hint: str) -> None:
        self._searcher.panes.show_notice(title, hint)

    def _go_on(self, seeds: tuple[Seed, ...]) -> None:
        """Be like other sounds, all else asked as before; backspace leads back."""
        self.remember()
        search = self._searcher.search
        view = search.view
        if view is View.WORDS and not search.words:
            # Without words there is nothing to find there: the seed is what was asked for.
            view = View.ALIKE
        self._searcher.ask(replace(search, view=view, more=seeds, less=()))
        self._searcher.hold_keys()

    def remember(self) -> None:
        """Keep the way back to this search, and the search itself."""
        search = self._searcher.search
        if search.more or search.words:
            row = self._searcher.table.row
            before = _Before(search=search, file_id=None if row is None else row.file_id)
            self._history = (*self._history, before)[-_MOST_BACK:]
        self._log.note()

    def go_back(self) -> None:
        """Go back to the search before, and to the sound that the cursor stood on."""
        if not self._history:
            return
        *earlier, before = self._history
        self._history = tuple(earlier)
        self._searcher.panes.filter.restore(before.search.filter)
        self._searcher.ask(before.search, stand_on=before.file_id)

    def take_row(self) -> None:
        """Make the sound under the cursor the seed."""
        row = self._searcher.table.row
        if row is None:
            self.screen.say("No sound selected")
        elif row.seed is not None:
            self._go_on((row.seed,))
        elif row.file_id is not None:
            self._go_on((Seed(name=row.name, file_id=row.file_id),))

    def more_like(self) -> None:
        """Add the sound to those to be like, or take it away again."""
        self._toggle("+")

    def less_like(self) -> None:
        """Add the sound to those to be unlike, or take it away again."""
        self._toggle("-")

    def _toggle(self, sign: str) -> None:
        row, search = self._searcher.table.row, self._searcher.search
        if row is None:
            self.screen.say("No sound selected")
            return
        seed = row.seed or Seed(name=row.name, file_id=row.file_id)
        more = [other for other in search.more if other != seed]
        less = [other for other in search.less if other != seed]
        if row.sign != sign:
            (more if sign == "+" else less).append(seed)
        if len(more) + len(less) > MOST_SEEDS:
            self.screen.say(TOO_MANY_SEEDS)
            return
        # The cursor stays where the person looks, on what has that place now.
        search = replace(search, more=tuple(more), less=tuple(less))
        self._searcher.ask(search, stand_on=row.rank)

    async def named(self, names: Sequence[str]) -> tuple[Seed, ...]:
        """Return the sounds that are named; those of this search are meant by their names."""
        mine = {self.spelled(seed).name: seed for seed in self._searcher.search.seeds}
        viewer = self._searcher.viewer
        return tuple([mine.get(name) or await self._seeds.meant(name, viewer) for name in names])

    def spelled(self, seed: Seed) -> Seed:
        """Call a sound by its path where another one of the search has its name."""
        sample = None if seed.file_id is None else self._searcher.samples.get(seed.file_id)
        names = [other.name for other in self._searcher.search.seeds]
        if seed.path is not None:
            return replace(seed, name=str(seed.path))
        if sample is not None and names.count(seed.name) > 1:
            return replace(seed, name=sample.file_path)
        return seed


class SearchEditor:
    """Lets the whole search be typed as one line, or a description, and goes through the views."""

    def __init__(self, searcher: Searcher, seeds: SeedChoice, line: AskLine) -> None:
        self.screen: BaseScreen = searcher.screen
        self._searcher = searcher
        self._seeds = seeds
        self._line = line

    def edit(self) -> None:
        """Edit the whole search as one line."""
        search, spelled = self._searcher.search, self._seeds.spelled
        more, less = tuple(map(spelled, search.more)), tuple(map(spelled, search.less))
        self._ask("search", text_of(SearchLine.of(replace(search, more=more, less=less))))

    def _ask(self, words: str, begun: str) -> None:
        hint = "like kick_01 timbre=3 -dusty_hat bpm:~126"
        self._line.ask(LINE, words, hint=hint, suggester=None)
        self._line.set_text(begun)

    def answer(self, text: str) -> None:
        """Take the line as it was edited."""
        try:
            line = parse(text)
        except QueryInvalid as mistake:
            self._mend(mistake, text)
            return
        self._searcher.outcome.clear()
        self._find_named(text, line)

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was saved: a whole search, or the present one within a filter."""
        if saved.kind is KeptKind.SEARCH:
            self.answer(saved.text)
            return
        line = self._searcher.panes.filter
        line.restore(saved.text)
        self._searcher.ask(replace(self._searcher.search, filter=line.text))

    def _mend(self, error: SmtuiError, text: str) -> None:
        """Ask for the line again, and say why."""
        search = self._searcher.search
        if not search.more and not search.words:
            self._searcher.panes.show_notice(
                "Nothing is looked for yet", f"L types a search, {_BACK}"
            )
        # In the line itself: a toast would lie over what is to be mended.
        self._ask(f"{drawn(error.title)}; search", text)
        self._searcher.settle()

    @looking(group="begin")
    async def _find_named(self, text: str, line: SearchLine) -> None:
        try:
            more, less = await self._seeds.named(line.more), await self._seeds.named(line.less)
        except SmtuiError as error:
            self._mend(error, text)
            return
        self._seeds.remember()
        self._searcher.panes.filter.restore(line.filter)
        self._searcher.ask(line.search(more=more, less=less))

    def next_view(self) -> None:
        """Go on to the next view: alike, fits, words; that of words asks for some first."""
        search, views = self._searcher.search, list(View)
        view = views[(views.index(search.view) + 1) % len(views)]
        search = replace(search, view=view)
        if view is View.WORDS and not search.words:
            self._searcher.stop(search)
            self._searcher.panes.show_no_words()
            hint = "dark metallic hit, no tail"
            self._line.ask(WORDS, "sounds like", hint=hint, suggester=None)
        else:
            self._searcher.ask(search)

    def answer_words(self, text: str) -> None:
        """Take a description."""
        search = replace(self._searcher.search, view=View.WORDS, words=text.strip())
        self._searcher.ask(search)

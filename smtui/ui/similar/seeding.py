"""Which sounds to be like and unlike, and the way back through earlier seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smtui.domain.drawn import drawn
from smtui.domain.errors import QueryInvalid, SmtuiError
from smtui.domain.sample import FileId
from smtui.domain.search import MOST_SEEDS, TOO_MANY_SEEDS, Search, Seed, View
from smtui.domain.search_line import SearchLine, parse, written
from smtui.domain.unreadable import MEND, NO_SOUND, is_unreadable
from smtui.ui.similar.searching import SEARCH, Searching
from smtui.ui.similar_link import Begin
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.workers import looking

LINE = "line"
WORDS = "words"

_MOST_BACK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """An earlier search, and the sound that the cursor stood on."""

    search: Search
    file_id: FileId | None


class Seeding(Searching):
    """Chooses seeds."""

    _history: tuple[_Before, ...] = ()

    @property
    def has_earlier(self) -> bool:
        """There is a search to go back to."""
        return bool(self._history)

    # Beginning.

    def begin(self, begin: Begin) -> None:
        """Look for what is like these sounds, like a file from outside, or for what a line says."""
        if begin.line:
            self.answer_line(begin.line)
        else:
            self._begin(begin)

    @looking(group="begin", patient=True)
    async def _begin(self, begin: Begin) -> None:
        if begin.outside is not None:
            await self._begin_outside(begin.outside)
            return
        # Marks have no order of their own; by name the same marks give the same seed.
        read = await self.services.library.samples(begin.seeds)
        found = sorted(read, key=lambda sample: sample.search_key)
        self.samples |= {sample.file_id: sample for sample in found}
        seeds = tuple(Seed(name=one.filename, file_id=one.file_id) for one in found)
        if seeds:
            self._go_on(seeds)
        elif all(map(is_unreadable, begin.seeds)):
            self.show_notice(NO_SOUND, f"{MEND} esc goes back")
        else:
            self.show_notice("This sound is no longer in the library", "esc goes back")

    async def _begin_outside(self, path: Path) -> None:
        listening = f"Analysing {drawn(path.name)}"
        if self.seed is None:
            self.show_notice(listening, "")
        else:
            self.show_remark(f"{listening} ...")
        try:
            # A path of the library means its sound, which is then no hit of itself.
            seed = await self.services.seeds.meant(str(path), self.account.user_id)
        except SmtuiError as error:
            if self.seed is None:
                self.show_notice(error.title, f"{error.hint} esc goes back".strip())
            else:
                self.show_remark("")
                if self.answer is not None:
                    self._say_found(self.answer)
                self.tell(error)
            return
        self._go_on((seed,))

    def _go_on(self, seeds: tuple[Seed, ...]) -> None:
        """Be like other sounds, all else asked as before; backspace leads back."""
        self.remember()
        view = self.search.view
        if view is View.WORDS and not self.search.words:
            # Without words there is nothing to find there: the seed is what was asked for.
            view = View.ALIKE
        self.ask(replace(self.search, view=view, more=seeds, less=()))

    def remember(self) -> None:
        """Keep the way back to this search."""
        if self.seed is not None or self.search.words:
            row = self.table.row
            before = _Before(search=self.search, file_id=None if row is None else row.file_id)
            self._history = (*self._history, before)[-_MOST_BACK:]

    # Keys.

    def action_similar(self) -> None:
        """Make the sound under the cursor the seed."""
        row = self.table.row
        if row is None:
            self.say("No sound selected")
        elif row.seed is not None:
            self._go_on((row.seed,))
        elif row.file_id is not None:
            self._go_on((Seed(name=row.name, file_id=row.file_id),))

    def action_seed_before(self) -> None:
        """Go back to the search before, and to the sound that the cursor stood on."""
        if not self._history:
            return
        *earlier, before = self._history
        self._history = tuple(earlier)
        self.query_one(FilterLine).restore(before.search.filter)
        self.ask(before.search, stand_on=before.file_id)

    def action_more_like(self) -> None:
        """Add the sound to those to be like, or take it away again."""
        self._toggle("+")

    def action_less_like(self) -> None:
        """Add the sound to those to be unlike, or take it away again."""
        self._toggle("-")

    def _toggle(self, sign: str) -> None:
        row = self.table.row
        if row is None:
            self.say("No sound selected")
            return
        seed = row.seed or Seed(name=row.name, file_id=row.file_id)
        more = [one for one in self.search.more if one != seed]
        less = [one for one in self.search.less if one != seed]
        if row.sign != sign:
            (more if sign == "+" else less).append(seed)
        if len(more) + len(less) > MOST_SEEDS:
            self.say(TOO_MANY_SEEDS)
            return
        # The cursor stays where the person looks, on what has that place now.
        self.ask(replace(self.search, more=tuple(more), less=tuple(less)), stand_on=row.rank)

    # The search as a line of text.

    def action_line(self) -> None:
        """Edit the whole search as one line."""
        more, less = map(self._spelled, self.search.more), map(self._spelled, self.search.less)
        named = replace(self.search, more=tuple(more), less=tuple(less))
        self._ask_line("search", written(SearchLine.of(named)))

    def _spelled(self, seed: Seed) -> Seed:
        """Call a sound by its path where another one of the search has its name."""
        sample = None if seed.file_id is None else self.samples.get(seed.file_id)
        names = [one.name for one in self.search.seeds]
        if seed.path is not None:
            return replace(seed, name=str(seed.path))
        if sample is not None and names.count(seed.name) > 1:
            return replace(seed, name=sample.file_path)
        return seed

    def _ask_line(self, words: str, begun: str) -> None:
        line = self.query_one(AskLine)
        line.ask(LINE, words, hint="like kick_01 timbre=3 -dusty_hat bpm:~126", suggester=None)
        line.set_text(begun)

    def answer_line(self, text: str) -> None:
        """Take the line as it was edited."""
        try:
            line = parse(text)
        except QueryInvalid as mistake:
            self._mend_line(mistake, text)
            return
        self.outcome.clear()
        self._find_named(text, line)

    def _mend_line(self, error: SmtuiError, text: str) -> None:
        """Ask for the line again, and say why."""
        if self.seed is None and not self.search.words:
            self.show_notice("Nothing is looked for yet", "L types a search, esc goes back")
        # In the line itself: a toast would lie over what is to be mended.
        self._ask_line(f"{drawn(error.title)}; search", text)
        self.settle_outcome()

    @looking(group="begin")
    async def _find_named(self, text: str, line: SearchLine) -> None:
        try:
            more, less = await self._named(line.more), await self._named(line.less)
        except SmtuiError as error:
            self._mend_line(error, text)
            return
        self.remember()
        self.query_one(FilterLine).restore(line.filter)
        self.ask(line.search(more=more, less=less))

    async def _named(self, names: Sequence[str]) -> list[Seed]:
        """Find the sounds that are named; those of this search are meant by their names."""
        mine = {self._spelled(seed).name: seed for seed in self.search.seeds}
        viewer = self.account.user_id
        return [mine.get(name) or await self.services.seeds.meant(name, viewer) for name in names]

    # The views.

    def action_view(self) -> None:
        """Go on to the next view: alike, fits, words."""
        views = list(View)
        view = views[(views.index(self.search.view) + 1) % len(views)]
        search = replace(self.search, view=view)
        if view is View.WORDS and not search.words:
            self.wait_for_words(search)
        else:
            self.ask(search)

    def wait_for_words(self, search: Search) -> None:
        """Ask for a description; until there is one nothing is looked for."""
        self.search, self.answer = search, None
        self.workers.cancel_group(self, SEARCH)
        self.settle_outcome()
        self.show_search()
        self.show_hits(None, anew=True)
        self.say_no_words()
        self.query_one(AskLine).ask(
            WORDS, "sounds like", hint="dark metallic hit, no tail", suggester=None
        )

    def answer_words(self, text: str) -> None:
        """Take a description."""
        self.ask(replace(self.search, view=View.WORDS, words=text.strip()))

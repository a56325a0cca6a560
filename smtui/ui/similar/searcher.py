"""Asking a search, and showing it with its answer; a newer search replaces an older one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import Worker

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import IndexUnusable, InputInvalid, ServerUnavailable, SmtuiError
from smtui.domain.likeness import ASPECTS, Hit, Weights
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Answer, Progress, Search, Seed, View
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.hit_lines import HitRow
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.weights_line import WeightsLine
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services

LIMIT = 50
"""How many hits are shown; refine the search to see others."""

_GROUP = "search"
_AGAIN = 2.0
_NOTICE_LINES = 8
_PASSING = (ServerUnavailable, IndexUnusable)
_PLACES = {View.ALIKE: "Similar to", View.FITS: "Goes with", View.WORDS: "Described as"}
# Keys that move a weight come in quick succession; only where it rests is worth a round trip.
_WEIGHTS_REST = 0.3
# What comes sooner needs no words.
_SHOWN_AFTER = 0.4
# What takes longer may be stuck, and whoever waits sees by a number that smtui is not.
_COUNTED_AFTER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Panes:
    """Where a search and its answer are seen.

    Attributes:
        notice: says in the table's place why it is empty.
        remark: says one thing about the answer, below it.
    """

    title: TitleLine
    weights: WeightsLine
    filter: FilterLine
    table: HitTable
    notice: Static
    remark: Static

    def show_search(self, search: Search, *, aspect: str, seed: Sample | None) -> None:
        """Show what is asked; `aspect` is the one that keys move."""
        self.filter.show_mistake(Asked(text=search.filter).understood()[1])
        self.filter.show_order(_seeds_words(search))
        weighed = search.view is View.ALIKE
        ends = [] if search.per_folder is None else [f"pack<={search.per_folder}"]
        ends += ["apart"] if search.apart else []
        aspect = aspect if weighed else ""
        self.weights.show(search.weights, aspect=aspect, end="  ".join(ends))
        self.weights.display = weighed
        self.table.show_aspect(aspect, bars=weighed)
        first = search.more[0] if search.more else None
        row = None if first is None else HitRow(name=first.name, seed=first, sample=seed)
        self.table.show_seed(row)

    def show_title(self, search: Search, answer: Answer | None) -> None:
        """Name the search, and how many of how many were found."""
        names = f'"{search.words}"' if search.view is View.WORDS else ""
        if not names and search.more:
            names = search.more[0].name
        count = "" if answer is None else f"{len(answer.hits):,} of {answer.out_of:,}"
        self.title.show(f"{names}   {count}", place=_PLACES[search.view])

    def show_notice(self, title: str, hint: str = "") -> None:
        """Say in the table's place why it is empty; with no words the table is seen again."""
        self.notice.set_class(bool(title), "-shown")
        if title:
            # Below the sounds to be like and unlike, which are still to be seen.
            room = max(0, self.table.size.height - _NOTICE_LINES)
            self.notice.styles.offset = (0, min(len(self.table.rows), room))
            words = f"\n\n{drawn(hint.strip())}" if hint else ""
            self.notice.update(Content.assemble((f"{drawn(title)}.", "bold"), words))

    def show_remark(self, words: str) -> None:
        """Say one thing about the answer, below it."""
        self.remark.set_class(bool(words), "-shown")
        self.remark.update(Content(drawn(words)))

    def show_no_words(self) -> None:
        """Say that a description is wanted, and how one comes to type it."""
        self.show_notice(
            "Describe a sound, for instance: dark metallic hit, no tail", "L types, v goes on"
        )

    def remark_on(self, answer: Answer, search: Search) -> None:
        """Say what the person should know of an answer, or why there is nothing."""
        if any(row.rank is not None for row in self.table.rows):
            self.show_remark(" ".join(answer.remarks))
            return
        # The last remark says why there is nothing, the others what else to know.
        *others, why = answer.remarks or ("No other sound to compare with.",)
        others += ["esc takes the filter away"] if search.filter else []
        self.show_notice(why.removesuffix("."), " ".join(others))


class Searcher:
    """Asks one search after the other.

    Attributes:
        search: what is asked.
        answer: what was found; None while nothing is there.
        samples: the sounds that were read so far.
        aspect: the one whose weight keys move.
        outcome: set while what is asked was answered or refused.
    """

    @dataclass
    class Changed(Message):
        """Something else is asked, or more is known of its seed."""

        def can_replace(self, message: Message) -> bool:
            """Only what is asked now counts."""
            return isinstance(message, Searcher.Changed)

    def __init__(
        self, screen: BaseScreen, services: Services, account: Account, panes: Panes
    ) -> None:
        self.screen = screen
        self.panes = panes
        self.table = panes.table
        self.viewer = account.user_id
        self.search = Search()
        self.answer: Answer | None = None
        self.samples: dict[FileId, Sample] = {}
        self.aspect = ASPECTS[0]
        self.outcome = asyncio.Event()
        self._library = services.library
        self._finder = services.search
        self._answered_view = self.search.view
        self._keys_for_answer = False

    @property
    def keys_wait(self) -> bool:
        """True while keys typed after a line or a new seed are for the hits that it finds."""
        return self._keys_for_answer and not isinstance(self.screen.focused, Input)

    def hold_keys(self) -> None:
        """Let what is typed from now on wait for what was asked."""
        self._keys_for_answer = not self.outcome.is_set()

    @property
    def seed(self) -> Seed | None:
        """The first sound to be like."""
        return self.search.more[0] if self.search.more else None

    @property
    def seed_sample(self) -> Sample | None:
        """The seed as the library knows it; None for a file from outside."""
        seed = self.seed
        return None if seed is None or seed.file_id is None else self.samples.get(seed.file_id)

    @property
    def understood(self) -> Search:
        """The search without what cannot be read yet of its filter, as the library does."""
        asked, _ = Asked(text=self.search.filter).understood()
        return replace(self.search, filter=asked.text)

    # Asking.

    def ask(
        self, search: Search, *, pause: float = 0.0, stand_on: FileId | int | None = None
    ) -> Worker[None]:
        """Ask something else; what is seen of the search changes at once, the hits when found.

        The cursor goes to the sound or rank `stand_on` where that is found, else to the best hit.
        """
        self.search = search
        self.outcome.clear()
        self.show_search()
        return self._find(pause, stand_on, anew=True)

    def ask_again(self, *, pause: float = 0.0) -> Worker[None]:
        """Ask the same once more, or by other weights: the cursor stays on its sound."""
        self.show_search()
        return self._find(pause, None, anew=False)

    def settle(self) -> None:
        """Take what was asked as answered, refused, or given up."""
        self.outcome.set()
        self._keys_for_answer = False

    def stop(self, search: Search) -> None:
        """Show another search without asking it: something is missing in it."""
        self.search, self.answer = search, None
        self.screen.workers.cancel_group(self.screen, _GROUP)
        self.settle()
        self.show_search()
        self.show_hits(anew=True)

    @looking(group=_GROUP)
    async def _find(self, pause: float, stand_on: FileId | int | None, *, anew: bool) -> None:
        await asyncio.sleep(pause)
        while True:
            try:
                await self._answer(stand_on, anew=anew)
                self.settle()
            except SmtuiError as error:
                self._refuse(error, anew=anew)
                self.settle()
                if not isinstance(error, _PASSING):
                    return
            else:
                return
            # Who waits for a server, or for the index made anew, sees the answer as soon as that
            # is there.
            await asyncio.sleep(_AGAIN)

    async def _answer(self, stand_on: FileId | int | None, *, anew: bool) -> None:
        search = self.understood
        await self._load_samples(search.seed_ids)
        self.show_search()
        with self._telling_progress() as progress:
            answer = await self._finder.find(
                search, viewer=self.viewer, limit=LIMIT, progress=progress
            )
        await self._load_samples(hit.file_id for hit in answer.hits)
        self.answer, self._answered_view = answer, search.view
        self.show_hits(stand_on, anew=anew)
        self.panes.remark_on(answer, self.search)

    async def _load_samples(self, file_ids: Iterable[FileId]) -> None:
        """Read the sounds that are not known yet."""
        unknown = [file_id for file_id in file_ids if file_id not in self.samples]
        if unknown:
            read = await self._library.samples(unknown)
            self.samples |= {sample.file_id: sample for sample in read}

    @looking(group="rows")
    async def _read_rows(self) -> None:
        """Read the sounds of rows that came up, and show them."""
        await self._load_samples(row.file_id for row in self.table.rows if row.file_id is not None)
        self.show_hits(anew=False)

    def _refuse(self, error: SmtuiError, *, anew: bool) -> None:
        """Say why nothing was found; what was found before by other weights stays."""
        if not anew and self.answer is not None:
            self.panes.show_remark(str(error))
            return
        self.answer = None
        self.show_hits(anew=True)
        if self.search.view is View.WORDS and not self.search.words:
            self.panes.show_no_words()
        else:
            self.panes.show_notice(error.title, error.hint)

    @contextmanager
    def _telling_progress(self) -> Iterator[Progress]:
        """Say in time that the search goes on, how far it is, or for how long."""
        looked_at = ""
        begun = time.monotonic()

        def show() -> None:
            if self._answered_view is not self.search.view and self.answer is not None:
                # What another view has found is not left to stand for what is asked now.
                self.answer = None
                self.show_hits(anew=True)
            seconds = int(time.monotonic() - begun)
            words = looked_at or "Searching ..."
            self.panes.show_remark(f"{words} {seconds} s" if seconds >= _COUNTED_AFTER else words)

        def progress(done: int, of: int) -> None:
            nonlocal looked_at
            looked_at = f"Looked at {done:,} of {of:,} sounds ..."

        timer = self.screen.set_interval(_SHOWN_AFTER, show)
        try:
            yield progress
        finally:
            timer.stop()

    # Showing.

    def show_search(self) -> None:
        """Show what is asked."""
        self.panes.show_search(self.search, aspect=self.aspect, seed=self.seed_sample)
        self.panes.show_title(self.search, self.answer)
        self.screen.refresh_bindings()
        self.screen.post_message(self.Changed())

    def show_hits(self, stand_on: FileId | int | None = None, *, anew: bool) -> None:
        """Show rows: first the sounds to be like and unlike, then the hits by rank."""
        held = self.table.row
        rows = rows_of(self.search, self.answer, self.samples)
        best = sum(row.rank is None for row in rows)
        cursor = best if anew else min(self.table.cursor, max(0, len(rows) - 1))
        wanted = stand_on if anew else None if held is None else held.file_id
        for place, row in enumerate(rows):
            if wanted is not None and wanted in (row.file_id, row.rank):
                cursor = place
                break
        self.panes.show_notice("")
        self.panes.show_remark("")
        self.table.show(rows, cursor=cursor)
        self.panes.show_title(self.search, self.answer)

    def hit_of(self, row: HitRow) -> Hit | None:
        """Return the hit that a row shows."""
        hits = () if self.answer is None else self.answer.hits
        return next((hit for hit in hits if hit.file_id == row.file_id), None)

    # Weights: what was compared is ranked again at once, a better answer follows.

    def choose_aspect(self, place: int) -> None:
        """Choose the aspect that + and - move."""
        self.aspect = ASPECTS[place]
        self.show_search()

    def weigh_more(self) -> None:
        """Let the chosen aspect count more."""
        self._move_weight(1)

    def weigh_less(self) -> None:
        """Let the chosen aspect count less."""
        self._move_weight(-1)

    def weigh_evenly(self) -> None:
        """Let every aspect count as usual."""
        self._weigh(Weights())

    def _move_weight(self, by: int) -> None:
        try:
            self._weigh(self.search.weights.moved(self.aspect, by))
        except InputInvalid as error:
            self.screen.say(str(error))

    def _weigh(self, weights: Weights) -> None:
        if weights == self.search.weights:
            return
        self.search = replace(self.search, weights=weights)
        if self.answer is not None:
            self.answer = self.answer.reweighted(weights, limit=LIMIT)
            self.show_hits(anew=False)
            if any(row.sample is None and row.file_id for row in self.table.rows):
                self._read_rows()
        self.ask_again(pause=_WEIGHTS_REST)


def rows_of(
    search: Search, answer: Answer | None, samples: Mapping[FileId, Sample]
) -> list[HitRow]:
    """Return the sounds to be like, but for the seed itself, those to be unlike, then the hits."""
    signed = [("+", seed) for seed in search.more[1:]] + [("-", seed) for seed in search.less]
    rows = [
        HitRow(
            name=seed.name,
            seed=seed,
            sign=sign,
            file_id=seed.file_id,
            sample=samples.get(seed.file_id) if seed.file_id else None,
        )
        for sign, seed in signed
    ]
    hits = () if answer is None else answer.hits
    others = [hit for hit in hits if hit.file_id not in search.seed_ids][:LIMIT]
    return rows + [
        _hit_row(rank, hit, samples.get(hit.file_id)) for rank, hit in enumerate(others, start=1)
    ]


def _hit_row(rank: int, hit: Hit, sample: Sample | None) -> HitRow:
    return HitRow(
        name="..." if sample is None else sample.filename,
        rank=rank,
        score=hit.score,
        likeness=hit.likeness,
        file_id=hit.file_id,
        sample=sample,
    )


def _seeds_words(search: Search) -> str:
    signed = [("+", seed) for seed in search.more[1:]] + [("-", seed) for seed in search.less]
    return "  ".join(f"{sign} {drawn(PurePath(seed.name).stem)}" for sign, seed in signed)

"""What every intention of the similar screen shares: the search, its answer, the table."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import Worker

from smtui.domain.drawn import drawn
from smtui.domain.errors import IndexUnusable, ServerUnavailable, SmtuiError
from smtui.domain.likeness import ASPECTS, Hit
from smtui.domain.sample import FileId, Sample
from smtui.domain.search import Answer, Search, Seed, View
from smtui.ui.base_screen import BaseScreen
from smtui.ui.filter_query import Asked
from smtui.ui.similar.waiting import waiting
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.hit_lines import HitRow
from smtui.ui.widgets.hit_table import HitTable
from smtui.ui.widgets.title_line import TitleLine
from smtui.ui.widgets.weights_line import WeightsLine
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.ui.options import Options
    from smtui.ui.similar_link import Begin

LIMIT = 50
"""How many hits are shown; refine the search to see others."""
SEARCH = "search"

_AGAIN = 2.0
_NOTICE_LINES = 8
_PASSING = (ServerUnavailable, IndexUnusable)
_PLACES = {View.ALIKE: "Similar to", View.FITS: "Goes with", View.WORDS: "Described as"}


class Searching(BaseScreen):
    """Asks, and shows the answer; a newer search replaces an older one."""

    def __init__(
        self, services: Services, account: Account, begin: Begin, options: Options
    ) -> None:
        super().__init__()
        self.services = services
        self.account = account
        self.begun = begin
        self.options = options
        self.table = HitTable(ascii_alone=options.ascii, id="table")
        self.table.leaps = options.thin_line
        self.search = Search()
        self.answer: Answer | None = None
        self._found_in = self.search.view
        self.samples: dict[FileId, Sample] = {}
        self.aspect = ASPECTS[0]
        self.outcome = asyncio.Event()
        """Set while what is asked was answered or refused."""
        self._keys_for_answer = False

    @property
    def keys_wait(self) -> bool:
        """Keys typed after a line are for the hits that it finds."""
        return self._keys_for_answer and not isinstance(self.focused, Input)

    def line_entered(self) -> None:
        """What is typed from now on is for what was asked in a line."""
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

    def settle_outcome(self) -> None:
        """What was asked was answered, refused, or given up."""
        self.outcome.set()
        self._keys_for_answer = False

    def ask_again(self, *, pause: float = 0.0) -> Worker[None]:
        """Ask the same once more, or by other weights: the cursor stays on its sound."""
        self.show_search()
        return self._find(pause, None, anew=False)

    @looking(group=SEARCH)
    async def _find(self, pause: float, stand_on: FileId | int | None, *, anew: bool) -> None:
        await asyncio.sleep(pause)
        while True:
            try:
                await self._found(stand_on, anew=anew)
                self.settle_outcome()
            except SmtuiError as error:
                self._refuse(error, anew=anew)
                self.settle_outcome()
                if not isinstance(error, _PASSING):
                    return
            else:
                return
            # Who waits for a server, or for the index made anew, sees the answer as soon as that
            # is there.
            await asyncio.sleep(_AGAIN)

    async def _found(self, stand_on: FileId | int | None, *, anew: bool) -> None:
        search = self.understood()
        await self._read(search.seed_ids)
        self.show_search()
        with waiting(self, self._say_it_goes_on) as progress:
            answer = await self.services.search.find(
                search, viewer=self.account.user_id, limit=LIMIT, progress=progress
            )
        await self._read(hit.file_id for hit in answer.hits)
        self.answer, self._found_in = answer, search.view
        self.show_hits(stand_on, anew=anew)
        self._say_found(answer)

    def _say_it_goes_on(self, words: str) -> None:
        """What another view has found is not left to stand for what is asked now."""
        if self._found_in is not self.search.view and self.answer is not None:
            self.answer = None
            self.show_hits(None, anew=True)
        self.show_remark(words)

    def understood(self) -> Search:
        """Leave out what cannot be read yet of the filter, as the library does."""
        asked, _ = Asked(text=self.search.filter).understood()
        return replace(self.search, filter=asked.text)

    async def _read(self, file_ids: Iterable[FileId]) -> None:
        """Read the sounds that are not known yet."""
        unknown = [file_id for file_id in file_ids if file_id not in self.samples]
        if unknown:
            read = await self.services.library.samples(unknown)
            self.samples |= {sample.file_id: sample for sample in read}

    @looking(group="rows")
    async def read_rows(self) -> None:
        """Read the sounds of rows that came up, and show them."""
        await self._read(row.file_id for row in self.table.rows if row.file_id is not None)
        self.show_hits(None, anew=False)

    def _refuse(self, error: SmtuiError, *, anew: bool) -> None:
        """Say why nothing was found; what was found before by other weights stays."""
        if anew or self.answer is None:
            self.answer = None
            self.show_hits(None, anew=True)
            if self.search.view is View.WORDS and not self.search.words:
                self.say_no_words()
            else:
                self.show_notice(error.title, error.hint)
        else:
            self.show_remark(str(error))

    def say_no_words(self) -> None:
        """Say that a description is wanted, and how one comes to type it."""
        self.show_notice(
            "Describe a sound, for instance: dark metallic hit, no tail", "L types, v goes on"
        )

    # Showing.

    def show_search(self) -> None:
        """Show what is asked."""
        search, line = self.search, self.query_one(FilterLine)
        asked = Asked(text=search.filter)
        line.show_mistake(asked.understood()[1])
        line.show_order(_seeds_words(search))
        weighed = search.view is View.ALIKE
        ends = [] if search.per_folder is None else [f"pack<={search.per_folder}"]
        ends += ["apart"] if search.apart else []
        aspect = self.aspect if weighed else ""
        self.query_one(WeightsLine).show(search.weights, aspect=aspect, end="  ".join(ends))
        self.query_one(WeightsLine).display = weighed
        self.table.show_aspect(aspect, bars=weighed)
        self._show_title()
        seed = self.seed
        if seed is None:
            self.table.show_seed(None)
        else:
            self.table.show_seed(HitRow(name=seed.name, seed=seed, sample=self.seed_sample))
        self.refresh_bindings()

    def _show_title(self) -> None:
        search, answer = self.search, self.answer
        names = f'"{search.words}"' if search.view is View.WORDS else ""
        if not names and self.seed is not None:
            names = self.seed.name
        found = "" if answer is None else f"{len(answer.hits):,} of {answer.out_of:,}"
        self.query_one(TitleLine).show(f"{names}   {found}", place=_PLACES[search.view])

    def show_hits(self, stand_on: FileId | int | None, *, anew: bool) -> None:
        """Show rows: first the sounds to be like and unlike, then the hits by rank."""
        held = self.table.row
        rows = [*self._seed_rows(), *self._hit_rows()]
        best = len(rows) - len(list(self._hit_rows()))
        cursor = best if anew else min(self.table.cursor, max(0, len(rows) - 1))
        wanted = stand_on if anew else None if held is None else held.file_id
        for place, row in enumerate(rows):
            if wanted is not None and wanted in (row.file_id, row.rank):
                cursor = place
                break
        self.show_notice("", "")
        self.show_remark("")
        self.table.show(rows, cursor=cursor)
        self._show_title()

    def _seed_rows(self) -> list[HitRow]:
        """The sounds to be like, but for the seed itself, and those to be unlike."""
        signed = [("+", seed) for seed in self.search.more[1:]]
        signed += [("-", seed) for seed in self.search.less]
        return [
            HitRow(
                name=seed.name,
                seed=seed,
                sign=sign,
                file_id=seed.file_id,
                sample=self.samples.get(seed.file_id) if seed.file_id else None,
            )
            for sign, seed in signed
        ]

    def _hit_rows(self) -> list[HitRow]:
        hits = () if self.answer is None else self.answer.hits
        seeds = self.search.seed_ids
        others = [hit for hit in hits if hit.file_id not in seeds][:LIMIT]
        return [self._hit_row(rank, hit) for rank, hit in enumerate(others, start=1)]

    def _hit_row(self, rank: int, hit: Hit) -> HitRow:
        sample = self.samples.get(hit.file_id)
        return HitRow(
            name="..." if sample is None else sample.filename,
            rank=rank,
            score=hit.score,
            likeness=hit.likeness,
            file_id=hit.file_id,
            sample=sample,
        )

    def hit_of(self, row: HitRow) -> Hit | None:
        """The hit that a row shows."""
        hits = () if self.answer is None else self.answer.hits
        return next((hit for hit in hits if hit.file_id == row.file_id), None)

    def _say_found(self, answer: Answer) -> None:
        if any(row.rank is not None for row in self.table.rows):
            self.show_remark(" ".join(answer.remarks))
            return
        # The last remark says why there is nothing, the others what else to know.
        *others, why = answer.remarks or ("No other sound to compare with.",)
        others += ["esc takes the filter away"] if self.search.filter else []
        self.show_notice(why.removesuffix("."), " ".join(others))

    def show_notice(self, title: str, hint: str) -> None:
        """Say in the table's place why it is empty; with no words the table is seen again."""
        notice = self.query_one("#notice", Static)
        self.set_class(bool(title), "-notice")
        if title:
            # Below the sounds to be like and unlike, which are still to be seen.
            room = max(0, self.table.size.height - _NOTICE_LINES)
            notice.styles.offset = (0, min(len(self.table.rows), room))
            told = f"{drawn(title)}.", "bold"
            notice.update(Content.assemble(told, f"\n\n{drawn(hint.strip())}" if hint else ""))

    def show_remark(self, words: str) -> None:
        """Say one thing about the answer, below it."""
        remark = self.query_one("#remark", Static)
        remark.set_class(bool(words), "-shown")
        remark.update(Content(drawn(words)))


def _seeds_words(search: Search) -> str:
    signed = [("+", seed) for seed in search.more[1:]] + [("-", seed) for seed in search.less]
    return "  ".join(f"{sign} {drawn(PurePath(seed.name).stem)}" for sign, seed in signed)

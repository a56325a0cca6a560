"""What fits to a sound: "a hat that leaves room for this kick"."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtui.domain.errors import InputInvalid
from smtui.domain.likeness import Hit
from smtui.domain.masking import Outline, Overlay, Room, fitness, overlay, why
from smtui.domain.path_map import PathMap
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.search import Answer, Search, Seed, not_listened_to
from smtui.services.spreading import spread

if TYPE_CHECKING:
    from smtui.domain.account import UserId
    from smtui.domain.ports.documents import AnalysisStore, SampleStore
    from smtui.domain.ports.fitting import Masking
    from smtui.domain.sample import FileId

_AT_ONCE = 1_000
_SILENT = "Nothing sounds in {name}, so everything fits it"


@dataclass(frozen=True, slots=True)
class _Fit:
    """A sound that was measured; the best sorts first."""

    score: float
    laid: Overlay
    room: Room


@dataclass(slots=True)
class _Found:
    """What was met so far."""

    fits: list[_Fit] = field(default_factory=list)
    unheard: int = 0
    other_tempo: int = 0


class Fitting:
    """Ranks the sounds of the library by how well they stand beside one of them."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, masking: Masking, paths: PathMap
    ) -> None:
        self._samples = samples
        self._analyses = analyses
        self._masking = masking
        self._paths = paths

    async def fits(self, search: Search, *, viewer: UserId | None, limit: int = 50) -> Answer:
        """Find what leaves room for the first seed, within the filter, best first.

        Sounds of another tempo (half and double are none) are no hits; those in a key that does
        not go with the seed's come after those that do.

        Raises:
            InputInvalid: there is no seed, or it is silent, unheard or from outside.
            QueryInvalid: the filter has a mistake.
        """
        question = Question(expression=self._paths.asked(parse(search.filter)), viewer=viewer)
        seed = await self._seed(search)
        found = _Found()
        async for measured in self._measured(seed, question, {one.file_id for one in search.more}):
            found.fits += measured.fits
            found.unheard += measured.unheard
            found.other_tempo += measured.other_tempo
        ranked = heapq.nsmallest(
            len(found.fits) if search.per_folder or search.apart else limit,
            found.fits,
            key=lambda fit: (-fit.score, fit.room.file_id),
        )
        hits = [_hit(seed, fit) for fit in (_apart(ranked) if search.apart else ranked)]
        shown = await spread(hits, self._samples, per_folder=search.per_folder, limit=limit)
        return Answer(
            hits=shown, pool=shown, out_of=len(found.fits), remarks=tuple(_remarks(search, found))
        )

    async def _seed(self, search: Search) -> Outline:
        """The outline of the sound that others should fit; raises InputInvalid."""
        if not search.more:
            raise InputInvalid("There is no sound to fit", hint="Name one: like kick_01")
        seed = search.more[0]
        if seed.file_id is None:
            raise InputInvalid(
                f"{seed.name} is not in the library, and only what is can be fitted",
                hint="Scan its folder: smtui scan FOLDER",
            )
        found = await self._analyses.outlines([seed.file_id])
        if not found:
            raise _unheard(seed)
        # A sound always shares its moments with itself, unless it has none.
        if not await self._masking.rooms(found[0], [Overlay(other=found[0])]):
            raise InputInvalid(_SILENT.format(name=seed.name), hint="Take another sound")
        return found[0]

    async def _measured(
        self, seed: Outline, question: Question, left_out: set[FileId | None]
    ) -> AsyncIterator[_Found]:
        """Measure page by page; the next page is read while one is measured."""
        before: asyncio.Task[_Found] | None = None
        try:
            async for ids in self._ids(question):
                wanted = [file_id for file_id in ids if file_id not in left_out]
                outlines = await self._analyses.outlines(wanted)
                if before is not None:
                    yield await before
                unheard = len(wanted) - len(outlines)
                before = asyncio.create_task(self._rooms(seed, outlines, unheard=unheard))
            if before is not None:
                yield await before
        finally:
            if before is not None and not before.done():
                before.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await before

    async def _ids(self, question: Question) -> AsyncIterator[tuple[FileId, ...]]:
        ids, after = await self._samples.ids(question, limit=_AT_ONCE)
        yield ids
        while after is not None:
            ids, after = await self._samples.ids(question, limit=_AT_ONCE, after=after)
            yield ids

    async def _rooms(self, seed: Outline, others: Sequence[Outline], *, unheard: int) -> _Found:
        laid = [laid for other in others if (laid := overlay(seed, other)) is not None]
        rooms = await self._masking.rooms(seed, laid)
        by_id = {one.other.file_id: one for one in laid}
        fits = [
            _Fit(fitness(room, seed, by_id[room.file_id].other), by_id[room.file_id], room)
            for room in rooms
        ]
        return _Found(fits=fits, unheard=unheard, other_tempo=len(others) - len(laid))


def _hit(seed: Outline, fit: _Fit) -> Hit:
    return Hit(file_id=fit.room.file_id, score=fit.score, why=why(fit.room, seed, fit.laid))


def _apart(ranked: Sequence[_Fit]) -> list[_Fit]:
    """Of sounds with the same bytes only the best."""
    first: dict[str, _Fit] = {}
    for fit in ranked:
        first.setdefault(fit.laid.other.file_hash or fit.room.file_id, fit)
    return list(first.values())


def _unheard(seed: Seed) -> InputInvalid:
    return InputInvalid(f"{seed.name} was not yet listened to", hint="Do it now: smtui analyze")


def _remarks(search: Search, found: _Found) -> list[str]:
    told = []
    if len(search.more) > 1:
        told.append(f"Only {search.more[0].name} is fitted, the other sounds are not asked.")
    if found.other_tempo:
        verb = "is" if found.other_tempo == 1 else "are"
        told.append(f"{found.other_tempo:,} of another tempo {verb} left out.")
    if found.unheard:
        told.append(not_listened_to(found.unheard))
    if not found.fits:
        told.append("There is nothing else to choose from.")
    return told

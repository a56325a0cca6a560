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
from smtui.domain.search import Answer, Progress, Search, Seed, not_listened_to, unwatched
from smtui.domain.text import counted, shown
from smtui.services.hits import spread
from smtui.services.listing import id_pages
from smtui.services.seeds import check_seen

if TYPE_CHECKING:
    from smtui.domain.account import UserId
    from smtui.domain.ports.documents import AnalysisStore, SampleStore
    from smtui.domain.ports.pairs import Masking
    from smtui.domain.ports.similarity_index import OutsideListener
    from smtui.domain.sample import FileId

_AT_ONCE = 1_000
_SILENT = "Nothing sounds in {name}, so everything fits it"


@dataclass(frozen=True, slots=True)
class _Beside:
    """A seed, and what it is called where there are several."""

    name: str
    outline: Outline


@dataclass(frozen=True, slots=True)
class _Fit:
    """A sound that was measured beside the seed that it suits least."""

    score: float
    beside: _Beside
    laid: Overlay
    room: Room


@dataclass(slots=True)
class _Found:
    """What was met so far; `read` counts all that were looked at."""

    read: int = 0
    fits: list[_Fit] = field(default_factory=list)
    unheard: int = 0
    other_tempo: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FitsPorts:
    """Where sounds come from: the library, and files that are not of it."""

    samples: SampleStore
    analyses: AnalysisStore
    outside: OutsideListener


class Fits:
    """Ranks the sounds of the library by how well they stand beside one or several others."""

    def __init__(self, ports: FitsPorts, masking: Masking, paths: PathMap) -> None:
        self._samples = ports.samples
        self._analyses = ports.analyses
        self._outside = ports.outside
        self._masking = masking
        self._paths = paths

    async def find(
        self,
        search: Search,
        *,
        viewer: UserId | None,
        limit: int = 50,
        progress: Progress = unwatched,
    ) -> Answer:
        """Find what leaves room for the seeds, within the filter, best first.

        Of several seeds the one that a sound suits least decides. Sounds of another tempo (half
        and double are none) are no hits; those in a key that does not go with the seed's come
        after those that do.

        Raises:
            InputInvalid: there is no seed, or one is silent or not analysed.
            NotFound: a seed is not in the viewer's library.
            QueryInvalid: the filter has a mistake.
            SoundUnreadable: a file from outside cannot be analysed.
        """
        asked = self._paths.in_documents(parse(search.filter))
        question = Question(expression=asked, viewer=viewer).of_present
        await check_seen(search.more, viewer, self._samples)
        whole, done = await self._samples.count(question), 0
        seeds = await self._seeds(search)
        found = _Found()
        async for measured in self._measured(seeds, question, search.seed_ids):
            found.fits += measured.fits
            found.unheard += measured.unheard
            found.other_tempo += measured.other_tempo
            done += measured.read
            progress(done, whole)
        ranked = heapq.nsmallest(
            len(found.fits) if search.per_folder or search.apart else limit,
            found.fits,
            key=lambda fit: (-fit.score, fit.room.file_id),
        )
        hits = [_hit(fit) for fit in (_apart(ranked) if search.apart else ranked)]
        best = await spread(hits, self._samples, per_folder=search.per_folder, limit=limit)
        return Answer(
            hits=best, pool=best, out_of=len(found.fits), remarks=tuple(_remarks(search, found))
        )

    async def _seeds(self, search: Search) -> tuple[_Beside, ...]:
        """The sounds that others should fit; raises InputInvalid."""
        if not search.more:
            raise InputInvalid("No sound to fit to", hint="Name one: fits kick_01")
        several = len(search.more) > 1
        return tuple(
            [
                _Beside(shown(seed.name) if several else "", await self._seed(seed))
                for seed in search.more
            ]
        )

    async def _seed(self, seed: Seed) -> Outline:
        if seed.path is not None:
            found = (await self._outside.analyse(seed.path)).outline
        else:
            ids = [] if seed.file_id is None else [seed.file_id]
            found = next(iter(await self._analyses.outlines(ids)), None)
        if found is None:
            raise _not_analysed(seed)
        # A sound always shares its moments with itself, unless it has none.
        if not await self._masking.rooms(found, [Overlay(other=found)]):
            raise InputInvalid(_SILENT.format(name=shown(seed.name)), hint="Take another sound")
        return found

    async def _measured(
        self, seeds: Sequence[_Beside], question: Question, left_out: frozenset[FileId]
    ) -> AsyncIterator[_Found]:
        """Measure page by page; the next page is read while one is measured."""
        before: asyncio.Task[_Found] | None = None
        try:
            async for ids in id_pages(self._samples, question, size=_AT_ONCE):
                wanted = [file_id for file_id in ids if file_id not in left_out]
                outlines = await self._analyses.outlines(wanted)
                if before is not None:
                    yield await before
                unheard = len(wanted) - len(outlines)
                before = asyncio.create_task(self._rooms(seeds, outlines, unheard=unheard))
            if before is not None:
                yield await before
        finally:
            if before is not None and not before.done():
                before.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await before

    async def _rooms(
        self, seeds: Sequence[_Beside], others: Sequence[Outline], *, unheard: int
    ) -> _Found:
        """Measure beside each seed; what one of them has no place for is no hit."""
        left = list(others)
        worst: dict[FileId, _Fit] = {}
        other_tempo = 0
        for place, beside in enumerate(seeds):
            seed = beside.outline
            laid = {
                other.file_id: over for other in left if (over := overlay(seed, other)) is not None
            }
            other_tempo += len(left) - len(laid)
            rooms = await self._masking.rooms(seed, list(laid.values()))
            fits = {room.file_id: _fit(beside, laid[room.file_id], room) for room in rooms}
            if place > 0:
                fits = {
                    file_id: min(fit, worst[file_id], key=lambda fit: fit.score)
                    for file_id, fit in fits.items()
                }
            worst = fits
            left = [other for other in left if other.file_id in worst]
        return _Found(
            read=len(others) + unheard,
            fits=list(worst.values()),
            unheard=unheard,
            other_tempo=other_tempo,
        )


def _fit(beside: _Beside, laid: Overlay, room: Room) -> _Fit:
    score = fitness(room, beside.outline, laid.other)
    return _Fit(score=score, beside=beside, laid=laid, room=room)


def _hit(fit: _Fit) -> Hit:
    words = why(fit.room, fit.beside.outline, fit.laid)
    named = f"beside {fit.beside.name}: {words}" if fit.beside.name else words
    return Hit(file_id=fit.room.file_id, score=fit.score, why=named)


def _apart(ranked: Sequence[_Fit]) -> list[_Fit]:
    """Of sounds with the same bytes only the best."""
    first: dict[str, _Fit] = {}
    for fit in ranked:
        first.setdefault(fit.laid.other.file_hash or fit.room.file_id, fit)
    return list(first.values())


def _not_analysed(seed: Seed) -> InputInvalid:
    return InputInvalid(
        f"{shown(seed.name)} has not been analysed yet", hint="Do it now: smtui analyze"
    )


def _remarks(search: Search, found: _Found) -> list[str]:
    remarks = []
    if search.less:
        remarks.append('"Goes with" ignores what you marked as less like.')
    if found.other_tempo:
        verb = "is" if found.other_tempo == 1 else "are"
        remarks.append(f"{counted(found.other_tempo, 'sound')} of another tempo {verb} not shown.")
    if found.unheard:
        remarks.append(not_listened_to(found.unheard))
    if not found.fits:
        remarks.append("Nothing else to choose from.")
    return remarks

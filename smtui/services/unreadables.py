"""The files that could not be read, as the answer to `is:unreadable`."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.ports.documents import SampleStore
from smtui.domain.question import Page, Place, Question, sort_value
from smtui.domain.sample import FileId, Sample
from smtui.domain.unreadable import is_wanted


class UnreadableAnswers:
    """Answers as a SampleStore does, from the few files that are kept as unreadable."""

    def __init__(self, samples: SampleStore) -> None:
        self._samples = samples

    async def get(self, file_ids: Sequence[FileId]) -> tuple[Sample, ...]:
        """None of them is a sound of the library."""
        return await self._samples.get(file_ids)

    async def page(
        self,
        question: Question,
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
        skip: int = 0,
    ) -> Page:
        """Files next to a place, in the question's order."""
        rows = await self._ordered(question)
        places = [_place(one, question) for one in rows]
        if after is not None:
            start = _index(places, after) + (after in places) + skip
            chosen = slice(start, start + limit)
        elif before is not None:
            stop = max(0, _index(places, before) - skip)
            chosen = slice(max(0, stop - limit), stop)
        else:
            chosen = slice(skip, skip + limit)
        return Page(samples=tuple(rows[chosen]), places=tuple(places[chosen]))

    async def count(self, question: Question) -> int:
        """How many files match."""
        return len(await self._ordered(question))

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        """The places of every so manieth file."""
        return tuple(_place(one, question) for one in (await self._ordered(question))[::every])

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        """No ids: nothing can be done to them."""
        del question, limit, after
        return (), None

    async def _ordered(self, question: Question) -> list[Sample]:
        kept = await self._samples.unreadable(viewer=question.viewer)
        rows = [one.as_sample() for one in kept]
        wanted = [one for one in rows if is_wanted(one, question.expression)]
        valued = [one for one in wanted if sort_value(one, question.sort.field) is not None]
        others = [one for one in wanted if sort_value(one, question.sort.field) is None]
        falling = question.sort.descending
        for part in (valued, others):
            part.sort(key=lambda one: _key(one, question), reverse=falling)
        return valued + others


def _key(sample: Sample, question: Question) -> tuple[str, float, FileId]:
    value = sort_value(sample, question.sort.field)
    text = value if isinstance(value, str) else ""
    return text, value if isinstance(value, int | float) else 0.0, sample.file_id


def _place(sample: Sample, question: Question) -> Place:
    return Place(value=sort_value(sample, question.sort.field), file_id=sample.file_id)


def _index(places: Sequence[Place], wanted: Place) -> int:
    """Where a place stands; at the end where its file has gone meanwhile."""
    return places.index(wanted) if wanted in places else len(places)

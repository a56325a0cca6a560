"""Answers to questions: pages, ids, counts, signposts, each by a declared index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from smtui.domain.question import Cut, Page, Place, Question
from smtui.stores.mongo.filters import EVERYTHING, SORT_FIELDS, filter_of
from smtui.stores.mongo.finding import counts, finds
from smtui.stores.mongo.indexes import AUDIO_FILES
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.looking import BACKGROUND_SECONDS, Choice, Looking
from smtui.stores.mongo.sample_documents import sample_of
from smtui.stores.mongo.sorting import Find, place_of
from smtui.stores.mongo.values import Document

_PAGE_SECONDS = 15.0
"""A walk past 1,000,000 sounds takes some seconds, and is no silence of the server."""


class Pages:
    """Answers to questions."""

    def __init__(self, line: MongoLine, looking: Looking) -> None:
        self._line = line
        self._looking = looking

    async def page(self, question: Question, cut: Cut) -> tuple[Page, list[Document]]:
        """One page of samples, and the documents that it is made of."""
        rows = await self._rows(question, cut, None)
        page = Page(
            samples=tuple(sample_of(row) for row in rows),
            places=tuple(place_of(row, question.sort.field) for row in rows),
        )
        return page, rows

    async def places(self, question: Question, cut: Cut) -> list[Place]:
        """Places alone."""
        by = question.sort.field
        rows = await self._rows(question, cut, _named(question))
        return [place_of(row, by) for row in rows]

    async def count(self, question: Question) -> int:
        """How many sounds match."""
        source = None
        if filter_of(question.expression) != EVERYTHING:
            source = (await self._looking.choice(question, whole=True)).source
        return sum([await self._counted(find) for find in counts(question, source)])

    async def signposts(self, question: Question, every: int) -> tuple[Place, ...]:
        """Places of rows 0, every, 2·every and so on."""
        choice = await self._looking.choice(question, whole=True)
        if choice.small:
            cut = Cut(limit=0)
            rows = await self._through(question, cut, choice, _named(question))
            return tuple(place_of(row, question.sort.field) for row in rows[::every])
        # In steps, not one long cursor: nothing is held at the server meanwhile.
        posts: list[Place] = []
        cut = Cut(limit=1)
        while found := await self._along(question, cut, _named(question)):
            posts.append(place_of(found[0], question.sort.field))
            cut = Cut(limit=1, after=posts[-1], skip=every - 1)
        return tuple(posts)

    async def _rows(self, question: Question, cut: Cut, fields: Document | None) -> list[Document]:
        if cut.limit <= 0:
            return []
        choice = await self._looking.choice(question)
        if choice.small or self._looking.is_late(question):
            return await self._through(question, cut, choice, fields)
        if choice.source is None:
            return await self._along(question, cut, fields)
        try:
            return await self._in_time(question, cut, fields, choice.seconds)
        except TooLateError:
            self._looking.was_late(question)
            return await self._through(question, cut, choice, fields)

    async def _through(
        self, question: Question, cut: Cut, choice: Choice, fields: Document | None
    ) -> list[Document]:
        """Gather from a source what it has, sorted by the server."""
        return await self._asked(finds(question, cut, choice.source), cut, fields)

    async def _along(self, question: Question, cut: Cut, fields: Document | None) -> list[Document]:
        """Walk along the order."""
        return await self._asked(finds(question, cut), cut, fields)

    async def _in_time(
        self, question: Question, cut: Cut, fields: Document | None, seconds: float
    ) -> list[Document]:
        """Walk along the order; raises TooLateError where that takes longer."""

        async def work() -> list[Document]:
            try:
                with pymongo.timeout(seconds):
                    return await self._read(finds(question, cut), cut, fields)
            except PyMongoError as error:
                if error.timeout:
                    raise TooLateError from error
                raise

        return await self._line.ask(work, seconds=_PAGE_SECONDS)

    async def _asked(
        self, wanted: Sequence[Find], cut: Cut, fields: Document | None
    ) -> list[Document]:
        return await self._line.ask(lambda: self._read(wanted, cut, fields), seconds=_PAGE_SECONDS)

    async def _read(
        self, wanted: Sequence[Find], cut: Cut, fields: Document | None
    ) -> list[Document]:
        """Read stretch after stretch until the page is full; a limit of 0 is none."""
        found: list[Document] = []
        skip = cut.skip
        for find in wanted:
            limit = max(0, cut.limit - len(found))
            rows = await self._stretch(find, skip, limit, fields)
            found += rows
            if cut.limit and len(found) >= cut.limit:
                break
            if rows:
                skip = 0
            elif skip and find is not wanted[-1]:
                skip -= await self._line.collection(AUDIO_FILES).count_documents(
                    find.filter, limit=skip, hint=list(find.hint)
                )
        if cut.backwards:
            found.reverse()
        return found

    async def _stretch(
        self, find: Find, skip: int, limit: int, fields: Document | None
    ) -> list[Document]:
        cursor = self._line.collection(AUDIO_FILES).find(
            find.filter,
            fields,
            sort=list(find.order),
            hint=list(find.hint),
            skip=skip,
            limit=limit,
            batch_size=limit,
        )
        return await cursor.to_list(None)

    async def _counted(self, find: Find) -> int:
        async def work() -> int:
            return await self._line.collection(AUDIO_FILES).count_documents(
                find.filter, hint=list(find.hint)
            )

        return int(await self._line.ask(work, seconds=BACKGROUND_SECONDS))


class TooLateError(Exception):
    """A walk took longer than it may."""


def _named(question: Question) -> dict[str, Any]:
    """What a place is made of."""
    return {"_id": False, "file_id": True, SORT_FIELDS[question.sort.field]: True}

"""One answer of the library: as numbered rows read window by window, or its ids page by page.

Neighbouring rows are read next to rows that are known (keyset); a far jump starts at a signpost,
the place of every 1,000th row, built in the background. After `renew` the old places still serve
as anchors: what is in view stays in view while rows come and go above it, and `Window.exact` is
False because its row numbers may be off by what came or went.

`is:unreadable` is answered from the few files that are kept as unreadable, in place of a store.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from smtui.domain.errors import SmtuiError
from smtui.domain.ports.documents import SampleStore
from smtui.domain.question import Field, Page, Place, Question, Sort, SortValue, sort_value
from smtui.domain.sample import FileId, Sample
from smtui.domain.unreadable import is_wanted

BLOCK = 200
EVERY = 1_000
_MOST_BLOCKS = 64
# Signposts of a short answer would cost more than they save.
_WORTH_SIGNPOSTS = 2 * EVERY
_PATIENCE_SECONDS = 0.2
_LAST_TEXT = "\U0010ffff"


class Listing:
    """The answer to one question, in its order."""

    def __init__(self, samples: SampleStore | UnreadableAnswers, question: Question) -> None:
        self.question = question
        self._samples = samples
        self._count: int | None = None
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self._anchors: dict[int, Place] = {}
        self._posts: tuple[Place, ...] | None = None
        self._old_posts: tuple[Place, ...] = ()
        self._building: asyncio.Task[None] | None = None

    @property
    def whole(self) -> int | None:
        """How many rows there are where one block holds them all, else None: nothing is counted."""
        block = self._blocks.get(0)
        return len(block.page.samples) if block is not None and not block.full else None

    async def count(self) -> int:
        """How many rows there are, as of the last `renew`."""
        if self._count is None:
            self._count = self.whole
        if self._count is None:
            self._count = await self._samples.count(self.question)
            if self._count > _WORTH_SIGNPOSTS:
                self._build()
        return self._count

    async def window(self, start: int, size: int) -> Window:
        """Return the rows from `start` on; rows that were read before come at once."""
        start = max(0, start)
        first = start // BLOCK
        rows: list[Sample] = []
        exact = True
        for number in range(first, (start + max(size, 1) - 1) // BLOCK + 1):
            block = await self._block(number)
            rows += block.page.samples
            exact = exact and block.exact
            if not block.full:
                break
        offset = start - first * BLOCK
        return Window(start=start, samples=tuple(rows[offset : offset + size]), exact=exact)

    async def around(self, file_id: FileId, step: int) -> Sample | None:
        """Return the sound so many rows after (or before) this one, None beyond either end.

        Works also for a sound that the answer no longer has: from where it would stand.
        """
        place = self._known_place(file_id) or await self._sought_place(file_id)
        if place is None or step == 0:
            return None
        if step > 0:
            page = await self._samples.page(self.question, limit=1, after=place, skip=step - 1)
        else:
            page = await self._samples.page(self.question, limit=1, before=place, skip=-step - 1)
        return page.samples[0] if page.samples else None

    async def position(self, file_id: FileId) -> int | None:
        """Return the row number of a sound, None where the answer does not have it."""
        if not self._blocks:
            # It will be looked at anyway, and is all there is of most answers.
            await self._block(0)
        for number, block in self._blocks.items():
            for index, sample in enumerate(block.page.samples):
                if sample.file_id == file_id and block.exact:
                    return number * BLOCK + index
        place = None if self.whole is not None else await self._sought_place(file_id)
        if place is None:
            return None
        posts = await self._signposts()
        before = bisect_right(posts, _sort_key(place, self.question.sort), key=self._key_of) - 1
        if before < 0:
            return None
        if posts[before].file_id == file_id:
            return before * EVERY
        ids, _ = await self._samples.ids(self.question, limit=EVERY, after=posts[before])
        return before * EVERY + 1 + ids.index(file_id) if file_id in ids else None

    def renew(self) -> None:
        """Forget the rows, because the library has changed; what was in view stays near."""
        for number, block in self._blocks.items():
            for index, place in enumerate(block.page.places):
                self._anchors[number * BLOCK + index] = place
        self._old_posts = self._posts or self._old_posts
        self._blocks.clear()
        self._count = self._posts = None
        self.close()

    def close(self) -> None:
        """Stop what is built in the background."""
        if self._building is not None:
            self._building.cancel()
            self._building = None

    async def _block(self, number: int) -> _Block:
        block = self._blocks.get(number)
        if block is None:
            block = await self._read_block(number)
            self._blocks[number] = block
            while len(self._blocks) > _MOST_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return block

    async def _read_block(self, number: int) -> _Block:
        """Read a block next to the nearest thing that is known."""
        earlier, later = self._blocks.get(number - 1), self._blocks.get(number + 1)
        if number == 0:
            return await self._page(exact=True)
        if earlier is not None:
            if not earlier.full:
                return _Block(page=Page(samples=(), places=()), exact=earlier.exact)
            return await self._page(after=earlier.page.places[-1], exact=earlier.exact)
        if later is not None and later.page.places:
            page = await self._samples.page(self.question, limit=BLOCK, before=later.page.places[0])
            if len(page.samples) == BLOCK:
                return _Block(page=page, exact=later.exact)
        return await self._jump(number * BLOCK)

    async def _jump(self, row: int) -> _Block:
        if self._posts is None and (block := await self._from_the_end(row)) is not None:
            return block
        anchor = self._anchors.get(row - 1)
        if anchor is not None and self._posts is None:
            return await self._page(after=anchor, exact=False)
        posts, exact = self._posts or self._old_posts, self._posts is not None
        if not posts:
            # Once they are there, every further jump is quick as well.
            self._build()
            if self._building is not None:
                await asyncio.wait([self._building], timeout=_PATIENCE_SECONDS)
            posts, exact = self._posts or (), True
        # The post before the row itself, because pages begin after a place.
        near = min((row - 1) // EVERY, len(posts) - 1)
        if near < 0:
            return await self._page(skip=row, exact=True)
        return await self._page(after=posts[near], skip=row - near * EVERY - 1, exact=exact)

    async def _from_the_end(self, row: int) -> _Block | None:
        """Read one of the last blocks backwards: jumping to the end waits for no signposts."""
        left = 0 if self._count is None else self._count - row
        if not 0 < left <= 2 * BLOCK:
            return None
        page = await self._samples.page(self.question, limit=left, before=_end(self.question.sort))
        if len(page.samples) < left:
            return None
        cut = Page(samples=page.samples[:BLOCK], places=page.places[:BLOCK])
        return _Block(page=cut, exact=True)

    async def _page(self, *, exact: bool, after: Place | None = None, skip: int = 0) -> _Block:
        page = await self._samples.page(self.question, limit=BLOCK, after=after, skip=skip)
        return _Block(page=page, exact=exact)

    def _build(self) -> None:
        if self._posts is None and (self._building is None or self._building.done()):
            self._building = asyncio.ensure_future(self._build_signposts())

    async def _build_signposts(self) -> None:
        try:
            posts = await self._samples.signposts(self.question, every=EVERY)
        except SmtuiError:
            # Jumps stay slow; whatever keeps the library from answering is told by the reading.
            return
        self._posts = posts
        self._anchors.clear()
        for number in [number for number, block in self._blocks.items() if not block.exact]:
            del self._blocks[number]

    async def _signposts(self) -> tuple[Place, ...]:
        if self._posts is None:
            self._build()
            if self._building is not None:
                await asyncio.wait([self._building])
        return self._posts or ()

    def _known_place(self, file_id: FileId) -> Place | None:
        return next((place for place in self._places() if place.file_id == file_id), None)

    def _places(self) -> Iterator[Place]:
        for block in self._blocks.values():
            yield from block.page.places

    async def _sought_place(self, file_id: FileId) -> Place | None:
        found = await self._samples.get([file_id])
        if not found:
            return None
        return Place(value=sort_value(found[0], self.question.sort.field), file_id=file_id)

    def _key_of(self, place: Place) -> _Key:
        return _sort_key(place, self.question.sort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Rows from `start` on; fewer than asked for only at the end.

    `exact` is False where the row numbers may be off because the library has changed.
    """

    start: int
    samples: tuple[Sample, ...]
    exact: bool = True


async def id_pages(
    samples: SampleStore | UnreadableAnswers,
    question: Question,
    *,
    size: int,
    limit: int | None = None,
) -> AsyncIterator[tuple[FileId, ...]]:
    """Yield them in the question's order, at most `limit`, in pages of at most `size`."""
    after: Place | None = None
    left = limit
    while left is None or left > 0:
        asked = size if left is None else min(size, left)
        ids, after = await samples.ids(question, limit=asked, after=after)
        if ids:
            yield ids
        if after is None:
            return
        left = None if left is None else left - len(ids)


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
        rows = await self._sorted_rows(question)
        places = [_place(row, question) for row in rows]
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
        return len(await self._sorted_rows(question))

    async def signposts(self, question: Question, *, every: int) -> tuple[Place, ...]:
        """The places of every so manieth file."""
        return tuple(_place(row, question) for row in (await self._sorted_rows(question))[::every])

    async def ids(
        self, question: Question, *, limit: int, after: Place | None = None
    ) -> tuple[tuple[FileId, ...], Place | None]:
        """No ids: nothing can be done to them."""
        del question, limit, after
        return (), None

    async def _sorted_rows(self, question: Question) -> list[Sample]:
        kept = await self._samples.unreadable(viewer=question.viewer)
        rows = [file.as_sample() for file in kept]
        wanted = [row for row in rows if is_wanted(row, question.expression)]
        valued = [row for row in wanted if sort_value(row, question.sort.field) is not None]
        others = [row for row in wanted if sort_value(row, question.sort.field) is None]
        falling = question.sort.descending
        for part in (valued, others):
            part.sort(key=lambda row: _key(row, question), reverse=falling)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The rows from number · BLOCK on."""

    page: Page
    exact: bool

    @property
    def full(self) -> bool:
        return len(self.page.samples) == BLOCK


@dataclass(frozen=True, slots=True)
class _Key:
    """A place that compares as the store orders: values, then ids; without a value last."""

    place: Place
    descending: bool

    def __lt__(self, other: _Key) -> bool:
        mine, theirs = self.place, other.place
        if (mine.value is None) is not (theirs.value is None):
            return theirs.value is None
        left = (mine.value, mine.file_id) if mine.value is not None else (mine.file_id,)
        right = (theirs.value, theirs.file_id) if theirs.value is not None else (theirs.file_id,)
        return bool(left > right if self.descending else left < right)


def _end(sort: Sort) -> Place:
    """A place behind every sound, in the order of falling values too."""
    value: SortValue = None
    if sort.field in (Field.NAME, Field.FOLDER):
        value = "" if sort.descending else _LAST_TEXT
    elif sort.field in (Field.LENGTH, Field.ADDED):
        value = -math.inf if sort.descending else math.inf
    return Place(value=value, file_id=FileId("" if sort.descending else _LAST_TEXT))


def _sort_key(place: Place, sort: Sort) -> _Key:
    return _Key(place, sort.descending)

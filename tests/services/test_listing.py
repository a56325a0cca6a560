"""Listings: every window is what one long page would show, however one comes to it."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from smtui.domain.account import Role
from smtui.domain.errors import InputInvalid, NotAllowed, NotFound
from smtui.domain.query import parse
from smtui.domain.question import SORTABLE, Field, Question, Sort
from smtui.domain.sample import FileId, FoundFile, Heard, Sample
from smtui.services.documents import Documents
from smtui.services.library import Library
from smtui.services.listing import BLOCK, EVERY, Listing
from smtui.services.rights import Rights
from smtui.stores.memory import memory_documents
from smtui.wiring import SystemClock
from tests.services.people import person

ANNA = person("anna")
NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
ROWS = 3 * EVERY + 321


def sound(name: str, number: int = 0) -> FoundFile:
    return FoundFile(
        file_path=f"/sounds/{number % 7}/{name}",
        file_size=1,
        mtime_ns=1,
        file_hash=f"{number:032x}",
        # Many of the same length, so that the order of equals is tried.
        duration=number % 40 / 4,
        sample_rate=44_100,
        channels=1,
        format="wav",
    )


async def fill(documents: Documents, rows: int) -> None:
    found = [sound(f"{number:05}.wav", number) for number in range(rows)]
    ids = await documents.samples.add_found(found, user_id=ANNA.user_id, at=NOON)
    for number in range(0, rows, 29):
        heard = Heard(
            tempo=float(80 + number % 50),
            level="basic",
            recipe_version=1,
            analyzed_at=NOON,
        )
        await documents.samples.set_heard(ids[number], heard, file_hash=f"{number:032x}")


@pytest.fixture
async def documents() -> Documents:
    found = memory_documents()
    await found.accounts.add(ANNA)
    return found


@pytest.fixture
def library(documents: Documents) -> Library:
    return Library(documents.samples, Rights(documents.accounts), SystemClock())


def asked(field: Field, *, descending: bool = False, text: str = "") -> Question:
    sort = Sort(field=field, descending=descending)
    return Question(expression=parse(text), sort=sort, viewer=ANNA.user_id)


async def whole(documents: Documents, question: Question) -> list[Sample]:
    return list((await documents.samples.page(question, limit=10_000)).samples)


ORDERS = [(Field.NAME, False), (Field.LENGTH, True), (Field.TEMPO, False), (Field.TEMPO, True)]


@pytest.mark.parametrize(("field", "descending"), ORDERS)
async def test_every_window_shows_what_stands_there(
    documents: Documents, library: Library, field: Field, descending: bool
) -> None:
    await fill(documents, ROWS)
    question = asked(field, descending=descending)
    expected = await whole(documents, question)
    listing = library.listing(question)
    assert await listing.count() == ROWS
    chance = random.Random(3)
    starts = [0, ROWS - 10, 1500, 1460, 1500 + BLOCK, EVERY, 2 * EVERY - 1, 2 * EVERY + 1, ROWS]
    starts += [chance.randrange(ROWS) for _ in range(30)]
    for start in starts:
        window = await listing.window(start, 50)
        assert window.exact
        assert window.start == start
        assert list(window.samples) == expected[start : start + 50]
    for row in [0, 1, EVERY, EVERY + 1, 2 * EVERY - 1, ROWS - 1, 777]:
        assert await listing.position(expected[row].file_id) == row
    listing.close()


async def test_the_end_is_there_at_once_in_every_order(
    documents: Documents, library: Library
) -> None:
    await fill(documents, 2 * EVERY + 250)
    for field, descending in itertools.product(SORTABLE, [False, True]):
        question = asked(field, descending=descending)
        expected = await whole(documents, question)
        listing = library.listing(question)
        rows = await listing.count()
        for start in (rows - 30, rows - BLOCK - 100):
            listing.close()
            window = await listing.window(start, 30)
            assert (list(window.samples), window.exact) == (expected[start : start + 30], True)
        listing.close()


@pytest.mark.parametrize(("field", "descending"), ORDERS)
async def test_a_walk_from_sound_to_sound_passes_each_once(
    documents: Documents, library: Library, field: Field, descending: bool
) -> None:
    await fill(documents, 60)
    question = asked(field, descending=descending)
    expected = await whole(documents, question)
    listing = library.listing(question)
    passed = [expected[0]]
    while (following := await listing.around(passed[-1].file_id, 1)) is not None:
        passed.append(following)
    assert passed == expected
    back = await listing.around(expected[-1].file_id, -1)
    assert back == expected[-2]
    assert await listing.around(expected[10].file_id, 5) == expected[15]
    assert await listing.around(expected[10].file_id, -10) == expected[0]
    assert await listing.around(expected[0].file_id, -1) is None
    assert await listing.around(FileId("nobody"), 1) is None


async def test_from_a_sound_that_the_filter_lost_one_goes_on_from_where_it_stood(
    documents: Documents, library: Library
) -> None:
    await fill(documents, 60)
    listing = library.listing(asked(Field.NAME, text="-tag:done"))
    here = (await listing.window(10, 1)).samples[0]
    following = (await listing.window(11, 1)).samples[0]
    await library.tag([here.file_id], by=ANNA, add=["done"])
    listing.renew()
    assert await listing.around(here.file_id, 1) == following


async def test_what_is_in_view_stays_in_view_while_rows_come_above(
    documents: Documents, library: Library
) -> None:
    await fill(documents, ROWS)
    question = asked(Field.NAME)
    listing = library.listing(question)
    await listing.count()
    before = (await listing.window(2_400, 30)).samples
    new = [sound(f"00000 {number}.wav", 10_000 + number) for number in range(50)]
    await documents.samples.add_found(new, user_id=ANNA.user_id, at=NOON + timedelta(hours=1))
    listing.renew()
    window = await listing.window(2_400, 30)
    assert (window.samples, window.exact) == (before, False)
    assert await listing.count() == ROWS + 50
    position = await listing.position(before[0].file_id)
    assert position == 2_450
    window = await listing.window(position, 30)
    assert (window.samples, window.exact) == (before, True)


async def test_a_window_that_is_given_up_harms_no_other(
    documents: Documents, library: Library
) -> None:
    await fill(documents, ROWS)
    question = asked(Field.LENGTH)
    expected = await whole(documents, question)
    listing = library.listing(question)
    for start in range(0, ROWS, 150):
        given_up = asyncio.ensure_future(listing.window(start, 40))
        await asyncio.sleep(0)
        given_up.cancel()
    assert list((await listing.window(1_234, 40)).samples) == expected[1_234:1_274]
    listing.close()


async def test_an_empty_answer_has_no_rows(library: Library) -> None:
    listing = library.listing(asked(Field.NAME))
    assert await listing.count() == 0
    assert (await listing.window(0, 50)).samples == ()
    assert (await listing.window(900, 50)).samples == ()
    assert await listing.position(FileId("nobody")) is None


async def test_a_listing_that_is_closed_leaves_nothing_behind(
    documents: Documents, library: Library
) -> None:
    await fill(documents, ROWS)
    listing = Listing(documents.samples, asked(Field.NAME))
    before = asyncio.all_tasks()
    await listing.count()
    listing.close()
    building = asyncio.all_tasks() - before
    if building:
        await asyncio.wait(building)
    assert asyncio.all_tasks() == before


async def test_the_whole_answer_comes_in_order(documents: Documents, library: Library) -> None:
    await fill(documents, 1_234)
    question = asked(Field.TEMPO, descending=True)
    expected = await whole(documents, question)
    pages = [page async for page in library.each(question)]
    assert [sample for page in pages for sample in page] == expected
    pages = [page async for page in library.each(question, limit=501)]
    assert [sample for page in pages for sample in page] == expected[:501]
    ids = [chunk async for chunk in library.ids(question)]
    assert [one for chunk in ids for one in chunk] == [sample.file_id for sample in expected]
    ids = [chunk async for chunk in library.ids(question, limit=3)]
    assert ids == [tuple(sample.file_id for sample in expected[:3])]
    assert await library.count(question) == 1_234


async def test_tags_are_tidied_and_refused_with_a_reason(
    documents: Documents, library: Library
) -> None:
    await fill(documents, 3)
    ids = [sample.file_id for sample in await whole(documents, asked(Field.NAME))]
    assert await library.tag(ids, by=ANNA, add=["  deep   house "]) == 3
    assert (await library.sample(ids[0])).tags == ("deep house",)
    assert await library.tags_in_use(ANNA.user_id) == ("deep house",)
    assert await library.tag(ids[:1], by=ANNA, remove=["Deep House"]) == 1
    for bad in ["", "  ", "a\x1bb", "x" * 61]:
        with pytest.raises(InputInvalid):
            await library.tag(ids, by=ANNA, add=[bad])
    with pytest.raises(NotFound):
        await library.sample(FileId("nobody"))


async def test_tags_of_a_shared_sound_say_who_put_them_and_a_listener_puts_none(
    documents: Documents, library: Library
) -> None:
    bert, lena = person("bert", days=1), person("lena", Role.LISTENER, days=2)
    for one in (bert, lena):
        await documents.accounts.add(one)
    (shared,) = await documents.samples.add_found([sound("x.wav")], user_id=None, at=NOON)
    (own,) = await documents.samples.add_found([sound("y.wav")], user_id=lena.user_id, at=NOON)
    assert await library.tag([shared], by=bert, add=["house"]) == 1
    assert await library.tag([shared], by=ANNA, add=["dusty"]) == 1
    marks = (await library.sample(shared)).tag_marks
    assert {tag: mark.by for tag, mark in marks.items()} == {
        "house": bert.user_id,
        "dusty": ANNA.user_id,
    }
    with pytest.raises(NotAllowed):
        await library.tag([own, shared], by=lena, remove=["house"])
    assert (await library.sample(shared)).tags == ("house", "dusty")
    assert await library.tag([own], by=lena, add=["mine"]) == 1
    with pytest.raises(NotAllowed, match="another person's"):
        await library.tag([own], by=bert, add=["his"])

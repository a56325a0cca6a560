"""What every KeptSearchStore gives: saved lines by name, then those asked lately."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.ports.documents import KeptSearchStore
from tests.contracts.document_stores import ANNA, BERT, NOW, DocumentStores

SEARCH, FILTER = KeptKind.SEARCH, KeptKind.FILTER


@pytest.fixture
def searches(documents: DocumentStores) -> KeptSearchStore:
    return documents.searches


def line(text: str, minutes: int = 0, *, name: str = "", kind: KeptKind = SEARCH) -> KeptSearch:
    return KeptSearch(kind=kind, text=text, name=name, used_at=NOW + timedelta(minutes=minutes))


async def test_saved_lines_come_by_name_then_the_others_newest_first(
    searches: KeptSearchStore,
) -> None:
    lines = (
        line("like a", 1),
        line("like b", 5, name="zebra"),
        line("kind:kick", 3, kind=FILTER),
        line("like c", 2, name="Äpfel"),
        line('words "dark\\" hit"', 4, name="apples"),
    )
    for one in lines:
        await searches.keep(one, user_id=ANNA, recent=9)
    a, zebra, kick, apples_too, apples = lines
    assert await searches.of(ANNA) == (apples, zebra, apples_too, kick, a)
    assert await searches.of(BERT) == ()


async def test_a_line_is_kept_once_of_each_kind_and_its_name_stays(
    searches: KeptSearchStore,
) -> None:
    await searches.keep(line("kick", 1), user_id=ANNA, recent=9)
    await searches.keep(line("kick", 2, name="mine"), user_id=ANNA, recent=9)
    await searches.keep(line("kick", 3), user_id=ANNA, recent=9)
    await searches.keep(line("kick", 3, kind=FILTER), user_id=ANNA, recent=9)
    await searches.keep(line("kick", 1), user_id=BERT, recent=9)
    assert await searches.of(ANNA) == (line("kick", 3, name="mine"), line("kick", 3, kind=FILTER))
    await searches.keep(line("kick", 4, name="other"), user_id=ANNA, recent=9)
    assert (await searches.of(ANNA))[0] == line("kick", 4, name="other")
    assert await searches.of(BERT) == (line("kick", 1),)


async def test_of_what_has_no_name_only_the_newest_stay(searches: KeptSearchStore) -> None:
    await searches.keep(line("saved", -9, name="saved"), user_id=ANNA, recent=2)
    await searches.keep(line("kind:kick", -8, kind=FILTER), user_id=ANNA, recent=2)
    await searches.keep(line("of bert", -7), user_id=BERT, recent=2)
    for minute in range(4):
        await searches.keep(line(f"like {minute}", minute), user_id=ANNA, recent=2)
    assert [one.text for one in await searches.of(ANNA)] == [
        *("saved", "like 3", "like 2", "kind:kick")
    ]
    assert [one.text for one in await searches.of(BERT)] == ["of bert"]


async def test_a_line_that_was_dropped_is_gone_and_can_be_kept_again(
    searches: KeptSearchStore,
) -> None:
    mine = line("like a", name="mine")
    await searches.keep(mine, user_id=ANNA, recent=9)
    await searches.keep(mine, user_id=BERT, recent=9)
    assert not await searches.forget(FILTER, "like a", user_id=ANNA)
    assert await searches.forget(SEARCH, "like a", user_id=ANNA)
    assert not await searches.forget(SEARCH, "like a", user_id=ANNA)
    assert await searches.of(ANNA) == ()
    assert await searches.of(BERT) == (mine,)
    await searches.keep(mine, user_id=ANNA, recent=9)
    assert await searches.of(ANNA) == (mine,)

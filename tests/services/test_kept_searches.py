"""Saving lines under names, and remembering what was asked, on a real SQLite library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from smtui.domain.errors import AlreadyTaken, InputInvalid
from smtui.domain.kept_search import KeptKind
from smtui.services.kept_searches import RECENT, KeptSearches
from tests.contracts.document_stores import NOW, account, sqlite

SEARCH = KeptKind.SEARCH


class Ticking:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


@pytest.fixture
async def searches(tmp_path: Path) -> AsyncIterator[KeptSearches]:
    async with sqlite(tmp_path) as stores:
        yield KeptSearches(stores.searches, Ticking())


ANNA, BERT = account("anna"), account("bert")


async def test_what_was_asked_lately_is_remembered_as_far_as_it_can_be_typed(
    searches: KeptSearches,
) -> None:
    for text in ("like a", " ", "like \udcff", "like \n", "words " + "x" * 2_000):
        await searches.remember(SEARCH, text, by=ANNA)
    assert [one.text for one in await searches.of(ANNA)] == ["like a"]
    for number in range(RECENT + 5):
        await searches.remember(SEARCH, f"like {number}", by=ANNA)
    kept = await searches.of(ANNA)
    assert len(kept) == RECENT
    assert kept[0].text == f"like {RECENT + 4}"
    assert await searches.of(BERT) == ()


async def test_a_line_with_spaces_around_it_is_the_same_line(searches: KeptSearches) -> None:
    for text in ("kick", " kick ", "kick  "):
        await searches.remember(KeptKind.FILTER, text, by=ANNA)
    assert [one.text for one in await searches.of(ANNA)] == ["kick"]


async def test_what_is_asked_now_can_be_saved_though_it_was_never_kept(
    searches: KeptSearches,
) -> None:
    present = searches.at_present(KeptKind.FILTER, " is:failed ")
    assert present is not None
    assert await searches.of(ANNA) == ()
    saved = await searches.save(present, "to mend", by=ANNA)
    assert await searches.of(ANNA) == (saved,)
    assert saved.text == "is:failed"
    for text in ("", "  ", "a\x1b", "\udcff"):
        assert searches.at_present(KeptKind.FILTER, text) is None


async def test_what_was_saved_outlives_what_was_only_asked(searches: KeptSearches) -> None:
    await searches.remember(SEARCH, "like a", by=ANNA)
    (asked,) = await searches.of(ANNA)
    saved = await searches.save(asked, "  my   kicks ", by=ANNA)
    assert saved.name == "my kicks"
    for number in range(RECENT + 5):
        await searches.remember(SEARCH, f"like {number}", by=ANNA)
    assert (await searches.of(ANNA))[0] == saved
    await searches.forget(saved, by=BERT)
    assert (await searches.of(ANNA))[0] == saved
    await searches.forget(saved, by=ANNA)
    await searches.forget(saved, by=ANNA)
    assert saved not in await searches.of(ANNA)
    await searches.bring_back(saved, by=ANNA)
    assert (await searches.of(ANNA))[0] == saved


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x1bb", "a\u202eb"])
async def test_a_name_that_cannot_be_seen_is_refused(searches: KeptSearches, name: str) -> None:
    await searches.remember(SEARCH, "like a", by=ANNA)
    (asked,) = await searches.of(ANNA)
    with pytest.raises(InputInvalid, match="characters that can be seen"):
        await searches.save(asked, name, by=ANNA)


async def test_another_line_cannot_take_a_name_but_another_person_can(
    searches: KeptSearches,
) -> None:
    for by in (ANNA, BERT):
        await searches.remember(SEARCH, "like a", by=by)
        await searches.save((await searches.of(by))[0], "Mine", by=by)
    await searches.remember(SEARCH, "like b", by=ANNA)
    _, other = await searches.of(ANNA)
    with pytest.raises(AlreadyTaken, match="Mine"):
        await searches.save(other, "mINE", by=ANNA)

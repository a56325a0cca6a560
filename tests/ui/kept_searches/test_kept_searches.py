"""What was saved and asked lately, driven by keys from the similar screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtui.domain.account import Account
from smtui.domain.errors import StoreUnreachable
from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.likeness import Weights
from smtui.domain.search import View
from smtui.services.kept_searches import KeptSearches
from smtui.ui.kept_searches.screen import KeptScreen
from smtui.ui.similar.screen import SimilarScreen
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.line_table import LineTable
from tests.ui.screen_home import NOW, Home, Sound, press, seen, settle, told, until
from tests.ui.similar.test_similar import (  # noqa: F401 - fixtures are found by their names
    OpenSimilar,
    cursor_on,
    home,
    library,
    names,
    pack,
    screen,
    similar,
)


async def open_kept(pilot: Pilot[None]) -> None:
    await press(pilot, "f")
    await until(lambda: isinstance(pilot.app.screen, KeptScreen))
    await settle(pilot.app)


async def back(pilot: Pilot[None]) -> None:
    await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
    await settle(pilot.app)


def rows(pilot: Pilot[None]) -> list[tuple[str, ...]]:
    return [line.cells for line in pilot.app.screen.query_one(LineTable).lines]


def chosen(pilot: Pilot[None]) -> str:
    table = pilot.app.screen.query_one(LineTable)
    return table.lines[table.cursor].cells[2]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is asked can be remembered."""

    async def away(self: KeptSearches, kind: KeptKind, text: str, *, by: Account) -> None:
        del self, kind, text, by
        raise StoreUnreachable("The library is full")

    monkeypatch.setattr(KeptSearches, "remember", away)


async def test_a_search_is_saved_under_a_name_and_asked_again(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await press(pilot, "1", "plus", "slash", *"kind:chord", "enter")
        await open_kept(pilot)
        line = "like a_kick.wav timbre=3 kind:chord"
        assert rows(pilot) == [
            ("(recent)", "search", line),
            ("(recent)", "filter", "kind:chord"),
        ]
        assert chosen(pilot) == line
        await press(pilot, "F")
        assert "save under the name" in seen(pilot.app)
        await press(pilot, *"dark pads", "enter")
        assert rows(pilot)[0] == ("dark pads", "search", line)
        await press(pilot, "escape")
        await back(pilot)
        await press(pilot, "escape", "0")
        await cursor_on(pilot, "d_hat.wav")
        await press(pilot, "s")
        assert screen(pilot).searcher.search.weights == Weights()
        await open_kept(pilot)
        # The present search is under the cursor, what was saved above it.
        assert chosen(pilot) == "like d_hat.wav"
        await press(pilot, "g", "enter")
        await back(pilot)
        search = screen(pilot).searcher.search
        assert [seed.name for seed in search.more] == ["a_kick.wav"]
        assert search.weights == Weights(timbre=3)
        assert set(names(pilot)) == {"e_pad.wav", "f_organ.wav"}
        assert pilot.app.screen.query_one(FilterLine).text == "kind:chord"
        await press(pilot, "backspace")
        assert [seed.name for seed in screen(pilot).searcher.search.more] == ["d_hat.wav"]


async def test_a_filter_that_was_kept_narrows_the_present_search(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await press(pilot, "slash", *"kind:chord", "enter", "enter")
        await until(lambda: not isinstance(pilot.app.screen, SimilarScreen))
        await press(pilot, "q")
        await back(pilot)
        await press(pilot, "escape")
        assert len(names(pilot)) == 5
        await open_kept(pilot)
        assert [row[2] for row in rows(pilot)] == [
            *("like a_kick.wav kind:chord", "like a_kick.wav", "kind:chord")
        ]
        await press(pilot, "G")
        assert chosen(pilot) == "kind:chord"
        await press(pilot, "enter")
        await back(pilot)
        assert set(names(pilot)) == {"e_pad.wav", "f_organ.wav"}
        assert pilot.app.screen.query_one(FilterLine).text == "kind:chord"


async def test_a_line_that_was_taken_away_comes_back_by_u(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await open_kept(pilot)
        await press(pilot, "F", *"kicks", "enter")
        assert " u Undo" not in seen(pilot.app)
        await press(pilot, "D")
        assert rows(pilot) == []
        assert "No saved or recent searches yet" in seen(pilot.app)
        assert "u brings it back" in "".join(told(pilot.app))
        await press(pilot, "D", "F", "enter", "y")
        assert isinstance(pilot.app.screen, KeptScreen)
        await press(pilot, "u")
        assert rows(pilot) == [("kicks", "search", "like a_kick.wav")]
        await press(pilot, "y")
        assert pilot.app.clipboard == "like a_kick.wav"


async def test_a_name_stands_for_one_line(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await open_kept(pilot)
        await press(pilot, "F", *"Mine", "enter", "escape")
        await back(pilot)
        await press(pilot, "4", "plus")
        await open_kept(pilot)
        await press(pilot, "F", *"mine", "enter")
        assert "Mine is saved already; save under the name mine" in seen(pilot.app)
        await press(pilot, *" too", "enter")
        assert [row[0] for row in rows(pilot)] == ["Mine", "mine too"]
        # What has a name is named anew.
        await press(pilot, "g", "F", *["backspace"] * 9, *"first", "enter")
        assert [row[0] for row in rows(pilot)] == ["first", "mine too"]


async def test_a_search_whose_sound_is_gone_says_so_and_can_be_mended(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    assert library.user_id is not None
    async with library.open_services():
        gone = KeptSearch(kind=KeptKind.SEARCH, text="like nobody", name="a", used_at=NOW)
        await library.kept.searches.keep(gone, user_id=library.user_id, recent=9)
    async with similar() as pilot:
        await open_kept(pilot)
        await press(pilot, "g", "enter")
        await back(pilot)
        assert "No sound called nobody" in seen(pilot.app)
        await press(pilot, *["backspace"] * 6, *"c_tom", "enter")
        await settle(pilot.app)
        assert [seed.name for seed in screen(pilot).searcher.search.more] == ["c_tom.wav"]


async def test_a_sound_that_shares_its_name_is_kept_by_its_path(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with library.open_services():
        await library.add_now(Sound(name="b_kick.wav", folder="/elsewhere"))
        library.files.pop("b_kick.wav")
    async with similar() as pilot:
        await cursor_on(pilot, "b_kick.wav")
        await press(pilot, "s", "Y")
        path = pilot.app.clipboard.removeprefix("like ")
        assert path.endswith("/b_kick.wav")
        assert not path.startswith("/elsewhere")
        first = screen(pilot).searcher.search.more[0].file_id
        await press(pilot, "backspace")
        await open_kept(pilot)
        await press(pilot, "g")
        while chosen(pilot) != f"like {path}":
            await press(pilot, "j")
        await press(pilot, "enter")
        await back(pilot)
        assert screen(pilot).searcher.search.more[0].file_id == first


async def test_words_are_kept_and_nothing_is_where_there_are_none(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await press(pilot, "v", "v", "escape")
        await open_kept(pilot)
        assert rows(pilot) == []
        await press(pilot, "q")
        await back(pilot)
        await press(pilot, "L", *["backspace"] * 40, *"words dull kick", "enter")
        await settle(pilot.app)
        assert screen(pilot).searcher.search.view is View.WORDS
        await open_kept(pilot)
        assert rows(pilot)[0] == ("(recent)", "search", 'words "dull kick"')


async def test_odd_names_are_inert(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    assert library.user_id is not None
    text = "like \x1b[2J[bold]\u202e"
    async with library.open_services():
        odd = KeptSearch(kind=KeptKind.SEARCH, text=text, name="[b]\x1b[31m", used_at=NOW)
        await library.kept.searches.keep(odd, user_id=library.user_id, recent=9)
    async with similar() as pilot:
        await open_kept(pilot)
        assert r"[b]\x1b[31m" in seen(pilot.app)
        assert r"like \x1b[2J[bold]\u202e" in seen(pilot.app)


async def test_that_nothing_can_be_remembered_disturbs_nobody(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
    full: None,
) -> None:
    async with similar() as pilot:
        await press(pilot, "s")
        assert not told(pilot.app)
        assert names(pilot)


async def test_a_path_from_outside_is_listened_to_again(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
    pack: dict[Path, object],  # noqa: F811
    tmp_path: Path,
) -> None:
    (folder,) = {path.parent for path in pack}
    new = tmp_path / "new one.wav"
    new.write_bytes((folder / "c_tom.wav").read_bytes())
    async with similar() as pilot:
        await press(pilot, "L", *["backspace"] * 40, *f'like "{new}"', "enter")
        await until(lambda: screen(pilot).searcher.search.more[0].path == new)
        await until(lambda: names(pilot) and names(pilot)[0] == "c_tom.wav")
        await open_kept(pilot)
        assert chosen(pilot) == f'like "{new}"'


async def test_f_pressed_twice_opens_one_list(
    library: Home,  # noqa: F811
    similar: OpenSimilar,  # noqa: F811
) -> None:
    async with similar() as pilot:
        await press(pilot, "f", "f")
        await until(lambda: isinstance(pilot.app.screen, KeptScreen))
        await settle(pilot.app)
        await press(pilot, "escape")
        await back(pilot)

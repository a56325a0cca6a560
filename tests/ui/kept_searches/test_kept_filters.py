"""Filters that were saved and asked lately, driven by keys from the library screen."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.likeness import Weights
from smtui.services.kept_searches import RECENT
from smtui.ui.kept_searches.screen import KeptScreen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.similar.screen import SimilarScreen
from smtui.ui.widgets.ask_line import AskLine
from smtui.ui.widgets.filter_line import FilterLine
from smtui.ui.widgets.sample_table import SampleTable
from tests.ui.kept_searches.test_kept_searches import chosen, full, open_kept, rows  # noqa: F401 - a fixture
from tests.ui.library.test_library import names, table, under_cursor
from tests.ui.screen_home import NOW, Home, OpenApp, line_with, press, seen, settle, told
from tests.ui.similar.test_similar import (  # noqa: F401 - fixtures are found by their names
    home,
    library,
    pack,
)
from tests.ui.similar.test_similar import names as hits
from tests.ui.similar.test_similar import screen as similar_screen


def filter_line(pilot: Pilot[None]) -> FilterLine:
    return pilot.app.screen.query_one(FilterLine)


def at(pilot: Pilot[None]) -> type[object]:
    """What kind of screen is seen."""
    return type(pilot.app.screen)


def seeds(pilot: Pilot[None]) -> list[str]:
    return [seed.name for seed in similar_screen(pilot).searcher.search.more]


async def enter(pilot: Pilot[None], text: str) -> None:
    """Type a filter in the place of the one that is there, and enter it."""
    await press(pilot, "slash", "escape", "slash", *text, "enter")


async def kept_texts(home: Home) -> list[str]:  # noqa: F811
    """What is kept, as the store has it."""
    assert home.user_id is not None
    return [one.text for one in await home.kept.searches.of(home.user_id)]


async def keep(home: Home, text: str, *, name: str, kind: KeptKind = KeptKind.FILTER) -> None:  # noqa: F811
    """Save a line as another program, or an earlier smtui, may have left it."""
    assert home.user_id is not None
    async with home.open_services():
        one = KeptSearch(kind=kind, text=text, name=name, used_at=NOW)
        await home.kept.searches.keep(one, user_id=home.user_id, recent=RECENT)


async def test_a_filter_is_saved_under_a_name_and_asked_again(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"kind:chord", "enter")
        await open_kept(pilot)
        assert rows(pilot) == [("(recent)", "filter", "kind:chord")]
        await press(pilot, "F")
        assert "save under the name" in seen(pilot.app)
        await press(pilot, *"dark pads", "enter")
        assert rows(pilot) == [("dark pads", "filter", "kind:chord")]
        await press(pilot, "escape")
        await enter(pilot, "kind:kick")
        assert names(pilot) == ["a_kick.wav", "b_kick.wav"]
        await open_kept(pilot)
        # The present filter is under the cursor, what was saved above it.
        assert chosen(pilot) == "kind:kick"
        assert [row[0] for row in rows(pilot)] == ["dark pads", "(recent)"]
        await press(pilot, "g", "enter")
        assert at(pilot) is LibraryScreen
        assert filter_line(pilot).text == "kind:chord"
        assert names(pilot) == ["e_pad.wav", "f_organ.wav"]
        assert table(pilot).has_focus


async def test_a_filter_is_kept_once_it_was_entered_not_at_each_letter(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash")
        for letter in "kick":
            await press(pilot, letter)
        assert await kept_texts(library) == []
        await press(pilot, "enter")
        assert await kept_texts(library) == ["kick"]
        await press(pilot, "slash", *" loop", "escape")
        await enter(pilot, "kind:hat")
        await enter(pilot, " kick ")
        assert sorted(await kept_texts(library)) == ["kick", "kind:hat"]


@pytest.mark.parametrize("way", ["enter", "down", "tab", "click"])
async def test_a_filter_is_kept_by_whatever_way_its_line_was_left(
    library: Home,  # noqa: F811
    open_app: OpenApp,
    way: str,
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"kind:kick")
        if way == "click":
            await pilot.click(SampleTable, offset=(5, 1))
            await settle(pilot.app)
        else:
            await press(pilot, way)
        assert not filter_line(pilot).query_one(Input).has_focus
        assert await kept_texts(library) == ["kind:kick"]


async def test_half_a_filter_is_not_kept_while_one_looks_at_another_window(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await press(pilot, "slash", *"ki")
        pilot.app.app_focus = False
        await settle(pilot.app)
        pilot.app.app_focus = True
        await settle(pilot.app)
        assert await kept_texts(library) == []
        await press(pilot, *"ck", "enter")
        assert await kept_texts(library) == ["kick"]


async def test_what_finds_nothing_is_not_kept_but_can_be_saved(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await enter(pilot, "kind:kick")
        await enter(pilot, "is:failed")
        assert names(pilot) == []
        await open_kept(pilot)
        assert rows(pilot) == [
            ("(now)", "filter", "is:failed"),
            ("(recent)", "filter", "kind:kick"),
        ]
        assert chosen(pilot) == "is:failed"
        assert await kept_texts(library) == ["kind:kick"]
        await press(pilot, "F", *"to mend", "enter")
        assert rows(pilot)[0] == ("to mend", "filter", "is:failed")
        assert await kept_texts(library) == ["is:failed", "kind:kick"]


async def test_of_a_filter_with_a_mistake_what_was_asked_is_kept(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await enter(pilot, "kick bpm:x")
        assert await kept_texts(library) == ["kick"]
        await enter(pilot, "bpm:x")
        assert await kept_texts(library) == ["kick"]


async def test_a_filter_that_was_taken_away_comes_back_by_u(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await enter(pilot, "kind:kick")
        await open_kept(pilot)
        await press(pilot, "F", *"kicks", "enter", "D")
        assert rows(pilot) == []
        assert "u brings it back" in "".join(told(pilot.app))
        await press(pilot, "u")
        assert rows(pilot) == [("kicks", "filter", "kind:kick")]
        await press(pilot, "y")
        assert pilot.app.clipboard == "kind:kick"


async def test_an_empty_list_says_what_to_do(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await open_kept(pilot)
        words = line_with(pilot.app, "No saved or recent searches yet").strip()
        assert words.endswith("/ filters, s finds similar sounds.")
        await press(pilot, "enter", "F", "D", "u")
        assert at(pilot) is KeptScreen


async def test_esc_loses_nothing(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app() as pilot:
        await press(pilot, "m")
        await enter(pilot, "-kind:chord")
        await press(pilot, "o", "j")
        before = names(pilot), under_cursor(pilot), set(table(pilot).marked)
        for key in ("escape", "q"):
            await open_kept(pilot)
            # The first esc closes the line that asks for a name, no more.
            await press(pilot, "F", *"mine", "escape")
            assert at(pilot) is KeptScreen
            await press(pilot, key)
            assert at(pilot) is LibraryScreen
            assert (names(pilot), under_cursor(pilot), set(table(pilot).marked)) == before
            assert filter_line(pilot).text == "-kind:chord"
            assert len(before[2]) == 1


async def test_marks_and_order_stay_when_a_filter_is_chosen(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    await keep(library, "kind:chord", name="pads")
    async with open_app() as pilot:
        await press(pilot, "m", "O")
        await open_kept(pilot)
        await press(pilot, "enter")
        assert names(pilot) == ["f_organ.wav", "e_pad.wav"]
        assert "1 marked" in seen(pilot.app)
        await press(pilot, "escape")
        assert len(names(pilot)) == 6


async def test_a_search_that_was_saved_opens_from_the_library(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    line = "like a_kick.wav timbre=3 kind:chord"
    await keep(library, line, name="dark pads", kind=KeptKind.SEARCH)
    async with open_app() as pilot:
        await enter(pilot, "kind:hat")
        await open_kept(pilot)
        await press(pilot, "g", "enter")
        assert similar_screen(pilot).searcher.search.weights == Weights(timbre=3)
        assert seeds(pilot) == ["a_kick.wav"]
        assert set(hits(pilot)) == {"e_pad.wav", "f_organ.wav"}
        assert filter_line(pilot).text == "kind:chord"
        # From there `f` goes back there, and the library below keeps its filter.
        await open_kept(pilot)
        await press(pilot, "g", "j")
        assert chosen(pilot) == "kind:hat"
        await press(pilot, "enter")
        assert hits(pilot) == ["d_hat.wav"]
        await press(pilot, "escape", "escape")
        assert at(pilot) is LibraryScreen
        assert filter_line(pilot).text == "kind:hat"
        assert names(pilot) == ["d_hat.wav"]


@pytest.mark.parametrize(
    ("line", "why"), [("like nobody", "No sound called nobody"), ("like a_kick bpm:x", "x")]
)
async def test_a_search_that_cannot_be_asked_any_more_says_so_and_can_be_mended(
    library: Home,  # noqa: F811
    open_app: OpenApp,
    line: str,
    why: str,
) -> None:
    await keep(library, line, name="old", kind=KeptKind.SEARCH)
    async with open_app() as pilot:
        await open_kept(pilot)
        await press(pilot, "enter")
        assert at(pilot) is SimilarScreen
        assert why in line_with(pilot.app, "; search")
        assert line in seen(pilot.app)
        await press(pilot, "escape")
        assert "L types a search, esc goes back" in seen(pilot.app)
        await press(pilot, "L", *["backspace"] * 40, *"like c_tom", "enter")
        assert "Nothing is looked for yet" not in seen(pilot.app)
        assert seeds(pilot) == ["c_tom.wav"]
        await press(pilot, "escape")
        assert at(pilot) is LibraryScreen


async def test_a_saved_filter_that_cannot_be_read_any_more_is_pointed_at(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    await keep(library, "kind:kick bmp:120", name="old")
    async with open_app() as pilot:
        await open_kept(pilot)
        await press(pilot, "enter")
        line = filter_line(pilot)
        assert line.text == "kind:kick bmp:120"
        assert line.mistaken == "bmp"
        assert "bpm" in seen(pilot.app).splitlines()[2]
        assert names(pilot) == ["a_kick.wav", "b_kick.wav"]
        # The keys are in the line, where it is mended.
        await press(pilot, *["backspace"] * 8, "enter")
        assert line.text == "kind:kick"
        assert "(recent)" not in seen(pilot.app)
        assert await kept_texts(library) == ["kind:kick bmp:120", "kind:kick"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_strange_text_in_a_saved_filter_is_inert(
    library: Home,  # noqa: F811
    open_app: OpenApp,
    size: tuple[int, int],
) -> None:
    await keep(library, "\x1b[2J[bold]k\u202e\x9b", name="[b]\x1b[31m")
    async with open_app(size=size) as pilot:
        await open_kept(pilot)
        spelled = r"\x1b[2J[bold]k\u202e\x9b"
        assert line_with(pilot.app, r"[b]\x1b[31m").rstrip().endswith(spelled)
        await press(pilot, "F")
        assert all(row.isprintable() for row in seen(pilot.app).splitlines())
        await press(pilot, "escape", "enter")
        assert at(pilot) is LibraryScreen
        assert spelled in seen(pilot.app).splitlines()[1]
        assert all(row.isprintable() for row in seen(pilot.app).splitlines())
        assert "No sounds match" in seen(pilot.app)


async def test_strange_text_in_a_saved_search_is_inert(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    await keep(library, 'like "\x1b[2J[bold]"', name="odd", kind=KeptKind.SEARCH)
    async with open_app() as pilot:
        await open_kept(pilot)
        await press(pilot, "enter")
        assert at(pilot) is SimilarScreen
        assert pilot.app.screen.query_one(AskLine).has_class("-open")
        assert r"\x1b[2J[bold]" in seen(pilot.app)
        assert all(row.isprintable() for row in seen(pilot.app).splitlines())


async def test_a_filter_that_the_next_start_goes_on_with_was_not_entered_again(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    options = Options(place="studio-box", last_seen=library.folder / "last-seen.json")
    async with open_app(options=options) as pilot:
        await enter(pilot, "kind:kick")
        await open_kept(pilot)
        await press(pilot, "D", "escape")
        assert await kept_texts(library) == []
    async with open_app(options=options) as pilot:
        assert filter_line(pilot).text == "kind:kick"
        await press(pilot, "o")
        assert await kept_texts(library) == []
        await open_kept(pilot)
        assert rows(pilot) == [("(now)", "filter", "kind:kick")]


async def test_that_no_filter_can_be_remembered_disturbs_nobody(
    library: Home,  # noqa: F811
    open_app: OpenApp,
    full: None,  # noqa: F811
) -> None:
    async with open_app() as pilot:
        await enter(pilot, "kind:kick")
        assert not told(pilot.app)
        assert len(names(pilot)) == 2


async def test_f_pressed_twice_opens_one_list_and_the_palette_opens_it_too(
    library: Home,  # noqa: F811
    open_app: OpenApp,
) -> None:
    async with open_app(size=(120, 40)) as pilot:
        assert " f Saved" in seen(pilot.app).splitlines()[-1]
        await open_kept(pilot)
        await press(pilot, "f", "escape")
        assert at(pilot) is LibraryScreen
        await press(pilot, "question_mark")
        assert "library.kept" in line_with(pilot.app, "Saved and recent filters and searches.")
        await press(pilot, "escape", "colon", *"saved and recent")
        await press(pilot, "enter")
        assert at(pilot) is KeptScreen

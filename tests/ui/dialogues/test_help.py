"""Help and palette: made from the keys of what has the focus."""

from __future__ import annotations

import re

from smtui.domain.query import parse
from smtui.ui.dialogues import help as help_screen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from tests.ui.screen_home import Home, OpenApp, many, press, seen


async def test_help_has_the_keys_of_what_has_the_focus(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    await home.add(*many(3))
    async with open_app(size=(80, 70)) as pilot:
        await press(pilot, "question_mark")
        text = seen(pilot.app)
        assert re.search(r"m +Mark or unmark this sound", text)
        assert re.search(r"k +One row up", text)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_in_the_login_help_stays_out_of_the_way_of_typing(
    home: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        await press(pilot, "question_mark")
        assert "?" in seen(pilot.app)
        assert "Show or hide the password" not in seen(pilot.app)


async def test_help_scrolls_by_keys(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app(size=(80, 16)) as pilot:
        await press(pilot, "question_mark")
        assert "stay together" not in seen(pilot.app)
        await press(pilot, *["j"] * 60)
        assert "stay together" in seen(pilot.app)


async def test_the_end_of_the_help_is_one_key_away(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app(size=(80, 16)) as pilot:
        await press(pilot, "question_mark")
        for there, back in (("G", "g"), ("end", "home")):
            await press(pilot, there)
            assert "stay together" in seen(pilot.app)
            await press(pilot, back)
            assert "Show only the sounds that match" in seen(pilot.app)
        for there, back in (("ctrl+d", "ctrl+u"), ("pagedown", "pageup")):
            await press(pilot, there)
            assert "Show only the sounds that match" not in seen(pilot.app)
            await press(pilot, back)
            assert "Show only the sounds that match" in seen(pilot.app)


async def test_the_palette_does_what_a_key_does(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app(size=(80, 40)) as pilot:
        await press(pilot, "colon")
        assert "Filter  (/)" in seen(pilot.app)
        await pilot.press(*"reverse")
        await press(pilot, "enter", "enter")
        assert "sorted by name ▼" in seen(pilot.app)


def test_what_help_says_of_filters_is_understood() -> None:
    for line in help_screen.FILTERS.splitlines():
        for word in line.split():
            if ":" in word and not word.endswith(":"):
                parse(word)


async def test_every_box_is_readable_where_the_locale_is_not_utf8(
    home: Home, open_app: OpenApp
) -> None:
    plain = Options(ascii=True)
    async with open_app(options=plain) as pilot:
        assert seen(pilot.app).isascii()
    await home.sign_up()
    await home.add(*many(40))
    async with open_app(size=(120, 70), options=plain) as pilot:
        assert seen(pilot.app).isascii()
        await press(pilot, "question_mark")
        assert re.search(r"up k +One row up", seen(pilot.app))
        assert seen(pilot.app).isascii()
        await press(pilot, "escape", "ctrl+c")
        assert "ctrl+q quits smtui" in seen(pilot.app)
        assert seen(pilot.app).isascii()

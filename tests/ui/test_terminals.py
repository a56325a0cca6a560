"""What is sent to a terminal: legible in both themes, with few colours and with none."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from rich.style import Style
from textual.pilot import Pilot
from textual.theme import Theme

from smtui.ui.app import SmtuiApp
from smtui.ui.driver import title
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.theme import DARK, LIGHT
from tests.ui.screen_home import Home, OpenApp, Sound, heard, many, press, seen

TEXTS = (
    "quiet",
    "faint",
    "text-disabled",
    "row-marked",
    "footer-description-foreground",
    "footer-key-foreground",
)
COLOURS = ("foreground", "primary", "secondary", "accent", "success", "warning", "error")
BACKS = ("background", "surface", "panel")
LEGIBLE = 4.5
SEEN = 3.0


def luminance(colour: str) -> float:
    """Of WCAG 2: relative luminance of sRGB."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def of_256(colour: str) -> str:
    """What is left of a colour where there are 256."""
    number = Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT)
    return number.get_truecolor().hex


def backs(theme: Theme) -> list[str]:
    return [*(getattr(theme, name) for name in BACKS), theme.variables["row-cursor"]]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_text_can_be_read_also_under_the_cursor_and_in_256_colours(theme: Theme) -> None:
    texts = [getattr(theme, name) for name in COLOURS] + [theme.variables[name] for name in TEXTS]
    for text, back in itertools.product(texts, backs(theme)):
        assert contrast(text, back) >= LEGIBLE, (text, back)
        assert contrast(of_256(text), of_256(back)) >= LEGIBLE, (text, back, "in 256 colours")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_borders_and_the_row_under_the_cursor_are_seen(theme: Theme) -> None:
    for name in ("border", "border-blurred"):
        assert contrast(theme.variables[name], theme.background or "") >= SEEN
    row = theme.variables["row-cursor"]
    assert contrast(row, theme.background or "") >= 1.25
    assert of_256(row) != of_256(theme.background or "")


async def _with_guesses(home: Home) -> None:
    await home.sign_up()
    unsure = heard(kind="kick", kind_confidence=0.2, tempo=120.0, tempo_confidence=0.1)
    await home.add(Sound(name="a.wav", heard=unsure), Sound(name="b.wav", heard=unsure))


async def test_an_unsure_claim_under_the_cursor_is_seen_with_sixteen_colours(
    home: Home, open_app: OpenApp
) -> None:
    await _with_guesses(home)
    async with open_app(options=Options(colours=16, theme="smtui-plain")) as pilot:
        under = _styles(pilot, "a.wav")
        assert all(style.reverse for style in under)
        for style in under:
            assert style.color is None or style.color.is_default
            assert style.bgcolor is None or style.bgcolor.is_default
        others = _styles(pilot, "b.wav")
        assert not any(style.reverse for style in others)
        assert any(style.dim for style in others)


def _styles(pilot: Pilot[None], name: str) -> list[Style]:
    """Of the table's own part of the row."""
    table = pilot.app.screen.query_one("#table")
    for y in range(table.size.height):
        strip = table.render_line(y)
        if name in strip.text:
            return [one.style for one in strip if one.style is not None and one.text.strip()]
    raise AssertionError(name)


def test_a_window_is_named_only_where_its_old_name_comes_back() -> None:
    assert title({"TERM": "xterm-256color"}, "studio") == "smtui — studio"
    assert title({"TERM": "tmux-256color", "TMUX": "x"}, "studio") == "smtui — studio"
    assert title({"TERM": "screen", "TMUX": "x"}, "studio") == "smtui — studio"
    for terminal in ("linux", "dumb", "vt220", "screen", "screen-256color"):
        assert title({"TERM": terminal}, "studio") == ""
    assert title({"TERM": "xterm"}, "a\x1b]b") == "smtui"


async def test_a_screen_reader_is_led_to_the_row_that_the_keys_move(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(*many(60))
    async with open_app(size=(80, 24)) as pilot:
        app = pilot.app

        def read_there() -> str:
            return seen(app).splitlines()[app.cursor_position.y]

        assert "sound_00000" in read_there()
        await press(pilot, "j")
        assert "sound_00001" in read_there()
        await press(pilot, "G")
        assert "sound_00059" in read_there()
        await press(pilot, "slash", "0", "3")
        assert read_there().startswith(" /")
        await press(pilot, "enter")
        assert "sound_00003" in read_there()
        await press(pilot, "enter")
        assert "zoom 1x" in read_there()


@pytest.mark.parametrize(
    ("says", "before", "thin"),
    [
        ("SSH_CONNECTION=1.2.3.4 5 6.7.8.9 22", False, True),
        ("-SSH_CONNECTION", True, False),
        ("", True, True),
    ],
)
async def test_tmux_tells_who_is_attached_now_not_who_opened_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: Home,
    open_app: OpenApp,
    says: str,
    before: bool,
    thin: bool,
) -> None:
    program = tmp_path / "tmux"
    answers = f"echo '{says}'" if says else "exit 1"
    program.write_text(f'#!/bin/sh\ntest "$*" = "show-environment SSH_CONNECTION" && {answers}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    await home.sign_up()
    async with open_app(options=Options(thin_line=before, asks_tmux=True)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, LibraryScreen)
        assert isinstance(screen.app, SmtuiApp)
        assert screen.app.options.thin_line is thin
        assert screen.table.leaps is thin

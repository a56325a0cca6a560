"""One picture per screen and size, of the real app on real sounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from smtui.ui.account.screen import LoginScreen
from smtui.ui.app import SmtuiApp
from smtui.ui.batch.screen import BatchScreen
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.kept_searches.screen import KeptScreen
from smtui.ui.library.screen import LibraryScreen
from smtui.ui.options import Options
from smtui.ui.similar.screen import SimilarScreen
from tests.ui.screen_home import Home, press, seen, settle, until

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]


def app_of(home: Home) -> SmtuiApp:
    return SmtuiApp(home.open_services, Options(place="studio-box"))


async def library(pilot: Pilot[Any]) -> None:
    await until(lambda: isinstance(pilot.app.screen, LibraryScreen))
    await settle(pilot.app)


@SIZES
def test_welcome(
    snap_compare: Compare, new_home: Home, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOGNAME", "anna")

    async def before(pilot: Pilot[Any]) -> None:
        await until(lambda: isinstance(pilot.app.screen, LoginScreen))
        await until(lambda: "sessions" in seen(pilot.app))
        await settle(pilot.app)

    assert snap_compare(app_of(new_home), terminal_size=size, run_before=before)


@SIZES
def test_library(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await until(lambda: "kick deep" in seen(pilot.app))
        await press(pilot, *("j",) * 14)
        if size[0] >= 110:
            await until(lambda: "▀" in seen(pilot.app))

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_empty_library(snap_compare: Compare, empty_home: Home, size: tuple[int, int]):
    assert snap_compare(app_of(empty_home), terminal_size=size, run_before=library)


@SIZES
def test_filter_mistake(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        for line in pilot.app.screen.query(Input):
            # Else the picture depends on when it is taken.
            line.cursor_blink = False
        await press(pilot, "slash", *"kind:loop bmp:120")
        await until(lambda: "bpm" in seen(pilot.app))

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_help(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await press(pilot, "question_mark")

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_detail(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await press(pilot, "slash", *"house drums", "enter", "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await until(lambda: "▀" in seen(pilot.app) and "124.0" in seen(pilot.app))
        await settle(pilot.app)

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_similar(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await press(pilot, "slash", *"kick deep", "enter", "s")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await until(lambda: "why" in seen(pilot.app))
        await press(pilot, "3", "plus")
        if size[0] >= 110:
            await until(lambda: "▀" in seen(pilot.app))
        await settle(pilot.app)

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_kept(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await press(pilot, "slash", *"kick deep", "enter", "s")
        await until(lambda: isinstance(pilot.app.screen, SimilarScreen))
        await until(lambda: "why" in seen(pilot.app))
        await press(pilot, "3", "plus", "slash", *"kind:kick", "enter", "f")
        await until(lambda: isinstance(pilot.app.screen, KeptScreen))
        await press(pilot, "F", *"low kicks", "enter")
        await settle(pilot.app)

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)


@SIZES
def test_runs(snap_compare: Compare, full_home: Home, size: tuple[int, int]):
    async def before(pilot: Pilot[Any]) -> None:
        await library(pilot)
        await press(pilot, "b")
        await until(lambda: isinstance(pilot.app.screen, BatchScreen))
        await until(lambda: "Failed (" in seen(pilot.app) and "breaks off" in seen(pilot.app))
        await settle(pilot.app)

    assert snap_compare(app_of(full_home), terminal_size=size, run_before=before)

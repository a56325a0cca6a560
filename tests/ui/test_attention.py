"""Looks are rarer while nobody sits at the screen, and come at once when somebody is back."""

from __future__ import annotations

import asyncio

import pytest

from smtui.services.board import Pulse
from smtui.ui import attention
from smtui.ui.attention import Attention
from tests.ui.screen_home import Home, OpenApp, press


async def test_a_key_ends_the_long_wait_of_a_screen_that_was_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attention, "_ALONE_AFTER", -1.0)
    alone = Attention()
    waiting = asyncio.create_task(alone.pause(3_600.0))
    await asyncio.sleep(0)
    assert not waiting.done()
    alone.touch()
    await waiting


async def test_a_key_is_noticed_by_the_screen(home: Home, open_app: OpenApp) -> None:
    await home.sign_up()
    async with open_app() as pilot:
        before = pilot.app.attention._touched_at  # type: ignore[attr-defined]
        await press(pilot, "j")
        assert pilot.app.attention._touched_at > before  # type: ignore[attr-defined]


async def test_what_is_asked_for_here_is_seen_without_waiting_for_the_next_look() -> None:
    woken = asyncio.Event()
    pulse = Pulse(quick=3_600.0, woken=woken)
    waiting = asyncio.create_task(pulse.beat("nothing runs"))
    await asyncio.sleep(0)
    woken.set()
    await waiting


async def test_what_was_asked_for_during_a_look_is_not_missed() -> None:
    woken = asyncio.Event()
    woken.set()
    await Pulse(quick=3_600.0, woken=woken).beat("nothing runs")
    assert not woken.is_set()

"""A long day: what a screen drew is forgotten when it goes, and the collector has little to see."""

from __future__ import annotations

import gc
import importlib.util
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from smtui.ui.memory import Freezing, freeze_what_stays, let_dead_widgets_go
from tests.ui.screen_home import Home, OpenApp, Sound, heard, press, until

BACKGROUND, PANEL = Color(20, 23, 28), Color(40, 44, 52)
VISITS = 6
# The timers and lines of questions know who asked; those of a visit end some seconds after it.
FEW = 2
# Lines are drawn anew and cut for what lies over them; Textual keeps some of each.
MANY = 1_000


@pytest.fixture
async def library(home: Home) -> Home:
    await home.sign_up()
    kick = heard(kind="kick", tempo=120.0)
    await home.add(*(Sound(name=f"kick_{number:03d}.wav", heard=kick) for number in range(60)))
    return home


@pytest.fixture
def collector() -> Iterator[None]:
    """Put the collector back as it was for the tests that follow."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def alive(kind: type) -> int:
    """How many there are that something still holds."""
    gc.collect()
    # By type: what stands for another asks that one for its class, which may be gone.
    return sum(issubclass(type(one), kind) for one in gc.get_objects())


async def visit(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await press(pilot, key)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("enter", "q"), id="a sound"),
        pytest.param(("enter", "v", "q"), id="curves of a sound"),
        pytest.param(("s", "q"), id="similar"),
        pytest.param(("b", "q"), id="runs"),
        pytest.param(("f", "q"), id="saved"),
        pytest.param(("question_mark", "escape"), id="help"),
        pytest.param(("colon", "escape"), id="palette"),
    ],
)
@pytest.mark.usefixtures("library")
async def test_a_screen_that_was_left_keeps_no_memory(open_app: OpenApp, keys: tuple[str, ...]):
    async with open_app(size=(120, 40)) as pilot:
        await visit(pilot, *keys, *keys)
        screens = alive(Screen)
        for _ in range(VISITS):
            await visit(pilot, *keys)
        assert alive(StylesCache) <= alive(Widget)
        await until(lambda: alive(Screen) <= screens + FEW)


@pytest.mark.usefixtures("library")
async def test_moving_through_many_rows_keeps_no_lines_of_them(open_app: OpenApp):
    async with open_app(size=(120, 40)) as pilot:
        await visit(pilot, *"Ggj")
        strips = alive(Strip)
        for _ in range(VISITS):
            await visit(pilot, "G", "g", *"jjjkk")
        assert alive(Strip) < strips + MANY


def test_textual_still_keeps_dead_widgets_else_our_mend_can_go():
    """Fails when Textual has mended it: then delete `let_dead_widgets_go`."""
    spec = importlib.util.find_spec("textual._styles_cache")
    assert spec is not None
    assert spec.loader is not None
    theirs = importlib.util.module_from_spec(spec)
    sys.modules["textual_styles_cache_of_its_own"] = theirs
    spec.loader.exec_module(theirs)
    cache = theirs.StylesCache()
    cache.get_inner_outer(BACKGROUND, PANEL)
    gone = weakref.ref(cache)
    del cache
    gc.collect()
    assert gone() is not None, "Textual lets dead widgets go by itself now: remove our mend"


def test_the_mend_colours_as_textual_does_and_holds_no_widget():
    spec = importlib.util.find_spec("textual._styles_cache")
    assert spec is not None
    assert spec.loader is not None
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    let_dead_widgets_go()
    cache = StylesCache()
    ours = cache.get_inner_outer(BACKGROUND, PANEL)
    assert ours == theirs.StylesCache().get_inner_outer(BACKGROUND, PANEL)
    gone = weakref.ref(cache)
    del cache
    assert gone() is None


@pytest.mark.usefixtures("collector")
def test_what_stays_is_not_looked_at_again():
    before = len(gc.get_objects())
    freeze_what_stays()
    assert gc.get_freeze_count() > before / 2
    assert len(gc.get_objects()) < before / 10


@pytest.mark.usefixtures("collector")
def test_freezing_again_lets_go_what_was_frozen_and_has_gone():
    class Node:
        def __init__(self) -> None:
            self.me = self

    node = Node()
    gone = weakref.ref(node)
    freeze_what_stays()
    del node
    gc.collect()
    assert gone() is not None
    freeze_what_stays()
    assert gone() is None


@pytest.mark.usefixtures("collector")
def test_libraries_that_a_screen_brought_are_frozen_at_the_next_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    freezing = Freezing()
    assert not freezing.look(rested=0.1), "a key may follow"
    assert freezing.look(rested=10)
    assert not freezing.look(rested=10), "nothing has come since"
    for number in range(100):
        monkeypatch.setitem(sys.modules, f"come_later_{number}", ModuleType("come_later"))
    assert not freezing.look(rested=0.1)
    assert freezing.look(rested=10)


def test_what_a_day_has_freed_is_given_back_once_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    monkeypatch.setattr("smtui.ui.memory.give_back", lambda: given.append(0.0))
    freezing = Freezing()
    for rested in (0.2, 3.0, 4.0, 0.1, 2.0):
        freezing.look(rested=rested)
    assert len(given) == 2

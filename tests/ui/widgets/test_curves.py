"""The curves of a sound: a part of a long one, and what other programs left in them."""

from __future__ import annotations

import math
import tracemalloc

import pytest
from textual.app import App, ComposeResult

from smtui.domain.analysis import SpectralFeatures
from smtui.ui.draw.cells import Ink
from smtui.ui.widgets.curves import Curves
from tests.ui.screen_home import seen, settle

HOUR = 3_600.0
TIMES = tuple((number + 0.5) * HOUR / 64 for number in range(64))
STEADY = SpectralFeatures(times=TIMES, rms=(0.1,) * 64, spectral_centroid=(1_500.0,) * 64)


class Shown(App[None]):
    """Nothing but the curves."""

    def compose(self) -> ComposeResult:
        yield Curves(Ink())


async def drawn(features: SpectralFeatures, start: float, end: float) -> str:
    async with Shown().run_test(size=(80, 30)) as pilot:
        pilot.app.query_one(Curves).show(features, start, end)
        await settle(pilot.app)
        return seen(pilot.app)


def dots(picture: str) -> int:
    return sum("\u2800" < letter <= "\u28ff" for letter in picture)


@pytest.mark.parametrize("zoom", [1, 16, 4_096, 65_536])
async def test_a_part_of_a_long_sound_is_drawn_from_edge_to_edge_in_little_memory(zoom: int):
    middle = HOUR / 2
    tracemalloc.start()
    picture = await drawn(STEADY, middle, middle + 0.49 * HOUR / zoom)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert dots(picture) > 2 * 60
    assert most < 40_000_000


async def test_values_that_are_no_numbers_are_left_out_and_the_others_drawn():
    broken = SpectralFeatures(
        times=TIMES,
        rms=(math.nan, math.inf, *(0.1,) * 62),
        spectral_centroid=(math.inf, math.nan, *(1_500.0,) * 62),
    )
    picture = await drawn(broken, 0.0, HOUR)
    assert dots(picture) > 2 * 60
    assert "2000" in picture


async def test_curves_without_one_usable_value_are_an_empty_frame():
    nothing = SpectralFeatures(times=TIMES, rms=(math.nan,) * 64, spectral_centroid=())
    assert dots(await drawn(nothing, 0.0, HOUR)) == 0

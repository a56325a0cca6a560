"""Pictures as cells: what is loud is light, what is wide is short, everywhere the same place."""

import itertools
import random
import re
from collections.abc import Sequence

import pytest

from smtui.domain.picture import Picture
from smtui.ui.draw.cells import Depth, Ink, Row, Run, depth_of, escaped, merged
from smtui.ui.draw.spectrogram import FEW_LEVELS, SHADES, UPPER, colours, spectrogram
from tests.ui.draw.few_colours import SIGHTS, chosen, lab, lightness


def picture(levels: bytes, width: int, height: int) -> Picture:
    return Picture(
        width=width,
        height=height,
        levels=levels,
        start=0.0,
        end=1.0,
        duration=1.0,
        low_hz=40.0,
        high_hz=20_000.0,
        peak_db=0.0,
        range_db=80.0,
        log=True,
    )


def noise(width: int, height: int) -> Picture:
    throw = random.Random(7)
    levels = bytes(min(255, max(0, round(throw.gauss(170, 40)))) for _ in range(width * height))
    return picture(levels, width, height)


def cells(rows: Sequence[Row]) -> list[list[tuple[int, int]]]:
    """For each cell the colours of its upper and lower half."""
    return [
        [
            (run.back if character == " " else run.front, run.back)
            for run in row
            for character in run.text
        ]
        for row in rows
    ]


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.LEVELS, Depth.SIXTEEN])
def test_two_elements_stand_in_every_cell(depth: Depth) -> None:
    levels = bytes([0, 255, 255, 0, 0, 0, 255, 255])
    table = colours(depth)
    dark, light = table[0], table[255]
    drawn = spectrogram(picture(levels, 2, 4), Ink(depth=depth))
    assert cells(drawn) == [[(dark, light), (light, dark)], [(dark, light), (dark, light)]]


def test_shades_grow_darker_and_are_ascii() -> None:
    drawn = spectrogram(picture(bytes(range(0, 260, 26)), 10, 1), Ink(ascii=True))
    assert drawn[0][0].text == SHADES
    assert SHADES.isascii()


def test_a_pipe_gets_no_escape_sequences() -> None:
    ink = Ink(depth=Depth.NONE)
    lines = [escaped(row, ink.depth) for row in spectrogram(noise(40, 10), ink)]
    assert all(len(line) == 40 and line.isascii() and line.isprintable() for line in lines)


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (120, 64)])
def test_every_row_is_as_wide_as_the_picture(depth: Depth, size: tuple[int, int]) -> None:
    ink = Ink(depth=depth)
    rows = spectrogram(noise(*size), ink)
    assert len(rows) == -(-size[1] // ink.elements)
    assert {sum(len(run.text) for run in row) for row in rows} == {size[0]}


def test_equal_neighbours_are_one_run() -> None:
    rows = spectrogram(picture(bytes(80 * 40), 80, 40), Ink(depth=Depth.TRUE))
    assert all(len(row) == 1 and row[0].text == " " * 80 for row in rows)
    runs = (Run("a", 1), Run("b", 1), Run("c", 2), Run("", 3))
    assert merged(runs) == (Run("ab", 1), Run("c", 2))


def test_even_noise_on_a_thin_line_is_at_most_60_kb() -> None:
    rows = spectrogram(noise(114, 72), Ink(depth=Depth.LEVELS))
    sent = sum(len(escaped(row, Depth.LEVELS).encode()) for row in rows)
    assert sent <= 60_000


def test_thin_and_full_pictures_show_the_same_within_a_level_or_two() -> None:
    levels = bytes((row * 7 + column) % 256 for row in range(20) for column in range(60))
    thin = cells(spectrogram(picture(levels, 60, 20), Ink(depth=Depth.LEVELS)))
    table = colours(Depth.LEVELS)
    order = {colour: index for index, colour in enumerate(dict.fromkeys(table))}
    for row in range(10):
        for column in range(60):
            true = table[levels[2 * row * 60 + column]]
            assert abs(order[thin[row][column][0]] - order[true]) <= 2


def test_the_map_grows_evenly_lighter_from_end_to_end() -> None:
    lightness = [
        lab(colour >> 16, colour >> 8 & 255, colour & 255)[0] for colour in colours(Depth.TRUE)
    ]
    steps = [later - earlier for earlier, later in itertools.pairwise(lightness)]
    assert min(steps) > -0.002
    assert max(steps) < 0.012
    assert lightness[-1] - lightness[0] > 0.75


@pytest.mark.parametrize("sight", SIGHTS)
def test_on_a_thin_line_what_is_louder_is_never_darker(sight: str) -> None:
    few = [colour for colour, _ in itertools.groupby(colours(Depth.LEVELS))]
    light = [lightness(colour, sight) for colour in few]
    assert all(earlier < later for earlier, later in itertools.pairwise(light))


def test_a_thin_line_has_15_colours_for_its_32_levels() -> None:
    few = colours(Depth.LEVELS)
    assert len(set(few)) == 15
    assert len(few) // FEW_LEVELS * FEW_LEVELS == len(few)
    assert all(16 <= colour <= 255 for colour in few)


def test_few_colours_are_those_that_the_search_finds() -> None:
    assert colours(Depth.LEVELS)[:: 256 // FEW_LEVELS] == chosen()


def test_escape_sequences_name_the_colours_of_their_depth() -> None:
    run = Run(UPPER, front=0x102030, back=0xFFEEDD)
    assert escaped((run,), Depth.TRUE) == "\x1b[0;38;2;16;32;48;48;2;255;238;221m▀\x1b[m"
    assert escaped((Run("x", 200, 17),), Depth.LEVELS) == "\x1b[0;38;5;200;48;5;17mx\x1b[m"
    assert escaped((Run("x", 4, 11),), Depth.SIXTEEN) == "\x1b[0;34;103mx\x1b[m"
    assert escaped((Run("x", 4, 11),), Depth.NONE) == "x"
    plain_between = (Run("a", 4, 0), Run("b"), Run("c"))
    assert re.sub(r"\x1b\[[0-9;]*m", "|", escaped(plain_between, Depth.SIXTEEN)) == "|a|bc"


@pytest.mark.parametrize(
    ("count", "depth"),
    [
        (2, Depth.NONE),
        (8, Depth.NONE),
        (16, Depth.SIXTEEN),
        (88, Depth.SIXTEEN),
        (256, Depth.LEVELS),
        (1 << 24, Depth.TRUE),
    ],
)
def test_a_terminal_gets_what_it_can_show(count: int, depth: Depth) -> None:
    assert depth_of(count) is depth

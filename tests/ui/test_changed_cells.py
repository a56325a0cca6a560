"""What is sent makes a terminal show what the screen holds, and nothing is sent twice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Input

from smtui.ui.changed_cells import ShownCells
from tests.ui.screen_home import Home, OpenApp, Sound, press, settle

SIZE = Size(12, 3)
CONSOLE = Console(color_system="truecolor", force_terminal=True)
_CODE = re.compile(r"\x1b\[([0-9;]*)([Hm])|(.)", re.DOTALL)
LOOKS = [
    Style.parse(words)
    for words in (
        "red on blue",
        "green on blue",
        "red on black",
        "bold red on blue",
        "underline",
        "reverse red",
        "dim",
        "",
    )
]


@dataclass
class Paper:
    """A terminal that knows where its cursor is and how it writes, and no more."""

    cells: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    look: list[str] = field(default_factory=list)

    def take(self, sent: str) -> None:
        x = y = 0
        for numbers, letter, character in _CODE.findall(sent):
            if letter == "H":
                y, x = (int(number) - 1 for number in numbers.split(";"))
            elif letter == "m":
                self._turn(numbers)
            else:
                self.cells[y, x] = (character, self._seen(character))
                x += cell_len(character)

    def _turn(self, numbers: str) -> None:
        codes = re.findall(r"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|\d+", numbers) or ["0"]
        for code in codes:
            if code == "0":
                self.look = []
            else:
                kind = _kind(code)
                self.look = [one for one in self.look if _kind(one) != kind]
                self.look += [] if code in ("39", "49") else [code]

    def _seen(self, character: str) -> str:
        hidden = character == " " and not any(_kind(code) == code for code in self.look)
        return " ".join(
            sorted(code for code in self.look if not (hidden and _kind(code) == "front"))
        )


def _kind(code: str) -> str:
    """An attribute is a kind of its own, colours are of two."""
    first = int(code.split(";")[0])
    if 30 <= first < 40 or 90 <= first < 100:
        return "front"
    return "back" if 40 <= first < 50 or 100 <= first < 110 else code


def whole(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, *SIZE))


def part(x: int, y: int, strip: Strip) -> ChopsUpdate:
    chops: list[dict[int, Strip | None]] = [{} for _ in range(SIZE.height)]
    ends: list[list[int]] = [[] for _ in range(SIZE.height)]
    chops[y][x] = strip
    ends[y].append(x + strip.cell_length)
    return ChopsUpdate(chops, [(y, x, x + strip.cell_length)], ends)


def line(text: str, look: Style = LOOKS[0]) -> Strip:
    return Strip([Segment(text.ljust(SIZE.width), look)])


def plain(paper: Paper, y: int) -> str:
    return "".join(paper.cells.get((y, x), ("", ""))[0] for x in range(SIZE.width))


letters = st.text(alphabet="ab .▀é", min_size=1, max_size=4)
strips = st.lists(st.tuples(letters, st.sampled_from(LOOKS)), min_size=1, max_size=5).map(
    lambda pieces: Strip([Segment(text, look) for text, look in pieces]).crop(0, SIZE.width)
)
updates = st.lists(
    st.tuples(st.integers(0, SIZE.width - 1), st.integers(0, SIZE.height - 1), strips), max_size=8
)


@given(updates)
def test_only_changes_are_sent_and_the_terminal_shows_the_same(
    drawn: list[tuple[int, int, Strip]],
):
    shown, saving, spending = ShownCells(), Paper(), Paper()
    for x, y, strip in drawn:
        fitting = strip.crop(0, SIZE.width - x)
        saving.take(shown.sequence(part(x, y, fitting), SIZE, CONSOLE))
        spending.take(f"\x1b[{y + 1};{x + 1}H{fitting.render(CONSOLE)}\x1b[0m")
        assert saving.cells == spending.cells
        assert shown.sequence(part(x, y, fitting), SIZE, CONSOLE) == ""


def test_a_clock_sends_the_digit_that_changed():
    shown = ShownCells()
    shown.sequence(whole([line("12:34:56"), line(""), line("")]), SIZE, CONSOLE)
    sent = shown.sequence(part(0, 0, line("12:34:57")), SIZE, CONSOLE)
    assert re.sub(r"\x1b\[[0-9;]*m", "", sent) == "\x1b[1;8H7"


def test_a_name_that_terminals_draw_differently_is_sent_whole_and_what_is_beside_it_again():
    shown, paper = ShownCells(), Paper()
    name, beside = Strip([Segment("漢字 a", LOOKS[0])]), Strip([Segment("| b", LOOKS[1])])
    for strip, x in ((name, 0), (beside, 6)):
        paper.take(shown.sequence(part(x, 0, strip), SIZE, CONSOLE))
    assert shown.sequence(part(0, 0, name), SIZE, CONSOLE) == ""
    other = Strip([Segment("漢字 b", LOOKS[0])])
    assert "漢字 b" in shown.sequence(part(0, 0, other), SIZE, CONSOLE)
    assert "| b" in shown.sequence(part(6, 0, beside), SIZE, CONSOLE)


def test_a_link_is_sent_as_it_is():
    linked = Strip([Segment("docs", Style(link="https://example.org"))])
    assert "https://example.org" in ShownCells().sequence(part(0, 0, linked), SIZE, CONSOLE)


@pytest.mark.parametrize("why", ["another size", "another program"])
def test_all_is_sent_again_where_the_terminal_may_show_something_else(why: str):
    shown, lines = ShownCells(), [line("a"), line("b"), line("c")]
    shown.sequence(whole(lines), SIZE, CONSOLE)
    assert shown.sequence(whole(lines), SIZE, CONSOLE) == ""
    size = SIZE
    if why == "another size":
        size = Size(SIZE.width + 1, SIZE.height)
    else:
        shown.forget()
    paper = Paper()
    paper.take(shown.sequence(whole(lines), size, CONSOLE))
    assert [plain(paper, y).strip() for y in range(3)] == ["a", "b", "c"]


@pytest.mark.parametrize("key", ["slash", "i", "colon", "t"])
async def test_an_open_line_at_rest_draws_nothing(home: Home, open_app: OpenApp, key: str):
    await home.sign_up()
    await home.add(Sound(name="kick.wav"))
    async with open_app(size=(120, 40)) as pilot:
        await press(pilot, key)
        line = pilot.app.focused
        assert isinstance(line, Input)
        await settle(pilot.app)
        assert (line.cursor_blink, line._cursor_visible) == (False, True)
        timer = line._blink_timer
        assert timer is not None
        assert not timer._active.is_set()

"""Names as drawn: a width that terminals agree on, columns that stay, nothing else changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.domain.drawn_names import LEFT_TO_RIGHT, drawn

# As measured by `poe bench-widths` in tmux, GNU screen, mosh and xterm.
NARROWED = {
    "❤️ kick": "❤ kick",
    "1️⃣ kick": "1⃣ kick",
    "clap 👏🏽": "clap 👏",
    "🏽 alone": "~ alone",
    "ढोलक किक": "ढ~लक क~क",
    "কো": "ক~",
    "𝄞 𝅘𝅥𝅮": "𝄞 𝅘~~",
    "𝌀": "~",
    "☰ trigram": "~ trigram",
    "🫨 shake": "\\U0001fae8 shake",
    "a\u0487b": "a~b",
}
KEPT = ("kick.wav", "漢字", "ｷｯｸﾞ", "킥", "🥁", "🇩🇪", "กลอง", "№ … ½", "æøå", "Русский", "𐐷")


@pytest.mark.parametrize("name", NARROWED)
def test_a_name_of_disputed_width_leaves_its_row_in_its_columns(name: str) -> None:
    assert drawn(name) == NARROWED[name]


@pytest.mark.parametrize("name", KEPT)
def test_what_all_terminals_draw_alike_is_drawn_as_it_is(name: str) -> None:
    assert drawn(name) == name


def test_accents_join_their_letters_as_kitty_wants_them() -> None:
    assert drawn("e\u0301") == "é"
    assert drawn("\u1112\u1161\u11ab") == "한"
    assert drawn("か\u3099") == "が"


@pytest.mark.parametrize("name", ["שלום", "طبول 12", "kick שלום", "٣٤٥"])
def test_a_name_from_right_to_left_does_not_swap_the_columns_beside_it(name: str) -> None:
    assert drawn(name) == name + LEFT_TO_RIGHT


def test_controls_stay_visible() -> None:
    assert drawn("a\x1b[2J\u202eb\n") == "a\\x1b[2J\\u202eb\\n"
    assert drawn("é\x1b") == "é\\x1b"


@given(st.text())
def test_whatever_a_name_is_it_stays_inert(text: str) -> None:
    assert drawn(text).removesuffix(LEFT_TO_RIGHT).isprintable()

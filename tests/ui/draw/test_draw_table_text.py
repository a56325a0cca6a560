"""Text in so many cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smtui.domain.drawn_names import LEFT_TO_RIGHT, drawn
from smtui.ui.draw.table_text import fit_text


def test_a_cut_name_from_right_to_left_still_keeps_its_neighbours_in_place() -> None:
    assert fit_text(drawn("طبول طبول"), 5).rstrip().endswith("~" + LEFT_TO_RIGHT)
    assert fit_text(drawn("طبول"), 6) == f"طبول{LEFT_TO_RIGHT}  "
    assert fit_text(drawn("طبول"), 6, right=True) == f"  طبول{LEFT_TO_RIGHT}"
    assert fit_text(drawn("a/طبول"), 4, ending=True) == f"~بول{LEFT_TO_RIGHT}"


def test_what_is_cut_shows_where() -> None:
    assert fit_text("kick_01", 5) == "kick~"
    assert fit_text("packs/drums", 6, ending=True) == "~drums"
    assert fit_text("kick", 6, right=True) == "  kick"


@given(st.text(), st.integers(1, 30), st.booleans(), st.booleans())
def test_it_is_always_so_many_cells(text: str, width: int, right: bool, ending: bool) -> None:
    assert cell_len(fit_text(drawn(text), width, right=right, ending=ending)) == width

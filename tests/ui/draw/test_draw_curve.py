"""Curves are cut to what is seen of them."""

from __future__ import annotations

import math
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.ui.draw.curve import points, seen

RAMP = points(range(11), (10.0 * time for time in range(11)))
finite = st.floats(min_value=-1e6, max_value=1e6)


def test_the_whole_is_left_as_it_is():
    assert seen(RAMP, 0.0, 10.0, 80) == RAMP


def test_a_part_ends_where_it_is_cut():
    assert seen(RAMP, 2.5, 4.25, 80) == [(2.5, 25.0), (3, 30.0), (4, 40.0), (4.25, 42.5)]


def test_a_part_between_two_points_is_the_line_between_them():
    assert seen(RAMP, 2.25, 2.75, 80) == [(2.25, 22.5), (2.75, 27.5)]


def test_a_part_that_ends_on_points_has_nothing_doubled():
    assert seen(RAMP, 2.0, 3.0, 80) == [(2, 20.0), (3, 30.0)]


@pytest.mark.parametrize(("start", "end"), [(-5.0, -1.0), (11.0, 12.0)])
def test_beyond_the_curve_there_is_nothing(start: float, end: float):
    assert seen(RAMP, start, end, 80) == []


def test_what_is_not_finite_is_left_out():
    curve = points((0.0, 1.0, 2.0, math.nan, 4.0), (1.0, math.nan, math.inf, 3.0, 5.0, 6.0))
    assert curve == [(0.0, 1.0), (4.0, 5.0)]


def test_times_that_another_program_left_unordered_are_put_in_order():
    assert points((2.0, 0.0, 1.0), (3.0, 1.0, 2.0)) == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]


def test_of_very_many_points_the_peaks_are_kept():
    values = [0.0] * 50_000
    values[20_000], values[40_000] = 7.0, -7.0
    drawn = seen(points(range(50_000), values), 0.0, 49_999.0, 80)
    assert len(drawn) <= 2 * 81
    assert {value for _, value in drawn} == {0.0, 7.0, -7.0}


@given(
    st.lists(st.tuples(finite, finite), max_size=200),
    finite,
    st.floats(min_value=1e-3, max_value=1e6),
    st.integers(1, 30),
)
def test_nothing_is_outside_of_the_span_or_higher_than_the_curve(
    pairs: list[tuple[float, float]], start: float, length: float, columns: int
):
    curve = points(*zip(*pairs, strict=True)) if pairs else []
    drawn = seen(curve, start, start + length, columns)
    assert len(drawn) <= 2 * (columns + 2)
    assert all(start <= time <= start + length for time, _ in drawn)
    values = [value for _, value in curve]
    assert all(min(values) - 1e-3 <= value <= max(values) + 1e-3 for _, value in drawn)
    assert drawn == sorted(drawn, key=itemgetter(0))

"""The rows that tempo is chosen from say what a slow reading of the strokes says."""

from __future__ import annotations

import numpy as np
import pytest

from smtui.audio.frames import FRAMES_PER_SECOND
from smtui.audio.networks import Perceptron, perceptrons, softmax
from smtui.audio.strokes import ALL, LIKENESS_ROWS, LOW, STROKE_ROWS, line, ring
from smtui.audio.tempo_features import (
    FASTEST,
    SLOWEST,
    Span,
    loop_candidates,
    piece_candidates,
    spans_of,
)


def clicks(period: float, count: int, *, rows: tuple[int, ...] = (LOW, ALL)) -> np.ndarray:
    """Strokes every `period` frames in some rows."""
    strokes = np.zeros((STROKE_ROWS, round(period * count)), dtype=np.float32)
    places = np.round(np.arange(count) * period).astype(int)
    for row in rows:
        strokes[row, places] = 1
    return strokes


def test_a_ring_is_most_alike_after_each_period() -> None:
    pulse = ring(clicks(40, 8), 0, 320)
    assert pulse.likeness.shape == (LIKENESS_ROWS, 320)
    assert pulse.likeness[ALL, [0, 40, 80, 280]] == pytest.approx(1, abs=1e-4)
    assert abs(pulse.likeness[ALL, 20]) < 1e-4


def test_a_line_is_as_alike_as_a_ring_where_it_repeats() -> None:
    pulse = line(clicks(40, 12))
    assert pulse.likeness[ALL, [40, 80]] == pytest.approx(1, abs=0.1)
    assert pulse.likeness.shape[1] == 240


def test_widening_takes_the_best_neighbour_round_the_ring() -> None:
    pulse = ring(clicks(40, 8), 0, 320)
    one, two = pulse.widened()
    slow = np.maximum.reduce([np.roll(pulse.likeness, step, axis=1) for step in range(-2, 3)])
    assert two == pytest.approx(slow)
    slow = np.maximum.reduce([np.roll(pulse.likeness, step, axis=1) for step in range(-1, 2)])
    assert one == pytest.approx(slow)


def test_candidates_are_all_whole_numbers_of_beats_in_range() -> None:
    strokes = clicks(43, 8)
    seconds = strokes.shape[1] / FRAMES_PER_SECOND
    found = loop_candidates(strokes, line(strokes), spans_of(seconds, 0, 0), 8)
    assert found.tempi == pytest.approx(60 * found.beats / seconds)
    assert found.tempi.min() >= SLOWEST
    assert found.tempi.max() <= FASTEST
    assert list(found.beats) == list(range(found.beats[0], found.beats[-1] + 1))
    assert np.isfinite(found.rows).all()


def test_silence_around_makes_a_second_span() -> None:
    assert spans_of(4.0, 0.0, 0.001) == (Span(start=0, length=4, trimmed=0),)
    whole, inner = spans_of(4.0, 0.1, 0.4)
    assert (whole.length, inner.start, inner.trimmed) == (4.0, 0.1, 0.5)
    assert inner.length == pytest.approx(3.5)
    assert spans_of(0.3, 0, 0) == ()
    assert spans_of(3600, 0, 0) == ()


def test_the_row_of_the_true_beat_has_all_strokes_on_its_grid() -> None:
    strokes = clicks(43, 8)
    seconds = strokes.shape[1] / FRAMES_PER_SECOND
    found = loop_candidates(strokes, line(strokes), spans_of(seconds, 0, 0), 8)
    shares = found.rows[:, -4 * STROKE_ROWS :].reshape(len(found.beats), STROKE_ROWS, 4)
    on_beat = dict(zip(found.beats, shares[:, LOW, 2], strict=True))
    assert on_beat[8] == pytest.approx(1, abs=1e-3)
    assert on_beat[4] == pytest.approx(0.5, abs=1e-3)
    assert on_beat[7] < 0.5
    assert on_beat[9] < 0.5


def test_tempi_of_a_piece_describe_the_period() -> None:
    pulse = line(clicks(43, 30))
    found = piece_candidates(pulse, 2.0)
    true = 60 * FRAMES_PER_SECOND / 43
    best = int(np.argmin(np.abs(found.tempi - true)))
    wrong = int(np.argmin(np.abs(found.tempi - true * 1.23)))
    # Likeness of all strokes one beat later: the sixth of twelve multiples.
    column = 5 + 3 * ALL + 2
    assert found.rows[best].sum() > found.rows[wrong].sum()
    assert found.rows[best, column] < 1.1


def test_a_perceptron_is_its_formula() -> None:
    random = np.random.default_rng(5)
    parts = {
        "mean": random.standard_normal(4), "scale": np.ones(4),
        "hidden": random.standard_normal((4, 3)), "shift": random.standard_normal(3),
        "out": random.standard_normal(3), "bias": np.array([0.5]),
    }  # fmt: skip
    net = Perceptron(**{name: part.astype(np.float32) for name, part in parts.items()})
    row = random.standard_normal(4)
    slow = np.maximum((row - parts["mean"]) @ parts["hidden"] + parts["shift"], 0) @ parts["out"]
    assert net.scores(row.astype(np.float32)[None])[0] == pytest.approx(slow + 0.5, rel=1e-4)
    assert softmax(np.array([1.0, 1.0, 3.0], dtype=np.float32)).sum() == pytest.approx(1)


def test_the_table_has_every_net_that_tempo_asks() -> None:
    names = {"loop", "is_loop", "piece", "has_beat", "meter", "sure_loop", "sure_piece"}
    assert set(perceptrons("tempo")) == names

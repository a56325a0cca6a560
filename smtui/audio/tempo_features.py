"""What the perceptrons of tempo see: a row of numbers for each tempo that a sound may have, and one
for the sound, which tells a loop from a piece and both from a sound without a beat.

All candidates are described at once; nothing here decides. It stands alone, apart from `tempo`,
because `tests/learning` makes the rows that the tables were learned from by the same functions: a
change of a number here asks for new tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND, Array, Frames
from smtui.audio.strokes import ALL, STROKE_ROWS, Pulse, ring

Floats = npt.NDArray[np.float64]

SLOWEST, FASTEST = 50.0, 215.0
"""BPM."""
LONGEST_LOOP = 40.0
"""s."""
_MIDDLE_TEMPO = 118.0
_FEWEST_BEATS = 2
_SHORTEST_LOOP = _FEWEST_BEATS * 60 / FASTEST
_MOST_BEATS = 128
_LEAST_TRIM = 0.015
_TYPED, _NEARLY_TYPED = 0.01, 0.06
"""BPM."""
_ROUND = 0.0005
"""s."""
_PIECE_TEMPI = np.geomspace(SLOWEST, FASTEST, 200)
_FAST_MULTIPLES = np.array([0.25, 1 / 3, 0.5])
_SLOW_MULTIPLES = np.array([2 / 3, 0.75, 1, 1.5, 2, 3, 4, 6, 8])
_CROSS_MULTIPLES = np.array([0.5, 1, 1.5, 2, 3, 4])
_LINE_MULTIPLES = np.array([0.5, 1, 2, 4])
_STEPS = 16
"""Sixteenths of a bar of four beats."""

_SEAM_FRAMES = 4
_QUIET = 1e-6
_AUDIBLE = 0.01
# Beyond these a sound is long, however long.
_LONG, _MANY = 40.0, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of a sound that may be a loop, in seconds; `trimmed` has no silence around."""

    start: float
    length: float
    trimmed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Possible tempi of a sound.

    Attributes:
        tempi: (n,) BPM.
        beats: (n,) how many in the span; 0 where the sound is no loop.
        span: (n,) which span each belongs to.
        rows: (n, features).
    """

    tempi: Floats
    beats: npt.NDArray[np.int64]
    span: npt.NDArray[np.int64]
    rows: Array


def spans_of(duration: float, head: float, tail: float) -> tuple[Span, ...]:
    """The whole sound, and the sound without the silence around it, where they may be loops."""
    silence = head + tail
    spans = [Span(start=0.0, length=duration, trimmed=0.0)]
    if silence >= _LEAST_TRIM:
        spans.append(Span(start=head, length=duration - silence, trimmed=silence))
    return tuple(span for span in spans if _SHORTEST_LOOP <= span.length <= LONGEST_LOOP)


def loop_candidates(
    strokes: Array, linear: Pulse, spans: tuple[Span, ...], onsets: int
) -> Candidates:
    """Describe each whole number of beats that a span can hold."""
    parts = [
        _span_candidates(strokes, linear, span, (number, onsets))
        for number, span in enumerate(spans)
    ]
    return Candidates(
        tempi=np.concatenate([part.tempi for part in parts]),
        beats=np.concatenate([part.beats for part in parts]),
        span=np.concatenate([part.span for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
    )


def piece_candidates(linear: Pulse, onsets_per_second: float) -> Candidates:
    """Describe tempi 0.7 % apart."""
    tempi = _PIECE_TEMPI
    lags = 60 / tempi * FRAMES_PER_SECOND
    octaves = np.log2(tempi / _MIDDLE_TEMPO)
    seconds = linear.strokes.shape[1] / FRAMES_PER_SECOND
    plain = np.stack(
        (
            octaves,
            octaves**2,
            np.abs(octaves),
            onsets_per_second * 60 / tempi,
            np.full(len(tempi), np.log2(min(seconds, 40.0))),
        ),
        axis=1,
    )
    nothing = np.zeros(len(tempi), dtype=np.int64)
    return Candidates(
        tempi=tempi,
        beats=nothing,
        span=nothing,
        rows=np.concatenate((plain, _likeness_rows(linear, lags)), axis=1).astype(np.float32),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is known of a sound besides its candidates.

    Attributes:
        onsets: how many strokes stand out.
        contrast: how strong they are, see `onsets.contrast_of`.
        head, tail: s of silence.
        duration: s.
    """

    frames: Frames
    strokes: Array
    onsets: int
    contrast: float
    head: float
    tail: float
    duration: float


def sound_signs(signs: Signs) -> Array:
    """Describe the sound: (30,)."""
    rms = signs.frames.rms
    loudest = max(float(rms.max(initial=0)), _QUIET)
    quarter = len(rms) // 4 + 1
    levels = np.log10(np.maximum(rms / loudest, 1e-4))
    time = np.linspace(-1, 1, len(rms))
    weight = rms / max(float(rms.sum()), _QUIET)
    centroid = np.log2(np.maximum(signs.frames.centroid, 20) / 1000)
    middle = float(weight @ centroid)
    plain = (
        np.log2(min(signs.duration, _LONG)),
        min(signs.onsets / signs.duration, 20.0),
        np.log2(min(signs.onsets, _MANY) + 1),
        signs.contrast,
        min(signs.head, 1.0),
        min(signs.tail, 2.0),
        min(signs.tail / signs.duration, 1.0),
        np.log10(rms[-quarter:].max() / loudest + 1e-4),
        np.log10(rms[:quarter].max() / loudest + 1e-4),
        np.log10(rms[-_SEAM_FRAMES:].mean() / loudest + 1e-4),
        np.log10(rms[:_SEAM_FRAMES].mean() / loudest + 1e-4),
        float(levels.mean()),
        float(levels.std()),
        float((levels * time).mean()),
        float((rms > _AUDIBLE * loudest).mean()),
        float(weight @ signs.frames.flatness),
        middle,
        float(np.sqrt(weight @ np.square(centroid - middle))),
        _seam(signs.frames),
    )
    strokes = signs.strokes
    mean = strokes.mean(axis=1)
    peaky = np.sqrt(np.square(strokes).mean(axis=1)) / np.maximum(mean, _QUIET)
    assert len(mean) == STROKE_ROWS
    return np.concatenate((plain, np.log10(mean + 1e-5), np.minimum(peaky, 20))).astype(np.float32)


def claim_signs(shares: Array, scores: Array, rows: Array, best: int) -> Array:
    """Describe how clearly one candidate won, and the winner itself: (5 + features,)."""
    ranked = np.sort(shares)[::-1]
    second = float(ranked[1]) if len(ranked) > 1 else 0.0
    unsure = float(-(shares * np.log(shares + 1e-9)).sum())
    clear = (float(ranked[0]), second, unsure, float(scores.max()), np.log2(len(shares)))
    return np.concatenate((clear, rows[best])).astype(np.float32)


def _span_candidates(
    strokes: Array, linear: Pulse, span: Span, known: tuple[int, int]
) -> Candidates:
    number, onsets = known
    fewest = max(_FEWEST_BEATS, int(np.ceil(SLOWEST * span.length / 60)))
    most = min(_MOST_BEATS, int(FASTEST * span.length / 60))
    beats = np.arange(fewest, max(fewest, most + 1))
    frames = span.length * FRAMES_PER_SECOND
    lags = frames / beats
    pulse = ring(strokes, span.start * FRAMES_PER_SECOND, frames)
    parts = (
        _plain_rows(beats, span, onsets),
        _likeness_rows(pulse, lags),
        linear.at(linear.widened()[1][[ALL]], lags[:, None] * _LINE_MULTIPLES)[0],
        _grid_rows(pulse.strokes, beats, frames),
    )
    return Candidates(
        tempi=60 * beats / span.length,
        beats=beats,
        span=np.full(len(beats), number),
        rows=np.concatenate(parts, axis=1).astype(np.float32),
    )


def _plain_rows(beats: npt.NDArray[np.int64], span: Span, onsets: int) -> Floats:
    """How usual the tempo, the number of beats and the length are: (n, 17)."""
    tempi = 60 * beats / span.length
    octaves = np.log2(tempi / _MIDDLE_TEMPO)
    # Loops are cut to the sample at a tempo that somebody typed, which is a whole number mostly;
    # one-shots are cut to a round length, which makes such tempi too.
    off = np.abs(tempi - np.rint(tempi))
    quarters = abs(4 * span.length - round(4 * span.length)) / 4
    return np.stack(
        (
            octaves,
            octaves**2,
            np.abs(octaves),
            beats % 2 == 0,
            beats % 4 == 0,
            beats % 8 == 0,
            (beats & (beats - 1)) == 0,
            beats % 3 == 0,
            (beats % 5 == 0) | (beats % 7 == 0),
            np.log2(beats),
            np.minimum(onsets / beats, 8),
            np.full(len(beats), np.log2(span.length)),
            np.full(len(beats), span.trimmed > 0),
            np.full(len(beats), min(span.trimmed, 1.0)),
            np.exp(-np.square(off / _TYPED)),
            np.exp(-np.square(off / _NEARLY_TYPED)),
            np.full(len(beats), np.exp(-np.square(quarters / _ROUND))),
        ),
        axis=1,
    ).astype(np.float64)


def _likeness_rows(pulse: Pulse, lags: Floats) -> Array:
    """Likeness at parts and multiples of each lag: (n, 6 · 12 + 2 · 6)."""
    narrow, wide = pulse.widened()
    own = slice(0, STROKE_ROWS)
    parts = (
        pulse.at(narrow[own], lags[:, None] * _FAST_MULTIPLES),
        pulse.at(wide[own], lags[:, None] * _SLOW_MULTIPLES),
        pulse.at(wide[STROKE_ROWS:], lags[:, None] * _CROSS_MULTIPLES),
    )
    return np.concatenate(
        [
            part.transpose(1, 0, 2).reshape(len(lags), part.shape[0] * part.shape[2])
            for part in parts
        ],
        axis=1,
    )


def _grid_rows(strokes: Array, beats: npt.NDArray[np.int64], frames: float) -> Floats:
    """Where in a bar of four the strokes fall, and how many fall on no grid.

    Gives (n, 6 · 16 + 6 · 4): the share of each sixteenth, then the shares of all that is struck
    near a sixteenth, an eighth, a beat, a third of a beat.
    """
    near = _summed_near(strokes)
    total = np.maximum(strokes.sum(axis=1), 1e-6)
    sixteenths = _on_grid(near, beats, frames, 4)
    thirds = _on_grid(near, beats, frames, 3).sum(axis=2)
    struck = sixteenths.sum(axis=2)
    profile = sixteenths / np.maximum(struck, 1e-6)[:, :, None]
    shares = np.stack(
        (
            struck,
            sixteenths[:, :, ::2].sum(axis=2),
            sixteenths[:, :, ::4].sum(axis=2),
            thirds,
        ),
        axis=2,
    )
    shares = shares / total[None, :, None]
    count = len(beats)
    return np.concatenate((profile.reshape(count, -1), shares.reshape(count, -1)), axis=1)


def _summed_near(strokes: Array) -> Array:
    """Strokes within two frames of each, as a ring."""
    near = strokes.copy()
    for step in (1, 2):
        near += np.roll(strokes, step, axis=1) + np.roll(strokes, -step, axis=1)
    return near


def _on_grid(near: Array, beats: npt.NDArray[np.int64], frames: float, parts: int) -> Floats:
    """Sum strokes at the parts of each candidate's beats by their place in four beats.

    Gives (candidates, rows, 4 · parts).
    """
    counts = beats * parts
    candidate = np.repeat(np.arange(len(beats)), counts)
    index = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.rint(index * (frames / counts)[candidate]).astype(np.int64) % near.shape[1]
    steps = 4 * parts
    slot = candidate * steps + index % steps
    size = len(beats) * steps
    rows = len(near)
    slots = slot + np.arange(rows)[:, None] * size
    sums = np.bincount(slots.ravel(), near[:, places].ravel(), rows * size)
    return np.asarray(sums.reshape(rows, len(beats), steps).transpose(1, 0, 2), dtype=np.float64)


def _seam(frames: Frames) -> float:
    """How unlike the end is to the beginning, against how unlike neighbours are."""
    loud = np.sqrt(np.sqrt(frames.bands))
    steps = np.abs(np.diff(loud, axis=0)).sum(axis=1)
    usual = float(steps.mean()) if len(steps) else 0.0
    seam = float(np.abs(loud[:_SEAM_FRAMES].mean(axis=0) - loud[-_SEAM_FRAMES:].mean(axis=0)).sum())
    return min(seam / max(usual, _QUIET), 50.0)

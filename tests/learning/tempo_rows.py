"""Sounds of known tempo as the nets see them, and the rows from which each net learns."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND
from smtui.audio.networks import Perceptron
from smtui.audio.onsets import contrast_of, onset_frames
from smtui.audio.strokes import line, ring, strokes_of
from smtui.audio.tempo import Choice, beat_row, choice, loop_row, loops_in, meter_signs, pieces_in
from smtui.audio.tempo_features import Candidates, Signs, sound_signs
from tests.learning.perceptron import Net, Rows
from tests.learning.tempo_set import KINDS, Heard, paths_of, read
from tests.learning.tempo_truth import AMBIGUOUS, Truth

Array = npt.NDArray[np.float32]

_SAME_TEMPO = 0.012
"""Octaves: 0.8 %."""
_TARGET_SPREAD = 0.008
# Harmony alone is counted slower than the drums that might go with it.
_FASTEST_ALONE = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A sound as the nets see it; `loop` is None for one that is too short or too long."""

    truth: Truth
    name: str
    duration: float
    loop: Candidates | None
    piece: Candidates
    signs: Array
    meter: Array | None


def described(heard: Heard) -> Described:
    """Describe a sound."""
    struck = onset_frames(heard.frames.strength)
    signs = Signs(
        frames=heard.frames,
        strokes=strokes_of(heard.frames),
        onsets=len(struck),
        contrast=contrast_of(heard.frames, struck),
        head=heard.head,
        tail=heard.tail,
        duration=heard.duration,
    )
    linear = line(signs.strokes)
    return Described(
        truth=heard.truth,
        name=heard.name,
        duration=heard.duration,
        loop=loops_in(signs, linear),
        piece=pieces_in(signs, linear),
        signs=sound_signs(signs),
        meter=_meter(heard, signs.strokes),
    )


def _meter(heard: Heard, strokes: Array) -> Array | None:
    truth = heard.truth
    if not truth.meter or truth.what == "unclear":
        return None
    lag = 60 / truth.tempo * FRAMES_PER_SECOND
    length = truth.beats * 60 / truth.tempo
    if truth.beats:
        pulse = ring(
            strokes,
            heard.head * (heard.duration - length > 0.01) * FRAMES_PER_SECOND,
            length * FRAMES_PER_SECOND,
        )
        return meter_signs(pulse, lag, truth.beats)
    return meter_signs(line(strokes), lag, 0)


def near(tempi: npt.NDArray[np.float64], tempo: float) -> npt.NDArray[np.float64]:
    """How far tempi are from one, in octaves."""
    return np.abs(np.log2(tempi / tempo))


def is_loop(sound: Described) -> bool:
    """Whether it is a loop whose number of beats is among the candidates."""
    return (
        sound.truth.what == "loop"
        and sound.loop is not None
        and bool((near(sound.loop.tempi, sound.truth.tempo) < _SAME_TEMPO).any())
    )


def _grouped(groups: list[tuple[Array, Array, float]]) -> Rows:
    counts = [len(rows) for rows, _, _ in groups]
    return Rows(
        rows=np.concatenate([rows for rows, _, _ in groups]),
        right=np.concatenate([right for _, right, _ in groups]).astype(np.float32),
        starts=np.cumsum(counts, dtype=np.int64) - np.array(counts, dtype=np.int64),
        weight=np.array([weight for _, _, weight in groups], dtype=np.float32),
    )


def _weight(truth: Truth) -> float:
    is_hurried = truth.style == "no drums" and truth.tempo > _FASTEST_ALONE
    return 0.2 if is_hurried else 0.4 if truth.style in AMBIGUOUS else 1.0


def loop_rows(sounds: Iterable[Described]) -> Rows:
    """Rows from which to choose a loop's number of beats."""
    groups = []
    for sound in sounds:
        if is_loop(sound) and sound.loop is not None:
            right = near(sound.loop.tempi, sound.truth.tempo) < _SAME_TEMPO
            groups.append((sound.loop.rows, right / right.sum(), _weight(sound.truth)))
    return _grouped(groups)


def piece_rows(sounds: Iterable[Described]) -> Rows:
    """Rows from which to choose the tempo of what is no loop."""
    groups = []
    for sound in sounds:
        if sound.truth.what in ("beat", "loop"):
            right = np.exp(
                -0.5 * (near(sound.piece.tempi, sound.truth.tempo) / _TARGET_SPREAD) ** 2
            )
            weight = _weight(sound.truth) * (0.5 if sound.truth.what == "loop" else 1.0)
            groups.append((sound.piece.rows, right / right.sum(), weight))
    return _grouped(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What nets made of a sound: rows for the gates, and the choices."""

    sound: Described
    loop: Choice | None
    piece: Choice
    loop_row: Array | None
    beat_row: Array


def decided(nets: dict[str, Net], sound: Described) -> Decided:
    """Let the choosing nets choose."""
    piece = choice(Perceptron(**nets["piece"]), sound.piece)
    loop = choice(Perceptron(**nets["loop"]), sound.loop) if sound.loop is not None else None
    return Decided(
        sound=sound,
        loop=loop,
        piece=piece,
        loop_row=loop_row(sound.signs, loop, piece) if loop else None,
        beat_row=beat_row(sound.signs, piece),
    )


def meter_rows(sounds: Iterable[Described]) -> Rows:
    """Rows that say three beats in a bar, or four."""
    known = [
        (sound.meter, float(sound.truth.meter == 3), 2.0 if sound.truth.meter == 3 else 1.0)
        for sound in sounds
        if sound.meter is not None
    ]
    return alone(known)


def alone(rows: list[tuple[Array, float, float]]) -> Rows:
    """Rows that stand alone: what is said, whether it is right, how much it weighs."""
    return Rows(
        rows=np.stack([row for row, _, _ in rows]),
        right=np.array([right for _, right, _ in rows], dtype=np.float32),
        starts=None,
        weight=np.array([weight for _, _, weight in rows], dtype=np.float32),
    )


def sounds_of(folder: Path) -> list[Described]:
    """Read and describe a set, on two processes."""
    with ProcessPoolExecutor(2) as processes:
        kept = [path for kind in KINDS for path in paths_of(folder, kind)]
        return [each for file in processes.map(_of_file, kept, chunksize=8) for each in file]


def _of_file(path: Path) -> list[Described]:
    return [described(heard) for heard in read(path)]

"""Learns what `smtui/audio/tables/tempo.npz` holds, from sounds made by `tempo_set`.

    python -m tests.learning.tempo_set SET/train
    python -m tests.learning.tempo_set SET/dev --seeds 100000 100100
    python -m tests.learning.learn_tempo SET

Five nets: which whole number of beats a loop has, whether it is a loop, which tempo a piece has,
whether it has a beat, whether its bars have three beats. Whether there is a claim is learned from
choices among sounds that the choosing net has not seen. How sure is learned on sounds that no
net has seen.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND
from smtui.audio.meter import meter_signs
from smtui.audio.onsets import contrast_of, onset_frames
from smtui.audio.perceptron import Perceptron, sigmoid
from smtui.audio.strokes import line, ring, strokes_of
from smtui.audio.tempo_choice import (
    Choice,
    beat_row,
    choice,
    loop_row,
    loops_in,
    odds_row,
    pieces_in,
)
from smtui.audio.tempo_features import Candidates
from smtui.audio.tempo_signs import Signs, sound_signs
from tests.learning.perceptron import Net, Rows, Way, learned, logistic, scores
from tests.learning.tempo_set import KINDS, Heard, read
from tests.learning.tempo_truth import AMBIGUOUS, Truth

Array = npt.NDArray[np.float32]

_SAME_TEMPO = 0.012
"""Octaves: 0.8 %."""
_TARGET_SPREAD = 0.008
_RIGHT = 0.02
# Harmony alone is counted slower than the drums that might go with it.
_FASTEST_ALONE = 150
_SHORTEST_PIECE = 2.5
_GATE = Way(hidden=16, epochs=30, decay=3e-3)


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


def _halves(sounds: list[Described]) -> tuple[list[Described], list[Described]]:
    """Two halves that share no recording."""
    odd = [zlib.crc32(" ".join(sound.name.split()[:2]).encode()) % 2 for sound in sounds]
    return (
        [sound for sound, half in zip(sounds, odd, strict=True) if half],
        [sound for sound, half in zip(sounds, odd, strict=True) if not half],
    )


def learn(sounds: list[Described]) -> dict[str, Net]:
    """Train all nets but those that say how sure."""
    halves = _halves(sounds)
    nets = {
        "loop": learned(loop_rows(sounds), Way(epochs=24)),
        "piece": learned(piece_rows(sounds), Way(hidden=24, epochs=12)),
        "meter": learned(meter_rows(sounds), Way(hidden=16, epochs=40, decay=3e-3)),
    }
    loops: list[tuple[Array, float, float]] = []
    beats: list[tuple[Array, float, float]] = []
    for known, other in (halves, halves[::-1]):
        choosing = {
            "loop": learned(loop_rows(known), Way(nets=1, epochs=20)),
            "piece": learned(piece_rows(known), Way(nets=1, hidden=24, epochs=8)),
        }
        for sound in other:
            if sound.truth.what == "unclear":
                continue
            made = decided(choosing, sound)
            if made.loop_row is not None:
                loops.append((made.loop_row, is_loop(sound), 1.0))
            weight = 0.5 if is_loop(sound) else 1.0
            beats.append((made.beat_row, sound.truth.what != "none", weight))
    nets["is_loop"] = learned(_alone(loops), _GATE)
    nets["has_beat"] = learned(_alone(beats), _GATE)
    return nets


def learn_sureness(nets: dict[str, Net], sounds: list[Described]) -> dict[str, Net]:
    """Learn, on sounds that these nets have not seen, how often their claims are right."""
    loops: list[tuple[Array, float, float]] = []
    pieces: list[tuple[Array, float, float]] = []
    for sound in sounds:
        if sound.truth.what == "unclear":
            continue
        made = decided(nets, sound)
        gate = 0.0
        if made.loop is not None and made.loop_row is not None:
            gate = _probability(nets["is_loop"], made.loop_row)
            if gate > 0.5:
                loops.append(_claimed(made.loop, gate, sound.truth))
        beat = _probability(nets["has_beat"], made.beat_row)
        if gate <= 0.5 < beat and sound.duration > _SHORTEST_PIECE:
            pieces.append(_claimed(made.piece, beat, sound.truth))
    return {"sure_loop": logistic(_alone(loops)), "sure_piece": logistic(_alone(pieces))}


def _claimed(made: Choice, gate: float, truth: Truth) -> tuple[Array, float, float]:
    """A claim that would be made: gate and share as odds, whether it is right, weight."""
    best = made.readings()[0]
    right = bool(truth.tempo) and abs(best.tempo / truth.tempo - 1) < _RIGHT
    return odds_row(gate, best.share)[0], float(right), 1.0


def _probability(net: Net, row: Array) -> float:
    return sigmoid(float(scores(net, row[None])[0]))


def meter_rows(sounds: Iterable[Described]) -> Rows:
    """Rows that say three beats in a bar, or four."""
    known = [
        (sound.meter, float(sound.truth.meter == 3), 2.0 if sound.truth.meter == 3 else 1.0)
        for sound in sounds
        if sound.meter is not None
    ]
    return _alone(known)


def _alone(rows: list[Any]) -> Rows:
    return Rows(
        rows=np.stack([row for row, _, _ in rows]),
        right=np.array([right for _, right, _ in rows], dtype=np.float32),
        starts=None,
        weight=np.array([weight for _, _, weight in rows], dtype=np.float32),
    )


def write(path: Path, nets: dict[str, Net]) -> None:
    """Write nets in half precision, as `smtui.audio.perceptron` reads them."""
    arrays: dict[str, Any] = {
        f"{name}.{part}": array.astype(np.float16 if array.ndim == 2 else np.float32)
        for name, net in nets.items()
        for part, array in net.items()
    }
    np.savez_compressed(path, **arrays)


def sounds_of(folder: Path) -> list[Described]:
    """Read and describe a set."""
    return [described(heard) for kind in KINDS for heard in read(folder, kind)]


def main() -> None:
    """Learn from SET/train and SET/dev, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", type=Path, default=Path("smtui/audio/tables/tempo.npz"))
    asked = parser.parse_args()
    nets = learn(sounds_of(asked.folder / "train"))
    write(asked.table, nets | learn_sureness(nets, sounds_of(asked.folder / "dev")))


if __name__ == "__main__":
    main()

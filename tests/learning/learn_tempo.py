"""Learns what `smtui/audio/tables/tempo.npz` holds, from sounds made by `tempo_set`.

    python -m tests.learning.tempo_set SET/train --seeds 0 280 --samples FOLDER
    python -m tests.learning.tempo_set SET/train --seeds 280 5000 --kinds none --samples FOLDER
    python -m tests.learning.tempo_set SET/dev --seeds 100000 100040 --samples FOLDER --others
    python -m tests.learning.tempo_set SET/dev --seeds 100040 100600 --kinds none \\
        --samples FOLDER --others
    python -m tests.learning.learn_tempo SET --keep piece meter

FOLDER has one-shots in the public domain; two thirds of them are learned from.

Five nets: which whole number of beats a loop has, whether it is a loop, which tempo a piece has,
whether it has a beat, whether its bars have three beats. Whether there is a claim is learned from
choices among sounds that the choosing net has not seen. How sure is learned on sounds that no
net has seen.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from smtui.audio.networks import sigmoid
from smtui.audio.tempo import Choice, odds_row
from tests.learning.perceptron import Net, Way, learned, logistic, scores
from tests.learning.tempo_rows import (
    Decided,
    Described,
    alone,
    decided,
    is_loop,
    loop_rows,
    meter_rows,
    piece_rows,
    sounds_of,
)
from tests.learning.tempo_truth import Truth

Array = npt.NDArray[np.float32]

_RIGHT = 0.02
_SHORTEST_PIECE = 2.5
_GATE = Way(hidden=16, epochs=30, decay=3e-3)
_FALSE = 2.0
"""How much a beatless sound weighs against one with a beat: a false tempo is the worse error."""
_ALLOWED = {"is_loop": 0.015, "has_beat": 0.03}
"""Share of sounds that are no loops, and of beatless ones, that the gates may let through."""
_FURTHEST_SHIFT = (-2.0, 3.0)


def _halves(sounds: list[Described]) -> tuple[list[Described], list[Described]]:
    """Two halves that share no recording."""
    odd = [zlib.crc32(" ".join(sound.name.split()[:2]).encode()) % 2 for sound in sounds]
    return (
        [sound for sound, half in zip(sounds, odd, strict=True) if half],
        [sound for sound, half in zip(sounds, odd, strict=True) if not half],
    )


def learn(sounds: list[Described], kept: dict[str, Net]) -> dict[str, Net]:
    """Train all nets but those that say how sure; `kept` are not trained again."""
    nets = dict(kept)
    if "loop" not in nets:
        nets["loop"] = learned(loop_rows(sounds), Way(epochs=24))
    if "piece" not in nets:
        nets["piece"] = learned(piece_rows(sounds), Way(hidden=24, epochs=12))
    if "meter" not in nets:
        nets["meter"] = learned(meter_rows(sounds), Way(hidden=16, epochs=40, decay=3e-3))
    return nets | _gates(_chosen(sounds, kept))


def _chosen(sounds: list[Described], kept: dict[str, Net]) -> list[Decided]:
    """Let nets choose that have not seen the sounds: kept ones, or ones that saw the others."""
    halves = _halves(sounds)
    made: list[Decided] = []
    for known, other in (halves, halves[::-1]):
        choosing = dict(kept)
        if "loop" not in kept:
            choosing["loop"] = learned(loop_rows(known), Way(nets=1, epochs=20))
        if "piece" not in kept:
            choosing["piece"] = learned(piece_rows(known), Way(nets=1, hidden=24, epochs=8))
        made += [decided(choosing, sound) for sound in other]
    return made


def _gates(chosen: list[Decided]) -> dict[str, Net]:
    loops: list[tuple[Array, float, float]] = []
    beats: list[tuple[Array, float, float]] = []
    for made in chosen:
        sound = made.sound
        if sound.truth.what == "unclear":
            continue
        is_beatless = sound.truth.what == "none"
        if made.loop_row is not None:
            loops.append((made.loop_row, is_loop(sound), _FALSE if is_beatless else 1.0))
        if sound.duration > _SHORTEST_PIECE:
            weight = 0.5 if is_loop(sound) else _FALSE if is_beatless else 1.0
            beats.append((made.beat_row, not is_beatless, weight))
    return {"is_loop": learned(alone(loops), _GATE), "has_beat": learned(alone(beats), _GATE)}


def shifted(nets: dict[str, Net], sounds: list[Described]) -> dict[str, Net]:
    """Move the gates, on sounds that these nets have not seen, to where few pass wrongly."""
    made = [decided(nets, sound) for sound in sounds if sound.truth.what in ("none", "beat")]
    kept_out = {
        "is_loop": [each.loop_row for each in made if each.loop_row is not None],
        "has_beat": [
            each.beat_row
            for each in made
            if each.sound.truth.what == "none" and each.sound.duration > _SHORTEST_PIECE
        ],
    }
    moved = dict(nets)
    for name, rows in kept_out.items():
        limit = np.quantile(scores(nets[name], np.stack(rows)), 1 - _ALLOWED[name])
        shift = np.float32(np.clip(limit, *_FURTHEST_SHIFT))
        moved[name] = nets[name] | {"bias": nets[name]["bias"] - shift}
    return moved


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
    return {"sure_loop": logistic(alone(loops)), "sure_piece": logistic(alone(pieces))}


def _claimed(made: Choice, gate: float, truth: Truth) -> tuple[Array, float, float]:
    """A claim that would be made: gate and share as odds, whether it is right, weight."""
    best = made.readings()[0]
    right = bool(truth.tempo) and abs(best.tempo / truth.tempo - 1) < _RIGHT
    return odds_row(gate, best.share)[0], float(right), 1.0


def _probability(net: Net, row: Array) -> float:
    return sigmoid(float(scores(net, row[None])[0]))


def write(path: Path, nets: dict[str, Net]) -> None:
    """Write nets in half precision, as `smtui.audio.networks` reads them."""
    arrays: dict[str, Any] = {
        f"{name}.{part}": array.astype(np.float16 if array.ndim == 2 else np.float32)
        for name, net in nets.items()
        for part, array in net.items()
    }
    np.savez_compressed(path, **arrays)


def read_nets(path: Path) -> dict[str, Net]:
    """Read the nets of a table."""
    nets: dict[str, Net] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            net, part = name.split(".")
            nets.setdefault(net, {})[part] = file[name].astype(np.float32)
    return nets


def main() -> None:
    """Learn from SET/train and SET/dev, and write the table; keep nets that chose well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", type=Path, default=Path("smtui/audio/tables/tempo.npz"))
    parser.add_argument("--keep", nargs="+", choices=("loop", "piece", "meter"), default=())
    asked = parser.parse_args()
    kept = {name: read_nets(asked.table)[name] for name in asked.keep}
    unseen = sounds_of(asked.folder / "dev")
    nets = shifted(learn(sounds_of(asked.folder / "train"), kept), unseen)
    write(asked.table, nets | learn_sureness(nets, unseen))


if __name__ == "__main__":
    main()

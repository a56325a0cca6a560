"""Learns the weights of `smtui.audio.tonality` from rendered sounds, and tells how well.

    python -m tests.learning.learn_keys FOLDER --soundfont FILE.sf2

The sounds are made once and kept in FOLDER as what the networks look at (a megabyte for a
thousand); `--look SEED` renders a set that was not learned from and only measures.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped]

from smtui.audio.frames import Resampler
from smtui.audio.pitches import PitchReader
from smtui.audio.tonality import (
    Harmony,
    harmony_of,
    key_values,
    read_keys,
    rotations,
    softmax,
    verdict_input,
)
from tests.learning.key_network import Way, learned
from tests.learning.keys_truth import Example, Truth, examples
from tests.truth.render import soundfonts

Floats = npt.NDArray[np.float64]

_FOLDS = 4
_VERDICT_UNITS = 12
_NONE, _WRONG, _RIGHT = range(3)
_NO_KEY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sound: what is true of it, and what the networks look at."""

    truth: Truth
    harmony: Harmony


def mono_of(example: Example) -> npt.NDArray[np.float32]:
    """One channel at the rate at which everything is heard."""
    resampler = Resampler(example.rate)
    mono = np.ascontiguousarray(example.wave.mean(axis=1), dtype=np.float32)
    return np.concatenate(
        (resampler.push(mono), resampler.push(np.zeros(0, dtype=np.float32), last=True))
    )


def row_of(example: Example) -> Row:
    """Listen to a sound as the recipe does."""
    reader = PitchReader()
    reader.push(mono_of(example))
    return Row(truth=example.truth, harmony=harmony_of(reader.finish()))


def _rows_of_number(number: int, seed: str, font: Path) -> list[Row]:
    return [row_of(example) for example in examples(seed, number, font)]


def made(seed: str, count: int, font: Path) -> list[Row]:
    """Render the sounds of a seed, three for each number."""
    with ProcessPoolExecutor(os.cpu_count(), initializer=partial(os.nice, 10)) as pool:
        numbers = pool.map(partial(_rows_of_number, seed=seed, font=font), range(count))
        return [row for rows in numbers for row in rows]


def keep(path: Path, rows: list[Row]) -> None:
    """Write rows."""
    arrays: dict[str, Any] = {
        "views": np.array([row.harmony.views for row in rows], dtype=np.float32),
        "traits": np.array([row.harmony.traits for row in rows]),
        "key": np.array([-1 if row.truth.key is None else row.truth.key for row in rows]),
        "kind": np.array([f"{row.truth.kind} {row.truth.detail}".strip() for row in rows]),
    }
    np.savez(path, **arrays)


def kept(path: Path) -> list[Row]:
    """Read rows; what the networks do not look at is left out."""
    with np.load(path, allow_pickle=False) as file:
        columns = [file[name] for name in ("views", "traits", "key", "kind")]
    return [
        Row(
            truth=Truth(kind=str(kind), key=None if key < 0 else int(key)),
            harmony=Harmony(
                views=views, traits=traits, classes=np.zeros(12), tonalness=0.0, tuning=0.0
            ),
        )
        for views, traits, key, kind in zip(*columns, strict=True)
    ]


def learn(rows: list[Row], way: Way) -> dict[str, Any]:
    """Learn the keys; then, on sounds a network has not seen, how often it is right."""
    keyed = [row for row in rows if row.truth.key is not None]
    keyless = [row for row in rows if row.truth.key is None]
    turned = np.stack([rotations(row.harmony.views) for row in keyed])
    keys = np.array([row.truth.key for row in keyed])
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(keyed))
    inputs, verdicts = [], []
    for number in range(_FOLDS):
        others = fold != number
        weights = learned(turned[others], keys[others], way)
        for row, aside in zip(keyed, ~others, strict=True):
            if aside:
                likely = _likely(row, weights)
                inputs.append(verdict_input(row.harmony, likely))
                verdicts.append(_RIGHT if likely.argmax() == row.truth.key else _WRONG)
    weights = learned(turned, keys, way)
    inputs += [verdict_input(row.harmony, _likely(row, weights)) for row in keyless]
    verdicts += [_NONE] * len(keyless)
    return weights | _verdict(np.array(inputs), np.array(verdicts))


def _likely(row: Row, weights: dict[str, Any]) -> Floats:
    return softmax(key_values(row.harmony.views, weights).ravel())


def _verdict(inputs: Floats, verdicts: npt.NDArray[np.int64]) -> dict[str, Any]:
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    network = MLPClassifier(
        (_VERDICT_UNITS,), activation="tanh", alpha=1.0, max_iter=500, random_state=0
    ).fit((inputs - mean) / scale, verdicts)
    into, out = network.coefs_
    at, off = network.intercepts_
    parts = {"mean": mean, "scale": scale, "in": into, "at": at, "out": out, "off": off}
    return {name: np.asarray(part, dtype=np.float32) for name, part in parts.items()}


def mirex(told: int, true: int) -> float:
    """The weighted score of MIREX: a fifth .5, the relative .3, the parallel .2."""
    step = (told // 2 - true // 2) % 12
    if told % 2 == true % 2:
        return {0: 1.0, 5: 0.5, 7: 0.5}.get(step, 0.0)
    if step == 0:
        return 0.2
    return 0.3 if step == (9 if told % 2 else 3) else 0.0


def told(rows: Iterable[Row]) -> None:
    """Print what the shipped weights make of the sounds."""
    scores: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    claims: list[tuple[float, bool]] = []
    for row in rows:
        reading, true = read_keys(row.harmony), row.truth.key
        says, best = reading.none <= _NO_KEY, int(reading.keys.argmax())
        if says:
            claims.append((reading.right, best == true))
        score = float(not says) if true is None else mirex(best, true) if says else 0.0
        group = f"{row.truth.kind} {row.truth.detail}".strip()
        scores[("no key: " if true is None else "") + group].append((score, says))
    print(f"{'':28}{'count':>6}{'MIREX':>8}{'claimed':>9}   (no key: false claims)")
    for group, pairs in sorted(scores.items()):
        score, says = np.mean(pairs, axis=0)
        print(f"{group:28}{len(pairs):6}{score:8.3f}{says:9.3f}")
    sure = np.array(claims, dtype=np.float64)
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        few = sure[(sure[:, 0] >= low) & (sure[:, 0] < high)]
        if len(few):
            share = few[:, 1].mean()
            print(f"confidence {low:.1f} to {high:.1f}: {len(few):5} claims, {share:.3f} right")


def main() -> None:
    """Make what is missing, learn, write the table, and measure on a set kept aside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--soundfont", type=Path, default=None)
    parser.add_argument("--numbers", type=int, default=1_000, help="three sounds each")
    parser.add_argument("--look", metavar="SEED", help="only measure, on the sounds of this seed")
    parser.add_argument("--table", type=Path, default=Path("smtui/audio/tables/keys.npz"))
    asked = parser.parse_args()
    font = asked.soundfont or next(iter(soundfonts()))
    asked.folder.mkdir(parents=True, exist_ok=True)
    sets = (
        ((asked.look, asked.numbers),)
        if asked.look
        else (("train", asked.numbers), ("dev", asked.numbers // 6))
    )
    for seed, count in sets:
        path = asked.folder / f"{seed}.npz"
        if not path.exists():
            keep(path, made(seed, count, font))
    if not asked.look:
        np.savez(asked.table, **learn(kept(asked.folder / "train.npz"), Way()))
    told(kept(asked.folder / f"{asked.look or 'dev'}.npz"))


if __name__ == "__main__":
    main()

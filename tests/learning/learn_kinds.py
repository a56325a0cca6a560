"""Learns kinds: writes smtui/audio/tables/kinds.npz from sets that `kinds_set` made.

Run `python -m tests.learning.learn_kinds SET… --given SET`. Whole families of the given sounds
(the same drum machine, kit or session) are kept out in turn to find the temperature at which
confident claims are right as often as they say; then all is learned. What is shipped was learned
from sounds of our own making and sounds in the public domain alone, made by `kinds_set` with

    made_a  --seed 23 --made 45 --more 2        acoustic_a  --seed 23 --acoustic 60 --more 2
    made_b  --seed 24 --made 45 --more 2        acoustic_b  --seed 24 --acoustic 60 --more 2
    made_c  --seed 26 --made 80 --more 2        bare        --seed 27 --bare 60 --more 2
    music   --seed 25 --music 72                given       --seed 21 --samples … --times 6 --more 2
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

import smtui.audio
from smtui.audio.networks import FARTHEST, unpacked
from tests.learning.kinds_network import Lessons, Shape, answers, learned
from tests.learning.kinds_set import KindsSet, load

Floats = npt.NDArray[np.float32]
TABLES = Path(smtui.audio.__file__).parent / "tables"
_SHARES = {
    "percussion": 2.5, "cymbal": 1.5, "hat": 1.5, "snare": 1.5, "fx": 1.3, "kick": 1.2,
    "tom": 1.2, "lead": 0.8, "music": 0.6,
}  # fmt: skip
"""How often a kind is shown beside others; what comes in more forms is shown more often."""
_MADE = ("made", "acoustic", "bare", "beatless", "loops", "pieces")
_REAL = 1.5
"""How much oftener a real sound is shown than a made one."""
_TEMPERATURES = np.geomspace(0.7, 2.5, 40)
_NETS = 3
"""Networks that are learned apart and asked together: they err less than one."""
_SURE, _RIGHT = 0.8, 0.9
"""Of what is claimed with this confidence this share is to be right."""


def normal(inputs: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Deviations from the mean, none beyond reason."""
    return np.asarray(np.clip((inputs - mean) / deviation, -FARTHEST, FARTHEST), np.float32)


def weights_of(known: KindsSet) -> Floats:
    """Each kind as often as any other, within it each finer name by the root of its count."""
    weights = np.ones(len(known.kinds), np.float32)
    for name in np.unique(known.names):
        here = known.names == name
        weights[here] = 1 / np.sqrt(here.sum())
    weights[~np.isin(known.sources, _MADE)] *= _REAL
    for kind in np.unique(known.kinds):
        here = known.kinds == kind
        weights[here] *= _SHARES.get(str(kind), 1.0) / weights[here].sum()
    return weights


def packed(name: str, values: Floats) -> dict[str, Any]:
    """An array as a table keeps it: of a matrix bytes, and what each column is multiplied by."""
    if values.ndim == 1:
        return {name: values.astype(np.float32)}
    scale = np.maximum(np.abs(values).max(axis=0), 1e-9) / 127
    whole = np.round(values / scale).astype(np.int8)
    return {name: whole, f"{name}_scale": scale.astype(np.float32)}


def network_of(known: KindsSet, seed: int) -> dict[str, Any]:
    """Learn from a set; gives what the table keeps, but for the temperature."""
    names = np.unique(known.names)
    kinds = [str(known.kinds[known.names == name][0]) for name in names]
    weights = weights_of(known)
    mean = np.average(known.inputs, axis=0, weights=weights).astype(np.float32)
    square = np.average(np.square(known.inputs - mean), axis=0, weights=weights)
    deviation = (np.sqrt(square) + 1e-3).astype(np.float32)
    inputs = normal(known.inputs, mean, deviation)
    classes = np.searchsorted(names, known.names)
    lessons = Lessons(inputs=inputs, classes=classes, weights=weights, count=len(names))
    parts = together([learned(lessons, Shape(), 100 * seed + net) for net in range(_NETS)])
    hidden, _ = answers(parts, inputs)
    middle = np.average(hidden, axis=0, weights=weights)
    table: dict[str, Any] = {}
    for place, part in enumerate(parts):
        table |= packed(f"layer_{place}", part)
    return table | {
        "mean": mean, "deviation": deviation, "middle": middle.astype(np.float32),
        "names": names, "kinds": np.array(kinds),
    }  # fmt: skip


def together(nets: list[list[Floats]]) -> list[Floats]:
    """Networks side by side as one whose outputs are the means of theirs."""
    second = scipy.linalg.block_diag(*(parts[2] for parts in nets))
    return [
        np.concatenate([parts[0] for parts in nets], axis=1),
        np.concatenate([parts[1] for parts in nets]),
        second.astype(np.float32),
        np.concatenate([parts[3] for parts in nets]),
        np.concatenate([parts[4] for parts in nets]) / len(nets),
        np.mean([parts[5] for parts in nets], axis=0),
    ]


def outputs_of(table: dict[str, Any], inputs: Floats) -> tuple[Floats, Floats]:
    """Hidden layer and outputs for (n, d) descriptors."""
    parts = [unpacked(table, f"layer_{n}") for n in range(6)]
    return answers(parts, normal(inputs, table["mean"], table["deviation"]))


def by_kind(table: dict[str, Any], outputs: Floats, temperature: float) -> tuple[Floats, Any]:
    """Likelihoods (n, kinds), and the kinds."""
    likely = np.exp((outputs - outputs.max(axis=1, keepdims=True)) / temperature)
    likely /= likely.sum(axis=1, keepdims=True)
    kinds = np.unique(table["kinds"])
    return np.stack(
        [likely[:, table["kinds"] == kind].sum(axis=1) for kind in kinds], axis=1
    ), kinds


def calibrated(tables: list[tuple[dict[str, Any], KindsSet]]) -> float:
    """The lowest temperature at which confident claims on sets kept out are right often enough."""
    asked = [(table, kept, outputs_of(table, kept.inputs)[1]) for table, kept in tables]
    for temperature in _TEMPERATURES:
        right: list[npt.NDArray[np.bool_]] = []
        for table, kept, outputs in asked:
            likely, kinds = by_kind(table, outputs, temperature)
            sure = likely.max(axis=1) >= _SURE
            right.append((kinds[likely.argmax(axis=1)] == kept.kinds)[sure])
        if np.concatenate(right).mean() >= _RIGHT:
            break
    return float(temperature)


def told(table: dict[str, Any], known: KindsSet, temperature: float) -> str:
    """Top-1, top-2, and how many of the confident claims are right."""
    likely, kinds = by_kind(table, outputs_of(table, known.inputs)[1], temperature)
    order = np.argsort(-likely, axis=1)
    truth = np.searchsorted(kinds, known.kinds)
    first = order[:, 0] == truth
    second = first | (order[:, 1] == truth)
    sure = likely.max(axis=1) >= _SURE
    lines = [
        f"{len(truth)} sounds: top-1 {first.mean():.3f}, top-2 {second.mean():.3f}; "
        f"{sure.mean():.2f} claimed at ≥ .8, of these {first[sure].mean():.3f} right"
    ]
    for kind in np.unique(known.kinds):
        here = known.kinds == kind
        wrong = [str(kinds[place]) for place in order[here & ~first, 0]]
        most = sorted(((wrong.count(one), one) for one in set(wrong)), reverse=True)[:4]
        lines.append(f"  {kind:11s} {here.sum():4d} {first[here].mean():.2f} {most}")
    return "\n".join(lines)


def chosen(known: KindsSet, where: npt.NDArray[np.bool_]) -> KindsSet:
    """A part of a set."""
    return KindsSet(
        inputs=known.inputs[where],
        names=known.names[where],
        kinds=known.kinds[where],
        sources=known.sources[where],
    )


def main() -> None:
    """Learn, calibrate, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--given", type=Path, help="a set of real sounds: learned and held out")
    parser.add_argument("--measure", type=Path, nargs="*", default=[], help="sets to measure")
    parser.add_argument("--folds", type=int, default=3)
    asked = parser.parse_args()
    made = load(asked.sets)
    given = load([asked.given])
    families = np.array([source.split("_")[0] for source in given.sources])
    names = np.unique(families)
    np.random.default_rng(1).shuffle(names)
    held: list[tuple[dict[str, Any], KindsSet]] = []
    for fold in range(asked.folds):
        apart = np.isin(families, names[fold :: asked.folds])
        table = network_of(_joined(made, chosen(given, ~apart)), fold)
        # A loop is what rhythm says is one, whatever the network says.
        held.append((table, chosen(given, apart & (given.kinds != "loop"))))
    temperature = calibrated(held)
    for table, kept in held:
        print(told(table, kept, temperature))
    table = network_of(_joined(made, given), 7)
    for path in asked.measure:
        print(path, told(table, load([path]), temperature))
    np.savez_compressed(TABLES / "kinds.npz", **table, temperature=np.float32(temperature))
    print(f"temperature {temperature:.2f}")


def _joined(first: KindsSet, second: KindsSet) -> KindsSet:
    fields = ("inputs", "names", "kinds", "sources")
    return KindsSet(**{n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in fields})


if __name__ == "__main__":
    main()

"""The learned networks, read from the package's tables: what tells kinds, and small perceptrons.

The network of kinds has two hidden layers and was learned by `tests/learning/learn_kinds.py` from
sounds of our own making, renderings of our own scores, and sounds in the public domain. The
perceptrons have one hidden layer; `tests/learning/learn_tempo.py` learned those of tempo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from smtui.audio.frames import Array

FARTHEST = 4.0
"""Deviations from the mean beyond which a descriptor says no more."""

_FURTHEST = 5.0
"""Standard deviations from the mean; what lies further was never learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What was learned.

    Attributes:
        mean, deviation: (d,) of the descriptors.
        layers: weights and biases of three layers in turn.
        middle: (h,) mean of the second layer's values.
        names: finer name of each output.
        kinds: kind of each output.
        temperature: by which outputs are divided, so that likelihoods are calibrated.
    """

    mean: Array
    deviation: Array
    layers: tuple[Array, ...]
    middle: Array
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    temperature: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the network says of one sound.

    Attributes:
        inputs: (d,) descriptors in deviations from their mean.
        hidden: (h,) the second layer, around its mean.
        likely: (n,) likelihood of each finer name; together 1.
    """

    inputs: Array
    hidden: Array
    likely: Array

    def by_kind(self) -> dict[str, float]:
        """Likelihood of each kind, the highest first."""
        sums: dict[str, float] = {}
        for kind, share in zip(network().kinds, self.likely.tolist(), strict=True):
            sums[kind] = sums.get(kind, 0.0) + share
        return dict(sorted(sums.items(), key=lambda item: -item[1]))


def ask_network(descriptors: Array) -> Answer:
    """Ask the network about the descriptors (d,) of a sound."""
    known = network()
    inputs = (descriptors - known.mean) / known.deviation
    inputs = np.clip(inputs, -FARTHEST, FARTHEST)
    one, two, three = known.layers[0::2]
    first = np.maximum(inputs @ one + known.layers[1], 0)
    second = np.tanh(first @ two + known.layers[3])
    outputs = (second @ three + known.layers[5]) / known.temperature
    likely = np.exp(outputs - outputs.max())
    return Answer(inputs=inputs, hidden=second - known.middle, likely=likely / likely.sum())


def unpacked(kept: Mapping[str, Any], name: str) -> Array:
    """An array of a table in single precision; large ones are kept in bytes, to be small."""
    values: Array = kept[name].astype(np.float32)
    return values * kept[f"{name}_scale"] if f"{name}_scale" in kept else values


@cache
def network() -> Network:
    """Read what was learned, once."""
    path = Path(__file__).parent / "tables" / "kinds.npz"
    with np.load(path, allow_pickle=False) as kept:
        layers = tuple(unpacked(kept, f"layer_{place}") for place in range(6))
        return Network(
            mean=kept["mean"].astype(np.float32),
            deviation=kept["deviation"].astype(np.float32),
            layers=layers,
            middle=kept["middle"].astype(np.float32),
            names=tuple(kept["names"].tolist()),
            kinds=tuple(kept["kinds"].tolist()),
            temperature=float(kept["temperature"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Perceptron:
    """Weights of one net: f features, h hidden units.

    Attributes:
        mean, scale: (f,) what brings features to mean 0 and deviation 1.
        hidden, shift: (f, h) and (h,).
        out, bias: (h,) and (1,).
    """

    mean: Array
    scale: Array
    hidden: Array
    shift: Array
    out: Array
    bias: Array

    def scores(self, rows: Array) -> Array:
        """Score each of (n, f) rows: (n,), any number."""
        scaled = (rows - self.mean) * self.scale
        np.clip(scaled, -_FURTHEST, _FURTHEST, out=scaled)
        active = scaled @ self.hidden
        active += self.shift
        np.maximum(active, 0, out=active)
        return np.asarray(active @ self.out + self.bias[0])


@cache
def perceptrons(table: str) -> dict[str, Perceptron]:
    """Read all nets of a table by name; in the file each array is called `net.part`."""
    path = Path(__file__).parent / "tables" / f"{table}.npz"
    parts: dict[str, dict[str, Array]] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            net, part = name.split(".")
            # Kept in half precision to be small, multiplied in single.
            parts.setdefault(net, {})[part] = file[name].astype(np.float32)
    return {net: Perceptron(**arrays) for net, arrays in parts.items()}


def sigmoid(score: float) -> float:
    """A score as a probability."""
    return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))


def softmax(scores: Array) -> Array:
    """Scores as probabilities that sum to 1."""
    shares = np.exp(scores - scores.max())
    return np.asarray(shares / shares.sum())

"""Small perceptrons with one hidden layer, read from the package's tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from smtui.audio.frames import Array

_FURTHEST = 5.0
"""Standard deviations from the mean; what lies further was never learned."""


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

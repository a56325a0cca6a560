"""Trains the small perceptrons that `smtui.audio.networks` reads: numpy and Adam.

Two kinds: one that chooses among the rows of a group (a softmax over each group), and one that
says yes or no to each row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

_RATE = 2e-3
_BETAS = (0.9, 0.999)
_FURTHEST = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is learned from.

    Attributes:
        rows: (n, features).
        right: (n,) 1 for what is true; in groups they sum to 1.
        starts: (groups,) first row of each group, or None where each row stands alone.
        weight: (groups,) or (n,) how much each counts.
    """

    rows: Array
    right: Array
    starts: Numbers | None
    weight: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How it is learned: hidden units of each of several nets, epochs, weight decay, seed."""

    hidden: int = 32
    nets: int = 3
    epochs: int = 30
    decay: float = 1e-3
    batch: int = 64
    seed: int = 1


Net = dict[str, Array]


def learned(rows: Rows, way: Way) -> Net:
    """Train several nets and join them into one, whose score is their mean."""
    mean = rows.rows.mean(axis=0)
    scale = 1 / (rows.rows.std(axis=0) + 1e-4)
    scaled = np.clip((rows.rows - mean) * scale, -_FURTHEST, _FURTHEST)
    nets = [_one(scaled, rows, way, way.seed + number) for number in range(way.nets)]
    return {
        "mean": mean.astype(np.float32),
        "scale": scale.astype(np.float32),
        "hidden": np.concatenate([net[0] for net in nets], axis=1),
        "shift": np.concatenate([net[1] for net in nets]),
        "out": np.concatenate([net[2] for net in nets]) / np.float32(way.nets),
        "bias": np.mean([net[3] for net in nets], axis=0, dtype=np.float32),
    }


def scores(net: Net, rows: Array) -> Array:
    """Give each row its score."""
    scaled = np.clip((rows - net["mean"]) * net["scale"], -_FURTHEST, _FURTHEST)
    active = np.maximum(scaled @ net["hidden"] + net["shift"], 0)
    return np.asarray(active @ net["out"] + net["bias"][0])


def logistic(rows: Rows, *, decay: float = 1e-2, steps: int = 200) -> Net:
    """Fit a logistic regression by Newton's steps, written as a perceptron.

    A pair of hidden units carries each feature, one its positive side and one its negative.
    """
    mean, scale = rows.rows.mean(axis=0), 1 / (rows.rows.std(axis=0) + 1e-4)
    scaled = np.clip((rows.rows - mean) * scale, -_FURTHEST, _FURTHEST).astype(np.float64)
    given = np.concatenate((scaled, np.ones((len(scaled), 1))), axis=1)
    weights = np.zeros(given.shape[1])
    hold = decay * np.append(np.ones(scaled.shape[1]), 0) * len(given)
    for _ in range(steps):
        share = 1 / (1 + np.exp(-given @ weights))
        slope = given.T @ ((share - rows.right) * rows.weight) + hold * weights
        bend = (given * (share * (1 - share) * rows.weight)[:, None]).T @ given
        weights -= np.linalg.solve(bend + np.diag(hold + 1e-6), slope)
    count = scaled.shape[1]
    return {
        "mean": mean.astype(np.float32),
        "scale": scale.astype(np.float32),
        "hidden": np.concatenate((np.eye(count), -np.eye(count)), axis=1).astype(np.float32),
        "shift": np.zeros(2 * count, dtype=np.float32),
        "out": np.concatenate((weights[:-1], -weights[:-1])).astype(np.float32),
        "bias": weights[-1:].astype(np.float32),
    }


def _one(scaled: Array, rows: Rows, way: Way, seed: int) -> list[Array]:
    random = np.random.default_rng(seed)
    features = scaled.shape[1]
    first = random.standard_normal((features, way.hidden)) * np.sqrt(2 / features)
    last = random.standard_normal(way.hidden) * np.sqrt(1 / way.hidden)
    net = [np.asarray(each, dtype=np.float32) for each in (first, np.zeros(way.hidden), last, [0])]
    steps = [(np.zeros_like(each), np.zeros_like(each)) for each in net]
    starts = np.arange(len(scaled)) if rows.starts is None else rows.starts
    stops = np.append(starts[1:], len(scaled))
    at = 0
    total = way.epochs * -(-len(starts) // way.batch)
    for _ in range(way.epochs):
        order = random.permutation(len(starts))
        for begin in range(0, len(order), way.batch):
            chosen = order[begin : begin + way.batch]
            slopes = _slopes(net, scaled, rows, (chosen, starts[chosen], stops[chosen]))
            at += 1
            rate = _RATE * (1 - at / (total + 1))
            _step(net, steps, slopes, (at, rate, way.decay))
    return net


def _slopes(
    net: list[Array], scaled: Array, rows: Rows, batch: tuple[Numbers, Numbers, Numbers]
) -> list[Array]:
    chosen, starts, stops = batch
    counts = stops - starts
    firsts = np.cumsum(counts) - counts
    places = np.repeat(starts - firsts, counts) + np.arange(counts.sum())
    given, right = scaled[places], rows.right[places]
    hidden = np.maximum(given @ net[0] + net[1], 0)
    score = hidden @ net[2] + net[3]
    if rows.starts is None:
        share = 1 / (1 + np.exp(-score))
    else:
        score = score - np.repeat(np.maximum.reduceat(score, firsts), counts)
        share = np.exp(score)
        share /= np.repeat(np.add.reduceat(share, firsts), counts)
    weight = np.repeat(rows.weight[chosen], counts)
    error = ((share - right) * weight / len(chosen)).astype(np.float32)
    back = (error[:, None] * net[2]) * (hidden > 0)
    return [given.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(keepdims=True)]


def _step(
    net: list[Array],
    steps: list[tuple[Array, Array]],
    slopes: list[Array],
    how: tuple[int, float, float],
) -> None:
    at, rate, decay = how
    for weights, (speed, power), slope in zip(net, steps, slopes, strict=True):
        speed *= _BETAS[0]
        speed += (1 - _BETAS[0]) * slope
        power *= _BETAS[1]
        power += (1 - _BETAS[1]) * np.square(slope)
        size = rate / (1 - _BETAS[0] ** at)
        weights -= size * speed / (np.sqrt(power / (1 - _BETAS[1] ** at)) + 1e-8)
        if weights.ndim == 2:
            weights -= rate * decay * 10 * weights

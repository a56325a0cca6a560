"""A small network of two hidden layers, learned with dropout by Adam (Kingma and Ba, 2015)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_RATE, _KEEP_SLOW, _KEEP_SQUARE = 1.5e-3, 0.9, 0.999
_BATCH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What is learned from: (n, features) in units of deviation, class numbers, weights."""

    inputs: Floats
    classes: npt.NDArray[np.int64]
    weights: Floats
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of the hidden layers, and how hard it is made to rely on a few inputs."""

    first: int = 128
    second: int = 48
    drop_inputs: float = 0.2
    drop_hidden: float = 0.3
    decay: float = 2e-4
    smoothing: float = 0.05
    epochs: int = 20


def learned(lessons: Lessons, shape: Shape, seed: int) -> list[Floats]:
    """Learn; gives weights and biases of the three layers."""
    chance = np.random.default_rng(seed)
    sizes = (lessons.inputs.shape[1], shape.first, shape.second, lessons.count)
    parts: list[Floats] = []
    for before, after in itertools.pairwise(sizes):
        parts.append((chance.standard_normal((before, after)) * np.sqrt(2 / before)).astype("f4"))
        parts.append(np.zeros(after, np.float32))
    slow, square = [np.zeros_like(p) for p in parts], [np.zeros_like(p) for p in parts]
    share = lessons.weights / lessons.weights.sum()
    steps, total = 0, shape.epochs * len(lessons.inputs) // _BATCH
    while steps < total:
        rows = chance.choice(len(share), _BATCH, p=share)
        slopes = _slopes(parts, _Batch(chance, lessons, rows), shape)
        steps += 1
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * steps / total))
        for part, slope, mean, power in zip(parts, slopes, slow, square, strict=True):
            mean += (1 - _KEEP_SLOW) * (slope - mean)
            power += (1 - _KEEP_SQUARE) * (slope * slope - power)
            fresh = (1 - _KEEP_SLOW**steps, 1 - _KEEP_SQUARE**steps)
            part -= rate * (mean / fresh[0]) / (np.sqrt(power / fresh[1]) + 1e-7)
            if part.ndim == 2:
                part -= rate * shape.decay * 10 * part
    return parts


@dataclass(frozen=True, slots=True)
class _Batch:
    chance: np.random.Generator
    lessons: Lessons
    rows: npt.NDArray[np.int64]


def _slopes(parts: list[Floats], batch: _Batch, shape: Shape) -> list[Floats]:
    chance = batch.chance
    inputs = batch.lessons.inputs[batch.rows]
    inputs = inputs * _kept(chance, inputs.shape, shape.drop_inputs)
    one = np.maximum(inputs @ parts[0] + parts[1], 0)
    one_kept = _kept(chance, one.shape, shape.drop_hidden)
    first = one * one_kept
    second = np.tanh(first @ parts[2] + parts[3])
    out = second @ parts[4] + parts[5]
    likely = np.exp(out - out.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    count = batch.lessons.count
    wanted = np.full_like(likely, shape.smoothing / count)
    wanted[np.arange(len(wanted)), batch.lessons.classes[batch.rows]] += 1 - shape.smoothing
    back = (likely - wanted) / len(wanted)
    to_second = (back @ parts[4].T) * (1 - second**2)
    to_first = (to_second @ parts[2].T) * one_kept * (one > 0)
    return [
        inputs.T @ to_first, to_first.sum(0), first.T @ to_second, to_second.sum(0),
        second.T @ back, back.sum(0),
    ]  # fmt: skip


def _kept(chance: np.random.Generator, shape: tuple[int, ...], drop: float) -> Floats:
    return (chance.random(shape, dtype=np.float32) >= drop).astype(np.float32) / (1 - drop)


def answers(parts: list[Floats], inputs: Floats) -> tuple[Floats, Floats]:
    """The second hidden layer and the outputs before they are made likelihoods."""
    first = np.maximum(inputs @ parts[0] + parts[1], 0)
    second = np.tanh(first @ parts[2] + parts[3])
    return second, second @ parts[4] + parts[5]

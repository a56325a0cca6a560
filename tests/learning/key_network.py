"""Trains the network of `smtui.audio.tonality`, which looks at a sound from each tonic in turn.

The loss is the cross-entropy of the softmax over all 24 keys; numpy and Adam (D. Kingma and
J. Ba, ICLR 2015), with hidden units left out at random and a little noise on the input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

_BETAS = (0.9, 0.999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How it is learned: hidden units of each of several networks, epochs, and so on."""

    hidden: int = 32
    networks: int = 3
    epochs: int = 25
    rate: float = 2e-3
    decay: float = 0.03
    left_out: float = 0.3
    noise: float = 0.1
    batch: int = 64


def learned(turned: Array, keys: Numbers, way: Way) -> dict[str, Array]:
    """Train on (n, 12, inputs) with the right keys (n,), and join several networks into one."""
    mean = turned.mean(axis=(0, 1))
    scale = 1 / (turned.std(axis=(0, 1)) + 1e-4)
    scaled = (turned - mean) * scale
    ins, ats, outs = [], [], []
    for seed in range(way.networks):
        into, at, out = _one(scaled, keys, way, seed)
        ins.append(into * scale[:, None])
        ats.append(at - (mean * scale) @ into)
        outs.append(out / way.networks)
    return {
        "key_in": np.concatenate(ins, axis=1).astype(np.float32),
        "key_at": np.concatenate(ats).astype(np.float32),
        "key_out": np.concatenate(outs).astype(np.float32),
    }


def _one(scaled: Array, keys: Numbers, way: Way, seed: int) -> list[Array]:
    chance = np.random.default_rng(seed)
    inputs = scaled.shape[2]
    weights: list[Array] = [
        (chance.standard_normal((inputs, way.hidden)) / np.sqrt(inputs)).astype(np.float32),
        np.zeros(way.hidden, dtype=np.float32),
        (0.1 * chance.standard_normal((way.hidden, 2))).astype(np.float32),
    ]
    first = [np.zeros_like(each) for each in weights]
    second = [np.zeros_like(each) for each in weights]
    count = 0
    for epoch in range(way.epochs):
        order = chance.permutation(len(scaled))
        rate = way.rate * 0.5 * (1 + np.cos(np.pi * epoch / way.epochs))
        for start in range(0, len(order), way.batch):
            few = order[start : start + way.batch]
            count += 1
            slopes = _slopes(weights, (scaled[few], keys[few]), way, chance)
            for place, slope in enumerate(slopes):
                first[place] = _BETAS[0] * first[place] + (1 - _BETAS[0]) * slope
                second[place] = _BETAS[1] * second[place] + (1 - _BETAS[1]) * slope**2
                step = first[place] / (1 - _BETAS[0] ** count)
                step = step / (np.sqrt(second[place] / (1 - _BETAS[1] ** count)) + 1e-8)
                if weights[place].ndim == 2:
                    step = step + way.decay * weights[place]
                weights[place] = (weights[place] - rate * step).astype(np.float32)
    return weights


def _slopes(
    weights: list[Array], few: tuple[Array, Numbers], way: Way, chance: np.random.Generator
) -> tuple[Array, Array, Array]:
    """The slope of the loss with each weight, over one batch."""
    into, at, out = weights
    seen, keys = few
    seen = seen + way.noise * chance.standard_normal(seen.shape, dtype=np.float32)
    kept = chance.random((len(seen), 1, way.hidden), dtype=np.float32) > way.left_out
    open_ = kept / np.float32(1 - way.left_out)
    hidden = np.maximum(seen @ into + at, 0) * open_
    values = (hidden @ out).reshape(len(seen), -1)
    wrong = np.exp(values - values.max(axis=1, keepdims=True))
    wrong /= wrong.sum(axis=1, keepdims=True)
    wrong[np.arange(len(seen)), keys] -= 1
    wrong = (wrong / len(seen)).reshape(len(seen), 12, 2)
    back = (wrong @ out.T) * (hidden > 0) * open_
    return (
        np.tensordot(seen, back, axes=((0, 1), (0, 1))),
        back.sum(axis=(0, 1)),
        np.tensordot(hidden, wrong, axes=((0, 1), (0, 1))),
    )

"""768 numbers in named blocks that say how a sound sounds (the blocks: `domain.embedding`).

The timbre block joins what a network learned to tell sounds apart by with the descriptors
themselves, turned to their principal axes; the others are plain measures. All statistics are
shipped and fixed for a version of the recipe, so the embeddings of two libraries compare.

It stands alone because it is read beside `domain.embedding`, whose blocks it fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.fft

from smtui.audio.descriptors import Descriptors, Material
from smtui.audio.frames import FRAMES_PER_SECOND, Array
from smtui.audio.networks import Answer, unpacked
from smtui.domain.embedding import (
    DIMENSIONS,
    ENVELOPE,
    RHYTHM,
    TIMBRE,
    TONALITY,
    Block,
)

Floats = npt.NDArray[np.floating]

_FEWEST_STROKES = 3
_LAGS = 88
_SHORTEST_LAG, _LONGEST_LAG = 0.08, 4.0
_GAPS = 22
_UNPITCHED = ("kick", "snare", "clap", "hat", "cymbal")
_RATHER = 0.5
_LEAST_VOICED = 0.6
_MOST_FLAT = 0.004
_TINY = 1e-9
_LEARNED, _LIKELY, _PLAIN = 0.3, 0.2, 0.5
"""Shares of the timbre block: hidden layer, likelihoods, descriptors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the blocks are centred by.

    Attributes:
        axes: (d, k) principal axes of all descriptors, evened in part.
        envelope_axes: (e, k) the same of those of envelope and manner alone.
    """

    axes: Array
    envelope_axes: Array


def embedding(
    material: Material, answered: tuple[Descriptors, Answer] | None, chroma: Array
) -> tuple[float, ...]:
    """Make the embedding; of silence every block is absent.

    Args:
        material: what is needed of it.
        answered: its descriptors and what the network said, None where nothing sounds.
        chroma: (12,) power by pitch class, C first.
    """
    numbers = np.zeros(DIMENSIONS, dtype=np.float32)
    parts: dict[Block, Floats | None] = {TIMBRE: None, ENVELOPE: None, RHYTHM: None, TONALITY: None}
    if answered is not None:
        descriptors, answer = answered
        parts = {
            TIMBRE: _timbre(answer),
            ENVELOPE: _envelope(descriptors, answer),
            RHYTHM: _rhythm(descriptors),
            TONALITY: None if _is_hit(answer) else _tonality(material, chroma),
        }
    for block, part in parts.items():
        if part is None:
            numbers[block.absent] = block.norm
        else:
            numbers[block.start : block.start + len(part)] = _unit(part) * block.norm
    return tuple(numbers.tolist())


def _timbre(answer: Answer) -> Floats:
    plain = answer.inputs @ statistics().axes
    return np.concatenate(
        (
            _unit(answer.hidden) * _LEARNED**0.5,
            np.sqrt(answer.likely) * _LIKELY**0.5,
            _unit(plain) * _PLAIN**0.5,
        )
    )


def _is_hit(answer: Answer) -> bool:
    """True if it is struck on what nobody plays melodies on, whatever pitch rings in it."""
    likely = answer.by_kind()
    return sum(likely.get(kind, 0.0) for kind in _UNPITCHED) > _RATHER


def _envelope(descriptors: Descriptors, answer: Answer) -> Floats:
    start = len(descriptors.timbre)
    shape = answer.inputs[start:]
    return np.asarray(shape @ statistics().envelope_axes)


def _rhythm(descriptors: Descriptors) -> Floats | None:
    """How alike the strokes are to themselves at 88 times later, and the times between them."""
    if len(descriptors.strokes) < _FEWEST_STROKES:
        return None
    strength = descriptors.strength - descriptors.strength.mean()
    size = scipy.fft.next_fast_len(2 * len(strength), real=True)
    spectrum = scipy.fft.rfft(strength, size)
    alike = scipy.fft.irfft(np.square(np.abs(spectrum)), size)[: len(strength)]
    alike = alike / max(float(alike[0]), _TINY)
    lags = np.geomspace(_SHORTEST_LAG, _LONGEST_LAG, _LAGS) * FRAMES_PER_SECOND
    curve = np.interp(lags, np.arange(len(alike)), alike, right=0.0)
    gaps = np.diff(descriptors.strokes) / FRAMES_PER_SECOND
    place = np.log(gaps / 0.05) / np.log(60) * (_GAPS - 1)
    near = np.exp(-0.5 * np.square(place[:, None] - np.arange(_GAPS)))
    return np.concatenate((_unit(curve), 0.7 * _unit(np.sqrt(near.sum(axis=0))))).astype(np.float32)


def _tonality(material: Material, chroma: Array) -> Floats | None:
    """Pitch classes and keys they fit, and the height of a single note."""
    single = material.voiced >= _LEAST_VOICED
    if not single and (material.flatness > _MOST_FLAT or chroma.max(initial=0) <= 0):
        return None
    heights, classes = np.zeros(49), np.sqrt(chroma / max(float(chroma.max()), _TINY))
    classes = classes - classes.mean()
    if single:
        heights = np.exp(-0.5 * np.square((material.midi - 24) / 1.5 - np.arange(49)))
        turn = (np.arange(12) - material.midi + 6) % 12 - 6
        classes = np.exp(-0.5 * np.square(turn / 0.7))
        classes -= classes.mean()
    keys = scipy.fft.rfft(classes)[1:]
    turns = np.concatenate((keys.real, keys.imag)) / 12
    return np.concatenate(
        (_unit(classes), 0.7 * _unit(turns), 0.7 * _unit(heights), np.array([float(single)]))
    ).astype(np.float32)


def _unit(values: Floats) -> Floats:
    return np.asarray(values / max(float(np.sqrt(np.square(values).sum())), _TINY))


@cache
def statistics() -> Statistics:
    """Read the shipped statistics, once."""
    path = Path(__file__).parent / "tables" / "embedding.npz"
    with np.load(path, allow_pickle=False) as kept:
        return Statistics(
            axes=unpacked(kept, "axes"),
            envelope_axes=unpacked(kept, "envelope_axes"),
        )

"""How far many pairs of sounds are apart, roughly and at once: before few are compared closely."""

from __future__ import annotations

import numpy as np

from smtui.alike.sameness import DEEPEST, middle, spectra
from smtui.alike.slices import EDGE, Floats, Places, Slices

_PAIRS_AT_ONCE = 1_000
_STRETCHES = 16
_SOUNDING = -30.0


def apart(
    slices: Slices, shorter: Places, longer: Places, head: Floats | None = None
) -> tuple[Floats, Floats]:
    """Bands and level of a difference, dB, (n,) each, where the shorter lies `head` s later."""
    found: list[tuple[Floats, Floats]] = [(np.zeros(0), np.zeros(0))]
    for start in range(0, len(shorter), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        found.append(_apart(slices, shorter[part], longer[part], 0 if head is None else head[part]))
    bands, levels = zip(*found, strict=True)
    return np.concatenate(bands), np.concatenate(levels)


def _apart(
    slices: Slices, shorter: Places, longer: Places, head: Floats | int
) -> tuple[Floats, Floats]:
    lasts = slices.durations[shorter]
    margin = np.minimum(EDGE, lasts / 8)
    edges = np.linspace(margin, lasts - margin, _STRETCHES + 1, axis=1)
    levels, bands = spectra(slices.means(shorter, edges))
    other_levels, others = spectra(slices.means(longer, (edges.T + head).T))
    highest = levels.max(axis=1)[:, None]
    loud = levels > highest + _SOUNDING
    gain = middle(other_levels - levels, loud)[:, None]
    floor = (highest + DEEPEST)[:, :, None]
    far = np.maximum(bands, floor) - np.maximum(others - gain[:, :, None], floor)
    weights = 10 ** (np.maximum(levels, other_levels - gain) / 20)
    weights /= weights.sum(axis=1, keepdims=True)
    level = (np.abs(other_levels - gain - levels) * weights).sum(axis=1)
    return middle(np.abs(far).mean(axis=1), loud), level

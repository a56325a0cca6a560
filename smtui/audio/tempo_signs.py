"""What tells a loop from a piece and both from a sound without a beat: one row of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.frames import Array, Frames
from smtui.audio.strokes import STROKE_ROWS

_SEAM_FRAMES = 4
_QUIET = 1e-6
_AUDIBLE = 0.01
# Beyond these a sound is long, however long.
_LONG, _MANY = 40.0, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is known of a sound besides its candidates.

    Attributes:
        onsets: how many strokes stand out.
        contrast: how strong they are, see `onsets.contrast_of`.
        head, tail: s of silence.
        duration: s.
    """

    frames: Frames
    strokes: Array
    onsets: int
    contrast: float
    head: float
    tail: float
    duration: float


def sound_signs(signs: Signs) -> Array:
    """Describe the sound: (30,)."""
    rms = signs.frames.rms
    loudest = max(float(rms.max(initial=0)), _QUIET)
    quarter = len(rms) // 4 + 1
    levels = np.log10(np.maximum(rms / loudest, 1e-4))
    time = np.linspace(-1, 1, len(rms))
    weight = rms / max(float(rms.sum()), _QUIET)
    centroid = np.log2(np.maximum(signs.frames.centroid, 20) / 1000)
    middle = float(weight @ centroid)
    plain = (
        np.log2(min(signs.duration, _LONG)),
        min(signs.onsets / signs.duration, 20.0),
        np.log2(min(signs.onsets, _MANY) + 1),
        signs.contrast,
        min(signs.head, 1.0),
        min(signs.tail, 2.0),
        min(signs.tail / signs.duration, 1.0),
        np.log10(rms[-quarter:].max() / loudest + 1e-4),
        np.log10(rms[:quarter].max() / loudest + 1e-4),
        np.log10(rms[-_SEAM_FRAMES:].mean() / loudest + 1e-4),
        np.log10(rms[:_SEAM_FRAMES].mean() / loudest + 1e-4),
        float(levels.mean()),
        float(levels.std()),
        float((levels * time).mean()),
        float((rms > _AUDIBLE * loudest).mean()),
        float(weight @ signs.frames.flatness),
        middle,
        float(np.sqrt(weight @ np.square(centroid - middle))),
        _seam(signs.frames),
    )
    strokes = signs.strokes
    mean = strokes.mean(axis=1)
    peaky = np.sqrt(np.square(strokes).mean(axis=1)) / np.maximum(mean, _QUIET)
    assert len(mean) == STROKE_ROWS
    return np.concatenate((plain, np.log10(mean + 1e-5), np.minimum(peaky, 20))).astype(np.float32)


def claim_signs(shares: Array, scores: Array, rows: Array, best: int) -> Array:
    """Describe how clearly one candidate won, and the winner itself: (5 + features,)."""
    ranked = np.sort(shares)[::-1]
    second = float(ranked[1]) if len(ranked) > 1 else 0.0
    unsure = float(-(shares * np.log(shares + 1e-9)).sum())
    clear = (float(ranked[0]), second, unsure, float(scores.max()), np.log2(len(shares)))
    return np.concatenate((clear, rows[best])).astype(np.float32)


def _seam(frames: Frames) -> float:
    """How unlike the end is to the beginning, against how unlike neighbours are."""
    loud = np.sqrt(np.sqrt(frames.bands))
    steps = np.abs(np.diff(loud, axis=0)).sum(axis=1)
    usual = float(steps.mean()) if len(steps) else 0.0
    seam = float(np.abs(loud[:_SEAM_FRAMES].mean(axis=0) - loud[-_SEAM_FRAMES:].mean(axis=0)).sum())
    return min(seam / max(usual, _QUIET), 50.0)

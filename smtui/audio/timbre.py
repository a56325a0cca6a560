"""Spectral features over at most 64 slices of a sound."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Array, Frames
from smtui.audio.steps import Floats
from smtui.domain.analysis import MAX_SLICES, SpectralFeatures

_DIGITS = 6


def spectral_features(frames: Frames) -> SpectralFeatures:
    """Average frames into slices of equal length; short sounds have one frame in each."""
    count = len(frames.rms)
    slices = min(MAX_SLICES, count)
    starts = np.arange(slices) * count // slices
    lengths = np.diff(np.append(starts, count)).astype(np.float32)

    def averaged(values: Array) -> Floats:
        sums: Floats = np.add.reduceat(values, starts, axis=0, dtype=np.float64)
        return np.asarray((sums.T / lengths).T)

    chroma = averaged(frames.chroma)
    chroma = chroma / np.maximum(chroma.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    centres = (starts + (lengths - 1) / 2) / FRAMES_PER_SECOND
    return SpectralFeatures(
        times=_numbers(centres),
        spectral_centroid=_numbers(averaged(frames.centroid)),
        spectral_rolloff=_numbers(averaged(frames.rolloff)),
        bandwidth=_numbers(averaged(frames.bandwidth)),
        flatness=_numbers(averaged(frames.flatness)),
        rms=_numbers(averaged(frames.rms)),
        mfcc=_rows(averaged(frames.mfcc)),
        chroma=_rows(chroma),
    )


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(np.asarray(values, dtype=np.float64), _DIGITS).tolist())


def _rows(columns: Floats) -> tuple[tuple[float, ...], ...]:
    """Turn (slices, rows) into `rows` tuples of `slices` values."""
    return tuple(_numbers(row) for row in columns.T)

"""Spectral features over at most 64 slices of a sound."""

from __future__ import annotations

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Frames
from smtui.domain.analysis import CHROMA_COUNT, MAX_SLICES, MFCC_COUNT, SpectralFeatures

_DIGITS = 6


def spectral_features(frames: Frames) -> SpectralFeatures:
    """Average frames into slices of equal length; short sounds have one frame in each."""
    count = len(frames.rms)
    slices = min(MAX_SLICES, count)
    starts = np.arange(slices) * count // slices
    lengths = np.diff(np.append(starts, count)).astype(np.float32)
    curves = (frames.centroid, frames.rolloff, frames.bandwidth, frames.flatness, frames.rms)
    columns = [curve[:, None] for curve in curves] + [frames.mfcc, frames.chroma]
    sums = [np.add.reduceat(rows, starts, axis=0, dtype=np.float64) for rows in columns]
    means = np.concatenate(sums, axis=1).T / lengths
    chroma = means[-CHROMA_COUNT:]
    chroma /= np.maximum(chroma.max(axis=0), np.finfo(np.float32).tiny)
    centres = (starts + (lengths - 1) / 2) / FRAMES_PER_SECOND
    rows = [tuple(row) for row in np.round(np.vstack((centres, means)), _DIGITS).tolist()]
    return SpectralFeatures(
        times=rows[0],
        spectral_centroid=rows[1],
        spectral_rolloff=rows[2],
        bandwidth=rows[3],
        flatness=rows[4],
        rms=rows[5],
        mfcc=tuple(rows[6 : 6 + MFCC_COUNT]),
        chroma=tuple(rows[6 + MFCC_COUNT :]),
    )

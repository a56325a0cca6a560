"""Coarse spectra of cepstral coefficients: 16 bands, evenly spaced on the mel scale."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import MEL_BANDS, RATE
from smtui.domain.analysis import MFCC_COUNT

Array = npt.NDArray[np.float32]

BANDS = 16
_LINEAR_MEL = 3 / 200
_KNEE_HZ = 1_000.0
_KNEE_MEL = _KNEE_HZ * _LINEAR_MEL
_LOG_STEP = np.log(6.4) / 27


@cache
def cosines() -> Array:
    """What makes dB at the middles of the bands of orthonormal coefficients: (16, 13)."""
    place = (np.arange(BANDS)[:, None] + 0.5) / BANDS
    order = np.arange(MFCC_COUNT)[None, :]
    made = np.cos(np.pi * place * order) * np.sqrt(2 / MEL_BANDS)
    made[:, 0] /= np.sqrt(2)
    return np.asarray(made, dtype=np.float32)


@cache
def widths() -> Array:
    """The widths of the bands, dB: mel bands are means over their width, not sums."""
    edges = _hertz(np.linspace(0, _mel(RATE / 2), BANDS + 1))
    return np.asarray(10 * np.log10(np.diff(edges)), dtype=np.float32)


def _mel(hertz: float) -> float:
    """Slaney's mel scale, above its knee."""
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _LOG_STEP)


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel / _LINEAR_MEL, above)

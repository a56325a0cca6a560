"""Coarse spectra of cepstral coefficients: 16 bands, evenly spaced on the mel scale."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import cepstral_basis
from smtui.domain.mel import HIGHEST_HZ, hertz_to_mel, mel_to_hertz

Array = npt.NDArray[np.float32]

BANDS = 16


@cache
def cosines() -> Array:
    """What makes dB at the middles of the bands of orthonormal coefficients: (16, 13)."""
    return cepstral_basis(BANDS)


@cache
def widths() -> Array:
    """The widths of the bands, dB: mel bands are means over their width, not sums."""
    places = np.linspace(0, hertz_to_mel(HIGHEST_HZ), BANDS + 1)
    edges = [mel_to_hertz(float(place)) for place in places]
    return np.asarray(10 * np.log10(np.diff(edges)), dtype=np.float32)

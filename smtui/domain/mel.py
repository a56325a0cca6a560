"""The mel scale on which timbre is measured: what its cepstral coefficients are coefficients of.

Slaney's scale (M. Slaney, Auditory Toolbox, 1998): even up to 1 kHz, then by ratio, 27 steps of
which are a factor of 6.4. A measurement's coefficients are those of the orthonormal DCT-II over
MEL_BANDS bands, evenly spaced on it from zero to HIGHEST_HZ.
"""

from __future__ import annotations

import math

MEL_BANDS = 64
HIGHEST_HZ = 11_025.0
"""Half the rate at which everything is analysed."""

_KNEE_HZ = 1_000.0
_KNEE_MEL = 15.0
_STEP = math.log(6.4) / 27


def hertz_to_mel(hertz: float) -> float:
    """Return the place of a frequency on the scale."""
    if hertz < _KNEE_HZ:
        return hertz * _KNEE_MEL / _KNEE_HZ
    return _KNEE_MEL + math.log(hertz / _KNEE_HZ) / _STEP


def mel_to_hertz(mel: float) -> float:
    """Return the frequency at a place on the scale."""
    if mel < _KNEE_MEL:
        return mel * _KNEE_HZ / _KNEE_MEL
    return _KNEE_HZ * math.exp(_STEP * (mel - _KNEE_MEL))

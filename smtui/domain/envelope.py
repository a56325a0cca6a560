"""How a sound begins, lasts and ends, read from its slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

_FLOOR = -90.0
_SOUNDING = -40.0
_BEGUN = -20.0
_LOUD = -10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Times in s, as fine as the slices are.

    Attributes:
        attack: from where it has begun (-20 dB) to its loudest.
        length: as long as it sounds, from its onset to -40 dB.
        fall: from its loudest to where it stays below -20 dB.
        tail: from where it stays below -10 dB to where it stays below -40 dB.
        held: the share of its length that lies above -10 dB, 0 to 1.
        cut: it ends while it still sounds: above -30 dB in its last slice.
        rise: how much louder its second half is than its first, dB.
    """

    attack: float
    length: float
    fall: float
    tail: float
    held: float
    cut: bool
    rise: float


def envelope(rms: Sequence[float], duration: float) -> Envelope | None:
    """Read slices of equal length that together are `duration` s; None where nothing sounds."""
    highest = max(rms, default=0.0)
    if highest <= 0 or duration <= 0:
        return None
    levels = [max(_FLOOR, 20 * log10(max(value, 1e-9) / highest)) for value in rms]
    step = duration / len(levels)
    begun = next(place for place, level in enumerate(levels) if level > _BEGUN)
    peak = levels.index(max(levels))
    last = {level: _last_above(levels, level) for level in (_LOUD, _BEGUN, _SOUNDING)}
    sounding = levels[begun : last[_SOUNDING] + 1]
    middle = max(1, len(sounding) // 2)
    return Envelope(
        attack=(peak - begun) * step,
        length=len(sounding) * step,
        fall=(last[_BEGUN] - peak + 1) * step,
        tail=(last[_SOUNDING] - last[_LOUD]) * step,
        held=sum(level > _LOUD for level in sounding) / len(sounding),
        cut=levels[-1] > _SOUNDING + 10,
        rise=_mean(sounding[middle:] or sounding) - _mean(sounding[:middle]),
    )


def _last_above(levels: Sequence[float], limit: float) -> int:
    return max(place for place, level in enumerate(levels) if level > limit)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

"""How alike a sound's strokes are to themselves some time later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND, Frames
from smtui.audio.onsets import above_neighbourhood

Floats = npt.NDArray[np.float64]

_NEIGHBOUR_FRAMES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Onset strength as a period sees it: how alike the sound is to itself later.

    Attributes:
        strength: (n,) above its neighbourhood.
        likeness: correlation of the strength with itself, by lag in frames.
        bass: the same of the strokes below 150 Hz alone.
        backbeat: correlation of strokes above 600 Hz with those below 150 Hz before them.
        circular: the sound is taken as a ring, as a loop is played.
    """

    strength: Floats
    likeness: Floats
    bass: Floats
    backbeat: Floats
    circular: bool

    def at(self, frames: float) -> float:
        """Likeness at a lag, the best within two frames (23 ms)."""
        return _best_near(self.likeness, frames, circular=self.circular)

    def bar_at(self, frames: float) -> float:
        """Likeness at a lag with the bass counted again, which marks where bars begin."""
        return self.at(frames) + _best_near(self.bass, frames, circular=self.circular)

    def backbeat_at(self, frames: float) -> float:
        """How often a high stroke follows a low one after this lag, 0 to 1."""
        return _best_near(self.backbeat, frames, circular=self.circular)


def pulse_of(frames: Frames, duration: float, *, circular: bool) -> Pulse:
    """Correlate onset strength with itself, as a ring or as a line."""
    count = max(4, round(duration * FRAMES_PER_SECOND)) if circular else len(frames.strength)
    strength = _fitted(above_neighbourhood(frames.strength), count)
    loud = np.sqrt(np.sqrt(frames.bands.astype(np.float64)))
    rises = np.maximum(np.diff(loud, axis=0, prepend=loud[:1]), 0)
    low = _fitted(above_neighbourhood(rises[:, 0] + rises[:, 1]), count)
    high = _fitted(above_neighbourhood(rises[:, 3] + rises[:, 4]), count)
    return Pulse(
        strength=strength,
        likeness=_correlation(strength, strength, circular=circular),
        bass=_correlation(low, low, circular=circular),
        backbeat=_correlation(low, high, circular=circular),
        circular=circular,
    )


def _fitted(values: Floats, count: int) -> Floats:
    return np.pad(values[:count], (0, max(0, count - len(values))))


def _correlation(first: Floats, later: Floats, *, circular: bool) -> Floats:
    """Normalised correlation of `later` with `first` at each lag in frames."""
    count = len(first)
    size = count if circular else 2 * count
    product = np.conj(np.fft.rfft(first, size)) * np.fft.rfft(later, size)
    sums = np.fft.irfft(product, size)[:count]
    if not circular:
        # Fewer frames overlap at longer lags; beyond half the length too few remain.
        sums = sums[: count // 2] * count / (count - np.arange(count // 2))
    power = np.sqrt(np.square(first).sum() * np.square(later).sum())
    return np.asarray(sums / max(power, 1e-12))


def _best_near(values: Floats, frames: float, *, circular: bool) -> float:
    places = round(frames) + np.arange(-_NEIGHBOUR_FRAMES, _NEIGHBOUR_FRAMES + 1)
    places = places % len(values) if circular else np.clip(places, 0, len(values) - 1)
    return float(values[places].max())

"""How much two sounds mask one another, for thousands of pairs at once.

Each slice of a sound is a coarse spectrum: the inverse cosine transform of its 13 cepstral
coefficients at 16 bands, scaled so that the bands together have the slice's power. Cepstral
smoothing spreads a tone over about as many bands as a masking tone raises the threshold in
(some 250 Hz in the low, a third of an octave in the high). In a band and moment a sound keeps the
share that its power has of both; moments and bands count by their specific loudness, power to the
.3 (Zwicker and Fastl, "Psychoacoustics", §8). Both sounds are first made equally loud at their
loudest, so that the answer is about what they are and not about how they were levelled.

It stands alone because it needs numpy, which its port, `masking`, loads in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import cepstral_basis
from smtui.domain.analysis import MAX_SLICES
from smtui.domain.masking import ROWS, Outline, Overlay, Room
from smtui.similarity.coarse_spectra import BANDS, band_widths

Array = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

_EDGES = (2, 11)
"""The first bands of the middle and of the high region."""
_MOMENTS = 32
_MOMENTS_OF_BEATS = 64
_AT_ONCE = 500
_LOUDNESS = 0.3
_ONSET = 0.1
"""Of the highest rms, where a sound has begun: -20 dB."""
_ENDED = 0.003
_TINY = np.float32(1e-20)
_FAINT = 1e-6


def measure_rooms(seed: Outline, laid: Sequence[Overlay]) -> tuple[Room, ...]:
    """Measure as the Masking port says; for a thread."""
    of_seed = _Slices([seed])
    if not of_seed.sounds[0]:
        return ()
    found: list[Room] = []
    for start in range(0, len(laid), _AT_ONCE):
        found += _measure(of_seed, laid[start : start + _AT_ONCE])
    return tuple(found)


class _Slices:
    """The slices of several sounds, their rows side by side.

    Attributes:
        sounds: whether anything sounds.
        onset, end: s, (sounds,).
    """

    def __init__(self, outlines: Sequence[Outline]) -> None:
        joined = np.frombuffer(b"".join(outline.numbers for outline in outlines), dtype="<f8")
        self._numbers = np.nan_to_num(joined.astype(np.float32), posinf=0.0, neginf=0.0)
        self._counts = np.array([outline.slices for outline in outlines])
        self._starts = np.concatenate(([0], np.cumsum(ROWS * self._counts)[:-1]))
        self.duration = np.maximum(np.array([outline.duration for outline in outlines]), 1e-6)
        place = np.arange(MAX_SLICES)[None, :]
        levels = self._numbers[self._starts[:, None] + np.minimum(place, self._counts[:, None] - 1)]
        highest = levels.max(axis=1, keepdims=True)
        self._highest = highest[:, 0]
        self.sounds = self._highest > 0
        seconds = self.duration / self._counts
        self.onset = np.argmax(levels > _ONSET * highest, axis=1) * seconds
        last = MAX_SLICES - 1 - np.argmax((levels > _ENDED * highest)[:, ::-1], axis=1)
        self.end = (np.minimum(last, self._counts - 1) + 1) * seconds

    def power(self, seconds: npt.NDArray[np.float64], which: Places) -> Array:
        """Power in bands at moments of sounds, as loud as all are: (n, bands, moments).

        Args:
            seconds: (n, moments), from the start of the file.
            which: (n,) the sounds.
        """
        counts = self._counts[which][:, None]
        place = (seconds * (counts / self.duration[which][:, None])).astype(np.intp)
        place = np.clip(place, 0, counts - 1)
        rows = np.arange(ROWS)[None, :, None]
        at = self._starts[which][:, None, None] + rows * counts[:, :, None] + place[:, None, :]
        numbers = self._numbers[at]
        level = numbers[:, :1]
        shape = np.matmul(cepstral_basis(BANDS), numbers[:, 1:]) + band_widths()[:, None]
        shape -= shape.max(axis=1, keepdims=True)
        power = np.exp(shape * np.float32(np.log(10) / 10))
        power *= np.square(level) / power.sum(axis=1, keepdims=True)
        loudness = np.power(power, _LOUDNESS).sum(axis=1).max(axis=1)
        # The loudest moment may lie outside what is looked at.
        above = self._highest[which] / np.maximum(level.max(axis=(1, 2)), _TINY)
        loudness = loudness * above ** (2 * _LOUDNESS)
        # What is silent stays so.
        gain = np.where(loudness > _FAINT, np.maximum(loudness, _FAINT) ** (-1 / _LOUDNESS), 0)
        power *= gain[:, None, None].astype(np.float32)
        return np.asarray(power, dtype=np.float32)


def _measure(seed: _Slices, laid: Sequence[Overlay]) -> list[Room]:
    others = _Slices([overlay.other for overlay in laid])
    which = np.arange(len(laid))
    at_seed, at_other = _moments(seed, others, laid)
    of_seed = seed.power(at_seed, np.zeros_like(which))
    of_other = others.power(at_other, which)
    both = np.maximum(of_seed + of_other, _TINY)
    seed_loud, other_loud = np.power(of_seed, _LOUDNESS), np.power(of_other, _LOUDNESS)
    seed_kept = seed_loud * (of_seed / both)
    other_kept = other_loud * (of_other / both)
    regions = [_by_region(each) for each in (seed_loud, seed_kept)]
    loud, kept = (np.maximum(each, 0) for each in regions)
    total = loud.sum(axis=1)
    other_total = other_loud.sum(axis=(1, 2))
    good = others.sounds & (total > _TINY) & (other_total > _TINY)
    share = loud / np.maximum(total, _TINY)[:, None]
    left = kept / np.maximum(loud, _TINY)
    whole = kept.sum(axis=1) / np.maximum(total, _TINY)
    other_whole = other_kept.sum(axis=(1, 2)) / np.maximum(other_total, _TINY)
    return [
        Room(
            file_id=laid[place].other.file_id,
            seed=float(whole[place]),
            other=float(other_whole[place]),
            kept=tuple(left[place].tolist()),
            share=tuple(share[place].tolist()),
        )
        for place in np.flatnonzero(good).tolist()
    ]


def _moments(
    seed: _Slices, others: _Slices, laid: Sequence[Overlay]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The seconds of the seed and of the others at which they are compared: (n, moments) each."""
    beats = np.array([overlay.multiple is not None for overlay in laid])
    moments = _MOMENTS_OF_BEATS if beats.any() else _MOMENTS
    together = np.minimum(seed.end - seed.onset, others.end - others.onset)
    span = np.where(beats, [overlay.span for overlay in laid], together)
    passed = (np.arange(moments) + 0.5) / moments * span[:, None]
    rate = np.array([overlay.rate for overlay in laid])[:, None]
    looped = beats[:, None]
    at_seed = np.where(looped, passed % seed.duration, seed.onset + passed)
    at_other = np.where(
        looped, passed * rate % others.duration[:, None], others.onset[:, None] + passed
    )
    return at_seed, at_other


def _by_region(values: Array) -> Array:
    """Sum over moments and the bands of each region: (n, 3)."""
    bands = values.sum(axis=2)
    return np.asarray(np.add.reduceat(bands, (0, *_EDGES), axis=1))

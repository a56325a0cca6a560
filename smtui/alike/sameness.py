"""Finding the same sound again: by embedding, then by laying one upon the other.

Onsets say how far one begins after the other. Then the coarse spectra of what both share are
compared moment by moment, where they sound, down to 45 dB below the loudest: what a codec, a
dither or a gain does deeper than that is no other sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from smtui.alike.bands import cosines
from smtui.domain.copies import Difference, Print
from smtui.domain.embedding import DIMENSIONS, TIMBRE
from smtui.domain.masking import ROWS
from smtui.domain.ports.copies import Near

Floats = npt.NDArray[np.floating]

_ROWS_AT_ONCE = 512
_MOST = 64
_MOMENTS = 64
_DEEPEST = -45.0
_SOUNDING = -30.0
_TOGETHER = 0.02
_ONSETS = 60


def near(embeddings: Sequence[bytes], least: float) -> Iterator[Near]:
    """Compare as the Copies port says; for a thread."""
    vectors = np.frombuffer(b"".join(embeddings), dtype="<f4").reshape(-1, DIMENSIONS)
    lengths = np.linalg.norm(vectors, axis=1)
    # What is silent has no timbre, and would be the same as every other silence.
    sounds = (lengths > 0) & (vectors[:, TIMBRE.absent] <= 0)
    vectors = np.where(sounds[:, None], vectors / np.maximum(lengths, 1e-9)[:, None], 0)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = vectors[start : start + _ROWS_AT_ONCE]
        alike = block @ vectors[start:].T
        rows, columns = np.nonzero(alike >= least)
        later = columns > rows
        rows, columns = rows[later], columns[later]
        strongest = np.argsort(-alike[rows, columns], kind="stable")
        yield Near(
            done=start + len(block), pairs=_capped(rows[strongest], columns[strongest], start)
        )


def _capped(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], start: int
) -> tuple[tuple[int, int], ...]:
    """The pairs of a block, of each row only the first so many."""
    counts: dict[int, int] = {}
    pairs = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        counts[row] = counts.get(row, 0) + 1
        if counts[row] <= _MOST:
            pairs.append((start + row, start + column))
    return tuple(pairs)


def difference(first: Print, other: Print) -> Difference:
    """Lay the other upon the first where most onsets meet, and compare what both share."""
    found = [_laid(first, other, offset) for offset in _offsets(first, other)]
    return min(found, key=lambda one: one.spectrum - 4 * one.struck * one.shared)


def _offsets(first: Print, other: Print) -> list[float]:
    """Where the other may begin in the first, s: both at once, or so that their onsets meet."""
    mine, theirs = np.array(first.onsets[:_ONSETS]), np.array(other.onsets[:_ONSETS])
    ends = first.duration - other.duration
    offsets = [0.0, ends]
    if len(mine) and len(theirs):
        apart = np.sort((mine[:, None] - theirs[None, :]).ravel())
        met = np.searchsorted(apart, apart + _TOGETHER, side="right") - np.arange(len(apart))
        for place in np.argsort(-met, kind="stable")[:3]:
            offsets.append(float(np.median(apart[place : place + met[place]])))
    return offsets


def _laid(first: Print, other: Print, offset: float) -> Difference:
    start, end = max(0.0, offset), min(first.duration, other.duration + offset)
    shorter = max(min(first.duration, other.duration), 1e-6)
    if end <= start:
        return Difference(offset=offset, gain=0.0, spectrum=999.0, shared=0.0, struck=0.0)
    moments = start + (np.arange(_MOMENTS) + 0.5) / _MOMENTS * (end - start)
    mine, my_level = _bands(first, moments)
    theirs, their_level = _bands(other, moments - offset)
    loud = (my_level > my_level.max() + _SOUNDING) | (their_level > their_level.max() + _SOUNDING)
    gain = float(np.median((their_level - my_level)[loud])) if loud.any() else 0.0
    floor = my_level.max() + _DEEPEST
    apart = np.abs(np.maximum(mine, floor) - np.maximum(theirs - gain, floor))
    return Difference(
        offset=offset,
        gain=gain,
        spectrum=float(apart[loud].mean()) if loud.any() else 999.0,
        shared=(end - start) / shorter,
        struck=_struck(first, other, offset, (start, end)),
    )


def _bands(sound: Print, seconds: Floats) -> tuple[Floats, Floats]:
    """Levels of 16 bands at moments, dB: (moments, 16), and of all together: (moments,)."""
    rows = np.frombuffer(sound.numbers, dtype="<f8").reshape(ROWS, sound.slices)
    place = np.clip(seconds * sound.slices / sound.duration - 0.5, 0, sound.slices - 1)
    at = np.arange(sound.slices)
    level = 20 * np.log10(np.maximum(np.interp(place, at, rows[0]), 1e-6))
    cepstra = np.stack([np.interp(place, at, row) for row in rows[1:]])
    shape = (cosines() @ cepstra).T
    whole = 10 * np.log10((10 ** (shape / 10)).sum(axis=1))
    return shape - whole[:, None] + level[:, None], level


def _struck(first: Print, other: Print, offset: float, shared: tuple[float, float]) -> float:
    """Of the onsets inside what both share, how many both have."""
    start, end = shared[0] - _TOGETHER, shared[1] - 2 * _TOGETHER
    mine = [onset for onset in first.onsets if start <= onset <= end]
    theirs = [onset + offset for onset in other.onsets if start <= onset + offset <= end]
    if not mine or not theirs:
        return 1.0
    met = sum(np.abs(np.array(theirs) - onset).min() <= _TOGETHER for onset in mine)
    back = sum(np.abs(np.array(mine) - onset).min() <= _TOGETHER for onset in theirs)
    return float(met + back) / (len(mine) + len(theirs))

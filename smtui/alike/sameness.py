"""Finding the same sound again: by embedding, then by laying one upon the other.

Onsets say how far one begins after the other. Then the coarse spectra of what both share are
compared moment by moment, where they sound, down to 35 dB below the loudest: what a codec, a
dither or a gain does deeper than that is no other sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.alike.bands import cosines
from smtui.domain.analysis import MFCC_COUNT, Measurement
from smtui.domain.copies import Difference
from smtui.domain.embedding import DIMENSIONS, TIMBRE, alike
from smtui.domain.ports.copies import Near

Floats = npt.NDArray[np.floating]

_ROWS_AT_ONCE = 512
_MOST = 24
_MOMENTS = 64
_DEEPEST = -35.0
_SOUNDING = -30.0
_TOGETHER = 0.02
_ONSETS = 60
_SHARED = 0.9
_OCTAVE = 5.0
_LOWEST_HZ = 20.0
_TINY = 1e-6


def near(embeddings: Sequence[bytes], least: float) -> Iterator[Near]:
    """Compare as the Copies port says; for a thread."""
    vectors = np.frombuffer(b"".join(embeddings), dtype="<f4").reshape(-1, DIMENSIONS)
    lengths = np.linalg.norm(vectors, axis=1)
    # What is silent has no timbre, and would be the same as every other silence.
    sounds = (lengths > 0) & (vectors[:, TIMBRE.absent] <= 0)
    vectors = np.where(sounds[:, None], vectors / np.maximum(lengths, 1e-9)[:, None], 0)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = vectors[start : start + _ROWS_AT_ONCE]
        cosine = block @ vectors[start:].T
        rows, columns = np.nonzero(cosine >= least)
        later = columns > rows
        rows, columns = rows[later], columns[later]
        strongest = np.argsort(-cosine[rows, columns], kind="stable")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curves:
    """A sound at some moments: bands (m, 16) and levels (m,) in dB, octaves, chroma (m, 12)."""

    bands: Floats
    levels: Floats
    octaves: Floats
    chroma: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sound:
    """What was heard of a sound, its slices as rows: rms, centroid, cepstra, chroma."""

    heard: Measurement
    rows: Floats


def difference(heard: Measurement, other: Measurement) -> Difference | None:
    """Lay the other upon the first where they differ least, and tell how much that is."""
    first, second = _sound(heard), _sound(other)
    if first is None or second is None:
        return None
    found = [_laid(first, second, offset) for offset in _offsets(heard, other)]
    return min(
        (one for one in found if one is not None),
        key=lambda one: (one.shared < _SHARED, one.bands + one.level + _OCTAVE * one.brightness),
        default=None,
    )


def _sound(heard: Measurement) -> _Sound | None:
    """None where nothing sounds."""
    features = heard.spectral_features
    if features is None or max(features.rms, default=0.0) <= 0 or heard.duration <= 0:
        return None
    rows = (features.rms, features.spectral_centroid, *features.mfcc, *features.chroma)
    if any(len(row) != len(features.rms) for row in rows):
        return None
    return _Sound(heard=heard, rows=np.array(rows))


def _offsets(first: Measurement, other: Measurement) -> set[float]:
    """Where the other may begin in the first, s.

    Both at once, or ending at once, or both after their silence, or so that their onsets meet.
    """
    head = first.silence_head - other.silence_head
    offsets = [0.0, first.duration - other.duration, head]
    mine, theirs = np.array(first.onsets[:_ONSETS]), np.array(other.onsets[:_ONSETS])
    if len(mine) and len(theirs):
        apart = np.sort((mine[:, None] - theirs[None, :]).ravel())
        met = np.searchsorted(apart, apart + _TOGETHER, side="right") - np.arange(len(apart))
        for place in np.argsort(-met, kind="stable")[:3]:
            offsets.append(float(np.median(apart[place : place + met[place]])))
    return {round(offset, 3) for offset in offsets}


def _laid(one: _Sound, two: _Sound, offset: float) -> Difference | None:
    first, other = one.heard, two.heard
    start, end = max(0.0, offset), min(first.duration, other.duration + offset)
    if end <= start:
        return None
    moments = start + (np.arange(_MOMENTS) + 0.5) / _MOMENTS * (end - start)
    mine, theirs = _curves(one, moments), _curves(two, moments - offset)
    highest = mine.levels.max()
    loud = (mine.levels > highest + _SOUNDING) | (theirs.levels > theirs.levels.max() + _SOUNDING)
    gain = float(np.median((theirs.levels - mine.levels)[loud]))
    floor = highest + _DEEPEST
    bands = np.maximum(mine.bands, floor) - np.maximum(theirs.bands - gain, floor)
    apart = np.abs(bands).mean(axis=1)[loud]
    # Loud moments count by their amplitude.
    weights = 10 ** (np.maximum(mine.levels, theirs.levels - gain)[loud] / 20)
    shorter = min(first.duration, other.duration)
    return Difference(
        offset=offset,
        longer=other.duration - first.duration,
        silence=_silence(other) - _silence(first),
        shorter=shorter,
        shared=(end - start) / shorter,
        gain=gain,
        alike=alike(first.embedding, other.embedding),
        bands=float(np.median(apart)),
        most=float(np.quantile(apart, 0.9)),
        level=_mean(np.abs(theirs.levels - mine.levels - gain)[loud], weights),
        brightness=_mean(np.abs(theirs.octaves - mine.octaves)[loud], weights),
        pitches=_mean(_cosines(mine.chroma, theirs.chroma)[loud], weights),
    )


def _curves(sound: _Sound, seconds: Floats) -> _Curves:
    """Read the slices at moments; between two of them what lies on the line between."""
    count = sound.rows.shape[1]
    place = np.clip(seconds * count / sound.heard.duration - 0.5, 0, count - 1)
    before = np.minimum(place.astype(np.intp), max(count - 2, 0))
    after = np.minimum(before + 1, count - 1)
    share = place - before
    rows = sound.rows[:, before] * (1 - share) + sound.rows[:, after] * share
    levels = 20 * np.log10(np.maximum(rows[0], _TINY))
    shape = (cosines() @ rows[2 : 2 + MFCC_COUNT]).T
    whole = 10 * np.log10((10 ** (shape / 10)).sum(axis=1))
    return _Curves(
        bands=shape - whole[:, None] + levels[:, None],
        levels=levels,
        octaves=np.log2(np.maximum(rows[1], _LOWEST_HZ)),
        chroma=rows[2 + MFCC_COUNT :].T,
    )


def _silence(heard: Measurement) -> float:
    return heard.silence_head + heard.silence_tail


def _cosines(mine: Floats, theirs: Floats) -> Floats:
    lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    return np.asarray((mine * theirs).sum(axis=1) / np.maximum(lengths, _TINY))


def _mean(values: Floats, weights: Floats) -> float:
    return float((values * weights).sum() / max(float(weights.sum()), _TINY))

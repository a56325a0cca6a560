"""Finding the same sound again: by embedding, then by laying one upon the other.

Their ends and onsets say how far one begins after the other. Then the coarse spectra of what both
share are compared stretch by stretch, where they sound, down to 35 dB below the loudest: what a
codec, a dither or a gain does deeper than that is no other sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import cepstral_basis
from smtui.domain.analysis import MAX_SLICES, MFCC_COUNT, Measurement
from smtui.domain.copies import HEARD_SECONDS, Difference
from smtui.domain.embedding import DIMENSIONS, TIMBRE, alike
from smtui.domain.ports.pairs import Near
from smtui.similarity.coarse_spectra import BANDS, EDGE, Floats, Slices

DEEPEST = -35.0
"""dB below the loudest, down to which spectra are compared."""

_ROWS_AT_ONCE = 512
_MOST = 24
_STRETCHES = 32
_FEWEST = 4
_SLICES_EACH = 3.0
_FRAME = 0.012
_LEAST_SECONDS = 0.02
_SOUNDING = -30.0
# dB of full scale in a mel band: below it are the dither of 16 bits and the floor of the frames.
_FAINTEST = -70.0
_TOGETHER = 0.02
_ONSETS = 60
_SHARED = 0.9
_OCTAVE = 5.0
_LOWEST_HZ = 20.0
_TINY = 1e-6


def sounding_alike(embeddings: Sequence[bytes], least: float) -> Iterator[Near]:
    """Find the pairs whose cosine is at least so high; for a thread."""
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
        pairs = first_of_each_row(rows[strongest], columns[strongest], start, most=_MOST)
        yield Near(done=start + len(block), pairs=pairs)


def first_of_each_row(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], start: int, *, most: int
) -> tuple[tuple[int, int], ...]:
    """The pairs of a block that begins at `start`, of each row only the first so many."""
    counts: dict[int, int] = {}
    pairs = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        counts[row] = counts.get(row, 0) + 1
        if counts[row] <= most:
            pairs.append((start + row, start + column))
    return tuple(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What was heard of a sound, its slices in rows: rms, cepstra, centroid, chroma."""

    heard: Measurement
    slices: Slices


def sound_of(heard: Measurement) -> Sound | None:
    """None where nothing sounds."""
    features = heard.spectral_features
    if features is None or max(features.rms, default=0.0) <= 0 or heard.duration <= 0:
        return None
    rows = (features.rms, *features.mfcc, features.spectral_centroid, *features.chroma)
    count = len(features.rms)
    if count > MAX_SLICES or any(len(row) != count for row in rows):
        return None
    return Sound(heard=heard, slices=Slices([np.array(rows)], [heard.duration]))


def difference(first: Sound, other: Sound) -> Difference | None:
    """Lay the other upon the first where they differ least, and tell how much that is."""
    offsets, shared, edges = _stretches(first, other)
    if not len(offsets):
        return None
    mine = _curves(first.slices, edges)
    theirs = _curves(other.slices, edges - offsets[:, None])
    highest = mine.levels.max(axis=1, keepdims=True)
    loud = mine.levels > highest + _SOUNDING
    loud |= theirs.levels > theirs.levels.max(axis=1, keepdims=True) + _SOUNDING
    gains = middle(theirs.levels - mine.levels, loud)[:, None]
    floor = (highest + DEEPEST)[:, :, None]
    apart = np.maximum(mine.bands, floor) - np.maximum(theirs.bands - gains[:, :, None], floor)
    apart = np.abs(apart).mean(axis=1)
    bands = middle(apart, loud)
    # Loud stretches count by their amplitude.
    weights = np.where(loud, 10 ** (np.maximum(mine.levels, theirs.levels - gains) / 20), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    level = (np.abs(theirs.levels - mine.levels - gains) * weights).sum(axis=1)
    brightness = (np.abs(theirs.octaves - mine.octaves) * weights).sum(axis=1)
    best = np.lexsort((bands + level + _OCTAVE * brightness, shared < _SHARED))[0]
    gain, weight = float(gains[best, 0]), weights[best]
    return Difference(
        offset=float(offsets[best]),
        longer=other.heard.duration - first.heard.duration,
        silence=_silence(other.heard) - _silence(first.heard),
        shorter=min(first.heard.duration, other.heard.duration),
        strokes=min(len(first.heard.onsets), len(other.heard.onsets)),
        shared=float(shared[best]),
        gain=gain,
        alike=alike(first.heard.embedding, other.heard.embedding),
        bands=float(bands[best]),
        most=float(np.quantile(apart[best][loud[best]], 0.9)),
        level=float(level[best]),
        brightness=float(brightness[best]),
        pitches=float(_cosines(mine.chroma[best], theirs.chroma[best]) @ weight),
        fine=float(_faint(mine.density[best], theirs.density[best], gain) @ weight),
    )


def spectra(rows: Floats) -> tuple[Floats, Floats]:
    """Levels (n, m) and bands (n, 16, m) in dB of rms and cepstra (n, 14, m)."""
    levels = 20 * np.log10(np.maximum(rows[:, 0], _TINY))
    shape = np.matmul(cepstral_basis(BANDS), rows[:, 1:])
    whole = 10 * np.log10((10 ** (shape / 10)).sum(axis=1))
    return levels, shape + (levels - whole)[:, None]


def middle(values: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    """The median of each row, of where it is asked for."""
    ranked = np.sort(np.where(where, values, np.inf), axis=1)
    counts, rows = where.sum(axis=1), np.arange(len(ranked))
    lower, upper = np.maximum(counts - 1, 0) // 2, np.minimum(counts // 2, ranked.shape[1] - 1)
    return np.asarray((ranked[rows, lower] + ranked[rows, upper]) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curves:
    """A sound over m stretches, as it lies at each of k offsets.

    Attributes:
        bands: (k, 16, m) dB.
        density: (k, 16, m) dB, what a mel band has in each of the bands.
        levels: (k, m) dB.
        octaves: (k, m) of the centroid.
        chroma: (k, 12, m).
    """

    bands: Floats
    density: Floats
    levels: Floats
    octaves: Floats
    chroma: Floats


def _faint(mine: Floats, theirs: Floats, gain: float) -> Floats:
    """How far two densities (16, m) are apart, (m,) dB, down to where both are known."""
    faintest = _FAINTEST + max(0.0, -gain)
    apart = np.maximum(mine, faintest) - np.maximum(theirs - gain, faintest)
    return np.asarray(np.abs(apart).mean(axis=0))


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


def _stretches(first: Sound, other: Sound) -> tuple[Floats, Floats, Floats]:
    """Offsets (k,) at which both share something, how much of the shorter, the edges (k, m + 1).

    Where only one of them is cut, its frames have silence in them that the other's have not; what
    has more silence around it has it in its frames as well.
    """
    offsets = np.array(sorted(_offsets(first.heard, other.heard)))
    lasts, ends = first.heard.duration, other.heard.duration + offsets
    starts, stops = np.maximum(offsets, 0), np.minimum(lasts, ends)
    shared = (stops - starts) / min(lasts, other.heard.duration)
    longer = other.heard.duration - lasts
    is_cut = abs(longer - _silence(other.heard) + _silence(first.heard)) > HEARD_SECONDS
    margin = EDGE if is_cut else 0.0
    starts = starts + np.where(np.abs(offsets) > _FRAME, margin, 0)
    stops = stops - np.where(np.abs(lasts - ends) > _FRAME, margin, 0)
    enough = stops - starts >= _LEAST_SECONDS
    offsets, shared, starts, stops = (each[enough] for each in (offsets, shared, starts, stops))
    slice_seconds = max(first.slices.seconds[0], other.slices.seconds[0])
    longest = float((stops - starts).max(initial=0.0))
    count = min(_STRETCHES, max(_FEWEST, int(longest / (_SLICES_EACH * slice_seconds))))
    return offsets, shared, np.linspace(starts, stops, count + 1, axis=1)


def _curves(slices: Slices, edges: Floats) -> _Curves:
    rows = slices.means(np.zeros(len(edges), dtype=np.intp), edges)
    levels, bands = spectra(rows[:, : 1 + MFCC_COUNT])
    return _Curves(
        bands=bands,
        density=np.matmul(cepstral_basis(BANDS), rows[:, 1 : 1 + MFCC_COUNT]),
        levels=levels,
        octaves=np.log2(np.maximum(rows[:, 1 + MFCC_COUNT], _LOWEST_HZ)),
        chroma=rows[:, 2 + MFCC_COUNT :],
    )


def _silence(heard: Measurement) -> float:
    return heard.silence_head + heard.silence_tail


def _cosines(mine: Floats, theirs: Floats) -> Floats:
    lengths = np.linalg.norm(mine, axis=0) * np.linalg.norm(theirs, axis=0)
    return np.asarray((mine * theirs).sum(axis=0) / np.maximum(lengths, _TINY))

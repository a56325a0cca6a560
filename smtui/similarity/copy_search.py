"""All sounds that are compared with all others, and which pairs of them may be the same.

Pairs come from their embeddings, and from their ends where one may be a part of a longer one: a
sound without its first moments has an embedding of its own, which says how a sound begins. But
what is cut at its start ends as before, and what is cut at its end begins as before. So for each
sound the coarse spectra of its first and of its last seconds are compared with those of all that
last longer, then both are laid upon each other at that end, roughly and many pairs at once: few
are compared closely afterwards, by `sameness`.

It stands alone because it needs numpy, which its port, `copies`, loads in the thread that compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from smtui.domain.copies import HEARD_SECONDS, LEAST_CUT, MOST_CUT_BANDS, MOST_CUT_LEVEL
from smtui.domain.masking import ROWS, Outline
from smtui.domain.ports.pairs import Near
from smtui.domain.sample import FileId
from smtui.similarity.coarse_spectra import BANDS, EDGE, Floats, Places, Slices
from smtui.similarity.sameness import DEEPEST, first_of_each_row, middle, sounding_alike, spectra

_PAIRS_AT_ONCE = 1_000
_OVERLAP_STRETCHES = 16
_OVERLAP_SOUNDING = -30.0

_LEAST_SPAN = 0.2
_TIMES = 3.0
_END_STRETCHES = 8
_SILENT = -80.0
_NEAR = 1.2
"""dB, the root of the mean square over bands and stretches: nine in ten copies are below .4."""
_MOST = 12
_ROWS_AT_ONCE = 512
_SOUNDS_AT_ONCE = 1_000

_WHOLE_STRETCHES = 64
_WHOLE_SOUNDING = -50.0
_GRAIN = 3
_SAME_SPECTRUM, _SAME_OF_PARTS = 2.5, 0.8
"""dB between spectra of whole sounds that are of different length by silence, or otherwise."""
_MOST_BANDS, _MOST_LEVEL = 1.2, 0.4
"""dB by which two of the same length may be apart at a rough look."""


class Gathered:
    """Takes outlines as they come; their places go on."""

    def __init__(self) -> None:
        self._rows: list[Floats] = []
        self._durations: list[float] = []
        self._embeddings: list[bytes] = []

    def add(self, outlines: Sequence[Outline], embeddings: Mapping[FileId, bytes]) -> None:
        """Take some more."""
        for outline in outlines:
            numbers = np.frombuffer(outline.numbers, dtype="<f8").reshape(ROWS, outline.slices)
            self._rows.append(np.nan_to_num(numbers, posinf=0.0, neginf=0.0).astype(np.float32))
            self._durations.append(outline.duration)
            self._embeddings.append(embeddings[outline.file_id])

    def near(self, least: float) -> Iterator[Near]:
        """Find the pairs as the Copies port says; for a thread."""
        slices = Slices(self._rows, self._durations)
        self._rows.clear()
        wholes = _Wholes.of(slices)
        done = 0
        # Each sound is looked at twice, and counts as half done after the first time.
        for step in sounding_alike(self._embeddings, least):
            done = step.done // 2
            yield Near(done=done, pairs=_likely(slices, wholes, step.pairs))
        self._embeddings.clear()
        for step in parts(slices):
            yield replace(step, done=done + (step.done + 1) // 2)


def compare_roughly(
    slices: Slices, shorter: Places, longer: Places, head: Floats | None = None
) -> tuple[Floats, Floats]:
    """Bands and level of a difference, dB, (n,) each, where the shorter lies `head` s later."""
    found: list[tuple[Floats, Floats]] = [(np.zeros(0), np.zeros(0))]
    for start in range(0, len(shorter), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        found.append(
            _compare_roughly(slices, shorter[part], longer[part], 0 if head is None else head[part])
        )
    bands, levels = zip(*found, strict=True)
    return np.concatenate(bands), np.concatenate(levels)


def parts(slices: Slices) -> Iterator[Near]:
    """Find the pairs of which one may be a part of the other; for a thread."""
    order = np.argsort(slices.durations, kind="stable")
    spans = _spans(slices.durations[order])
    done = int((spans <= 0).sum())
    for span in sorted(set(spans[spans > 0].tolist())):
        first, count = int(np.searchsorted(spans, span)), int((spans == span).sum())
        which = order[first:]
        sides = [_Side.of(slices, which, span, at_end=at_end) for at_end in (False, True)]
        for start in range(0, count, _ROWS_AT_ONCE):
            block = range(start, min(start + _ROWS_AT_ONCE, count))
            pairs: set[tuple[int, int]] = set()
            for side in sides:
                pairs.update(_closer(slices, which, side, side.near(block)))
            done += len(block)
            yield Near(done=done, pairs=tuple(sorted(pairs)))


def _compare_roughly(
    slices: Slices, shorter: Places, longer: Places, head: Floats | int
) -> tuple[Floats, Floats]:
    lasts = slices.durations[shorter]
    margin = np.minimum(EDGE, lasts / 8)
    edges = np.linspace(margin, lasts - margin, _OVERLAP_STRETCHES + 1, axis=1)
    levels, bands = spectra(slices.means(shorter, edges))
    other_levels, others = spectra(slices.means(longer, (edges.T + head).T))
    highest = levels.max(axis=1)[:, None]
    loud = levels > highest + _OVERLAP_SOUNDING
    gain = middle(other_levels - levels, loud)[:, None]
    floor = (highest + DEEPEST)[:, :, None]
    far = np.maximum(bands, floor) - np.maximum(others - gain[:, :, None], floor)
    weights = 10 ** (np.maximum(levels, other_levels - gain) / 20)
    weights /= weights.sum(axis=1, keepdims=True)
    level = (np.abs(other_levels - gain - levels) * weights).sum(axis=1)
    return middle(np.abs(far).mean(axis=1), loud), level


def _spans(durations: Floats) -> Floats:
    """How many seconds at the ends of each sound are compared: as many as it has, in few sizes."""
    inside = np.maximum(durations - 2 * EDGE, 1e-6)
    steps = np.floor(np.log(inside / _LEAST_SPAN) / np.log(_TIMES) + 1e-9)
    return np.where(durations < LEAST_CUT, 0.0, _LEAST_SPAN * _TIMES ** np.maximum(steps, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """How some sounds begin or end.

    Attributes:
        keys: (n, 128) dB less their mean, scaled so that a distance is a root of a mean square.
        sounds: (n,) whether anything sounds there.
        durations: (n,) s, rising.
    """

    at_end: bool
    keys: npt.NDArray[np.float32]
    sounds: npt.NDArray[np.bool_]
    durations: Floats

    @classmethod
    def of(cls, slices: Slices, which: Places, span: float, *, at_end: bool) -> _Side:
        keys = np.zeros((len(which), BANDS * _END_STRETCHES), dtype=np.float32)
        sounds = np.zeros(len(which), dtype=bool)
        durations = slices.durations[which]
        places = EDGE + np.linspace(0, span, _END_STRETCHES + 1)
        for start in range(0, len(which), _SOUNDS_AT_ONCE):
            part = slice(start, start + _SOUNDS_AT_ONCE)
            edges = np.broadcast_to(places, (len(which[part]), len(places)))
            if at_end:
                edges = durations[part, None] - places[::-1]
            levels, bands = spectra(slices.means(which[part], edges))
            highest = levels.max(axis=1)
            bands = np.maximum(bands, highest[:, None, None] + DEEPEST)
            bands -= bands.mean(axis=(1, 2), keepdims=True)
            keys[part] = bands.reshape(len(bands), -1) / np.sqrt(keys.shape[1])
            sounds[part] = highest > _SILENT
        return cls(at_end=at_end, keys=keys, sounds=sounds, durations=durations)

    def near(self, block: range) -> tuple[tuple[int, int], ...]:
        """The longer sounds that are most like each of a block, at most 12: (shorter, longer)."""
        rows = self.keys[block.start : block.stop]
        later = self.keys[block.start :]
        squares = np.square(self.keys).sum(axis=1)
        far = squares[block.start : block.stop, None] + squares[None, block.start :]
        far -= 2 * (rows @ later.T)
        heard = HEARD_SECONDS + self.durations[block.start : block.stop]
        far[~self.sounds[block.start : block.stop]] = np.inf
        far[:, ~self.sounds[block.start :]] = np.inf
        far[self.durations[None, block.start :] <= heard[:, None]] = np.inf
        found, others = np.nonzero(far <= _NEAR**2)
        nearest = np.argsort(far[found, others], kind="stable")
        return first_of_each_row(found[nearest], others[nearest], block.start, most=_MOST)


def _closer(
    slices: Slices, which: Places, side: _Side, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs that differ little over all they share, each by rising place."""
    if not pairs:
        return
    places = which[np.array(pairs)]
    shorter, longer = places[:, 0], places[:, 1]
    head = slices.durations[longer] - slices.durations[shorter] if side.at_end else None
    bands, level = compare_roughly(slices, shorter, longer, head)
    good = (level <= MOST_CUT_LEVEL) & (bands <= MOST_CUT_BANDS)
    for first, other in zip(shorter[good].tolist(), longer[good].tolist(), strict=True):
        yield min(first, other), max(first, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wholes:
    """Whole sounds.

    Attributes:
        spectra: (n, 16) dB, whatever their level.
        sounding: (n,) s from where they are first to where they are last within 50 dB of their
            loudest.
        grain: (n,) s by which that may be wrong.
    """

    spectra: Floats
    sounding: Floats
    grain: Floats

    @classmethod
    def of(cls, slices: Slices) -> _Wholes:
        found = [np.zeros((0, BANDS))]
        sounding = [np.zeros(0)]
        for start in range(0, len(slices), _SOUNDS_AT_ONCE):
            which = np.arange(start, min(start + _SOUNDS_AT_ONCE, len(slices)))
            edges = np.linspace(0, slices.durations[which], _WHOLE_STRETCHES + 1, axis=1)
            levels, bands = spectra(slices.means(which, edges))
            mean = 10 * np.log10((10 ** (bands / 10)).mean(axis=2) + 1e-12)
            mean = np.maximum(mean, mean.max(axis=1, keepdims=True) + DEEPEST)
            found.append(mean - mean.mean(axis=1, keepdims=True))
            heard = levels > levels.max(axis=1, keepdims=True) + _WHOLE_SOUNDING
            stretches = _WHOLE_STRETCHES - heard.argmax(axis=1) - heard[:, ::-1].argmax(axis=1)
            sounding.append(stretches / _WHOLE_STRETCHES * slices.durations[which])
        # Frames reach into the silence on both sides.
        grain = _GRAIN * slices.durations / _WHOLE_STRETCHES + 2 * EDGE
        return cls(spectra=np.concatenate(found), sounding=np.concatenate(sounding), grain=grain)


def _likely(
    slices: Slices, wholes: _Wholes, pairs: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Leave out those of which a rough look says that they are not the same."""
    if not pairs:
        return ()
    places = np.array(pairs)
    outline, other = places[:, 0], places[:, 1]
    far = np.sqrt(np.square(wholes.spectra[outline] - wholes.spectra[other]).mean(axis=1))
    longer = np.abs(wholes.sounding[outline] - wholes.sounding[other])
    # Of a part some of the spectrum is gone; but what is cut at one end is found by its other end.
    by_silence = longer <= np.maximum(wholes.grain[outline], wholes.grain[other])
    close = far <= np.where(by_silence, _SAME_SPECTRUM, _SAME_OF_PARTS)
    as_long = np.abs(slices.durations[outline] - slices.durations[other]) <= HEARD_SECONDS
    bands, level = compare_roughly(slices, outline[as_long], other[as_long])
    close[as_long] = (bands <= _MOST_BANDS) & (level <= _MOST_LEVEL)
    return tuple(pair for pair, good in zip(pairs, close.tolist(), strict=True) if good)

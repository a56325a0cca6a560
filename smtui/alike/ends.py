"""Finding sounds that may be parts of longer ones: by how they begin, and by how they end.

A sound without its first moments has an embedding of its own, which says how a sound begins. But
what is cut at its start ends as before, and what is cut at its end begins as before. So for each
sound the coarse spectra of its first and of its last seconds are compared with those of all that
last longer, then both are laid upon each other at that end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.alike.bands import BANDS
from smtui.alike.overlaps import apart
from smtui.alike.sameness import DEEPEST, capped, spectra
from smtui.alike.slices import EDGE, Floats, Places, Slices
from smtui.domain.copies import HEARD_SECONDS, LEAST_CUT, MOST_CUT_BANDS, MOST_CUT_LEVEL
from smtui.domain.ports.copies import Near

_LEAST_SPAN = 0.2
_TIMES = 3.0
_STRETCHES = 8
_SILENT = -80.0
_NEAR = 1.2
"""dB, the root of the mean square over bands and stretches: nine in ten copies are below .4."""
_MOST = 12
_ROWS_AT_ONCE = 512
_SOUNDS_AT_ONCE = 1_000


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
        keys = np.zeros((len(which), BANDS * _STRETCHES), dtype=np.float32)
        sounds = np.zeros(len(which), dtype=bool)
        durations = slices.durations[which]
        places = EDGE + np.linspace(0, span, _STRETCHES + 1)
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
        return capped(found[nearest], others[nearest], block.start, most=_MOST)


def _closer(
    slices: Slices, which: Places, side: _Side, pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Those of the pairs that are alike over all that both share, in the order of their places."""
    if not pairs:
        return
    places = which[np.array(pairs)]
    shorter, longer = places[:, 0], places[:, 1]
    head = slices.durations[longer] - slices.durations[shorter] if side.at_end else None
    bands, level = apart(slices, shorter, longer, head)
    good = (level <= MOST_CUT_LEVEL) & (bands <= MOST_CUT_BANDS)
    for one, other in zip(shorter[good].tolist(), longer[good].tolist(), strict=True):
        yield min(one, other), max(one, other)

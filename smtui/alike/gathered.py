"""All sounds that are compared with all others, and which pairs of them may be the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from smtui.alike.ends import parts
from smtui.alike.overlaps import apart
from smtui.alike.sameness import sounding_alike, spectra
from smtui.alike.slices import Floats, Slices
from smtui.domain.copies import HEARD_SECONDS
from smtui.domain.masking import ROWS, Outline
from smtui.domain.ports.copies import Near
from smtui.domain.sample import FileId

_SOUNDS_AT_ONCE = 1_000
_STRETCHES = 64
_DEEPEST = -35.0
_SAME_SPECTRUM = 2.5
"""dB between spectra of whole sounds, where they last differently long."""
_MOST_BANDS, _MOST_LEVEL = 1.5, 0.6
"""dB by which two of the same length may be apart at a rough look."""


class Gathered:
    """Takes outlines as they come; their places go on."""

    def __init__(self) -> None:
        self._rows: list[Floats] = []
        self._durations: list[float] = []
        self._embeddings: list[bytes] = []

    def add(self, outlines: Sequence[Outline], embeddings: Mapping[FileId, bytes]) -> None:
        """Take some more."""
        for one in outlines:
            numbers = np.frombuffer(one.numbers, dtype="<f8").reshape(ROWS, one.slices)
            self._rows.append(np.nan_to_num(numbers, posinf=0.0, neginf=0.0).astype(np.float32))
            self._durations.append(one.duration)
            self._embeddings.append(embeddings[one.file_id])

    def near(self, least: float) -> Iterator[Near]:
        """Find the pairs as the Copies port says; for a thread."""
        slices = Slices(self._rows, self._durations)
        self._rows.clear()
        whole = _spectra_of_all(slices)
        done = 0
        # Each sound is looked at twice, and counts as half done after the first time.
        for step in sounding_alike(self._embeddings, least):
            done = step.done // 2
            yield Near(done=done, pairs=_likely(slices, whole, step.pairs))
        self._embeddings.clear()
        for step in parts(slices):
            yield replace(step, done=done + (step.done + 1) // 2)


def _spectra_of_all(slices: Slices) -> Floats:
    """The spectrum of each whole sound, (n, 16) dB whatever its level."""
    found = []
    for start in range(0, len(slices), _SOUNDS_AT_ONCE):
        which = np.arange(start, min(start + _SOUNDS_AT_ONCE, len(slices)))
        edges = np.linspace(0, slices.durations[which], _STRETCHES + 1, axis=1)
        _, bands = spectra(slices.means(which, edges))
        mean = 10 * np.log10((10 ** (bands / 10)).mean(axis=2) + 1e-12)
        mean = np.maximum(mean, mean.max(axis=1, keepdims=True) + _DEEPEST)
        found.append(mean - mean.mean(axis=1, keepdims=True))
    return np.concatenate(found) if found else np.zeros((0, 1))


def _likely(
    slices: Slices, whole: Floats, pairs: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Leave out those of which a rough look says that they are not the same."""
    if not pairs:
        return ()
    places = np.array(pairs)
    one, other = places[:, 0], places[:, 1]
    close = np.square(whole[one] - whole[other]).mean(axis=1) <= _SAME_SPECTRUM**2
    as_long = np.abs(slices.durations[one] - slices.durations[other]) <= HEARD_SECONDS
    bands, level = apart(slices, one[as_long], other[as_long])
    close[as_long] = (bands <= _MOST_BANDS) & (level <= _MOST_LEVEL)
    return tuple(pair for pair, good in zip(pairs, close.tolist(), strict=True) if good)

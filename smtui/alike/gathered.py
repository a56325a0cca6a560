"""All sounds that are compared with all others, and which pairs of them may be the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smtui.alike.bands import BANDS
from smtui.alike.ends import parts
from smtui.alike.overlaps import apart
from smtui.alike.sameness import DEEPEST, sounding_alike, spectra
from smtui.alike.slices import EDGE, Floats, Slices
from smtui.domain.copies import HEARD_SECONDS
from smtui.domain.masking import ROWS, Outline
from smtui.domain.ports.copies import Near
from smtui.domain.sample import FileId

_SOUNDS_AT_ONCE = 1_000
_STRETCHES = 64
_SOUNDING = -50.0
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
        for one in outlines:
            numbers = np.frombuffer(one.numbers, dtype="<f8").reshape(ROWS, one.slices)
            self._rows.append(np.nan_to_num(numbers, posinf=0.0, neginf=0.0).astype(np.float32))
            self._durations.append(one.duration)
            self._embeddings.append(embeddings[one.file_id])

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
            edges = np.linspace(0, slices.durations[which], _STRETCHES + 1, axis=1)
            levels, bands = spectra(slices.means(which, edges))
            mean = 10 * np.log10((10 ** (bands / 10)).mean(axis=2) + 1e-12)
            mean = np.maximum(mean, mean.max(axis=1, keepdims=True) + DEEPEST)
            found.append(mean - mean.mean(axis=1, keepdims=True))
            heard = levels > levels.max(axis=1, keepdims=True) + _SOUNDING
            stretches = _STRETCHES - heard.argmax(axis=1) - heard[:, ::-1].argmax(axis=1)
            sounding.append(stretches / _STRETCHES * slices.durations[which])
        # Frames reach into the silence on both sides.
        grain = _GRAIN * slices.durations / _STRETCHES + 2 * EDGE
        return cls(spectra=np.concatenate(found), sounding=np.concatenate(sounding), grain=grain)


def _likely(
    slices: Slices, wholes: _Wholes, pairs: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Leave out those of which a rough look says that they are not the same."""
    if not pairs:
        return ()
    places = np.array(pairs)
    one, other = places[:, 0], places[:, 1]
    far = np.sqrt(np.square(wholes.spectra[one] - wholes.spectra[other]).mean(axis=1))
    longer = np.abs(wholes.sounding[one] - wholes.sounding[other])
    # Of a part some of the spectrum is gone; but what is cut at one end is found by its other end.
    by_silence = longer <= np.maximum(wholes.grain[one], wholes.grain[other])
    close = far <= np.where(by_silence, _SAME_SPECTRUM, _SAME_OF_PARTS)
    as_long = np.abs(slices.durations[one] - slices.durations[other]) <= HEARD_SECONDS
    bands, level = apart(slices, one[as_long], other[as_long])
    close[as_long] = (bands <= _MOST_BANDS) & (level <= _MOST_LEVEL)
    return tuple(pair for pair, good in zip(pairs, close.tolist(), strict=True) if good)

"""The slices of several sounds side by side, read as means over any stretch of time, in 16 bands.

A slice is a mean over whole frames, and two cuts of one sound are sliced at other places. So a
stretch is not read at its middle but as the mean of what it covers: the running sum of the slices,
taken to be even inside a slice, at its end less that at its start. Two cuts then agree to some
tenths of a decibel, where values read at moments differ by several.

Conventions: places are (n,) sounds, edges (n, m + 1) seconds; bands are evenly spaced on the mel
scale, and `audio.frames.cepstral_basis(BANDS)` makes their dB of cepstral coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND
from smtui.domain.analysis import MAX_SLICES
from smtui.domain.mel import HIGHEST_HZ, hertz_to_mel, mel_to_hertz

Floats = npt.NDArray[np.floating]
Places = npt.NDArray[np.intp]

EDGE = 0.05
"""s that frames reach beyond what they are of: where a file is cut, they have silence in them."""

Array = npt.NDArray[np.float32]

BANDS = 16


class Slices:
    """Rows of slices of several sounds.

    Attributes:
        durations: (n,) s.
    """

    def __init__(self, rows: Sequence[Floats], durations: Sequence[float]) -> None:
        """Take the rows of each sound, (r, its slices), and how long each lasts."""
        height = len(rows[0]) if rows else 0
        self.durations = np.array(durations, dtype=np.float64)
        self._counts = np.array([each.shape[1] for each in rows], dtype=np.intp)
        frames = np.floor(self.durations * FRAMES_PER_SECOND + 1e-6).astype(np.intp) + 1
        # What other programs wrote may have more slices than a sound has frames here.
        self._frames = np.maximum(frames, self._counts)
        self._rows = np.zeros((len(rows), height, MAX_SLICES), dtype=np.float32)
        for place, each in enumerate(rows):
            self._rows[place, :, : each.shape[1]] = each
        self._only: tuple[Places, Floats] | None = None

    def __len__(self) -> int:
        return len(self._counts)

    @property
    def seconds(self) -> Floats:
        """How long a slice of each sound is, (n,)."""
        return np.asarray(self.durations / np.maximum(self._counts, 1))

    def means(self, which: Places, edges: Floats) -> Floats:
        """Average the rows between edges.

        Args:
            which: (n,) the sounds.
            edges: (n, m + 1) s, rising; what lies outside a sound is taken to be its nearest edge.

        Returns:
            (n, r, m).
        """
        counts, frames = self._counts[which][:, None], self._frames[which][:, None]
        starts, sums = self._running(which)
        # What is read again and again is one sound that is summed once.
        place_of = np.zeros_like(which) if len(self) == 1 else np.arange(len(which))
        own = place_of[:, None]
        place = np.clip(edges * FRAMES_PER_SECOND + 0.5, 0, frames)
        # The last slice that begins no later than the frame; i begins at i * frames // counts.
        before = -(-(np.floor(place).astype(np.intp) + 1) * counts // frames) - 1
        before = np.clip(before, 0, counts - 1)
        first, after = starts[own, before], starts[own, before + 1]
        share = ((place - first) / np.maximum(after - first, 1))[:, :, None]
        low, high = sums[own, before], sums[own, before + 1]
        reached = low + (high - low) * share
        spread = np.maximum(np.diff(place, axis=1), 1e-6)[:, :, None]
        return np.asarray(np.moveaxis(np.diff(reached, axis=1) / spread, 1, 2))

    def _running(self, which: Places) -> tuple[Places, Floats]:
        """At which frames the slices begin, (n, 65), and the sums up to there, (n, 65, r)."""
        if len(self) == 1 and self._only is not None:
            return self._only
        taken = np.zeros(1, dtype=np.intp) if len(self) == 1 else which
        counts, frames = self._counts[taken][:, None], self._frames[taken][:, None]
        starts = np.arange(MAX_SLICES + 1)[None, :] * frames // np.maximum(counts, 1)
        starts = np.minimum(starts, frames)
        rows = np.moveaxis(self._rows[taken], 1, 2).astype(np.float64)
        sums = np.zeros((len(taken), MAX_SLICES + 1, rows.shape[2]))
        np.cumsum(rows * np.diff(starts)[:, :, None], axis=1, out=sums[:, 1:])
        if len(self) == 1:
            self._only = (starts, sums)
        return starts, sums


@cache
def band_widths() -> Array:
    """Return the widths of the bands, dB: mel bands are means over their width, not sums."""
    places = np.linspace(0, hertz_to_mel(HIGHEST_HZ), BANDS + 1)
    edges = [mel_to_hertz(float(place)) for place in places]
    return np.asarray(10 * np.log10(np.diff(edges)), dtype=np.float32)

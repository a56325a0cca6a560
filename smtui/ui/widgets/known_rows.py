"""The rows that a table has at hand: a few thousand of what may be a million."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.sample import Sample

_MOST = 6_000


class KnownRows:
    """Samples by row number. Rows far from where one looks are forgotten."""

    def __init__(self) -> None:
        self._samples: dict[int, Sample] = {}
        self._stale: set[int] = set()

    def __len__(self) -> int:
        return len(self._samples)

    def get(self, row: int) -> Sample | None:
        """Give what is known of a row, however old."""
        return self._samples.get(row)

    def fill(self, start: int, samples: Sequence[Sample], *, exact: bool = True) -> None:
        """Keep rows from `start` on; rows that are not exact are shown, and asked for again."""
        for row, sample in enumerate(samples, start):
            self._samples[row] = sample
            self._stale.discard(row)
            if not exact:
                self._stale.add(row)
        if len(self._samples) > _MOST:
            middle = start + len(samples) // 2
            nearest = sorted(self._samples, key=lambda row: abs(row - middle))
            for row in nearest[_MOST // 2 :]:
                del self._samples[row]
                self._stale.discard(row)

    def missing(self, first: int, last: int) -> range:
        """Give the smallest range within first … last that holds all that must be asked for."""
        lacking = [
            row for row in range(first, last + 1) if row not in self._samples or row in self._stale
        ]
        return range(lacking[0], lacking[-1] + 1) if lacking else range(0)

    def age(self, *, shift: int = 0) -> None:
        """Let every row be asked for again, and shown until then, moved by so many rows."""
        self._samples = {row + shift: sample for row, sample in self._samples.items()}
        self._stale = set(self._samples)

    def forget(self) -> None:
        """Another question: nothing is known."""
        self._samples.clear()
        self._stale.clear()

    def cut(self, count: int) -> None:
        """The answer has only `count` rows now."""
        for row in [row for row in self._samples if row >= count]:
            del self._samples[row]
            self._stale.discard(row)

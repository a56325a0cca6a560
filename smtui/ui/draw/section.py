"""The part of a sound that is looked at, and how; zooming and panning give another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

_SHORTEST = 0.01
_RANGES = (80.0, 60.0, 40.0, 120.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """From `start` to `end` in s of a sound of `duration` s; frequency axis; range in dB."""

    duration: float
    start: float
    end: float
    log: bool = True
    range_db: float = _RANGES[0]

    @classmethod
    def whole(cls, duration: float, *, like: Section | None = None) -> Section:
        """All of a sound, with the axis and range of `like`."""
        if like is None:
            return cls(duration=duration, start=0.0, end=duration)
        return replace(like, duration=duration, start=0.0, end=duration)

    @property
    def span(self) -> float:
        """How long the part is, s."""
        return self.end - self.start

    @property
    def zoom(self) -> float:
        """How many times the part is contained in the sound."""
        return self.duration / self.span if self.span > 0 else 1.0

    def zoomed(self, factor: float, at: float) -> Section:
        """Show `factor` times more detail; the time `at` keeps its place on the screen."""
        span = min(max(self.span / factor, min(_SHORTEST, self.duration)), self.duration)
        place = (at - self.start) / self.span if self.span > 0 else 0.5
        return self._from(at - span * place, span)

    def panned(self, share: float) -> Section:
        """Move by a share of what is shown."""
        return self._from(self.start + self.span * share, self.span)

    def with_other_axis(self) -> Section:
        """Linear instead of logarithmic frequencies, and back."""
        return replace(self, log=not self.log)

    def with_next_range(self) -> Section:
        """The next of the usual ranges in dB."""
        place = _RANGES.index(self.range_db) if self.range_db in _RANGES else -1
        return replace(self, range_db=_RANGES[(place + 1) % len(_RANGES)])

    def _from(self, start: float, span: float) -> Section:
        start = min(max(start, 0.0), self.duration - span)
        return replace(self, start=start, end=start + span)

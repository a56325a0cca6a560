"""What came of listening to one file, to be kept as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.analysis import Analysis
from smtui.domain.batch import Claimed
from smtui.domain.sample import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A claimed file with its analysis, and what its row shows of that."""

    claimed: Claimed
    analysis: Analysis
    heard: Heard

    @property
    def heard_ms(self) -> int:
        """How long the sound is that was listened to, ms."""
        return round(1000 * self.analysis.measured.duration)

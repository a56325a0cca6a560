"""Weights of the aspects: what was compared is ranked anew at once, a better answer follows."""

from __future__ import annotations

from dataclasses import replace

from smtui.domain.errors import InputInvalid
from smtui.domain.likeness import ASPECTS, Weights
from smtui.ui.similar.searching import LIMIT, Searching

# Keys that move a weight come in quick succession; only where it rests is worth a round trip.
_REST = 0.3


class Weighing(Searching):
    """Moves weights."""

    def action_aspect(self, place: int) -> None:
        """Choose the aspect that + and - move."""
        self.aspect = ASPECTS[place]
        self.show_search()

    def action_heavier(self) -> None:
        """Let the chosen aspect count more."""
        self._move(1)

    def action_lighter(self) -> None:
        """Let the chosen aspect count less."""
        self._move(-1)

    def action_even(self) -> None:
        """Let every aspect count as usual."""
        self._weigh(Weights())

    def _move(self, by: int) -> None:
        try:
            self._weigh(self.search.weights.moved(self.aspect, by))
        except InputInvalid as error:
            self.say(str(error))

    def _weigh(self, weights: Weights) -> None:
        if weights == self.search.weights:
            return
        self.search = replace(self.search, weights=weights)
        if self.answer is not None:
            self.answer = self.answer.reweighted(weights, limit=LIMIT)
            self.show_hits(None, anew=False)
            if any(row.sample is None and row.file_id for row in self.table.rows):
                self.read_rows()
        self.ask_again(pause=_REST)

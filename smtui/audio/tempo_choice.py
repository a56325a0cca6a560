"""Which tempo, whether the sound is a loop, whether it has a beat at all, and how sure.

Small perceptrons choose, learned from music and beatless sounds of our own making by
`tests/learning/learn_tempo.py`. They see how alike the strokes are to themselves at parts and
multiples of each possible beat, in six bands, and how usual the tempo is: the rule of people who
mix music is learned with it, that drum and bass is counted at 170 and hip-hop at 85.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.frames import Array
from smtui.audio.networks import Perceptron, sigmoid, softmax
from smtui.audio.strokes import Pulse
from smtui.audio.tempo_features import Candidates, loop_candidates, piece_candidates, spans_of
from smtui.audio.tempo_signs import Signs, claim_signs

_SAME_OCTAVES = 0.03
"""Tempi this near are one reading."""
_DISTINCT_OCTAVES = 0.06
_MOST_READINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One tempo: BPM, its share of the belief, how many beats in which span (0 for a piece)."""

    tempo: float
    share: float
    beats: int = 0
    span: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Candidates with their scores, and shares that sum to 1."""

    candidates: Candidates
    scores: Array
    shares: Array

    @property
    def best(self) -> int:
        """The likeliest one."""
        return int(np.argmax(self.shares))

    def signs(self) -> Array:
        """Describe how clear the choice is."""
        return claim_signs(self.shares, self.scores, self.candidates.rows, self.best)

    def readings(self) -> tuple[Reading, ...]:
        """The likeliest tempi, best first, neighbours taken together."""
        left = self.shares.astype(np.float64)
        octaves = np.log2(self.candidates.tempi)
        readings: list[Reading] = []
        while len(readings) < _MOST_READINGS and left.max() > 0:
            place = int(np.argmax(left))
            distance = np.abs(octaves - octaves[place])
            readings.append(
                Reading(
                    tempo=float(self.candidates.tempi[place]),
                    share=float(left[distance < _SAME_OCTAVES].sum()),
                    beats=int(self.candidates.beats[place]),
                    span=int(self.candidates.span[place]),
                )
            )
            left[distance < _DISTINCT_OCTAVES] = 0
        return tuple(readings)


def choice(net: Perceptron, candidates: Candidates) -> Choice:
    """Let a net choose."""
    scores = net.scores(candidates.rows)
    return Choice(candidates=candidates, scores=scores, shares=softmax(scores))


def loops_in(signs: Signs, linear: Pulse) -> Candidates | None:
    """What the sound may be as a loop; None where it is too short or too long for one."""
    spans = spans_of(signs.duration, signs.head, signs.tail)
    if not spans:
        return None
    return loop_candidates(signs.strokes, linear, spans, signs.onsets)


def pieces_in(signs: Signs, linear: Pulse) -> Candidates:
    """The tempi that the sound may have if it is no loop."""
    return piece_candidates(linear, signs.onsets / signs.duration)


def loop_row(sound: Array, loop: Choice, piece: Choice) -> Array:
    """From which it is decided whether a sound is a loop."""
    return np.concatenate((sound, loop.signs(), piece.signs(), _agreement(loop, piece)))


def beat_row(sound: Array, piece: Choice) -> Array:
    """From which it is decided whether a sound that is no loop has a beat."""
    return np.concatenate((sound, piece.signs()))


def odds_row(gate: float, share: float) -> Array:
    """From which it is told how sure a claim is: (1, 2)."""
    return np.array([[_odds(gate), _odds(share)]], dtype=np.float32)


def sureness(net: Perceptron, gate: float, share: float) -> float:
    """How likely a claim is right, from how likely there is one to make and its share."""
    return sigmoid(float(net.scores(odds_row(gate, share))[0]))


def _agreement(loop: Choice, piece: Choice) -> Array:
    """How much both ways of listening believe in each other's tempo."""
    loops, pieces = np.log2(loop.candidates.tempi), np.log2(piece.candidates.tempi)
    at_loop = piece.shares[np.abs(pieces - loops[loop.best]) < _SAME_OCTAVES].sum()
    at_piece = loop.shares[np.abs(loops - pieces[piece.best]) < _SAME_OCTAVES].sum()
    apart = loops[loop.best] - pieces[piece.best]
    near = float(abs(apart) < _SAME_OCTAVES)
    return np.array([at_loop, at_piece, near, float(np.clip(apart, -2, 2))], dtype=np.float32)


def _odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))

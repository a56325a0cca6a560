"""Why a tempo is claimed, in plain facts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Array
from smtui.audio.strokes import LOW, MIDDLE
from smtui.audio.tempo_choice import Reading
from smtui.domain.analysis import TempoClaim

_NEAR_FRAMES = 4
_CLEAR_SHARE = 0.6
_OCTAVE_TOLERANCE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A tempo, what else it could be, beats in a bar (0 unknown), and its seconds of sound."""

    reading: Reading
    rivals: tuple[TempoClaim, ...]
    meter: int
    seconds: float
    trimmed: float


def evidence_of(claimed: Claimed, strokes: Array, beats: tuple[float, ...]) -> tuple[str, ...]:
    """Say what speaks for the tempo, and what against it."""
    facts = [_length(claimed)]
    if claimed.trimmed:
        facts.append(f"{claimed.trimmed:.2f} s of silence around them left out")
    if claimed.reading.beats:
        # Where the bars of a piece begin is not known.
        facts += _accents(claimed.meter, strokes, beats)
    facts += [_rival(claimed.reading.tempo, rival) for rival in claimed.rivals]
    return tuple(facts)


def _length(claimed: Claimed) -> str:
    if claimed.reading.beats:
        return f"{claimed.reading.beats} beats in {claimed.seconds:.2f} s"
    return f"strokes repeat every {60 / claimed.reading.tempo:.3f} s, but not over the whole length"


def _accents(meter: int, strokes: Array, beats: tuple[float, ...]) -> list[str]:
    """On which beats of the bar low and high drums fall, where that is clear."""
    if not meter or len(beats) < meter:
        return []
    places = np.rint(np.array(beats) * FRAMES_PER_SECOND).astype(int)
    near = places[:, None] + np.arange(2 * _NEAR_FRAMES + 1)
    padded = np.pad(strokes, ((0, 0), (_NEAR_FRAMES, 2 * _NEAR_FRAMES)))
    near = np.minimum(near, padded.shape[1] - 1)
    told = []
    for name, row in (("low strokes", LOW), ("snare or clap", MIDDLE)):
        sums = padded[row][near].sum(axis=1)
        bar = np.array([sums[beat::meter].mean() for beat in range(meter)])
        strong = np.flatnonzero(bar > _CLEAR_SHARE * bar.max())
        if bar.max() > 0 and len(strong) < meter:
            told.append(f"{name} on {_listed((strong + 1).tolist())}")
        elif name == "low strokes" and bar.max() > 0:
            told.append("low strokes on every beat")
    return [", ".join(told)] if told else []


def _listed(numbers: list[int]) -> str:
    words = [str(number) for number in numbers]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _rival(tempo: float, rival: TempoClaim) -> str:
    octaves = float(np.log2(rival.tempo / tempo))
    name = "otherwise"
    if abs(octaves + 1) < _OCTAVE_TOLERANCE:
        name = "half"
    elif abs(octaves - 1) < _OCTAVE_TOLERANCE:
        name = "double"
    return f"{name}: {rival.tempo:.1f} rated {rival.confidence:.2f}"

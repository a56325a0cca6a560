"""Tempo, loop or not, bar and beats, from onset strength.

A loop is a whole number of beats long, so once it is known to be a loop its tempo is exactly
60 · beats / duration, and only the number of beats has to be found. The evidence is the circular
autocorrelation of onset strength at the beat and its doubles, weighted by how common a tempo and
a number of beats are. Anything longer is searched for the period that repeats best. A sound
whose loudness hardly rises after its start has no tempo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND, Frames
from smtui.audio.levels import Levels
from smtui.audio.onsets import contrast_of, onset_frames
from smtui.audio.pulse import Pulse, pulse_of
from smtui.domain.analysis import TempoClaim

Floats = npt.NDArray[np.float64]

SLOWEST, FASTEST = 60.0, 200.0
_USUAL_TEMPO = 118.0
_TEMPO_SPREAD_OCTAVES = 0.6
_SHORTEST_LOOP, _LONGEST_LOOP = 0.8, 40.0
_MOST_LOOP_BEATS = 64
_FEWEST_ONSETS = 4
_FEWEST_ONSETS_PIECE = 10
_SHORTEST_PIECE = 5.0
# Rises below a quarter of the loudest level are shimmer, not strokes.
_LEAST_CONTRAST = 0.25
_LEAST_SCORE = 0.18
# Two, three, five, six beats are rare in loops and common by chance.
_LEAST_UNUSUAL_SCORE = 0.36
_LEAST_PIECE_SCORE = 0.3
_FADED_DB = -22.0
_BEAT_MULTIPLES = (1, 2, 4)
_MOST_ALTERNATIVES = 3
# Three beats in a bar are rarer than four, so they have to be clear.
_CLEARLY_THREE = 0.05
_DISTINCT_OCTAVES = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What repeats.

    Attributes:
        tempo: BPM, None where there is no beat.
        confidence: 0 to 1; 0 without tempo.
        alternatives: other readings, best first.
        is_loop: a whole number of beats that can be repeated.
        time_signature: beats in a bar and 4, or None.
        onsets, beats: s, rising.
        evidence: why, in a few plain facts.
    """

    tempo: float | None = None
    confidence: float = 0.0
    alternatives: tuple[TempoClaim, ...] = ()
    is_loop: bool = False
    time_signature: tuple[int, int] | None = None
    meter_confidence: float = 0.0
    onsets: tuple[float, ...] = ()
    beats: tuple[float, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One tempo with its evidence; `likeness` is how alike the sound is one beat later."""

    tempo: float
    score: float
    likeness: float


def rhythm(frames: Frames, levels: Levels, duration: float) -> Rhythm:
    """Find the beat of a sound of `duration` seconds."""
    struck = onset_frames(frames.strength)
    onsets = tuple(float(place) / FRAMES_PER_SECOND for place in struck)
    none = Rhythm(onsets=onsets)
    if len(struck) < _FEWEST_ONSETS or contrast_of(frames, struck) < _LEAST_CONTRAST:
        return none
    if _may_be_loop(frames, levels, duration):
        pulse = pulse_of(frames, duration, circular=True)
        readings = _loop_readings(pulse, duration)
        if readings and readings[0].score >= _least(readings[0].tempo, duration):
            return _told(pulse, readings, onsets, duration, is_loop=True)
    if duration >= _SHORTEST_PIECE and len(struck) >= _FEWEST_ONSETS_PIECE:
        pulse = pulse_of(frames, duration, circular=False)
        readings = _piece_readings(pulse)
        if readings and readings[0].score >= _LEAST_PIECE_SCORE:
            return _told(pulse, readings, onsets, duration, is_loop=False)
    return none


def _may_be_loop(frames: Frames, levels: Levels, duration: float) -> bool:
    """It neither fades out nor ends in a silence longer than a slow beat's rest."""
    if not _SHORTEST_LOOP <= duration <= _LONGEST_LOOP:
        return False
    last = frames.rms[-(len(frames.rms) // 4 + 1) :].max()
    faded = last < frames.rms.max() * 10 ** (_FADED_DB / 20)
    return not faded and levels.silence_tail < min(0.5, 0.2 * duration)


def _least(tempo: float, duration: float) -> float:
    beats = round(tempo * duration / 60)
    return _LEAST_UNUSUAL_SCORE if beats % 4 else _LEAST_SCORE


def _loop_readings(pulse: Pulse, duration: float) -> list[_Reading]:
    fewest = max(2, int(np.ceil(SLOWEST * duration / 60)))
    most = min(_MOST_LOOP_BEATS, int(FASTEST * duration / 60))
    readings = []
    for beats in range(fewest, most + 1):
        lag = duration / beats * FRAMES_PER_SECOND
        likeness = _beat_likeness(pulse, lag, longest=duration * FRAMES_PER_SECOND)
        tempo = 60 * beats / duration
        score = likeness * _usual(tempo) * _whole(beats) * _answers(pulse, lag)
        readings.append(_Reading(tempo=tempo, score=score, likeness=likeness))
    return sorted(readings, key=lambda reading: -reading.score)


def _piece_readings(pulse: Pulse) -> list[_Reading]:
    readings = []
    longest = len(pulse.likeness)
    for tempo in np.geomspace(SLOWEST, FASTEST, 240):
        lag = 60 / tempo * FRAMES_PER_SECOND
        likeness = _beat_likeness(pulse, lag, longest=longest)
        score = likeness * _usual(tempo) * _answers(pulse, lag)
        readings.append(_Reading(tempo=float(tempo), score=score, likeness=likeness))
    readings.sort(key=lambda reading: -reading.score)
    distinct: list[_Reading] = []
    for reading in readings:
        refined = _refined(pulse, reading)
        if all(abs(np.log2(refined.tempo / other.tempo)) > _DISTINCT_OCTAVES for other in distinct):
            distinct.append(refined)
        if len(distinct) > _MOST_ALTERNATIVES:
            break
    return distinct


def _beat_likeness(pulse: Pulse, lag: float, *, longest: float) -> float:
    lags = [lag * multiple for multiple in _BEAT_MULTIPLES if lag * multiple < longest - 1]
    return float(np.mean([pulse.at(each) for each in lags])) if lags else 0.0


def _usual(tempo: float) -> float:
    """How usual a tempo is, 0 to 1."""
    octaves = np.log2(tempo / _USUAL_TEMPO)
    return float(np.exp(-0.5 * (octaves / _TEMPO_SPREAD_OCTAVES) ** 2))


def _whole(beats: int) -> float:
    """How usual a number of beats is for a loop: 4, 8, 16, 32 most, then 12 and 24."""
    odd = beats
    while odd % 2 == 0:
        odd //= 2
    if odd in (1, 3):
        return 1.0 if odd == 1 else 0.8
    return 0.65 if beats % 4 == 0 else 0.55 if beats % 2 == 0 else 0.45


def _answers(pulse: Pulse, lag: float) -> float:
    """Raise a tempo whose half beats are filled and whose snare answers the bass drum.

    The snare answers one beat later, not two; at half or double the tempo it does not.
    """
    filled = 1.0 + 0.4 * max(0.0, pulse.at(lag / 2))
    if 2 * lag >= len(pulse.backbeat):
        return filled
    difference = pulse.backbeat_at(lag) - pulse.backbeat_at(2 * lag)
    return filled * (1.0 + 0.8 * max(0.0, difference))


def _refined(pulse: Pulse, reading: _Reading) -> _Reading:
    """Read the period off its highest visible multiple, where a frame matters least."""
    period = 60 / reading.tempo * FRAMES_PER_SECOND
    for multiple in (1, 2, 4, 8, 16, 32):
        lag = period * multiple
        if lag + 4 >= len(pulse.likeness):
            break
        start = max(1, round(lag) - 3)
        near = pulse.likeness[start : start + 7]
        peak = int(np.argmax(near))
        if 0 < peak < 6 and near[peak] > 0.5 * reading.likeness:
            period = (start + peak + _vertex(near[peak - 1 : peak + 2])) / multiple
    tempo = float(60 * FRAMES_PER_SECOND / period)
    return _Reading(tempo=tempo, score=reading.score, likeness=reading.likeness)


def _vertex(three: Floats) -> float:
    """Where a parabola through three neighbours has its top, from -0.5 to 0.5."""
    bend = three[0] - 2 * three[1] + three[2]
    return 0.0 if bend >= 0 else float(0.5 * (three[0] - three[2]) / bend)


def _told(
    pulse: Pulse,
    readings: list[_Reading],
    onsets: tuple[float, ...],
    duration: float,
    *,
    is_loop: bool,
) -> Rhythm:
    best = readings[0]
    rivals = readings[1 : 1 + _MOST_ALTERNATIVES]
    sure = min(1.0, 1.2 * best.likeness**0.5)
    rival = rivals[0].score / best.score if rivals else 0.0
    meter, meter_confidence = _meter(pulse, best, duration)
    return Rhythm(
        tempo=best.tempo,
        confidence=round(float(sure * (1 - 0.5 * rival)), 3),
        alternatives=tuple(
            TempoClaim(tempo=each.tempo, confidence=_share(sure, each, best))
            for each in rivals
            if each.score > 0.25 * best.score
        ),
        is_loop=is_loop,
        time_signature=meter,
        meter_confidence=meter_confidence,
        onsets=onsets,
        beats=_beats(pulse, best.tempo, duration),
    )


def _share(sure: float, reading: _Reading, best: _Reading) -> float:
    return round(0.5 * sure * reading.score / best.score, 3)


def _meter(pulse: Pulse, best: _Reading, duration: float) -> tuple[tuple[int, int] | None, float]:
    """Three or four beats in a bar, by which of the two lags is more alike."""
    lag = 60 / best.tempo * FRAMES_PER_SECOND
    if 4.5 * lag > len(pulse.likeness):
        beats = round(duration * best.tempo / 60)
        return ((4, 4), 0.3) if beats == 4 and pulse.circular else (None, 0.0)
    three, four = pulse.bar_at(3 * lag), max(pulse.bar_at(4 * lag), pulse.bar_at(2 * lag))
    sure = round(float(np.clip(0.5 + 0.4 * abs(four - three), 0.5, 1.0)), 3)
    return ((3, 4), sure) if three > four + _CLEARLY_THREE else ((4, 4), sure)


def _beats(pulse: Pulse, tempo: float, duration: float) -> tuple[float, ...]:
    """A grid of beats where the strokes are strongest; a loop's first beat is its start."""
    period = 60 / tempo
    step = period if pulse.circular else 1 / FRAMES_PER_SECOND
    starts = np.arange(0, period, step)
    count = max(1, int(round(duration / period, 3)))
    grid = starts[:, None] + np.arange(count)[None, :] * period
    places = np.clip(np.round(grid * FRAMES_PER_SECOND).astype(int), 0, len(pulse.strength) - 1)
    best = int(np.argmax(pulse.strength[places].sum(axis=1)))
    return tuple(round(float(beat), 4) for beat in grid[best] if beat < duration)

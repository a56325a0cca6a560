"""Tempo, loop or not, bar and beats, from onset strength.

A loop is a whole number of beats long, so once it is known to be a loop its tempo is exactly
60 · beats / duration, and only the number of beats has to be found; silence around it does not
count. Anything else is searched for the period that repeats best.

Small perceptrons choose, learned from music and beatless sounds of our own making by
`tests/learning/learn_tempo.py`. They see how alike the strokes are to themselves at parts and
multiples of each possible beat, in six bands, and how usual the tempo is: the rule of people who
mix music is learned with it, that drum and bass is counted at 170 and hip-hop at 85.

Conventions: tempi in beats per minute, times in seconds; lags and places in frames of
1 / FRAMES_PER_SECOND; strokes are (rows, frames) as `strokes` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from smtui.audio.frames import FRAMES_PER_SECOND, Array, Frames
from smtui.audio.levels import Levels
from smtui.audio.networks import Perceptron, perceptrons, sigmoid, softmax
from smtui.audio.onsets import contrast_of, onset_frames
from smtui.audio.strokes import ALL, LOW, MIDDLE, Pulse, line, ring, strokes_of
from smtui.audio.tempo_features import (
    Candidates,
    Signs,
    Span,
    claim_signs,
    loop_candidates,
    piece_candidates,
    sound_signs,
    spans_of,
)
from smtui.domain.analysis import TempoClaim

_SAME_OCTAVES = 0.03
"""Tempi this near are one reading."""
_DISTINCT_OCTAVES = 0.06
_MOST_READINGS = 4

_NEAR_FRAMES = 4
_CLEAR_SHARE = 0.6
_OCTAVE_TOLERANCE = 0.03

_MULTIPLES = (1, 2, 4, 8)
_NEAR = 3
_LEAST_SHARE = 0.5
_PARTS = 4
"""Sixteenths: parts of a beat on which strokes fall."""
_OFF_GRID = 0.2
_FITS = 3
_FEWEST_FITTED = 4
_AS_TYPED = 0.002
"""How near a whole number of beats per minute lies, beside how far two estimates differ."""

_METER_MULTIPLES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 9.0, 12.0])
_WAVES = np.array([1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
_LONGEST_FRAMES = 8_192
FEWEST_BEATS = 3

_SHORTEST_PIECE = 2.5
"""s; in less than that only a loop tells its tempo."""
_FEWEST_ONSETS = 3
_LEAST_CONTRAST = 0.16
"""Rises below a sixth of the loudest level are the shimmer of noise and tones, not strokes."""
_LONGEST_PADDING = 0.1
"""s that an encoder may have put around a loop."""
_LEAST_SURE = 0.1
_LEAST_RIVAL = 0.005
_MOST_ALTERNATIVES = 3
_SAME = 0.02
"""Tempi nearer than this are one."""
_NO_BEAT = ("no steady beat",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What repeats.

    Attributes:
        tempo: BPM, None where there is no beat.
        confidence: 0 to 1, how likely the tempo is right; 0 without tempo.
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


def rhythm(frames: Frames, levels: Levels, duration: float, *, padded: bool = False) -> Rhythm:
    """Find the beat of a sound of `duration` seconds.

    `padded`: an encoder has put silence around it, and nobody tells how much.
    """
    struck = onset_frames(frames.strength)
    onsets = tuple(float(place) / FRAMES_PER_SECOND for place in struck)
    contrast = contrast_of(frames, struck)
    if len(struck) < _FEWEST_ONSETS or contrast < _LEAST_CONTRAST:
        return Rhythm(onsets=onsets, evidence=_NO_BEAT)
    signs = Signs(
        frames=frames,
        strokes=strokes_of(frames),
        onsets=len(struck),
        contrast=contrast,
        head=levels.silence_head,
        tail=levels.silence_tail,
        duration=duration,
    )
    claim = _claim(signs)
    if claim is None or claim.confidence < _LEAST_SURE:
        return Rhythm(onsets=onsets, evidence=_NO_BEAT)
    if padded:
        claim = _without_padding(claim, signs)
    return _as_rhythm(claim, signs, onsets)


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


def meter_signs(pulse: Pulse, lag: float, beats: int) -> Array:
    """Describe bars at a beat of `lag` frames; `beats` in the loop, 0 where it is none: (f,)."""
    likeness = pulse.at(pulse.widened()[1], lag * _METER_MULTIPLES)
    strokes = pulse.strokes[:, :_LONGEST_FRAMES]
    turns = np.exp(-2j * np.pi * np.arange(strokes.shape[1])[:, None] / (lag * _WAVES))
    waves = np.abs(strokes @ turns.astype(np.complex64))
    waves /= np.maximum(strokes.sum(axis=1, keepdims=True), 1e-6)
    plain = (
        np.log2(lag),
        float(pulse.circular),
        np.log2(pulse.strokes.shape[1] / lag),
        float(beats > 0 and beats % 3 == 0),
        float(beats > 0 and beats % 4 == 0),
        float(beats > 0 and beats % 2 == 0),
    )
    # Three against four, band by band, is what is asked.
    against = likeness[:, [3, 5, 8]] - likeness[:, [4, 6, 6]]
    parts = (plain, likeness.ravel(), against.ravel(), waves.ravel())
    return np.concatenate(parts).astype(np.float32)


def _sureness(net: Perceptron, gate: float, share: float) -> float:
    """How likely a claim is right, from how likely there is one to make and its share."""
    return sigmoid(float(net.scores(odds_row(gate, share))[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """A tempo, what else it could be, beats in a bar (0 unknown), and its seconds of sound."""

    reading: Reading
    rivals: tuple[TempoClaim, ...]
    meter: int
    seconds: float
    trimmed: float


def _evidence(claimed: _Facts, strokes: Array, beats: tuple[float, ...]) -> tuple[str, ...]:
    """Say what speaks for the tempo, and what against it."""
    facts = [_length(claimed)]
    if claimed.trimmed:
        facts.append(f"{claimed.trimmed:.2f} s of silence around them left out")
    if claimed.reading.beats:
        # Where the bars of a piece begin is not known.
        facts += _accents(claimed.meter, strokes, beats)
    facts += [_rival(claimed.reading.tempo, rival) for rival in claimed.rivals]
    return tuple(facts)


def _tempo_of_strokes(linear: Pulse, tempo: float) -> float:
    """Read the period off its highest clear multiple, where a frame matters least; BPM."""
    likeness = linear.likeness[ALL]
    period = 60 / tempo * FRAMES_PER_SECOND
    highest = 0.0
    for multiple in _MULTIPLES:
        start = max(1, round(period * multiple) - _NEAR)
        near = likeness[start : start + 2 * _NEAR + 1]
        if len(near) < 2 * _NEAR + 1:
            break
        peak = int(np.argmax(near))
        highest = max(highest, float(near[peak]))
        if 0 < peak < 2 * _NEAR and near[peak] > _LEAST_SHARE * highest:
            period = (start + peak + _vertex(near[peak - 1 : peak + 2])) / multiple
    return float(60 * FRAMES_PER_SECOND / period)


def _tempo_without_padding(
    linear: Pulse, strength: Array, tempo: float, bounds: tuple[float, float]
) -> float | None:
    """Read the tempo of a loop off its strokes where its file is longer than the loop; BPM.

    Two estimates are taken, the period at which the strokes repeat and the grid they lie on. Loops
    have the tempo that somebody typed: a whole number that both allow is taken as meant.

    Args:
        linear: the strokes as they go by.
        strength: onset strength per frame.
        tempo: what the whole length gives.
        bounds: the lowest and highest tempo that the length allows.
    """
    low, high = bounds
    estimates = [
        _tempo_of_strokes(linear, tempo),
        _fit_tempo(strength, _tempo_of_strokes(linear, tempo)),
    ]
    kept = [each for each in estimates if low * (1 - _AS_TYPED) <= each <= high * (1 + _AS_TYPED)]
    if not kept:
        return None
    middle, apart = sum(kept) / len(kept), (max(kept) - min(kept)) / 2
    typed = round(middle)
    if abs(typed - middle) <= apart + _AS_TYPED * middle and low <= typed <= high:
        return float(typed)
    return min(max(middle, low), high)


def _beat_grid(strokes: Array, tempo: float, duration: float) -> tuple[float, ...]:
    """An even grid where the strokes are strongest, s."""
    strength = strokes[ALL] + strokes[LOW]
    period = 60 / tempo
    starts = np.arange(0, period, 1 / FRAMES_PER_SECOND)
    count = max(1, int(round(duration / period, 3)))
    grid = starts[:, None] + np.arange(count)[None, :] * period
    places = np.clip(np.rint(grid * FRAMES_PER_SECOND).astype(int), 0, len(strength) - 1)
    best = int(np.argmax(strength[places].sum(axis=1)))
    return tuple(round(float(beat), 4) for beat in grid[best] if beat < duration)


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


def _length(claimed: _Facts) -> str:
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
    sentences = []
    for name, row in (("low strokes", LOW), ("snare or clap", MIDDLE)):
        sums = padded[row][near].sum(axis=1)
        bar = np.array([sums[beat::meter].mean() for beat in range(meter)])
        strong = np.flatnonzero(bar > _CLEAR_SHARE * bar.max())
        if bar.max() > 0 and len(strong) < meter:
            sentences.append(f"{name} on {_list_numbers((strong + 1).tolist())}")
        elif name == "low strokes" and bar.max() > 0:
            sentences.append("low strokes on every beat")
    return [", ".join(sentences)] if sentences else []


def _list_numbers(numbers: list[int]) -> str:
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


def _fit_tempo(strength: Array, tempo: float) -> float:
    """Lay a grid of sixteenths through the strokes by least squares; BPM."""
    places = onset_frames(strength)
    places = places[(places > 0) & (places < len(strength) - 1)]
    at = places + np.array([_vertex(strength[place - 1 : place + 2]) for place in places])
    weights = strength[places]
    for _ in range(_FITS):
        step = 60 / tempo * FRAMES_PER_SECOND / _PARTS
        turns = np.angle((weights * np.exp(2j * np.pi * at / step)).sum()) / (2 * np.pi)
        number = np.rint(at / step - turns)
        on_grid = np.abs(at / step - turns - number) < _OFF_GRID
        if on_grid.sum() < _FEWEST_FITTED or np.ptp(number[on_grid]) < _FEWEST_FITTED:
            return tempo
        slope = np.polyfit(number[on_grid], at[on_grid], 1, w=np.sqrt(weights[on_grid]))[0]
        tempo = float(60 * FRAMES_PER_SECOND / (_PARTS * slope))
    return tempo


def _vertex(three: Array) -> float:
    """Where a parabola through three neighbours has its top, from -0.5 to 0.5."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend >= 0 else float(0.5 * (three[0] - three[2]) / bend)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What was decided: readings best first, how sure of the first, and where they were heard.

    Attributes:
        span: the part that is the loop, None for a piece.
    """

    readings: tuple[Reading, ...]
    confidence: float
    pulse: Pulse
    span: Span | None


def _claim(signs: Signs) -> _Claim | None:
    """Decide whether it is a loop, a piece, or neither."""
    nets = perceptrons("tempo")
    linear = line(signs.strokes)
    loops = loops_in(signs, linear)
    if loops is None and signs.duration < _SHORTEST_PIECE:
        return None
    sound = sound_signs(signs)
    piece = choice(nets["piece"], pieces_in(signs, linear))
    if loops is not None:
        loop = choice(nets["loop"], loops)
        gate = _probability(nets["is_loop"], loop_row(sound, loop, piece))
        if gate > 0.5:
            return _as_loop(signs, loop, gate)
    gate = _probability(nets["has_beat"], beat_row(sound, piece))
    if gate <= 0.5 or signs.duration < _SHORTEST_PIECE:
        return None
    readings = _refine_readings(linear, piece.readings())
    sure = _sureness(nets["sure_piece"], gate, readings[0].share)
    return _Claim(readings=readings, confidence=sure, pulse=linear, span=None)


def _refine_readings(linear: Pulse, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Read each tempo off the strokes; two that become one count as the likelier."""
    kept: list[Reading] = []
    for reading in readings:
        tempo = _tempo_of_strokes(linear, reading.tempo)
        if all(abs(tempo / other.tempo - 1) > _SAME for other in kept):
            kept.append(Reading(tempo=tempo, share=reading.share))
    return tuple(kept)


def _as_loop(signs: Signs, loop: Choice, gate: float) -> _Claim:
    readings = loop.readings()
    span = spans_of(signs.duration, signs.head, signs.tail)[readings[0].span]
    start, length = span.start * FRAMES_PER_SECOND, span.length * FRAMES_PER_SECOND
    sure = _sureness(perceptrons("tempo")["sure_loop"], gate, readings[0].share)
    pulse = ring(signs.strokes, start, length)
    return _Claim(readings=readings, confidence=sure, pulse=pulse, span=span)


def _without_padding(claim: _Claim, signs: Signs) -> _Claim:
    """Take a loop for as long as its strokes say, and the rest for what an encoder added."""
    best, whole = claim.readings[0], signs.duration
    if claim.span is None:
        return claim
    shortest = max(whole - _LONGEST_PADDING, whole / 2)
    bounds = (60 * best.beats / whole, 60 * best.beats / shortest)
    tempo = _tempo_without_padding(line(signs.strokes), signs.frames.strength, best.tempo, bounds)
    if tempo is None:
        return claim
    scale, length = tempo / best.tempo, 60 * best.beats / tempo
    added = whole - length
    return replace(
        claim,
        readings=tuple(replace(each, tempo=each.tempo * scale) for each in claim.readings),
        pulse=ring(signs.strokes, added / 2 * FRAMES_PER_SECOND, length * FRAMES_PER_SECOND),
        span=Span(start=added / 2, length=length, trimmed=added),
    )


def _probability(net: Perceptron, row: Array) -> float:
    return sigmoid(float(net.scores(row[None])[0]))


def _as_rhythm(claim: _Claim, signs: Signs, onsets: tuple[float, ...]) -> Rhythm:
    best = claim.readings[0]
    meter, meter_confidence = _meter(claim)
    beats = _beats(claim, signs.duration)
    rivals = _rivals(claim)
    claimed = _Facts(
        reading=best,
        rivals=rivals,
        meter=meter[0] if meter else 0,
        seconds=claim.span.length if claim.span else signs.duration,
        trimmed=claim.span.trimmed if claim.span else 0.0,
    )
    return Rhythm(
        tempo=best.tempo,
        confidence=round(claim.confidence, 3),
        alternatives=rivals,
        is_loop=claim.span is not None,
        time_signature=meter,
        meter_confidence=meter_confidence,
        onsets=onsets,
        beats=beats,
        evidence=_evidence(claimed, signs.strokes, beats),
    )


def _rivals(claim: _Claim) -> tuple[TempoClaim, ...]:
    """The other readings, which share what the first leaves."""
    rest = sum(reading.share for reading in claim.readings[1:])
    left = min(claim.confidence, 1 - claim.confidence)
    return tuple(
        TempoClaim(tempo=reading.tempo, confidence=round(left * reading.share / rest, 3))
        for reading in claim.readings[1 : 1 + _MOST_ALTERNATIVES]
        if reading.share > _LEAST_RIVAL * rest
    )


def _meter(claim: _Claim) -> tuple[tuple[int, int] | None, float]:
    """Three or four beats in a bar."""
    best = claim.readings[0]
    lag = 60 / best.tempo * FRAMES_PER_SECOND
    if claim.pulse.strokes.shape[1] < (FEWEST_BEATS - 0.1) * lag:
        return None, 0.0
    row = meter_signs(claim.pulse, lag, best.beats)
    three = _probability(perceptrons("tempo")["meter"], row)
    return ((3, 4) if three > 0.5 else (4, 4)), round(max(three, 1 - three), 3)


def _beats(claim: _Claim, duration: float) -> tuple[float, ...]:
    best = claim.readings[0]
    if claim.span is None:
        return _beat_grid(claim.pulse.strokes, best.tempo, duration)
    step = claim.span.length / best.beats
    return tuple(round(claim.span.start + beat * step, 4) for beat in range(best.beats))

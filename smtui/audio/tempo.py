"""Tempo, loop or not, bar and beats, from onset strength.

A loop is a whole number of beats long, so once it is known to be a loop its tempo is exactly
60 · beats / duration, and only the number of beats has to be found; silence around it does not
count. Anything else is searched for the period that repeats best. What chooses is learned, see
`tempo_choice`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from smtui.audio.beats import beat_grid, refined, unpadded
from smtui.audio.frames import FRAMES_PER_SECOND, Array, Frames
from smtui.audio.levels import Levels
from smtui.audio.meter import FEWEST_BEATS, meter_signs
from smtui.audio.networks import Perceptron, perceptrons, sigmoid
from smtui.audio.onsets import contrast_of, onset_frames
from smtui.audio.strokes import Pulse, line, ring, strokes_of
from smtui.audio.tempo_choice import (
    Choice,
    Reading,
    beat_row,
    choice,
    loop_row,
    loops_in,
    pieces_in,
    sureness,
)
from smtui.audio.tempo_evidence import Claimed, evidence_of
from smtui.audio.tempo_features import Span, spans_of
from smtui.audio.tempo_signs import Signs, sound_signs
from smtui.domain.analysis import TempoClaim

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
        claim = _unpadded(claim, signs)
    return _told(claim, signs, onsets)


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
    readings = _refined(linear, piece.readings())
    sure = sureness(nets["sure_piece"], gate, readings[0].share)
    return _Claim(readings=readings, confidence=sure, pulse=linear, span=None)


def _refined(linear: Pulse, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Read each tempo off the strokes; two that become one count as the likelier."""
    kept: list[Reading] = []
    for reading in readings:
        tempo = refined(linear, reading.tempo)
        if all(abs(tempo / other.tempo - 1) > _SAME for other in kept):
            kept.append(Reading(tempo=tempo, share=reading.share))
    return tuple(kept)


def _as_loop(signs: Signs, loop: Choice, gate: float) -> _Claim:
    readings = loop.readings()
    span = spans_of(signs.duration, signs.head, signs.tail)[readings[0].span]
    start, length = span.start * FRAMES_PER_SECOND, span.length * FRAMES_PER_SECOND
    sure = sureness(perceptrons("tempo")["sure_loop"], gate, readings[0].share)
    pulse = ring(signs.strokes, start, length)
    return _Claim(readings=readings, confidence=sure, pulse=pulse, span=span)


def _unpadded(claim: _Claim, signs: Signs) -> _Claim:
    """Take a loop for as long as its strokes say, and the rest for what an encoder added."""
    best, whole = claim.readings[0], signs.duration
    if claim.span is None:
        return claim
    shortest = max(whole - _LONGEST_PADDING, whole / 2)
    bounds = (60 * best.beats / whole, 60 * best.beats / shortest)
    tempo = unpadded(line(signs.strokes), signs.frames.strength, best.tempo, bounds)
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


def _told(claim: _Claim, signs: Signs, onsets: tuple[float, ...]) -> Rhythm:
    best = claim.readings[0]
    meter, meter_confidence = _meter(claim)
    beats = _beats(claim, signs.duration)
    rivals = _rivals(claim)
    claimed = Claimed(
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
        evidence=evidence_of(claimed, signs.strokes, beats),
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
        return beat_grid(claim.pulse.strokes, best.tempo, duration)
    step = claim.span.length / best.beats
    return tuple(round(claim.span.start + beat * step, 4) for beat in range(best.beats))

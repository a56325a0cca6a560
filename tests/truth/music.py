"""Progressions in every key, in four arrangements."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

from tests.truth.midi import Stroke

MODES = ("major", "minor")
ARRANGEMENTS = (
    "chords",
    "pad and bass",
    "arpeggio and bass",
    "band with melody",
    "chords in rhythm",
    "one line",
)
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS = {
    "major": ("0453", "0534", "0340", "0304", "0140", "0234", "5304", "0314", "0345"),
    "minor": ("0526", "0340", "0654", "0534", "0362", "0034", "0560", "0350", "0246"),
}
_KEYBOARDS = (0, 1, 4, 5, 6, 16)
_PADS = (48, 50, 52, 89, 90, 91, 16, 19, 88, 95)
_PLUCKED = (24, 25, 26, 27, 46, 11, 12, 104)
_BASSES = (32, 33, 34, 36, 38, 39)
_LEADS = (65, 73, 40, 80, 81, 56, 22, 62, 85, 66)
_STRUMMING = ((0, 2), (0, 1, 2, 3), (0, 1.5), (0, 2, 3), (0, 1, 1.5, 2.5, 3), (0, 0.75, 1.5, 2.5))
_COMPING = ((0, 1.5, 3), (0, 1, 2, 3), (0, 0.5, 1.5, 2.5), (0.5, 1.5, 2.5, 3.5), (0, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """What is played: tonic 0 for C, mode, arrangement 0 to 5, length."""

    tonic: int
    mode: str
    arrangement: int
    bars: int = 8
    beats: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """A bar's place and chord: the notes around C3, and the root below."""

    start: float
    beats: int
    notes: tuple[int, ...]
    scale: tuple[int, ...]

    @property
    def upper(self) -> tuple[int, ...]:
        return tuple(note + 12 for note in self.notes)

    @property
    def bass(self) -> int:
        low = self.notes[0] - 12
        return low - 12 if low > 45 else low


def triad(tonic: int, mode: str, degree: int, *, seventh: bool, raised: bool) -> tuple[int, ...]:
    """The chord on a degree (0 for the tonic's); `raised` makes a minor key's fifth major."""
    scale = _SCALES[mode]
    steps = (0, 2, 4, 6) if seventh else (0, 2, 4)
    notes = [tonic + scale[(degree + k) % 7] + 12 * ((degree + k) // 7) for k in steps]
    if mode == "minor" and degree == 4 and raised:
        notes[1] = tonic + 11
    return tuple(notes)


def progression(
    chance: random.Random, harmony: Harmony
) -> tuple[tuple[Stroke, ...], dict[int, int]]:
    """Play a progression: strokes on channels 0 to 3 and the programs of those channels."""
    degrees = [int(d) for d in chance.choice(_PROGRESSIONS[harmony.mode])]
    sevenths = harmony.arrangement >= 1 and chance.random() < 0.35
    raised = chance.random() < 0.6
    play, programs = _arrangement(chance, harmony.arrangement)
    strokes: list[Stroke] = []
    for bar in range(harmony.bars):
        notes = triad(
            48 + harmony.tonic % 12,
            harmony.mode,
            degrees[bar % len(degrees)],
            seventh=sevenths and chance.random() < 0.5,
            raised=raised,
        )
        scale = tuple(60 + harmony.tonic % 12 + step for step in _SCALES[harmony.mode])
        place = _Bar(start=bar * harmony.beats, beats=harmony.beats, notes=notes, scale=scale)
        strokes += play(chance, place)
    return tuple(strokes), programs


def _arrangement(chance: random.Random, number: int):
    if number == 0:
        return _chords, {0: chance.choice(_KEYBOARDS)}
    if number == 1:
        return _pad, {0: chance.choice(_PADS), 1: chance.choice(_BASSES)}
    if number == 2:
        return _arpeggio, {0: chance.choice(_PLUCKED), 1: chance.choice(_BASSES)}
    if number == 4:
        rhythm = chance.choice(_STRUMMING)
        played = {0: chance.choice((*_KEYBOARDS, *_PLUCKED)), 1: chance.choice(_BASSES)}
        return (lambda chance, bar: _strummed(chance, bar, rhythm)), played
    if number == 5:
        figure = [(k, chance.randrange(4)) for k in range(8) if chance.random() < 0.7]
        played = {2: chance.choice((*_LEADS, *_BASSES, *_PLUCKED, *_KEYBOARDS))}
        return (lambda chance, bar: _line(bar, figure)), played
    programs = {0: chance.choice((*_KEYBOARDS, 27)), 1: chance.choice(_BASSES)}
    programs |= {2: chance.choice(_LEADS), 3: chance.choice(_PADS)}
    pattern = chance.choice(_COMPING)
    return (lambda chance, bar: _band(chance, bar, pattern)), programs


def _note(beat: float, length: float, pitch: int, velocity: int, channel: int) -> Stroke:
    return Stroke(beat=beat, length=length, pitch=pitch, velocity=velocity, channel=channel)


def _chords(chance: random.Random, bar: _Bar) -> list[Stroke]:
    length = bar.beats * 0.95
    chord = [_note(bar.start, length, note, chance.randint(75, 95), 0) for note in bar.upper]
    return [*chord, _note(bar.start, length, bar.notes[0] - 12, 85, 0)]


def _pad(chance: random.Random, bar: _Bar) -> list[Stroke]:
    length = bar.beats * 0.98
    chord = [_note(bar.start, length, note, chance.randint(65, 85), 0) for note in bar.upper]
    return chord + [_note(bar.start + beat, 0.8, bar.bass, 90, 1) for beat in range(bar.beats)]


def _arpeggio(chance: random.Random, bar: _Bar) -> list[Stroke]:
    up = (*bar.upper, bar.upper[1]) if len(bar.upper) == 3 else bar.upper
    picked = [
        _note(bar.start + k / 2, 0.6, up[k % len(up)], chance.randint(70, 90), 0)
        for k in range(bar.beats * 2)
    ]
    return picked + [_note(bar.start + k, 1.2, bar.bass, 95, 1) for k in (0, bar.beats / 2)]


def _strummed(chance: random.Random, bar: _Bar, rhythm: tuple[float, ...]) -> list[Stroke]:
    """Chords in a rhythm, and a bass on the first beat."""
    beats = [beat for beat in rhythm if beat < bar.beats]
    lengths = [end - start for start, end in pairwise([*beats, bar.beats])]
    strokes = [
        _note(bar.start + beat, 0.9 * length, note, chance.randint(70, 95), 0)
        for beat, length in zip(beats, lengths, strict=True)
        for note in bar.upper
    ]
    return [*strokes, _note(bar.start, 0.9 * bar.beats, bar.bass, 85, 1)]


def _line(bar: _Bar, figure: list[tuple[int, int]]) -> list[Stroke]:
    """A figure of eighths on the notes of the chord."""
    notes = (*bar.notes, bar.notes[0] + 12)
    return [
        _note(bar.start + k / 2, 0.45, notes[step % len(notes)], 95 if k % 2 == 0 else 80, 2)
        for k, step in figure
        if k < 2 * bar.beats
    ]


def _band(chance: random.Random, bar: _Bar, pattern: tuple[float, ...]) -> list[Stroke]:
    strokes = [
        _note(bar.start + k, 0.7, note, chance.randint(65, 85), 0)
        for k in pattern
        if k < bar.beats
        for note in bar.upper
    ]
    for beat in range(bar.beats):
        fifth = 7 if beat == 2 and chance.random() < 0.3 else 0
        strokes.append(_note(bar.start + beat, 0.8, bar.bass + fifth, 95, 1))
    strokes += [_note(bar.start, bar.beats * 0.98, note, 55, 3) for note in bar.notes]
    return strokes + melody(chance, bar.start, bar.beats, (bar.upper, bar.scale))


def melody(
    chance: random.Random, start: float, beats: int, notes: tuple[tuple[int, ...], tuple[int, ...]]
) -> list[Stroke]:
    """A line of chord notes and, less often, of the scale, on channel 2."""
    chord, scale = notes
    strokes, place = [], 0.0
    while place < beats:
        length = chance.choice((0.5, 0.5, 1, 1, 1.5))
        if chance.random() < 0.8:
            pitch = chance.choice(chord if chance.random() < 0.6 else scale)
            velocity = chance.randint(70, 95)
            strokes.append(_note(start + place, length * 0.9, pitch + 12, velocity, 2))
        place += length
    return strokes

"""Chords, bass lines, melodies and riffs in a key, borrowed chords and all, as strokes to play."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.truth.midi import Stroke

MODES = ("major", "minor")
QUALITIES = {
    "M": (0, 4, 7), "m": (0, 3, 7), "d": (0, 3, 6), "M7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10), "h": (0, 3, 6, 10), "s4": (0, 5, 7), "s2": (0, 2, 7),
}  # fmt: skip
# On each degree: semitones above the tonic, its triad, its seventh chord.
_DEGREES = {
    "major": ((0, "M", "M7"), (2, "m", "m7"), (4, "m", "m7"), (5, "M", "M7"), (7, "M", "7"),
              (9, "m", "m7"), (11, "d", "h")),
    "minor": ((0, "m", "m7"), (2, "d", "h"), (3, "M", "M7"), (5, "m", "m7"), (7, "m", "m7"),
              (8, "M", "M7"), (10, "M", "7")),
}  # fmt: skip
_BORROWED = {"bVII": (10, "M"), "iv": (5, "m"), "II": (2, "M"), "bVI": (8, "M"), "IV": (5, "M"),
             "bII": (1, "M")}  # fmt: skip
_PROGRESSIONS = {
    "major": (
        "0 4 5 3", "0 5 3 4", "0 3 4 0", "0 3 0 4", "0 1 4 0", "0 2 3 4", "5 3 0 4", "0 3", "0 4",
        "0 5", "1 4 0 0", "1 4 0 5", "3 4 0 0", "0 3 5 4", "0 2 5 4", "3 0 4 5", "0 0 3 4",
        "0 0 0 4", "3 4 2 5 1 4 0 0", "0 4 5 2 3 0 3 4", "0 bVII 3 0", "0 3 iv 0", "0 bVII",
        "0 II 3 0", "0 bVI bVII 0",
    ),
    "minor": (
        "0 5 2 6", "0 3 4 0", "0 6 5 4", "0 5 3 4", "0 3 6 2", "0 0 3 4", "0 5 6 0", "0 6", "0 3",
        "0 5", "0 6 5 6", "0 2 6 3", "0 3 5 4", "0 4 0 4", "5 6 0 0", "0 IV", "0 IV 5 4",
        "0 6 IV 0", "0 3 0 4", "1 4 0 0", "0 bII 0 4", "0 2 5 6", "0 0 5 6", "0 6 5 5", "3 0 4 0",
        "0 6 2 IV",
    ),
}  # fmt: skip
_SCALES = {
    "major": ((0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 7, 9)),
    "minor": ((0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10),
              (0, 2, 3, 5, 7, 8, 11), (0, 2, 3, 5, 7, 9, 10)),
}  # fmt: skip
_RIFFS = {
    "major": ((0, 2, 4, 7, 9), (0, 4, 7, 9), (0, 4, 5, 7), (0, 2, 4, 7)),
    "minor": ((0, 3, 5, 7, 10), (0, 3, 7, 10), (0, 2, 3, 7), (0, 3, 5, 7)),
}
_GRIDS = ((0.5, 0.5, 1, 1, 1.5), (0.25, 0.25, 0.5, 0.5), (1, 1, 2, 0.5), (0.5,), (0.5, 1))
_STABS = ((0, 1.5), (0.5, 1.5, 2.5, 3.5), (0, 1, 2, 3), (0, 0.75, 1.5, 3))
COMPINGS = ("block", "stab", "arpeggio", "arpeggio", "strum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """What is played: tonic 0 for C, mode, beats in a bar, and chords of `length` beats.

    Each chord is its root in semitones above the tonic and the name of its quality.
    """

    tonic: int
    mode: str
    beats: int
    length: float
    chords: tuple[tuple[int, str], ...]

    @property
    def all_beats(self) -> float:
        """How long it is."""
        return self.length * len(self.chords)

    def classes(self, beat: float) -> list[int]:
        """Semitones above the tonic of the chord that sounds at a beat."""
        root, quality = self.chords[min(len(self.chords) - 1, int(beat / self.length))]
        return [(root + step) % 12 for step in QUALITIES[quality]]


def song(chance: random.Random, *, mode: str, beats: int, bars: int) -> Song:
    """Choose a progression, its sevenths, and how fast the chords change."""
    names = chance.choice(_PROGRESSIONS[mode]).split()
    raised, sevenths = chance.random() < 0.6, chance.choice((0, 0, 0.3, 0.8))
    changes = chance.choice((1, 1, 1, 2, 0.5)) if len(names) > 2 else 1
    count = max(1, round(bars * changes))
    chords = [
        _chord(chance, mode, names[place % len(names)], (raised, sevenths))
        for place in range(count)
    ]
    if chance.random() < 0.2:
        chords[-1] = (0, "M" if mode == "major" else "m")
    return Song(
        tonic=chance.randrange(12),
        mode=mode,
        beats=beats,
        length=bars * beats / count,
        chords=tuple(chords),
    )


def _chord(
    chance: random.Random, mode: str, name: str, habits: tuple[bool, float]
) -> tuple[int, str]:
    if name in _BORROWED:
        return _BORROWED[name]
    raised, sevenths = habits
    root, triad, seventh = _DEGREES[mode][int(name)]
    quality = seventh if chance.random() < sevenths else triad
    if mode == "minor" and name == "4" and raised:
        quality = "7" if quality == "m7" or chance.random() < 0.3 else "M"
    if quality in ("M", "m") and chance.random() < 0.05:
        quality = chance.choice(("s4", "s2"))
    return root, quality


def _note(beat: float, length: float, pitch: int, velocity: int, channel: int) -> Stroke:
    return Stroke(beat=beat, length=length, pitch=pitch, velocity=velocity, channel=channel)


def _starts(until: float, step: float) -> Iterator[float]:
    beat = 0.0
    while beat < until - 1e-6:
        yield beat
        beat += step


def comping(chance: random.Random, played: Song, channel: int, style: str = "") -> list[Stroke]:
    """Chords in blocks, stabs, strums or arpeggios, in any inversion."""
    style = style or chance.choice(COMPINGS)
    base, inversion = chance.choice((48, 48, 60, 54)), chance.choice((0, 0, 1, 2))
    has_low, stabs, step = (
        chance.random() < 0.4,
        chance.choice(_STABS),
        chance.choice((0.25, 0.5, 0.5)),
    )
    strokes = []
    for place, (root, quality) in enumerate(played.chords):
        notes = [base + (played.tonic + root) % 12 + step for step in QUALITIES[quality]]
        for _ in range(chance.choice((inversion, inversion, 0, 1, 2))):
            notes = [*sorted(notes)[1:], min(notes) + 12]
        low = [36 + (played.tonic + root) % 12] if has_low else []
        pattern = _pattern(style, [*low, *notes], (played.length, stabs, step))
        velocity = chance.randint(65, 95)
        strokes += [
            _note(place * played.length + beat, length, pitch, velocity, channel)
            for beat, length, pitch in pattern
        ]
    return strokes


def _pattern(
    style: str, notes: list[int], timing: tuple[float, tuple[float, ...], float]
) -> list[tuple[float, float, int]]:
    length, stabs, step = timing
    if style == "block":
        return [(0, length * 0.96, pitch) for pitch in notes]
    if style == "strum":
        return [(0.06 * j, length * 0.9 - 0.06 * j, pitch) for j, pitch in enumerate(notes)]
    if style == "stab":
        return [(beat, 0.4, pitch) for beat in stabs if beat < length for pitch in notes]
    up = sorted(notes)
    up += up[-2:0:-1]
    return [
        (beat, 1.2 * step, up[place % len(up)]) for place, beat in enumerate(_starts(length, step))
    ]


def bass_line(chance: random.Random, played: Song, channel: int) -> list[Stroke]:
    """Roots, with octaves, fifths, or a walk between them."""
    style = chance.choice(("root", "eighths", "octaves", "walk", "fifths"))
    step = 0.5 if style in ("eighths", "octaves") else 1.0
    strokes = []
    for place, (root, quality) in enumerate(played.chords):
        low = 28 + (played.tonic + root - 4) % 12
        for count, beat in enumerate(_starts(played.length, step)):
            above = 0
            if style == "octaves":
                above = 12 * (count % 2)
            elif style == "fifths":
                above = 7 * (count % 2)
            elif style == "walk" and count:
                above = chance.choice((*QUALITIES[quality][1:3], *_passing(played.mode, root)))
            start = place * played.length + beat
            held = step * chance.choice((0.6, 0.95))
            strokes.append(_note(start, held, low + above, chance.randint(85, 105), channel))
    return strokes


def _passing(mode: str, root: int) -> tuple[int, ...]:
    """Two notes of the scale above a root."""
    scale = _SCALES[mode][0]
    return tuple(step for step in range(1, 12) if (root + step) % 12 in scale)[:2]


def tune(chance: random.Random, played: Song, base: int, channel: int) -> list[Stroke]:
    """A melody that mostly steps, with chord notes on the beats."""
    scale, grid = chance.choice(_SCALES[played.mode]), chance.choice(_GRIDS)
    rest, widest = chance.choice((0.05, 0.15, 0.3)), chance.choice((4, 7, 9, 12))
    last, beat = base + played.tonic, 0.0
    strokes: list[Stroke] = []
    while beat < played.all_beats - 1e-6:
        length = min(chance.choice(grid), played.all_beats - beat)
        free = 0.2 if beat % 1 == 0 else 0.65
        classes = scale if chance.random() < free else played.classes(beat)
        near = [base + 12 * octave + (played.tonic + step) % 12 for step in classes
                for octave in (-1, 0, 1)]  # fmt: skip
        pitch = chance.choice([each for each in near if abs(each - last) <= widest] or near)
        if chance.random() > rest:
            held = length * chance.choice((0.5, 0.9, 0.98))
            strokes.append(_note(beat, held, pitch, chance.randint(70, 105), channel))
            last = pitch
        beat += length
    if strokes and chance.random() < 0.5:
        end = strokes[-1]
        strokes[-1] = _note(end.beat, max(end.length, 1), base + played.tonic, 90, channel)
    return strokes


def riff(chance: random.Random, played: Song, base: int, channel: int) -> list[Stroke]:
    """One or two bars on the tonic, repeated; `base` is a C."""
    steps = chance.choice(_RIFFS[played.mode])
    cell = chance.choice((1, 2)) * played.beats
    notes: list[tuple[float, float, int]] = []
    beat = 0.0
    while beat < cell:
        length = chance.choice((0.25, 0.5, 0.5, 0.75, 1))
        if chance.random() < 0.85:
            step = chance.choice((*steps, 0, 0, 7)) + chance.choice((0, 0, 0, -12)) if beat else 0
            notes.append((beat, length, step))
        beat += length
    third = 3 if played.mode == "minor" else 4
    if all(step % 12 != third for *_, step in notes):
        notes.append((cell - 0.5, 0.5, third))
    strokes = []
    for start in _starts(played.all_beats, cell):
        for beat, length, step in notes:
            if start + beat < played.all_beats:
                pitch, velocity = base + played.tonic + step, chance.randint(80, 105)
                strokes.append(_note(start + beat, 0.9 * length, pitch, velocity, channel))
    return strokes

"""Drum patterns of many styles, on the pitches of General MIDI's drum channel."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.truth.midi import Stroke

KICK, SNARE, CLAP, CLOSED, OPEN, RIDE = 36, 38, 39, 42, 46, 51
HIGH_TOM, MID_TOM, LOW_TOM, CRASH, RIM = 50, 47, 43, 49, 37
SHAKER, COWBELL, CLAVES, CONGA_MUTE, CONGA, CONGA_LOW = 70, 56, 75, 62, 63, 64
HANDS = (60, 61, 62, 63, 64, 65, 66, 67, 68, 54, 70, 69, 56, 75, 76, 77)
METALS = frozenset({CLOSED, OPEN, RIDE, SHAKER})
# How likely a bass drum is at each sixteenth of a bar.
KICK_LIKELY = (95, 5, 10, 20, 15, 5, 30, 25, 60, 10, 50, 20, 15, 10, 30, 15)

Play = Callable[[random.Random, int], list[Stroke]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How it is played, between which tempi (BPM), with how many beats in a bar."""

    play: Play
    slowest: float
    fastest: float
    beats: int = 4


def hit(beat: float, pitch: int, velocity: int) -> Stroke:
    """One stroke on a drum."""
    return Stroke(beat=beat, length=0.1, pitch=pitch, velocity=velocity)


def humanised(
    chance: random.Random, strokes: Iterable[Stroke], *, late: float, uneven: float
) -> list[Stroke]:
    """Play as a person does: `late` beats of deviation in time, `uneven` in velocity."""
    return [
        Stroke(
            beat=max(0.0, stroke.beat + chance.gauss(0, late)),
            length=stroke.length,
            pitch=stroke.pitch,
            velocity=max(20, min(127, round(stroke.velocity + chance.gauss(0, uneven)))),
            channel=stroke.channel,
        )
        for stroke in strokes
    ]


def row(pitch: int, beats: Iterable[float], velocity: int) -> list[Stroke]:
    """The same stroke at several beats."""
    return [hit(beat, pitch, velocity) for beat in beats]


def steps(length: float, step: float) -> list[float]:
    """Beats at even distances."""
    return [index * step for index in range(round(length / step))]


def repeated(bar: Callable[[int], list[Stroke]], bars: int, beats: int = 4) -> list[Stroke]:
    """Play a bar after another; `bar` is asked for each by its number, from beat 0."""
    return [
        Stroke(
            beat=stroke.beat + beats * number,
            length=stroke.length,
            pitch=stroke.pitch,
            velocity=stroke.velocity,
        )
        for number in range(bars)
        for stroke in bar(number)
    ]


def pulse(pitch: int, step: float, levels: tuple[int, int]) -> list[Stroke]:
    """Hats at even steps, stronger on the first of two."""
    return [hit(beat, pitch, levels[index % 2]) for index, beat in enumerate(steps(4, step))]


def rock(chance: random.Random, bars: int) -> list[Stroke]:
    cymbal = chance.choice((CLOSED, CLOSED, RIDE, OPEN))
    kicks = chance.choice(
        ((0, 2), (0, 2, 2.5), (0, 1.5, 2), (0, 2.5), (0, 0.5, 2, 2.5), (0, 1.75, 2.5))
    )
    step = chance.choice((0.5, 0.5, 1.0))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 110) + row(SNARE, (1, 3), 109)
        if chance.random() < 0.3:
            strokes.append(hit(3.75, SNARE, 60))
        return strokes + pulse(cymbal, step, (85, 62 if step < 1 else 85))

    strokes = repeated(bar, bars)
    if bars > 1 and chance.random() < 0.4:
        drums = (SNARE, HIGH_TOM, MID_TOM, LOW_TOM)
        strokes += [hit(4 * bars - 1 + k / 4, drum, 95) for k, drum in enumerate(drums)]
    return strokes + (row(CRASH, (0,), 100) if chance.random() < 0.3 else [])


def house(chance: random.Random, bars: int) -> list[Stroke]:
    clap, shaken = chance.choice((CLAP, SNARE)), chance.random() < 0.5

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, range(4), 115) + row(clap, (1, 3), 100)
        strokes += row(OPEN, (0.5, 1.5, 2.5, 3.5), 80)
        if shaken:
            return strokes + pulse(SHAKER, 0.25, (50, 60))
        if chance.random() < 0.5:
            strokes += [hit(k / 4, CLOSED, 55) for k in range(16) if k % 4 != 2]
        return strokes

    return repeated(bar, bars)


def hiphop(chance: random.Random, bars: int) -> list[Stroke]:
    swing, sixteenths = chance.uniform(0, 0.16), chance.random() < 0.4
    kicks = chance.choice(
        ((0, 0.75, 2.5), (0, 1.75, 2.5), (0, 2.25, 2.75), (0, 1.5, 2.25), (0, 2.5, 3.25))
    )

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 112) + row(SNARE, (1, 3), 110)
        count, late = (16, swing / 2) if sixteenths else (8, swing)
        return strokes + [
            hit(k * 4 / count + late * (k % 2), CLOSED, 55 if k % 2 else 81) for k in range(count)
        ]

    return repeated(bar, bars)


def drum_and_bass(chance: random.Random, bars: int) -> list[Stroke]:
    kicks = chance.choice(((0, 2.5), (0, 1.25, 2.5), (0, 0.5, 2.5)))
    ghosts = chance.choice(((1.75, 2.25), (2.25, 3.75), ()))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 112) + row(SNARE, (1, 3), 112) + row(SNARE, ghosts, 55)
        return strokes + pulse(chance.choice((CLOSED, RIDE)), 0.5, (80, 65))

    return repeated(bar, bars)


def latin(chance: random.Random, bars: int) -> list[Stroke]:
    clave = chance.choice(((0, 1.5, 3, 5, 6), (0, 1.5, 3.5, 5, 6), (1, 2, 4, 5.5, 7)))
    bell = chance.random() < 0.6
    hands = (CONGA_LOW, CONGA, CONGA_MUTE, CONGA, CONGA_LOW, CONGA, CONGA, CONGA)
    levels = (80, 55, 90, 55, 80, 55, 85, 100)

    def bar(number: int) -> list[Stroke]:
        half = 4 * (number % 2)
        strokes = row(CLAVES, [k - half for k in clave if half <= k < half + 4], 100)
        strokes += pulse(SHAKER, 0.5, (75, 55))
        strokes += [hit(k / 2, hands[k], level) for k, level in enumerate(levels)]
        strokes += row(KICK, (1.5, 3.5 if half else 3), 83)
        return strokes + (row(COWBELL, range(4), 75) if bell else [])

    return repeated(bar, bars)


def funk(chance: random.Random, bars: int) -> list[Stroke]:
    kicks = chance.choice(
        ((0, 0.75, 2.5), (0, 0.5, 1.75, 2.5), (0, 1.5, 2.25, 2.75), (0, 0.75, 1.75, 2.5, 3.25))
    )

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 108) + row(SNARE, (1, 3), 110)
        strokes += [hit(k, SNARE, 45) for k in (1.75, 2.25, 0.75, 3.75) if chance.random() < 0.5]
        lifted = chance.random() < 0.5
        return strokes + [
            hit(k / 4, OPEN if lifted and k == 14 else CLOSED, 52 if k % 2 else 80)
            for k in range(16)
        ]

    return repeated(bar, bars)


def techno(chance: random.Random, bars: int) -> list[Stroke]:
    how, extra = chance.random(), chance.choice((HIGH_TOM, MID_TOM, COWBELL, RIM))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, range(4), 118)
        if how < 0.85:
            strokes += row(OPEN if how < 0.6 else CLOSED, (0.5, 1.5, 2.5, 3.5), 85)
        if how < 0.6:
            strokes += [hit(k / 4, CLOSED, 50 + chance.randint(0, 15)) for k in range(16)]
        if how > 0.4:
            strokes += row(CLAP, (1, 3), 80)
        return strokes + (row(extra, (0.75, 1.5, 2.75), 70) if how > 0.7 else [])

    return repeated(bar, bars)

"""Further styles, free patterns, bars of three, and all styles by name."""

from __future__ import annotations

import random

from tests.truth.drums import (
    CLAP,
    CLOSED,
    COWBELL,
    HANDS,
    HIGH_TOM,
    KICK,
    KICK_LIKELY,
    LOW_TOM,
    METALS,
    MID_TOM,
    OPEN,
    RIDE,
    RIM,
    SHAKER,
    SNARE,
    Style,
    drum_and_bass,
    funk,
    hiphop,
    hit,
    house,
    latin,
    pulse,
    repeated,
    rock,
    row,
    steps,
    techno,
)
from tests.truth.midi import Stroke


def trap(chance: random.Random, bars: int) -> list[Stroke]:
    kicks = chance.choice(((0, 0.75, 2.25), (0, 1.25, 2.5), (0, 0.5, 2.75), (0, 1.75, 2.25, 3.25)))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 115) + row(CLAP, (1, 3), 105)
        place = 0.0
        while place < 4:
            strokes.append(hit(place, CLOSED, 70))
            rolls = chance.random() < 0.25
            place += chance.choice((0.25, 0.25, 0.125, 0.25 / 3)) if rolls else 0.25
        return strokes

    return repeated(bar, bars)


def reggae(chance: random.Random, bars: int) -> list[Stroke]:
    four = chance.random() < 0.4

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, (2,), 110) + row(RIM, (2,), 100)
        strokes += row(KICK, range(4), 95) if four else []
        strokes += pulse(CLOSED, 0.5, (55, 75))
        return strokes + (row(OPEN, (3.5,), 70) if chance.random() < 0.4 else [])

    return repeated(bar, bars)


def breaks(chance: random.Random, bars: int) -> list[Stroke]:
    kicks = chance.choice(((0, 0.5, 2.5), (0, 0.5, 2.5, 2.75), (0, 2.25, 2.5), (0, 1.5, 2.5, 3.5)))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 110) + row(SNARE, (1, 3), 110)
        strokes += [hit(k, SNARE, 60) for k in (1.75, 2.25, 3.25, 3.75) if chance.random() < 0.4]
        return strokes + pulse(chance.choice((CLOSED, CLOSED, RIDE)), 0.5, (80, 80))

    return repeated(bar, bars)


def disco(chance: random.Random, bars: int) -> list[Stroke]:
    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, range(4), 112) + row(SNARE, (1, 3), 105)
        return strokes + [
            hit(k / 4, OPEN if k % 4 == 2 else CLOSED, 75 if k % 4 == 2 else 60) for k in range(16)
        ]

    return repeated(bar, bars)


def electro(chance: random.Random, bars: int) -> list[Stroke]:
    kicks = chance.choice(((0, 1.5, 2.5), (0, 0.75, 2.5, 3.5), (0, 1.5, 2.75)))
    bell = chance.random() < 0.5

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, 116) + row(CLAP, (1, 3), 105)
        places = [k / 4 for k in range(16) if k % 2 == 0 or chance.random() < 0.4]
        strokes += row(CLOSED, places, 65)
        return strokes + (row(COWBELL, (0.5, 1.25, 2, 3.5), 80) if bell else [])

    return repeated(bar, bars)


def bossa(chance: random.Random, bars: int) -> list[Stroke]:
    metal = chance.choice((CLOSED, SHAKER))

    def bar(number: int) -> list[Stroke]:
        clave = (1, 2.5) if number % 2 else (0, 1.5, 3)
        return row(KICK, (0, 1.5, 2, 3.5), 85) + row(RIM, clave, 95) + pulse(metal, 0.5, (75, 65))

    return repeated(bar, bars)


def ballad(chance: random.Random, bars: int) -> list[Stroke]:
    stick, metal = chance.choice((SNARE, RIM)), chance.choice((CLOSED, CLOSED, RIDE))

    def bar(_: int) -> list[Stroke]:
        late = row(KICK, (2.5,), 80) if chance.random() < 0.4 else []
        return row(KICK, (0, 2), 103) + late + row(stick, (1, 3), 95) + pulse(metal, 0.5, (70, 60))

    return repeated(bar, bars)


def shuffle(chance: random.Random, bars: int) -> list[Stroke]:
    """Eighths in the feel of triplets."""
    metal = chance.choice((CLOSED, RIDE))
    kicks = chance.choice(((0, 2), (0, 1 + 2 / 3, 2), (0, 2, 2 + 2 / 3), (0, 1, 2, 3)))

    def bar(_: int) -> list[Stroke]:
        swung = [beat + late for beat in range(4) for late in (0, 2 / 3)]
        return row(KICK, kicks, 108) + row(SNARE, (1, 3), 106) + row(metal, swung, 72)

    return repeated(bar, bars)


def half_time(chance: random.Random, bars: int) -> list[Stroke]:
    """One snare in the middle of the bar."""
    kicks = chance.choice(((0, 0.5), (0, 2.5), (0, 1.5), (0, 0.75, 3.5)))
    step = chance.choice((0.5, 0.5, 0.25, 1))

    def bar(_: int) -> list[Stroke]:
        return row(KICK, kicks, 112) + row(SNARE, (2,), 112) + pulse(CLOSED, step, (78, 60))

    return repeated(bar, bars)


def free(chance: random.Random, bars: int) -> list[Stroke]:
    """Random but plausible: strong places are likelier, and the backbeat mostly stands."""
    kicks = {k / 4 for k in range(16) if 100 * chance.random() < KICK_LIKELY[k]}
    kicks |= {0} if chance.random() < 0.8 else set()
    drum = chance.choice((SNARE, SNARE, CLAP, RIM))
    back = (1, 3) if chance.random() < 0.85 else chance.choice(((2,), (1, 2.5), (3,), ()))
    step = chance.choice((0.25, 0.5, 0.5, 1.0, 0.0))
    accent = chance.random() < 0.6
    metal = chance.choice((CLOSED, CLOSED, CLOSED, RIDE, SHAKER))

    def bar(_: int) -> list[Stroke]:
        strokes = row(KICK, kicks, chance.randint(95, 118)) + row(drum, back, 108)
        strokes += [hit(k / 4, drum, 45) for k in range(16) if chance.random() < 0.05]
        places = [k for k in steps(4, step) if chance.random() < 0.95] if step else []
        strokes += [hit(k, metal, 80 if (k % 1 == 0) == accent else 60) for k in places]
        if chance.random() < 0.2:
            extra = chance.choice((HIGH_TOM, MID_TOM, LOW_TOM, COWBELL))
            strokes += row(extra, (2.5, 3, 3.25, 3.5), 80)
        return strokes

    return repeated(bar, bars)


def hatless(chance: random.Random, bars: int) -> list[Stroke]:
    """Only bass drum and snare of another style."""
    play = chance.choice((rock, hiphop, house, breaks, disco, funk))
    return [stroke for stroke in play(chance, bars) if stroke.pitch not in METALS]


def kickless(chance: random.Random, bars: int) -> list[Stroke]:
    """What is left of a style above the bass drum."""
    play = chance.choice((rock, hiphop, house, breaks, funk, techno, latin))
    return [stroke for stroke in play(chance, bars) if stroke.pitch != KICK]


def hands(chance: random.Random, bars: int) -> list[Stroke]:
    """Three hand drums at random sixteenths."""
    drums = chance.sample(HANDS, 3)
    strokes = row(drums[0], (0,), 100)
    for drum, share in zip(drums, (0.25, 0.3, 0.2), strict=True):
        places = [k / 4 for k in range(16) if chance.random() < share]
        strokes += [hit(k, drum, chance.randint(70, 105)) for k in places]
    return repeated(lambda _: strokes, bars)


def sparse(chance: random.Random, bars: int) -> list[Stroke]:
    """A few strokes in a bar, now and then one more."""
    drums = chance.sample((*HANDS, KICK, SNARE, CLAP, RIM, OPEN), 3)
    places = [k / 2 for k in range(1, 8) if chance.random() < 0.3]
    strokes = row(drums[0], (0,), 105) + [hit(k, chance.choice(drums), 90) for k in places]

    def bar(_: int) -> list[Stroke]:
        more = [hit(chance.randrange(16) / 4, drums[2], 75)] if chance.random() < 0.4 else []
        return strokes + more

    return repeated(bar, bars)


def waltz(chance: random.Random, bars: int) -> list[Stroke]:
    """Three beats in a bar, the bass drum on the first."""
    how = chance.choice(("both", "both", "both", "last", "rim", "ride", "rock"))
    kicks = (0, 1.5) if how == "rock" else (0,)
    snares = {"last": (2,), "rock": (2,)}.get(how, (1, 2))
    drum = RIM if how in ("rim", "ride") else SNARE
    metal = RIDE if how == "ride" else CLOSED
    step = chance.choice((0.5, 0.5, 1.0))

    def bar(_: int) -> list[Stroke]:
        places = steps(3, step)
        strokes = [hit(k, metal, 80 if k % 1 == 0 else 55) for k in places]
        return strokes + row(KICK, kicks, 111) + row(drum, snares, chance.randint(80, 95))

    return repeated(bar, bars, 3)


WALTZ = Style(play=waltz, slowest=75, fastest=190, beats=3)
FIVE = {
    "rock": Style(play=rock, slowest=75, fastest=170),
    "house": Style(play=house, slowest=110, fastest=135),
    "hiphop": Style(play=hiphop, slowest=70, fastest=105),
    "dnb": Style(play=drum_and_bass, slowest=155, fastest=180),
    "latin": Style(play=latin, slowest=85, fastest=130),
}
"""The five common ones."""
STYLES = FIVE | {
    "funk": Style(play=funk, slowest=88, fastest=125),
    "techno": Style(play=techno, slowest=122, fastest=148),
    "trap": Style(play=trap, slowest=62, fastest=85),
    "reggae": Style(play=reggae, slowest=65, fastest=95),
    "breaks": Style(play=breaks, slowest=90, fastest=145),
    "jungle": Style(play=breaks, slowest=155, fastest=178),
    "disco": Style(play=disco, slowest=108, fastest=132),
    "electro": Style(play=electro, slowest=105, fastest=132),
    "bossa": Style(play=bossa, slowest=100, fastest=150),
    "ballad": Style(play=ballad, slowest=60, fastest=90),
    "shuffle": Style(play=shuffle, slowest=80, fastest=150),
    "half time": Style(play=half_time, slowest=120, fastest=160),
    "free": Style(play=free, slowest=72, fastest=172),
    "hatless": Style(play=hatless, slowest=70, fastest=150),
    "kickless": Style(play=kickless, slowest=75, fastest=145),
    "hands": Style(play=hands, slowest=85, fastest=140),
    "sparse": Style(play=sparse, slowest=80, fastest=140),
}
"""All in bars of four beats."""

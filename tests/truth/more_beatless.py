"""Further sounds without a beat: wobbles, strums, rattles, scratches; and all of them by name."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

from tests.truth.beatless import KINDS, RATE, Wave, levelled, noise, time_of
from tests.truth.midi import Score, Stroke
from tests.truth.synth import Synth


def wobble(chance: random.Random) -> Wave:
    """A held bass whose brightness goes up and down, faster or slower on the way."""
    time = time_of(chance.uniform(0.5, 5))
    base, depth = chance.uniform(35, 110), chance.uniform(0.3, 1)
    speed = chance.uniform(0.7, 12) * (time / time[-1] + 0.2) ** chance.choice((0, 0, 0.5, -0.4))
    turn = 2 * np.pi * np.cumsum(speed) / RATE + 6 * chance.random()
    bright = 1.2 + 2.5 * (1 - depth * (0.5 + 0.5 * np.sin(turn)))
    wave = np.zeros(len(time))
    for partial in range(1, 25):
        detuned = base * partial * (1 + 0.002 * chance.random())
        wave += partial ** (0.4 - bright) * np.sin(2 * np.pi * detuned * time)
    falls = np.exp(-time / chance.choice((0.6, 2.0, 30.0)))
    return levelled(wave * falls * np.minimum(1, (time[-1] - time) / 0.03))


def strum(chance: random.Random) -> Wave:
    """A chord on strings struck one after another, once or twice."""
    seconds, strokes = chance.uniform(0.8, 6), []
    root, late = chance.randint(36, 64), chance.uniform(0.004, 0.09)
    steps = chance.choice(((0, 7), (0, 7, 12), (0, 7, 12, 15, 19), (0, 5, 10, 15, 19, 24)))
    for start in (0.0, *((chance.uniform(0.3, 0.7) * seconds,) if chance.random() < 0.3 else ())):
        for number, step in enumerate(steps):
            place = start + number * late * chance.uniform(0.7, 1.3)
            stroke = Stroke(
                beat=2 * place, length=2 * seconds, pitch=root + step, velocity=95, channel=0
            )
            strokes.append(stroke)
    wave = Synth(chance, RATE).play(Score(strokes=tuple(strokes), tempo=120, beats=0))
    return wave[: round(seconds * RATE)]


def rattle(chance: random.Random) -> Wave:
    """A motor, a telephone, a cricket, a drill: pulses too fast to be beats, on and off."""
    parts: list[npt.NDArray[np.float64]] = []
    rate, hz = chance.uniform(11, 45), 2 ** chance.uniform(7, 12)
    for _ in range(chance.randint(1, 4)):
        time = time_of(chance.uniform(0.2, 2.5))
        bend = 1 + chance.uniform(-0.4, 0.6) * time / time[-1]
        pulses = np.sin(np.pi * np.cumsum(rate * bend) / RATE) ** chance.choice((2, 8, 20))
        sound = np.sin(2 * np.pi * hz * time) + chance.random() * noise(chance, len(time))
        parts += [sound * pulses, np.zeros(round(chance.uniform(0, 0.8) * RATE))]
    return levelled(np.concatenate(parts))


def scratch(chance: random.Random) -> Wave:
    """A record moved by hand, back and forth at no pace."""
    source = noise(chance, RATE, 0.5) + 0.7 * np.sin(
        2 * np.pi * 2 ** chance.uniform(7, 11) * time_of(1) * (1 + time_of(1))
    )
    turns, count = [0.0], chance.randint(2, 9)
    for number in range(count):
        turns.append(turns[-1] + (-1) ** number * chance.uniform(0.05, 0.5))
    times = np.cumsum([0.0, *(chance.uniform(0.06, 0.5) for _ in range(count))])
    place = np.interp(time_of(float(times[-1])), times, turns)
    speed = np.abs(np.gradient(place)) * RATE
    wave = source[np.abs((place % 1) * (RATE - 1)).astype(int)] * np.minimum(speed, 1.5)
    return levelled(wave)


def hiss(chance: random.Random) -> Wave:
    """Noise of any colour that stays as it is."""
    wave = noise(chance, round(chance.uniform(0.4, 12) * RATE), chance.uniform(0, 1.2))
    return levelled(wave * chance.choice((1.0, 1.0, np.linspace(1, 0, len(wave)))))


def pad(chance: random.Random) -> Wave:
    """A held chord of several voices a little out of tune, which beat against each other."""
    time = time_of(chance.uniform(0.8, 9))
    root, tilt = 440 * 2 ** ((chance.randint(36, 68) - 69) / 12), chance.uniform(0.8, 2)
    steps = chance.choice(((0,), (0, 7), (0, 3, 7), (0, 4, 7), (0, 4, 7, 11), (0, 3, 7, 10)))
    wave = np.zeros(len(time))
    for step in steps:
        for _ in range(chance.randint(2, 4)):
            base = root * 2 ** (step / 12 + chance.uniform(-0.012, 0.012))
            for partial in range(1, min(12, int(9_000 / base)) + 1):
                turn = 2 * np.pi * (base * partial * time + chance.random())
                wave += partial**-tilt * np.sin(turn)
    rise, fall = chance.uniform(0.003, 0.8), chance.uniform(0.01, 1.5)
    shape = np.minimum(1, time / rise) * np.minimum(1, (time[-1] - time) / fall)
    return levelled(wave * shape * np.exp(-time / chance.choice((1.0, 4.0, 100.0))))


def vibrato(chance: random.Random) -> Wave:
    """A sung or played note whose pitch, level and brightness tremble together."""
    time = time_of(chance.choice((chance.uniform(0.4, 6), 0.2 * chance.randint(2, 25))))
    base, tilt = 440 * 2 ** ((chance.randint(40, 84) - 69) / 12), chance.uniform(0.6, 2)
    speed, late = chance.uniform(2.5, 9), chance.uniform(0, 0.8)
    turn = np.sin(2 * np.pi * speed * time + 6 * chance.random()) * np.minimum(
        1, time / (late + 0.01)
    )
    phase = 2 * np.pi * base * np.cumsum(2 ** (turn * chance.uniform(0.05, 0.9) / 12)) / RATE
    wave = np.zeros(len(time))
    for partial in range(1, min(20, int(10_000 / base)) + 1):
        wave += partial ** -(tilt + 0.3 * chance.random() * turn) * np.sin(partial * phase)
    shape = np.minimum(1, time / chance.choice((0.003, 0.05, 0.3))) * np.minimum(
        1, (time[-1] - time) / chance.choice((0.01, 0.2))
    )
    return levelled(wave * shape * (1 + 0.4 * chance.random() * turn))


ALL = KINDS | {
    "wobble": wobble,
    "strum": strum,
    "rattle": rattle,
    "scratch": scratch,
    "hiss": hiss,
    "pad": pad,
    "vibrato": vibrato,
}
"""Every kind of sound without a beat."""

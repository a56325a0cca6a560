"""Sounds that have no beat: single strokes, tones, textures, speech-like noise, stutters."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tests.truth import drums
from tests.truth.midi import Score, Stroke
from tests.truth.synth import Synth

Wave = npt.NDArray[np.float32]
RATE = 44_100
"""Hz of all of them."""


def time_of(seconds: float) -> npt.NDArray[np.float64]:
    """The moments of a sound, s."""
    return np.arange(round(seconds * RATE)) / RATE


def noise(chance: random.Random, count: int, slope: float = 0.0) -> npt.NDArray[np.float64]:
    """Noise whose spectrum falls by `slope` (0 white, 1 brown)."""
    spectrum = np.fft.rfft(np.random.default_rng(chance.getrandbits(32)).standard_normal(count))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20.0) ** slope
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / np.abs(noise).max())


def levelled(wave: npt.NDArray[np.float64]) -> Wave:
    """Bring the peak to 0.7: (n, 1)."""
    return (wave / max(float(np.abs(wave).max()), 1e-9) * 0.7).astype(np.float32)[:, None]


def one_stroke(chance: random.Random) -> Wave:
    """One drum."""
    pitch = chance.choice((36, 38, 39, 42, 46, 51, 50, 47, 43, 49, 37, 70, 56, 75, 60, 64))
    wave = Synth(chance, RATE).play(Score(strokes=(drums.hit(0, pitch, 110),), tempo=120, beats=0))
    return wave[: round(chance.uniform(0.08, 1.5) * RATE)]


def few_strokes(chance: random.Random) -> Wave:
    """Two to five strokes that make no bar: a flam, a double, a stumble."""
    places = np.cumsum([chance.uniform(0.03, 0.5) for _ in range(chance.randint(1, 4))])
    pitches = [chance.choice((36, 38, 42, 43, 47, 63)) for _ in range(2)]
    strokes = [drums.hit(2 * float(at), chance.choice(pitches), 100) for at in (0.0, *places)]
    wave = Synth(chance, RATE).play(Score(strokes=tuple(strokes), tempo=120, beats=0))
    return wave[: round((places[-1] + chance.uniform(0.2, 1.2)) * RATE)]


def roll(chance: random.Random) -> Wave:
    """A roll, which may swell or slow down."""
    step, bend = chance.uniform(0.03, 0.11), chance.choice((1.0, 1.0, 0.96, 1.05))
    strokes, place = [], 0.0
    count, pitch = chance.randint(8, 50), chance.choice((38, 43, 49, 36, 42))
    for index in range(count):
        strokes.append(drums.hit(2 * place, pitch, round(60 + 60 * index / count)))
        place += max(0.02, step * bend**index * chance.uniform(0.93, 1.07))
    wave = Synth(chance, RATE).play(Score(strokes=tuple(strokes), tempo=120, beats=0))
    return wave[: round((place + chance.uniform(0, 1.5)) * RATE)]


def tone(chance: random.Random) -> Wave:
    """A held note or chord of a synthesiser."""
    root, length = chance.randint(28, 76), chance.uniform(0.3, 8)
    pitches = [root, *chance.choice(((), (), (3, 7), (4, 7), (7,), (12,), (3, 7, 10), (4, 7, 11)))]
    pitches = [pitches[0], *(root + step for step in pitches[1:])]
    strokes = tuple(
        Stroke(beat=0, length=2 * length, pitch=pitch, velocity=90, channel=0) for pitch in pitches
    )
    wave = Synth(chance, RATE).play(Score(strokes=strokes, tempo=120, beats=0))
    wave = wave[: round((length + chance.uniform(-0.1, 0.5)) * RATE)]
    if chance.random() < 0.4:
        wobble = 1 + chance.uniform(0.1, 0.9) * np.sin(
            2 * np.pi * chance.uniform(0.1, 9) * time_of(len(wave) / RATE)
        )
        wave = wave * wobble[:, None].astype(np.float32)
    return wave


def texture(chance: random.Random) -> Wave:
    """Hiss, rumble, wind: noise that wanders."""
    seconds = chance.uniform(0.8, 20)
    wave = noise(chance, round(seconds * RATE), chance.uniform(0, 1.2))
    slow = np.interp(
        time_of(seconds),
        np.arange(0, seconds + 2, 0.7),
        [chance.random() for _ in range(40)][: len(np.arange(0, seconds + 2, 0.7))],
    )
    return levelled(wave * (0.2 + slow))


def crackle(chance: random.Random) -> Wave:
    """Rain, vinyl, fire: clicks at random times."""
    seconds = chance.uniform(1, 15)
    count = round(seconds * RATE)
    wave = 0.02 * chance.random() * noise(chance, count)
    for _ in range(max(3, round(seconds * chance.choice((2, 5, 12, 40))))):
        place, length = chance.randrange(count), chance.randint(30, 3000)
        click = noise(chance, length) * np.exp(-np.arange(length) / (length / 5))
        part = wave[place : place + length]
        part += click[: len(part)] * chance.random() ** 2
    return levelled(wave)


def sweep(chance: random.Random) -> Wave:
    """A riser, a drop, a swoosh, a laser."""
    seconds = chance.uniform(0.3, 6)
    time = time_of(seconds)
    start, end = 2 ** chance.uniform(5, 13), 2 ** chance.uniform(5, 13)
    phase = 2 * np.pi * np.cumsum(start * (end / start) ** (time / seconds)) / RATE
    wave = np.sin(phase) * chance.random() + noise(chance, len(time)) * chance.random()
    shape = chance.choice((time / seconds, 1 - time / seconds, np.sin(np.pi * time / seconds)))
    return levelled(wave * shape ** chance.choice((1, 2)))


def speech(chance: random.Random) -> Wave:
    """Syllables of voice-like buzz and hiss at the pace of talking, with pauses."""
    parts: list[npt.NDArray[np.float64]] = []
    base = chance.uniform(80, 260)
    for _ in range(chance.randint(2, 45)):
        length = chance.uniform(0.07, 0.3)
        time = time_of(length)
        pitch = base * chance.uniform(0.8, 1.25) * (1 + chance.uniform(-0.3, 0.2) * time)
        buzz = np.zeros(len(time))
        formants = [chance.uniform(*span) for span in ((250, 850), (800, 2400), (2200, 3200))]
        for partial in range(1, 30):
            level = sum(np.exp(-(((base * partial - hz) / 160) ** 2)) for hz in formants)
            buzz += (level + 0.02) * np.sin(2 * np.pi * partial * np.cumsum(pitch) / RATE)
        if chance.random() < 0.4:
            hiss = round(chance.uniform(0.03, 0.12) * RATE)
            parts.append(noise(chance, hiss) * 0.3)
        parts.append(buzz * np.sin(np.pi * time / length) ** 0.5)
        if chance.random() < 0.35:
            parts.append(np.zeros(round(chance.expovariate(6) * RATE)))
    return levelled(np.concatenate(parts))


def stutter(chance: random.Random) -> Wave:
    """Bursts whose distances jump: glitches, robots, telephones."""
    parts = []
    for _ in range(chance.randint(2, 9)):
        length = chance.randint(200, 6000)
        kind = chance.random()
        time = np.arange(length) / RATE
        burst = (
            np.sign(np.sin(2 * np.pi * 2 ** chance.uniform(6, 12) * time))
            if kind < 0.5
            else noise(chance, length)
        )
        repeats, gap = chance.randint(1, 12), chance.randint(0, 5000)
        parts += [np.concatenate((burst, np.zeros(gap)))] * repeats
    return levelled(np.concatenate(parts))


def wandering(chance: random.Random) -> Wave:
    """A melody in free time, as bells in the wind or someone trying notes."""
    strokes, place = [], 0.0
    for _ in range(chance.randint(3, 30)):
        length = chance.expovariate(1.2) + 0.1
        strokes.append(
            Stroke(
                beat=2 * place,
                length=2 * length + 0.5,
                pitch=chance.randint(45, 84),
                velocity=chance.randint(60, 110),
                channel=0,
            )
        )
        place += length
    wave = Synth(chance, RATE).play(Score(strokes=tuple(strokes), tempo=120, beats=0))
    return wave[: round(min(place + chance.uniform(0, 1), 25) * RATE)]


def drone(chance: random.Random) -> Wave:
    """Slow beating partials for many seconds."""
    time = time_of(chance.uniform(2, 20))
    base = chance.uniform(35, 400)
    wave = np.zeros(len(time))
    for _ in range(chance.randint(2, 9)):
        hz = base * chance.choice((1, 1, 2, 3, 1.5, 4)) * chance.uniform(0.99, 1.01)
        level = 1 + 0.8 * np.sin(2 * np.pi * chance.uniform(0.03, 0.6) * time + 6 * chance.random())
        wave += chance.random() * level * np.sin(2 * np.pi * hz * time)
    return levelled(wave + chance.random() * 0.1 * noise(chance, len(time), 0.7))


KINDS: dict[str, Callable[[random.Random], Wave]] = {
    "one stroke": one_stroke,
    "few strokes": few_strokes,
    "roll": roll,
    "tone": tone,
    "texture": texture,
    "crackle": crackle,
    "sweep": sweep,
    "speech": speech,
    "stutter": stutter,
    "wandering": wandering,
    "drone": drone,
}

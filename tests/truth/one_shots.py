"""Sounds of our own making whose kind is known: drum machines, synthesisers, voices, effects.

Each maker takes a random generator and gives one channel at RATE, so that no two are alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.signal

Wave = npt.NDArray[np.float64]
Chance = np.random.Generator
RATE = 44_100


def clock(seconds: float) -> Wave:
    return np.arange(max(64, round(seconds * RATE))) / RATE


def band(wave: Wave, low: float, high: float, order: int = 2) -> Wave:
    edges = [max(20.0, low), min(high, 0.47 * RATE)]
    sections = scipy.signal.butter(order, edges, "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, wave))


def resonance(wave: Wave, hertz: float, width: float) -> Wave:
    radius = np.exp(-np.pi * width / RATE)
    turn = 2 * np.pi * hertz / RATE
    poles = [1, -2 * radius * np.cos(turn), radius**2]
    return np.asarray(scipy.signal.lfilter([1 - radius], poles, wave))


def noise(r: Chance, count: int) -> Wave:
    return r.standard_normal(count)


def log_uniform(r: Chance, low: float, high: float) -> float:
    return float(np.exp(r.uniform(np.log(low), np.log(high))))


def turned(hertz: Wave) -> Wave:
    """The phase of a frequency that changes."""
    return 2 * np.pi * np.cumsum(hertz) / RATE


def modes(r: Chance, time: Wave, hertz: list[float], decay: float) -> Wave:
    """Struck modes; the higher ones die sooner."""
    base = min(hertz)
    wave = np.zeros(len(time))
    for one in hertz:
        if one < 0.47 * RATE:
            fall = np.exp(-time / (decay * (base / one) ** r.uniform(0.2, 0.8)))
            wave += r.uniform(0.2, 1) * np.sin(2 * np.pi * one * time + r.uniform(0, 6.28)) * fall
    return wave


def kick(r: Chance) -> Wave:
    decay = log_uniform(r, 0.06, 0.5)
    time = clock(min(2.5, decay * r.uniform(3, 7)))
    low = log_uniform(r, 36, 75)
    rise = log_uniform(r, 1.3, 9)
    bend = log_uniform(r, 0.006, 0.06)
    pitch = low * (1 + (rise - 1) * np.exp(-time / bend)) * (1 - 0.1 * r.random() * time)
    body = np.sin(turned(pitch) + r.uniform(0, 1.6)) * np.exp(-time / decay)
    if r.random() < 0.4:
        body = np.tanh(body * log_uniform(r, 1, 8))
    click = band(noise(r, len(time)), log_uniform(r, 300, 2500), log_uniform(r, 3000, 12000))
    wave = body + log_uniform(r, 0.02, 0.8) * click * np.exp(-time / log_uniform(r, 0.001, 0.02))
    if r.random() < 0.5:
        skin = modes(r, time, [low * x for x in (1.6, 2.3, 3.1, 4.4)], decay / 3)
        wave += 0.25 * skin + 0.15 * r.random() * band(noise(r, len(time)), 80, 900) * np.exp(
            -time / (decay / 2)
        )
    return wave


def snare(r: Chance) -> Wave:
    decay = log_uniform(r, 0.03, 0.25)
    time = clock(min(1.5, decay * r.uniform(4, 8)))
    base = log_uniform(r, 130, 330)
    ratios = [1, 1.59, 1.83, 2.14, 2.65] if r.random() < 0.6 else [1, 1.76]
    skin = modes(r, time, [base * x for x in ratios], log_uniform(r, 0.02, 0.15))
    bent = np.sin(turned(base * (1 + 0.6 * np.exp(-time / 0.01)))) * np.exp(-time / 0.05)
    wires = band(noise(r, len(time)), log_uniform(r, 500, 2500), log_uniform(r, 5000, 16000))
    wires *= np.exp(-time / decay)
    wave = skin * r.uniform(0.1, 1) + bent * r.uniform(0, 1) + wires * log_uniform(r, 0.4, 2.5)
    stick = band(noise(r, len(time)), 1500, 8000) * np.exp(-time / 0.003)
    return wave + r.uniform(0, 1.5) * stick


def rimshot(r: Chance) -> Wave:
    time = clock(r.uniform(0.06, 0.35))
    base = log_uniform(r, 350, 900)
    hertz = [base * x for x in (1, r.uniform(1.4, 2.2), r.uniform(2.3, 4))]
    wave = modes(r, time, hertz, log_uniform(r, 0.008, 0.04))
    return wave + r.uniform(0.1, 1) * band(noise(r, len(time)), 1200, 9000) * np.exp(-time / 0.004)


def clap(r: Chance) -> Wave:
    time = clock(r.uniform(0.12, 0.8))
    low = log_uniform(r, 500, 1300)
    hiss = band(noise(r, len(time)), low, low * log_uniform(r, 1.8, 8))
    count = int(r.integers(1, 6))
    gap = r.uniform(0.006, 0.016)
    tail = log_uniform(r, 0.015, 0.18)
    bursts = np.zeros(len(time))
    for place in range(count):
        since = time - place * gap * r.uniform(0.8, 1.2)
        fall = tail if place == count - 1 else log_uniform(r, 0.002, 0.008)
        part = np.where(since >= 0, np.exp(-np.maximum(since, 0) / fall), 0)
        bursts = np.maximum(bursts, part * r.uniform(0.6, 1))
    return hiss * bursts


def snap(r: Chance) -> Wave:
    time = clock(r.uniform(0.05, 0.3))
    centre = log_uniform(r, 1300, 3200)
    wave = band(noise(r, len(time)), centre * 0.8, centre * 1.4)
    return wave * np.exp(-time / log_uniform(r, 0.004, 0.02))


def metal(r: Chance, time: Wave) -> Wave:
    """The clang of many unrelated partials, as drum machines and real plates have it."""
    count = int(r.integers(6, 40))
    base = log_uniform(r, 250, 700)
    if count < 10:
        hertz = base * np.array([1, 1.34, 1.69, 1.93, 2.44, 2.73, 3.1, 3.6, 4.2])[:count]
        square = [np.sign(np.sin(2 * np.pi * one * time)) for one in hertz]
        return np.asarray(np.sum(square, axis=0) / 3)
    partials = [log_uniform(r, base, 16000) for _ in range(count)]
    waves = [np.sin(2 * np.pi * one * time + r.uniform(0, 6)) for one in partials]
    return np.asarray(np.sum(waves, axis=0) / 3)


def bright(r: Chance, seconds: float, low: float) -> Wave:
    time = clock(seconds)
    mixed = metal(r, time) * r.uniform(0, 1.5) + noise(r, len(time)) * r.uniform(0.05, 1)
    return band(mixed, low, log_uniform(r, 9000, 19000), int(r.integers(1, 4)))


def hat(r: Chance) -> Wave:
    wave = bright(r, log_uniform(r, 0.05, 0.35), log_uniform(r, 600, 8500))
    return wave * np.exp(-clock(len(wave) / RATE)[: len(wave)] / log_uniform(r, 0.008, 0.06))


def open_hat(r: Chance) -> Wave:
    wave = bright(r, r.uniform(0.3, 1.6), log_uniform(r, 600, 8000))
    return wave * np.exp(-clock(len(wave) / RATE)[: len(wave)] / log_uniform(r, 0.08, 0.4))


def crash(r: Chance) -> Wave:
    wave = bright(r, r.uniform(0.9, 4), log_uniform(r, 300, 3500))
    time = clock(len(wave) / RATE)[: len(wave)]
    attack = 1 - np.exp(-time / log_uniform(r, 0.001, 0.02))
    body = band(wave, 250, 2500) * np.exp(-time / r.uniform(0.1, 0.5))
    return attack * (wave * np.exp(-time / log_uniform(r, 0.25, 1.5)) + r.uniform(0, 1) * body)


def ride(r: Chance) -> Wave:
    time = clock(r.uniform(0.8, 4))
    base = log_uniform(r, 350, 900)
    hertz = [base * x for x in (1, 1.41, 2.15, 2.8, 3.7, 5.2, 6.9, 8.8, 11.3)]
    bell = modes(r, time, hertz, log_uniform(r, 0.2, 1.2)) * r.uniform(0.1, 1.5)
    wash = band(metal(r, time) + noise(r, len(time)), 2500, 13000)
    wash *= np.exp(-time / log_uniform(r, 0.2, 1.2)) * r.uniform(0.2, 1)
    ping = band(noise(r, len(time)), 2000, 9000) * np.exp(-time / 0.01)
    return bell + wash + r.uniform(0, 2) * ping


def tom(r: Chance) -> Wave:
    decay = log_uniform(r, 0.1, 0.8)
    time = clock(min(3.0, decay * r.uniform(3, 6)))
    base = log_uniform(r, 62, 260)
    bend = 1 + r.uniform(0, 0.7) * np.exp(-time / log_uniform(r, 0.02, 0.15))
    body = np.sin(turned(base * bend)) * np.exp(-time / decay)
    skin = modes(r, time, [base * x for x in (1.59, 2.14, 2.3, 2.65)], decay / 2.5)
    stick = band(noise(r, len(time)), 300, 5000) * np.exp(-time / log_uniform(r, 0.003, 0.02))
    return body + r.uniform(0, 0.5) * skin + r.uniform(0, 0.5) * stick


def hand_drum(r: Chance) -> Wave:
    decay = log_uniform(r, 0.03, 0.25)
    time = clock(min(1.2, decay * r.uniform(4, 8)))
    base = log_uniform(r, 150, 650)
    tuned = r.random() < 0.4
    ratios = (1, 2, 3, 4.02) if tuned else (1, 1.59, 2.14, 2.65, 3.5)
    skin = modes(r, time, [base * x for x in ratios], decay)
    slap = band(noise(r, len(time)), base * 2, base * 14) * np.exp(
        -time / log_uniform(r, 0.003, 0.03)
    )
    return skin + r.uniform(0, 1.2) * slap


def block(r: Chance) -> Wave:
    time = clock(r.uniform(0.06, 0.5))
    base = log_uniform(r, 450, 2800)
    wave = modes(r, time, [base, base * r.uniform(1.4, 2.7)], log_uniform(r, 0.01, 0.06))
    return wave + 0.2 * r.random() * band(noise(r, len(time)), 1000, 8000) * np.exp(-time / 0.003)


def bell(r: Chance) -> Wave:
    time = clock(r.uniform(0.25, 1.5))
    base = log_uniform(r, 450, 1100)
    if r.random() < 0.5:
        wave = np.sign(np.sin(2 * np.pi * base * time)) + np.sign(
            np.sin(2 * np.pi * base * r.uniform(1.4, 1.55) * time)
        )
        return band(wave, base, base * 5) * np.exp(-time / log_uniform(r, 0.03, 0.3))
    hertz = [base * x for x in (1, 1.5, 2.1, 2.7, 3.6, 5.1)]
    return modes(r, time, hertz, log_uniform(r, 0.05, 0.4))


def triangle(r: Chance) -> Wave:
    time = clock(r.uniform(0.5, 3))
    base = log_uniform(r, 1800, 5000)
    return modes(r, time, [base * x for x in (1, 1.72, 2.47, 3.1)], log_uniform(r, 0.1, 1.2))


def shaker(r: Chance) -> Wave:
    time = clock(r.uniform(0.06, 0.35))
    hiss = band(noise(r, len(time)), log_uniform(r, 2000, 6000), log_uniform(r, 8000, 15000))
    middle, width = r.uniform(0.015, 0.09), r.uniform(0.01, 0.04)
    wave = hiss * np.exp(-(((time - middle) / width) ** 2))
    if r.random() < 0.5:
        jingle = modes(r, time, [log_uniform(r, 4000, 10000) for _ in range(6)], 0.08)
        wave = 0.5 * wave + r.uniform(0.1, 0.6) * jingle
    return wave


DRUMS: dict[str, tuple[str, Callable[[Chance], Wave]]] = {
    "kick": ("kick", kick),
    "snare": ("snare", snare),
    "rimshot": ("percussion", rimshot),
    "clap": ("clap", clap),
    "snap": ("clap", snap),
    "hat closed": ("hat", hat),
    "hat open": ("hat", open_hat),
    "crash": ("cymbal", crash),
    "ride": ("cymbal", ride),
    "tom": ("tom", tom),
    "hand drum": ("percussion", hand_drum),
    "block": ("percussion", block),
    "cowbell": ("percussion", bell),
    "triangle": ("percussion", triangle),
    "shaker": ("percussion", shaker),
}
"""Finer name → (kind, maker)."""

"""Synthesised tones, voices and effects whose kind is known; see `one_shots`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.signal

from tests.truth.one_shots import (
    RATE,
    Chance,
    Wave,
    band,
    clock,
    log_uniform,
    modes,
    noise,
    resonance,
    turned,
)


def hertz_of(midi: float) -> float:
    return float(440 * 2 ** ((midi - 69) / 12))


def shaped(r: Chance, time: Wave, attack: float, decay: float) -> Wave:
    """Rise, fall, and a short end."""
    held = r.uniform(0, 1) if r.random() < 0.5 else 0.0
    rise = np.minimum(1, time / attack)
    fall = held + (1 - held) * np.exp(-time / decay)
    end = np.minimum(1, (time[-1] - time) / r.uniform(0.01, 0.2))
    return np.asarray(rise * fall * end)


def oscillator(r: Chance, hertz: Wave, shape: str) -> Wave:
    phase = turned(hertz)
    if shape == "saw":
        wave = scipy.signal.sawtooth(phase)
    elif shape == "square":
        wave = scipy.signal.square(phase, r.uniform(0.1, 0.5))
    elif shape == "fm":
        ratio, depth = r.choice([0.5, 1, 2, 3, 1.41, 3.5]), r.uniform(0.5, 6)
        wave = np.sin(
            phase + depth * np.sin(phase * ratio) * np.linspace(1, r.random(), len(phase))
        )
    else:
        wave = (
            np.sin(phase)
            + r.uniform(0, 0.4) * np.sin(2 * phase)
            + r.uniform(0, 0.3) * np.sin(3 * phase)
        )
    return np.asarray(wave)


def darkened(r: Chance, wave: Wave, base: float) -> Wave:
    """A low-pass filter that may sweep down, in a few steps that are faded over."""
    high = min(base * log_uniform(r, 2, 40), 18_000)
    low = min(high, base * log_uniform(r, 1.5, 10))
    sections = np.linspace(0, 1, 5)
    weight = np.linspace(0, 1, len(wave))
    out = np.zeros(len(wave))
    for section in sections:
        cut = high * (low / high) ** section
        filtered = scipy.signal.sosfilt(
            scipy.signal.butter(2, min(cut, 0.45 * RATE), fs=RATE, output="sos"), wave
        )
        out += filtered * np.maximum(0, 1 - 4 * np.abs(weight - section))
    return out


def voice_of(r: Chance, midi: float, seconds: float) -> Wave:
    """One synthesiser voice without its envelope."""
    time = clock(seconds)
    base = hertz_of(midi)
    shape = str(r.choice(["saw", "square", "sine", "fm"]))
    vibrato = 1 + (r.random() < 0.3) * 0.006 * np.sin(2 * np.pi * r.uniform(3, 7) * time)
    wave = np.zeros(len(time))
    for _ in range(int(r.integers(1, 4))):
        wave += oscillator(r, base * vibrato * 2 ** (r.normal(0, 0.08) / 12), shape)
    return darkened(r, wave, base)


def bass(r: Chance) -> Wave:
    seconds = log_uniform(r, 0.25, 4)
    midi = r.uniform(24, 46)
    wave = voice_of(r, midi, seconds)
    time = clock(seconds)
    if r.random() < 0.5:
        wave = wave / np.abs(wave).max() + np.sin(turned(np.full(len(time), hertz_of(midi))))
    if r.random() < 0.3:
        wave = np.tanh(wave / np.abs(wave).max() * log_uniform(r, 1, 10))
    return wave * shaped(r, time, log_uniform(r, 0.001, 0.06), log_uniform(r, 0.15, 3))


def lead(r: Chance) -> Wave:
    seconds = log_uniform(r, 0.25, 4)
    wave = voice_of(r, r.uniform(52, 90), seconds)
    return wave * shaped(r, clock(seconds), log_uniform(r, 0.001, 0.1), log_uniform(r, 0.1, 3))


def chord(r: Chance) -> Wave:
    seconds = log_uniform(r, 0.5, 8)
    root = r.uniform(40, 66)
    steps = r.choice(["0 4 7", "0 3 7", "0 4 7 11", "0 3 7 10", "0 7 12 16", "0 5 7", "0 3 7 14"])
    state = r.integers(1 << 30)
    voices = [
        voice_of(np.random.default_rng(state), root + int(step), seconds)
        for step in str(steps).split()
    ]
    attack = log_uniform(r, 0.002, 1.2)
    shape = shaped(r, clock(seconds), attack, log_uniform(r, 0.2, 8))
    return np.asarray(np.sum(voices, axis=0) * shape)


def bare(r: Chance, low: float, high: float) -> Wave:
    """One oscillator as it comes, held, without a filter."""
    time = clock(log_uniform(r, 0.3, 3))
    base = hertz_of(r.uniform(low, high))
    wave = oscillator(r, np.full(len(time), base), str(r.choice(["saw", "square", "sine", "fm"])))
    return wave * (shaped(r, time, 0.002, 3) if r.random() < 0.6 else 1.0)


def bare_lead(r: Chance) -> Wave:
    return bare(r, 52, 88)


def bare_bass(r: Chance) -> Wave:
    return bare(r, 26, 45)


def bare_chord(r: Chance) -> Wave:
    time, shape = clock(log_uniform(r, 0.5, 4)), str(r.choice(["saw", "square", "sine"]))
    root = r.uniform(43, 66)
    steps = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7))[r.integers(5)]
    notes = [np.full(len(time), hertz_of(root + step)) for step in steps]
    wave = np.sum([oscillator(r, hertz, shape) for hertz in notes], axis=0)
    return np.asarray(wave * shaped(r, time, log_uniform(r, 0.002, 0.3), 4))


_VOWELS = (
    (730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410),
    (440, 1020, 2240), (660, 1720, 2410), (490, 1350, 1690),
)  # fmt: skip


def vowel(r: Chance, base: Wave, which: int, size: float) -> Wave:
    """A glottal pulse train through a mouth's resonances."""
    phase = turned(base * (1 + 0.008 * r.standard_normal(len(base)).cumsum() / np.sqrt(len(base))))
    source = np.diff(np.maximum(0, np.sin(phase)) ** r.uniform(1.5, 4), prepend=0)
    source += 0.004 * log_uniform(r, 0.2, 5) * noise(r, len(base))
    wave = np.zeros(len(base))
    for place, hertz in enumerate((*_VOWELS[which], 3600)):
        wave += resonance(source, hertz * size, 60 + 35 * place) * 0.6**place * r.uniform(0.5, 1.5)
    return wave


def speech(r: Chance) -> Wave:
    """Syllables: vowels of a moving pitch with hisses and stops between."""
    size, middle = r.uniform(0.9, 1.3), log_uniform(r, 85, 300)
    parts: list[Wave] = []
    for _ in range(int(r.integers(1, 12))):
        if r.random() < 0.7:
            hiss = clock(r.uniform(0.02, 0.14))
            low = log_uniform(r, 800, 5000)
            sound = band(noise(r, len(hiss)), low, low * 3) * np.hanning(len(hiss))
            parts += [np.zeros(int(r.integers(0, 2500))), 0.3 * r.random() * sound]
        time = clock(r.uniform(0.07, 0.35))
        slide = middle * 2 ** (r.normal(0, 0.2) + r.normal(0, 0.25) * time / time[-1])
        sung = vowel(r, slide, int(r.integers(8)), size)
        parts.append(sung / np.abs(sung).max() * np.hanning(len(time)) ** 0.4 * r.uniform(0.5, 1))
    return np.concatenate(parts)


def singing(r: Chance) -> Wave:
    time = clock(log_uniform(r, 0.4, 4))
    midi = r.uniform(45, 76)
    vibrato = 1 + r.uniform(0, 0.02) * np.sin(2 * np.pi * r.uniform(4.5, 7) * time)
    scoop = 2 ** (-r.uniform(0, 0.2) * np.exp(-time / 0.08))
    first, second = r.integers(8, size=2)
    count = int(r.integers(1, 4))
    wave = np.zeros(len(time))
    for _ in range(count):
        base = hertz_of(midi) * vibrato * scoop * 2 ** (r.normal(0, 0.1) / 12)
        size, weight = r.uniform(0.9, 1.3), np.linspace(0, 1, len(time))
        one = vowel(r, base, int(first), size) * (1 - weight)
        wave += one + vowel(r, base, int(second), size) * weight
    return wave * shaped(r, time, r.uniform(0.02, 0.2), 6)


def sweep(r: Chance) -> Wave:
    time = clock(log_uniform(r, 0.3, 6))
    share = time / time[-1]
    low, high = log_uniform(r, 60, 400), log_uniform(r, 1500, 9000)
    up = r.random() < 0.6
    pitch = low * (high / low) ** (share if up else 1 - share)
    level = share ** r.uniform(0.5, 3) if up else (1 - share) ** r.uniform(0.5, 3)
    tone = oscillator(r, pitch, str(r.choice(["saw", "sine", "square"]))) * r.uniform(0, 1)
    hiss = noise(r, len(time))
    parts = 8
    for place in range(parts):
        near = np.maximum(0, 1 - np.abs(share * (parts - 1) - place))
        centre = low * (high / low) ** ((place if up else parts - 1 - place) / (parts - 1))
        tone = tone + band(hiss, centre, centre * 2.5) * near * r.uniform(0.3, 1)
    return np.asarray(tone * level)


def impact(r: Chance) -> Wave:
    time = clock(r.uniform(1.2, 6))
    rumble = band(noise(r, len(time)), 25, log_uniform(r, 100, 500)) * 4
    crack = band(noise(r, len(time)), 300, 9000) * np.exp(-time / log_uniform(r, 0.01, 0.15))
    tail = band(noise(r, len(time)), 100, 4000) * np.exp(-time / r.uniform(0.4, 1.5)) * 0.3
    drop = np.sin(turned(log_uniform(r, 60, 200) * np.exp(-time * r.uniform(0, 1)) + 25))
    wave = rumble * np.exp(-time / r.uniform(0.3, 1.5)) + crack + tail
    return wave + r.uniform(0, 2) * drop * np.exp(-time / r.uniform(0.5, 2))


def zap(r: Chance) -> Wave:
    time = clock(log_uniform(r, 0.08, 1.2))
    pitch = log_uniform(r, 80, 500) + log_uniform(r, 1000, 9000) * np.exp(
        -time / log_uniform(r, 0.01, 0.3)
    )
    if r.random() < 0.3:
        pitch = pitch[::-1]
    if r.random() < 0.4:
        pitch = pitch * (1 + r.uniform(0.1, 0.9) * np.sin(2 * np.pi * log_uniform(r, 8, 90) * time))
    return oscillator(r, pitch, str(r.choice(["saw", "sine", "square", "fm"]))) * shaped(
        r, time, 0.002, log_uniform(r, 0.05, 1)
    )


def blips(r: Chance) -> Wave:
    """Glitches: short cuts of tones and noise, as a machine stutters."""
    parts = []
    for _ in range(int(r.integers(2, 14))):
        time = clock(log_uniform(r, 0.008, 0.15))
        tone = oscillator(r, np.full(len(time), log_uniform(r, 80, 6000)), "square")
        part = tone if r.random() < 0.6 else noise(r, len(time))
        parts += [part * r.uniform(0.2, 1), np.zeros(int(r.integers(1, 4000)))]
    return np.concatenate(parts)


def ambience(r: Chance) -> Wave:
    """A field recording: broad slow noise, hum, a few far events."""
    time = clock(r.uniform(2, 12))
    wave = band(noise(r, len(time)), log_uniform(r, 40, 600), log_uniform(r, 1000, 9000))
    slow = np.interp(time, np.linspace(0, time[-1], 12), r.uniform(0.3, 1, 12))
    wave *= slow * log_uniform(r, 0.2, 2)
    for _ in range(int(r.integers(0, 8))):
        hum = log_uniform(r, 50, 1500)
        wave += r.uniform(0, 0.3) * np.sin(2 * np.pi * hum * time + r.uniform(0, 6))
    for _ in range(int(r.integers(0, 6))):
        event = modes(r, clock(0.4), [log_uniform(r, 200, 5000) for _ in range(4)], 0.05)
        start = int(r.integers(0, len(time) - len(event)))
        wave[start : start + len(event)] += event * r.uniform(0.1, 1.2)
    ends = np.minimum(1, np.minimum(time, time[-1] - time) / r.uniform(0.01, 1))
    return np.asarray(wave * ends)


def scratch(r: Chance) -> Wave:
    """A record or tape pushed to and fro."""
    time = clock(r.uniform(0.2, 1.5))
    speed = np.abs(np.sin(2 * np.pi * r.uniform(1, 6) * time + r.uniform(0, 3))) + 0.05
    place = np.cumsum(speed * log_uniform(r, 0.5, 3))
    source = band(noise(r, RATE * 6), 200, 6000) + 0.5 * np.sign(
        np.sin(2 * np.pi * log_uniform(r, 80, 500) * clock(6))
    )
    return np.interp(place % (len(source) - 1), np.arange(len(source)), source) * np.sqrt(speed)


TONES: dict[str, tuple[str, Callable[[Chance], Wave]]] = {
    "bass": ("bass", bass),
    "lead": ("lead", lead),
    "chord": ("chord", chord),
    "speech": ("vocal", speech),
    "singing": ("vocal", singing),
    "sweep": ("fx", sweep),
    "impact": ("fx", impact),
    "zap": ("fx", zap),
    "blips": ("fx", blips),
    "ambience": ("fx", ambience),
    "scratch": ("fx", scratch),
}
"""Finer name → (kind, maker)."""

BARE: dict[str, tuple[str, Callable[[Chance], Wave]]] = {
    "bass": ("bass", bare_bass),
    "chord": ("chord", bare_chord),
    "lead": ("lead", bare_lead),
}

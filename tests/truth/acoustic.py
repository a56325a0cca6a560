"""Drums of skin, wood and metal as microphones hear them, soft and hard; see `one_shots`.

Skins ring in the modes of a round membrane; plates are noise in bands that die at their own pace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft

from tests.truth.one_shots import RATE, Chance, Wave, band, clock, log_uniform, modes, noise

_MEMBRANE = np.array([1, 1.59, 2.14, 2.3, 2.65, 2.92, 3.16, 3.5, 3.65, 4.06, 4.6, 5.1])
_EDGES = (150, 350, 800, 1_800, 4_000, 8_500, 18_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A plate: s that its lowest and highest band take to die, and how bright it is."""

    seconds: float
    low: float
    high: float
    tilt: float
    bloom: float = 0.0


def skin(r: Chance, time: Wave, base: float, decay: float) -> Wave:
    """A membrane struck somewhere: the higher modes are weaker and sooner gone."""
    soft, loss = r.uniform(0.3, 1.8), r.uniform(0.2, 1.2)
    bend = 1 + r.uniform(0, 0.15) * np.exp(-time / log_uniform(r, 0.01, 0.08))
    phase = 2 * np.pi * base * np.cumsum(bend) / RATE
    wave = np.zeros(len(time))
    for ratio in _MEMBRANE * r.uniform(0.95, 1.05, len(_MEMBRANE)):
        weight = r.uniform(0.2, 1) * np.exp(-(ratio - 1) * soft)
        wave += (
            weight * np.sin(ratio * phase + r.uniform(0, 1)) * np.exp(-time * ratio**loss / decay)
        )
    return wave


def stick(r: Chance, time: Wave, low: float, high: float) -> Wave:
    """The knock of what strikes."""
    knock = band(noise(r, len(time)), log_uniform(r, low, 3 * low), high)
    return np.asarray(knock * np.exp(-time / log_uniform(r, 0.001, 0.012)))


def plate(r: Chance, made: Plate) -> Wave:
    """Noise in bands, each with its own end; a bloom lets the high ones rise late."""
    time = clock(made.seconds)
    spectrum = scipy.fft.rfft(noise(r, len(time)))
    hertz = scipy.fft.rfftfreq(len(time), 1 / RATE)
    wave = np.zeros(len(time))
    count = len(_EDGES) - 1
    for place in range(count):
        inside = (hertz >= _EDGES[place]) & (hertz < _EDGES[place + 1])
        part = scipy.fft.irfft(spectrum * inside, len(time))
        share = place / (count - 1)
        decay = made.low * (made.high / made.low) ** share * r.uniform(0.7, 1.4)
        level = 10 ** ((made.tilt * (share - 0.5) + r.normal(0, 4)) / 20) / np.sqrt(inside.sum())
        rise = 1 - np.exp(-time / max(1e-4, made.bloom * r.uniform(0.3, 1)))
        wave += part * level * rise * np.exp(-time / decay)
    return np.asarray(wave / np.abs(wave).max())


def tom(r: Chance) -> Wave:
    decay = log_uniform(r, 0.08, 0.6)
    time = clock(min(2.0, decay * r.uniform(3, 7)))
    wave = skin(r, time, log_uniform(r, 58, 230), decay)
    return wave + log_uniform(r, 0.02, 1) * stick(r, time, 150, 6_000)


def kick(r: Chance) -> Wave:
    decay = log_uniform(r, 0.025, 0.14)
    time = clock(min(1.0, max(0.1, decay * r.uniform(4, 9))))
    wave = skin(r, time, log_uniform(r, 42, 85), decay)
    return wave + log_uniform(r, 0.05, 1.5) * stick(r, time, 200, log_uniform(r, 1_500, 9_000))


def snare(r: Chance) -> Wave:
    decay = log_uniform(r, 0.04, 0.25)
    time = clock(min(1.2, decay * r.uniform(4, 7)))
    body = skin(r, time, log_uniform(r, 140, 300), log_uniform(r, 0.02, 0.12))
    wires = band(noise(r, len(time)), log_uniform(r, 700, 2_500), log_uniform(r, 6_000, 16_000))
    wires *= (1 - np.exp(-time / 0.003)) * np.exp(-time / decay)
    knock = stick(r, time, 800, 12_000)
    return body + log_uniform(r, 0.05, 2) * wires + r.uniform(0, 1.2) * knock


def rimshot(r: Chance) -> Wave:
    time = clock(r.uniform(0.1, 0.4))
    click = modes(r, time, [log_uniform(r, 450, 2_500) for _ in range(4)], 0.018)
    return click + r.uniform(0.1, 1) * stick(r, time, 1_000, 12_000)


def closed_hat(r: Chance) -> Wave:
    long = log_uniform(r, 0.015, 0.1)
    made = Plate(seconds=log_uniform(r, 0.1, 0.6), low=long * 0.5, high=long, tilt=r.uniform(8, 40))
    wave = plate(r, made)
    return wave + r.uniform(0, 0.8) * stick(r, clock(made.seconds), 2_000, 15_000)


def pedal_hat(r: Chance) -> Wave:
    long = log_uniform(r, 0.02, 0.08)
    bloom = r.uniform(0.004, 0.015)
    return plate(
        r, Plate(seconds=0.3, low=long, high=long, tilt=r.uniform(0, 25), bloom=bloom)
    ) + 0.2 * r.random() * skin(r, clock(0.3), log_uniform(r, 80, 250), 0.03)


def open_hat(r: Chance) -> Wave:
    long = log_uniform(r, 0.1, 0.5)
    seconds = min(1.6, long * r.uniform(2, 5))
    wave = plate(r, Plate(seconds=seconds, low=long * 0.4, high=long, tilt=r.uniform(10, 40)))
    return wave + r.uniform(0, 0.6) * stick(r, clock(seconds), 2_000, 15_000)


def crash(r: Chance) -> Wave:
    long, bloom = log_uniform(r, 0.4, 2), log_uniform(r, 0.002, 0.06)
    high = long * r.uniform(0.3, 0.8)
    return plate(
        r,
        Plate(seconds=min(3.5, 3 * long), low=long, high=high, tilt=r.uniform(0, 32), bloom=bloom),
    )


def splash(r: Chance) -> Wave:
    long, bloom = log_uniform(r, 0.12, 0.45), log_uniform(r, 0.001, 0.01)
    return plate(
        r, Plate(seconds=4 * long, low=long, high=long, tilt=r.uniform(5, 30), bloom=bloom)
    )


def china(r: Chance) -> Wave:
    long, bloom = log_uniform(r, 0.3, 1.2), log_uniform(r, 0.002, 0.02)
    made = Plate(seconds=2.5 * long, low=long, high=long, tilt=r.uniform(-12, 8), bloom=bloom)
    return plate(r, made)


def ride(r: Chance) -> Wave:
    long, bell = log_uniform(r, 0.4, 1.5), log_uniform(r, 0.01, 0.3)
    return _rung(r, long, bell)


def ride_bell(r: Chance) -> Wave:
    return _rung(r, log_uniform(r, 0.3, 1.2), r.uniform(0.5, 2))


def _rung(r: Chance, long: float, bell: float) -> Wave:
    """A wash with a ping, and the tones of the bell in the middle."""
    seconds = min(3.0, 2.5 * long)
    time = clock(seconds)
    wash = plate(r, Plate(seconds=seconds, low=long, high=long * 0.5, tilt=r.uniform(5, 25)))
    hertz = [log_uniform(r, 500, 6_000) for _ in range(8)]
    tones = modes(r, time, hertz, long * r.uniform(0.3, 1))
    return 0.4 * wash + bell * tones / 4 + r.uniform(0.2, 1.5) * stick(r, time, 2_000, 14_000)


def cowbell(r: Chance) -> Wave:
    time = clock(r.uniform(0.15, 1.2))
    base = log_uniform(r, 380, 1_500)
    hertz = [base * x for x in (1, *sorted(r.uniform(1.4, 6, 5)))]
    wave = modes(r, time, hertz, log_uniform(r, 0.03, 0.35))
    return wave + r.uniform(0, 1) * stick(r, time, 800, 10_000)


def tambourine(r: Chance) -> Wave:
    seconds = r.uniform(0.15, 0.7)
    time = clock(seconds)
    jingles = band(noise(r, len(time)), log_uniform(r, 3_000, 7_000), 17_000)
    level = np.zeros(len(time))
    for _ in range(int(r.integers(1, 7))):
        since = time - r.uniform(0, 0.25 * seconds)
        fall = np.exp(-np.maximum(since, 0) / log_uniform(r, 0.01, 0.12))
        level = np.maximum(level, np.where(since >= 0, fall * r.uniform(0.3, 1), 0))
    tones = modes(r, time, [log_uniform(r, 3_500, 13_000) for _ in range(8)], 0.1)
    knock = skin(r, time, log_uniform(r, 150, 500), 0.03)
    return jingles * level + r.uniform(0, 0.15) * tones + r.uniform(0, 0.2) * knock


def shaker(r: Chance) -> Wave:
    time = clock(r.uniform(0.08, 0.4))
    grains = noise(r, len(time)) * (r.random(len(time)) < log_uniform(r, 0.01, 1))
    hiss = band(grains, log_uniform(r, 1_500, 5_000), log_uniform(r, 7_000, 16_000))
    middle, width = r.uniform(0.2, 0.6) * time[-1], r.uniform(0.1, 0.3) * time[-1]
    return np.asarray(hiss * np.exp(-(((time - middle) / width) ** 2)))


def block(r: Chance) -> Wave:
    time = clock(r.uniform(0.08, 0.4))
    base = log_uniform(r, 350, 3_200)
    hertz = [base * x for x in (1, *r.uniform(1.3, 4.5, 3))]
    wave = modes(r, time, hertz, log_uniform(r, 0.006, 0.035))
    return wave + r.uniform(0, 1.5) * stick(r, time, base / 2, min(16_000, 6 * base))


def hand_drum(r: Chance) -> Wave:
    decay = log_uniform(r, 0.03, 0.25)
    time = clock(min(1.2, decay * r.uniform(4, 8)))
    wave = skin(r, time, log_uniform(r, 75, 520), decay)
    slap = band(noise(r, len(time)), log_uniform(r, 300, 1_500), log_uniform(r, 2_500, 9_000))
    return wave + log_uniform(r, 0.02, 1.5) * slap * np.exp(-time / log_uniform(r, 0.002, 0.02))


ACOUSTIC: dict[str, tuple[str, Callable[[Chance], Wave]]] = {
    "tom": ("tom", tom),
    "kick": ("kick", kick),
    "snare": ("snare", snare),
    "rimshot": ("percussion", rimshot),
    "hat closed": ("hat", closed_hat),
    "hat pedal": ("hat", pedal_hat),
    "hat open": ("hat", open_hat),
    "crash": ("cymbal", crash),
    "splash": ("cymbal", splash),
    "china": ("cymbal", china),
    "ride": ("cymbal", ride),
    "ride bell": ("cymbal", ride_bell),
    "cowbell": ("percussion", cowbell),
    "tambourine": ("percussion", tambourine),
    "shaker": ("percussion", shaker),
    "block": ("percussion", block),
    "hand drum": ("percussion", hand_drum),
}
"""Finer name → (kind, maker)."""

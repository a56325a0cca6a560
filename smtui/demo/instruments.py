"""A small drum machine and synthesiser: numbers in, one-channel sounds out.

Every instrument gives a float array at the asked rate, peak about 1. Tones are sums of
harmonics below half the rate, so nothing folds back. It stands alone because tests play it, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """A voice: how bright, how it begins and ends.

    Attributes:
        harmonics: how many partials.
        tilt: partial n has the level 1 / n ** tilt.
        attack, release: s.
        decay: s in which it falls to 1 / e; partials above the first fall faster.
        detune: cents between its two oscillators.
    """

    harmonics: int = 12
    tilt: float = 1.2
    attack: float = 0.005
    decay: float = 1.0
    release: float = 0.03
    detune: float = 0.0


BASS = Tone(harmonics=10, tilt=1.3, decay=0.9, attack=0.004)
KEYS = Tone(harmonics=6, tilt=1.8, decay=1.1, attack=0.004, release=0.08)
PAD = Tone(harmonics=10, tilt=1.5, decay=9.0, attack=0.25, release=0.6, detune=7.0)
PLUCK = Tone(harmonics=14, tilt=1.1, decay=0.35, attack=0.002)
LEAD = Tone(harmonics=16, tilt=1.0, decay=3.0, attack=0.015, release=0.15, detune=4.0)


def hertz(midi: float) -> float:
    """The frequency of a MIDI note number, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def note(midi: float, seconds: float, rate: int, tone: Tone) -> Wave:
    """One note."""
    time = np.arange(round(seconds * rate)) / rate
    wave = np.zeros(len(time))
    for cents in (-tone.detune / 2, tone.detune / 2) if tone.detune else (0.0,):
        base = hertz(midi + cents / 100)
        for partial in range(1, tone.harmonics + 1):
            if base * partial < 0.45 * rate:
                fall = np.exp(-time * (0.6 + 0.4 * partial) / tone.decay)
                # Different phases keep partials from adding up to one spike.
                phase = 2 * np.pi * (base * partial * time + 0.31 * partial * partial)
                wave += np.sin(phase) * fall / partial**tone.tilt
    return _shape(wave, rate, tone)


def chord(notes: tuple[int, ...], seconds: float, rate: int, tone: Tone) -> Wave:
    """Several notes at once."""
    return _normal(np.sum([note(midi, seconds, rate, tone) for midi in notes], axis=0))


def kick(rate: int, *, low: float = 48.0, seconds: float = 0.45) -> Wave:
    """A bass drum: a sine that falls to `low` Hz, with a click in front."""
    time = _time(seconds, rate)
    sweep = low * time + 160.0 * 0.03 * (1 - np.exp(-time / 0.03))
    body = np.sin(2 * np.pi * sweep) * np.exp(-time / (seconds * 0.28))
    click = noise(rate, seconds, low=1_500, high=6_000, seed=1) * np.exp(-time / 0.003)
    return _fade(body + 0.25 * click, rate)


def snare(rate: int, *, seconds: float = 0.3) -> Wave:
    """A snare: two modes of the skin and the noise of the wires."""
    time = _time(seconds, rate)
    skin = np.sin(2 * np.pi * 188 * time) + 0.6 * np.sin(2 * np.pi * 332 * time)
    wires = noise(rate, seconds, low=900, high=9_500, seed=2)
    return _fade(0.55 * skin * np.exp(-time / 0.045) + wires * np.exp(-time / 0.075), rate)


def clap(rate: int) -> Wave:
    """Hands: four bursts of noise 11 ms apart and a short room."""
    seconds = 0.35
    time = _time(seconds, rate)
    bursts = np.zeros(len(time))
    for place in (0.0, 0.011, 0.022, 0.033):
        since = time - place
        fall = np.exp(-np.maximum(since, 0) / (0.006 if place < 0.03 else 0.06))
        bursts += np.where(since >= 0, fall, 0)
    return _fade(noise(rate, seconds, low=800, high=3_600, seed=3) * bursts, rate)


def hat(rate: int, *, seconds: float = 0.09) -> Wave:
    """A hi-hat: bright noise with a metal edge; a longer one is open."""
    time = _time(seconds, rate)
    metal = sum(
        np.sign(np.sin(2 * np.pi * hz * time)) for hz in (3_170, 4_330, 5_290, 6_830, 7_990)
    )
    bright = noise(rate, seconds, low=6_500, high=min(16_000, 0.45 * rate), seed=4)
    edge = _limit(np.asarray(metal) / 5, rate, 6_500, min(16_000, 0.45 * rate))
    return _fade((bright + 0.7 * edge) * np.exp(-time / (seconds * 0.3)), rate)


def crash(rate: int) -> Wave:
    """A crash cymbal: wide noise that rings for two seconds."""
    seconds = 2.4
    time = _time(seconds, rate)
    high = min(15_000, 0.45 * rate)
    ring = noise(rate, seconds, low=3_500, high=high, seed=5) * np.exp(-time / 0.55)
    body = noise(rate, seconds, low=700, high=4_000, seed=6) * np.exp(-time / 0.2)
    return _fade(ring + 0.5 * body, rate)


def tom(rate: int, *, low: float = 98.0) -> Wave:
    """A tom: a skin whose pitch sinks a little."""
    seconds = 0.7
    time = _time(seconds, rate)
    sweep = low * time + 0.35 * low * 0.06 * (1 - np.exp(-time / 0.06))
    skin = np.sin(2 * np.pi * sweep) + 0.4 * np.sin(2 * np.pi * 1.59 * sweep) * np.exp(-time / 0.08)
    stick = noise(rate, seconds, low=500, high=4_000, seed=7) * np.exp(-time / 0.01)
    return _fade(skin * np.exp(-time / 0.17) + 0.2 * stick, rate)


def shaker(rate: int) -> Wave:
    """A shaker: noise that swells and stops."""
    seconds = 0.16
    time = _time(seconds, rate)
    swell = np.exp(-(((time - 0.06) / 0.03) ** 2))
    return _fade(noise(rate, seconds, low=3_000, high=9_000, seed=8) * swell, rate)


def riser(rate: int) -> Wave:
    """A riser: noise and a tone that climb for three seconds."""
    seconds = 3.0
    time = _time(seconds, rate)
    climb = np.sin(2 * np.pi * 180 * (2 ** (time * 1.3) - 1) / (1.3 * np.log(2)))
    wide = noise(rate, seconds, low=400, high=9_000, seed=9)
    return _fade((wide + 0.4 * climb) * (time / seconds) ** 2, rate)


def noise(rate: int, seconds: float, *, low: float, high: float, seed: int) -> Wave:
    """Noise between two frequencies, the same every time."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return _limit(white, rate, low, high)


def _limit(wave: Wave, rate: int, low: float, high: float) -> Wave:
    spectrum = np.fft.rfft(wave)
    hz = np.fft.rfftfreq(len(wave), 1 / rate)
    # Edges of an octave sound natural; a brick wall rings.
    with np.errstate(divide="ignore"):
        rise = np.clip(1 + np.log2(np.maximum(hz, 1e-9) / low), 0, 1)
        fall = np.clip(1 - np.log2(np.maximum(hz, 1e-9) / high), 0, 1)
    return _normal(np.fft.irfft(spectrum * rise * fall, len(wave)))


def _time(seconds: float, rate: int) -> Wave:
    return np.arange(round(seconds * rate)) / rate


def _shape(wave: Wave, rate: int, tone: Tone) -> Wave:
    attack = max(1, round(tone.attack * rate))
    wave[:attack] *= np.linspace(0, 1, len(wave[:attack]))
    release = max(1, round(tone.release * rate))
    wave[-release:] *= np.linspace(1, 0, len(wave[-release:]))
    return _normal(wave)


def _fade(wave: Wave, rate: int) -> Wave:
    end = max(1, round(0.01 * rate))
    wave[-end:] *= np.linspace(1, 0, end)
    return _normal(wave)


def _normal(wave: Wave) -> Wave:
    return wave / max(float(np.abs(wave).max(initial=0)), 1e-9)

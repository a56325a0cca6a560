"""What happens to sounds before somebody has them: rooms, filters, levels, codecs, silence."""

from __future__ import annotations

import io
import random

import numpy as np
import numpy.typing as npt
import scipy.fft
import soundfile
import soxr

Wave = npt.NDArray[np.float32]

_CODECS = {"mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS")}


def room(chance: random.Random, wave: Wave, rate: int, seconds: float) -> Wave:
    """Add a room: noise that decays by 60 dB in `seconds`, mixed in at random."""
    count = round(seconds * rate)
    seeded = np.random.default_rng(chance.getrandbits(32))
    answer = seeded.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    answer[: round(0.01 * rate)] = 0
    answer *= chance.uniform(0.1, 0.6) / np.sqrt(np.square(answer).sum())
    size = scipy.fft.next_fast_len(len(wave) + count, real=True)
    both = scipy.fft.rfft(wave, size, axis=0)
    both *= scipy.fft.rfft(answer.astype(np.float32), size)[:, None]
    wet: Wave = scipy.fft.irfft(both, size, axis=0)[: len(wave) + count]
    wet[: len(wave)] += wave
    return wet


def echoed(wave: Wave, rate: int, *, seconds: float, share: float) -> Wave:
    """Repeat a sound every so many seconds, each time quieter by a share."""
    step = round(seconds * rate)
    count = min(8, int(np.log(0.02) / np.log(share)) + 1)
    wet = np.zeros((len(wave) + count * step, wave.shape[1]), dtype=np.float32)
    for number in range(count + 1):
        wet[number * step : number * step + len(wave)] += share**number * wave
    return wet


def filtered(wave: Wave, rate: int, *, low: float, high: float) -> Wave:
    """Keep what lies between two frequencies, with soft edges."""
    size = scipy.fft.next_fast_len(len(wave), real=True)
    hz = scipy.fft.rfftfreq(size, 1 / rate)
    keep = 1 / (1 + (low / np.maximum(hz, 1)) ** 4) / (1 + (hz / high) ** 4)
    spectrum = scipy.fft.rfft(wave, size, axis=0) * keep.astype(np.float32)[:, None]
    kept: Wave = scipy.fft.irfft(spectrum, size, axis=0)[: len(wave)]
    return kept


def driven(wave: Wave, gain: float) -> Wave:
    """Saturate, as a tape or a mastering limiter does."""
    return np.asarray(np.tanh(gain * wave) / np.tanh(gain), dtype=np.float32)


def coded(wave: Wave, rate: int, codec: str) -> Wave:
    """Through a lossy codec and back, as it comes out, padding and all: `mp3` or `ogg`."""
    container, subtype = _CODECS[codec]
    file = io.BytesIO()
    soundfile.write(file, np.clip(wave, -1, 1), rate, format=container, subtype=subtype)
    file.seek(0)
    heard: Wave = soundfile.read(file, dtype="float32", always_2d=True)[0]
    return heard


def resampled(wave: Wave, rate: int, other: int) -> Wave:
    """At another rate."""
    return np.asarray(soxr.resample(wave, rate, other), dtype=np.float32)


def between(wave: Wave, rate: int, *, head: float = 0.0, tail: float = 0.0) -> Wave:
    """Silence of `head` and `tail` seconds around."""
    return np.pad(wave, ((round(head * rate), round(tail * rate)), (0, 0)))


def coloured(chance: random.Random, wave: Wave, rate: int) -> Wave:
    """Any of these at random, keeping the length; a good third stays as it is."""
    if chance.random() < 0.3:
        wave = driven(wave, chance.uniform(0.5, 4))
    if chance.random() < 0.3:
        low, high = chance.choice(((20, 3000), (20, 8000), (150, 2e4), (400, 2e4), (60, 5000)))
        wave = filtered(wave, rate, low=low, high=high)
    if chance.random() < 0.25:
        hiss = np.random.default_rng(chance.getrandbits(32)).standard_normal(wave.shape)
        wave = wave + (hiss * 10 ** (chance.uniform(-70, -35) / 20)).astype(np.float32)
    highest = float(np.abs(wave).max(initial=0)) or 1.0
    return np.asarray(wave / highest * 10 ** (chance.uniform(-18, -0.1) / 20), dtype=np.float32)

"""Rhythms of found sounds: a kit of any one-shots, beatless bits among them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tests.truth import beatless, one_shots, tones
from tests.truth.changes import filtered, resampled
from tests.truth.midi import Score

Wave = npt.NDArray[np.float32]

_MADE = one_shots.DRUMS | tones.TONES
_LOUDEST = 0.8
_UNDERLAYS = ("texture", "drone", "crackle", "tone", "speech", "stutter")


def made(chance: random.Random) -> Wave:
    """One synthesised one-shot of any kind at beatless.RATE: (n, 1)."""
    _, make = _MADE[chance.choice(list(_MADE))]
    wave = make(np.random.default_rng(chance.getrandbits(32)))
    return np.asarray(wave, dtype=np.float32)[:, None]


def given(chance: random.Random, samples: Sequence[Path]) -> Wave:
    """One of these files at beatless.RATE and any speed near its own: (n, 1)."""
    wave, rate = soundfile.read(chance.choice(samples), dtype="float32", always_2d=True)
    speed = chance.choice((1.0, chance.uniform(0.7, 1.4)))
    mono = np.asarray(wave.mean(axis=1, keepdims=True), dtype=np.float32)
    return resampled(mono, round(rate * speed), beatless.RATE)


class Collage:
    """A kit in which every pitch is another found sound, at a rate in Hz.

    With `samples`, files of one-shots, half of the sounds are of these.
    """

    def __init__(self, chance: random.Random, rate: int, samples: Sequence[Path] = ()) -> None:
        self._chance = chance
        self._rate = rate
        self._samples = samples
        self._sounds: dict[int, Wave] = {}

    def play(self, score: Score) -> Wave:
        """Play a score of drums and two seconds after it: (n, 1), peak below full scale."""
        beat = 60 / score.tempo
        wave = np.zeros(round((score.beats * beat + 2) * self._rate), np.float32)
        for stroke in score.strokes:
            sound = self._sound(stroke.pitch)
            start = round(stroke.beat * beat * self._rate)
            part = wave[start : start + len(sound)]
            part += sound[: len(part)] * (stroke.velocity / 110) ** 1.5
        return (wave * (_LOUDEST / max(float(np.abs(wave).max()), 1e-6)))[:, None]

    def _sound(self, pitch: int) -> Wave:
        if pitch not in self._sounds:
            chance = self._chance
            found = self._found()
            length = round(chance.choice((0.06, 0.15, 0.3, 0.8)) * beatless.RATE)
            part = found[:length].copy()
            part *= np.minimum(1, (len(part) - np.arange(len(part))) / 400)[:, None]
            if chance.random() < 0.3:
                low = chance.choice((20, 200, 1000))
                part = filtered(part, beatless.RATE, low=low, high=low * 20)
            part = resampled(part, beatless.RATE, self._rate)[:, 0]
            level = chance.uniform(0.15, 1) / max(float(np.abs(part).max(initial=0)), 1e-6)
            self._sounds[pitch] = (part * level).astype(np.float32)
        return self._sounds[pitch]

    def _found(self) -> Wave:
        chance = self._chance
        if self._samples and chance.random() < 0.5:
            return given(chance, self._samples)
        kind = chance.choice(("stutter", "sweep", "one stroke", "texture", "speech"))
        return made(chance) if chance.random() < 0.7 else beatless.KINDS[kind](chance)


def underlaid(chance: random.Random, wave: Wave, rate: int) -> Wave:
    """Lay a texture, a drone or talk under a sound, keeping its length."""
    under = beatless.KINDS[chance.choice(_UNDERLAYS)](chance)
    under = resampled(under, beatless.RATE, rate)
    under = np.resize(under, (len(wave), 1))
    level = 10 ** (chance.uniform(-26, -6) / 20) * float(np.abs(wave).max(initial=0))
    return np.asarray(wave + under * level, dtype=np.float32)

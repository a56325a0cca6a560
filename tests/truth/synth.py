"""A drum machine and a plain synthesiser of our own, each one different: no soundfont needed."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt

from tests.truth import drums
from tests.truth.midi import DRUMS, Score, Stroke

Wave = npt.NDArray[np.float32]

_METALS = {drums.CLOSED: 0.05, drums.OPEN: 0.3, drums.RIDE: 0.6, drums.CRASH: 1.2}
_TOMS = {drums.LOW_TOM: 85.0, drums.MID_TOM: 120.0, drums.HIGH_TOM: 165.0}
_LOUDEST = 0.8


class Synth:
    """A random kit and random voices, at a rate in Hz."""

    def __init__(self, chance: random.Random, rate: int = 44_100) -> None:
        self._chance = chance
        self._noise = np.random.default_rng(chance.getrandbits(32))
        self._rate = rate
        self._drums: dict[int, Wave] = {}
        self._voices: dict[int, tuple[float, float, float, int]] = {}
        self._levels = {pitch: chance.uniform(0.6, 1.0) for pitch in (drums.KICK, drums.SNARE)}
        self._metal_level = chance.uniform(0.15, 0.5)

    def play(self, score: Score) -> Wave:
        """Play a score and two seconds after it: (n, 1), peak below full scale."""
        beat = 60 / score.tempo
        last = max([score.beats, *(s.beat + min(s.length, 8.0) for s in score.strokes)])
        wave = np.zeros(round((last * beat + 2) * self._rate), np.float32)
        for stroke in score.strokes:
            sound = (
                self._drum(stroke.pitch) if stroke.channel == DRUMS else self._note(stroke, beat)
            )
            start = round(stroke.beat * beat * self._rate)
            part = wave[start : start + len(sound)]
            part += sound[: len(part)] * (stroke.velocity / 110) ** 1.5
        return (wave * (_LOUDEST / max(float(np.abs(wave).max()), 1e-6)))[:, None]

    def _drum(self, pitch: int) -> Wave:
        if pitch not in self._drums:
            made = self._struck(pitch)
            level = self._levels.get(pitch, self._metal_level)
            self._drums[pitch] = (made / max(float(np.abs(made).max()), 1e-6) * level).astype("f4")
        return self._drums[pitch]

    def _struck(self, pitch: int) -> npt.NDArray[np.float64]:
        chance = self._chance
        if pitch == drums.KICK:
            low, sweep = chance.uniform(38, 75), chance.uniform(40, 260)
            click = self._hiss(0.4, 3000) * np.exp(-self._time(0.4) / 0.004)
            return self._skin(low, sweep, chance.uniform(0.06, 0.3)) + chance.random() * click[:]
        if pitch in (drums.SNARE, drums.RIM):
            body = self._skin(chance.uniform(150, 320), 60, chance.uniform(0.02, 0.09))
            wires = self._hiss(0.4, chance.uniform(600, 3000))
            fall = np.exp(-self._time(0.4) / chance.uniform(0.02, 0.12))
            return body * chance.uniform(0.2, 1) + wires * fall * chance.uniform(0.4, 1.2)
        if pitch == drums.CLAP:
            time = self._time(0.4)
            late = np.exp(-np.maximum(time - 0.03, 0) / chance.uniform(0.03, 0.12))
            return self._hiss(0.4, 900) * late * (np.sin(2 * np.pi * 45 * time) ** 2 + 0.2)
        if pitch in _METALS or pitch == drums.SHAKER:
            length = _METALS.get(pitch, 0.05) * chance.uniform(0.6, 1.6)
            hiss = self._hiss(4 * length, chance.uniform(4000, 8000))
            return hiss * np.exp(-self._time(4 * length) / length)
        low = _TOMS.get(pitch) or 180 * 2 ** ((pitch % 12) / 6)
        return self._skin(low, low * 0.3, chance.uniform(0.03, 0.2))

    def _time(self, seconds: float) -> npt.NDArray[np.float64]:
        return np.arange(round(seconds * self._rate)) / self._rate

    def _skin(self, low: float, sweep: float, decay: float) -> npt.NDArray[np.float64]:
        time = self._time(0.4)
        phase = low * time + sweep * 0.03 * (1 - np.exp(-time / 0.03))
        return np.sin(2 * np.pi * phase) * np.exp(-time / decay)

    def _hiss(self, seconds: float, above: float) -> npt.NDArray[np.float64]:
        white = self._noise.standard_normal(round(seconds * self._rate))
        spectrum = np.fft.rfft(white)
        hz = np.fft.rfftfreq(len(white), 1 / self._rate)
        return np.fft.irfft(spectrum * np.minimum(1, (hz / above) ** 2), len(white)) * 0.5

    def _note(self, stroke: Stroke, beat: float) -> Wave:
        """A sum of partials, whose number, tilt, attack and decay belong to the channel."""
        if stroke.channel not in self._voices:
            chance = self._chance
            tilt, attack = chance.uniform(0.8, 2.2), chance.choice((0.003, 0.003, 0.02, 0.15))
            decay = chance.choice((0.2, 0.5, 1.5, 6.0))
            self._voices[stroke.channel] = (tilt, attack, decay, chance.randint(3, 14))
        tilt, attack, decay, partials = self._voices[stroke.channel]
        time = self._time(min(stroke.length * beat, 8.0) + 0.06)
        base = 440 * 2 ** ((stroke.pitch - 69) / 12)
        partial = np.arange(1, partials + 1)
        partial = partial[base * partial < 0.45 * self._rate]
        phases = 2 * np.pi * base * time[None, :] * partial[:, None] + partial[:, None] ** 2
        wave = (np.sin(phases) / partial[:, None] ** tilt).sum(axis=0) * np.exp(-time / decay)
        ends = np.minimum(1, (time[-1] - time) / 0.06)
        return np.asarray(0.25 * wave * np.minimum(1, time / attack) * ends, dtype=np.float32)

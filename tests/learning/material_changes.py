"""A sound's material as another microphone, room or recorder would have given it.

Works on the mel spectrum in dB and on the envelope, where a change costs a hundredth of what it
costs on samples.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from smtui.audio.descriptors import Material
from smtui.audio.frames import FRAMES_PER_SECOND
from smtui.audio.levels import ENVELOPE_RATE

Floats = npt.NDArray[np.float32]
Chance = np.random.Generator
_FLOOR = -100.0


def changed(chance: Chance, material: Material) -> Material:
    """Filter, transpose, cut, put in a room and into noise, each at random."""
    mel, envelope = material.mel.astype(np.float32), material.envelope.copy()
    midi = material.midi
    if chance.random() < 0.8:
        mel = mel + _equaliser(chance, mel.shape[1])
    if chance.random() < 0.4:
        bands = int(chance.integers(-3, 4))
        mel = _moved(mel, bands)
        midi = midi + bands * 1.2 if midi else 0.0
    if chance.random() < 0.25:
        mel, envelope = _cut(chance, mel, envelope)
    if chance.random() < 0.25:
        mel, envelope = _stretched(chance, mel, envelope)
    if chance.random() < 0.35:
        mel, envelope = _room(chance, mel, envelope)
    if chance.random() < 0.4:
        mel, envelope = _noise(chance, mel, envelope)
    flatness = material.flatness * float(np.exp(chance.normal(0, 0.3)))
    return replace(material, mel=mel, envelope=envelope, midi=midi, flatness=flatness)


def _equaliser(chance: Chance, bands: int) -> Floats:
    """A smooth curve of some dB, with a tilt, and now and then an end cut off."""
    place = np.linspace(-1, 1, bands)
    curve = np.interp(place, np.linspace(-1, 1, 7), chance.normal(0, 3.5, 7))
    curve += chance.normal(0, 4) * place
    if chance.random() < 0.25:
        curve -= 25 * np.clip((place - chance.uniform(0.1, 0.9)) * 4, 0, 1)
    if chance.random() < 0.2:
        curve -= 25 * np.clip((chance.uniform(-0.98, -0.6) - place) * 5, 0, 1)
    return np.asarray(curve, dtype=np.float32)


def _moved(mel: Floats, bands: int) -> Floats:
    moved = np.roll(mel, bands, axis=1)
    if bands > 0:
        moved[:, :bands] = mel[:, :1]
    elif bands < 0:
        moved[:, bands:] = mel[:, -1:]
    return moved


def _cut(chance: Chance, mel: Floats, envelope: Floats) -> tuple[Floats, Floats]:
    """End early, as samples are trimmed."""
    start = int(np.argmax(envelope > 0.1 * envelope.max()))
    length = start + int(max(60, chance.uniform(0.15, 1) * (len(envelope) - start)))
    frames = max(4, round(length / ENVELOPE_RATE * FRAMES_PER_SECOND) + 4)
    return mel[:frames], envelope[:length]


def _stretched(chance: Chance, mel: Floats, envelope: Floats) -> tuple[Floats, Floats]:
    factor = chance.uniform(0.75, 1.35)
    rows = np.minimum(len(mel) - 1, (np.arange(int(len(mel) * factor)) / factor).astype(int))
    steps = np.minimum(
        len(envelope) - 1, (np.arange(int(len(envelope) * factor)) / factor).astype(int)
    )
    return (mel[rows], envelope[steps]) if len(rows) > 4 else (mel, envelope)


def _room(chance: Chance, mel: Floats, envelope: Floats) -> tuple[Floats, Floats]:
    """A tail that begins some dB lower and falls by 60 dB in a time."""
    seconds, drop = chance.uniform(0.15, 1.5), chance.uniform(6, 22)
    longer = round(seconds * 0.6 * FRAMES_PER_SECOND)
    mel = np.pad(mel, ((0, longer), (0, 0)), constant_values=_FLOOR)
    fall = 60 / seconds / FRAMES_PER_SECOND
    rise = fall * np.arange(len(mel), dtype=np.float32)[:, None]
    tail = np.maximum.accumulate(mel + rise, axis=0) - rise - drop
    tail += chance.normal(0, 1.5, mel.shape)
    more = np.pad(envelope, (0, round(seconds * 0.6 * ENVELOPE_RATE)))
    level = 20 * np.log10(more + 1e-6)
    climb = 60 / seconds / ENVELOPE_RATE * np.arange(len(more))
    lasting = np.maximum.accumulate(level + climb) - climb - drop
    ring = 10 ** (lasting / 20) * chance.uniform(0.5, 1, len(more))
    return np.maximum(mel, tail).astype(np.float32), np.maximum(more, ring).astype(np.float32)


def _noise(chance: Chance, mel: Floats, envelope: Floats) -> tuple[Floats, Floats]:
    """A floor of noise, hiss or rumble."""
    below = chance.uniform(25, 60)
    slope = np.linspace(0, chance.normal(0, 8), mel.shape[1])
    floor = float(mel.max()) - below - 8 + slope + chance.normal(0, 2.5, mel.shape)
    level = float(envelope.max()) * 10 ** (-below / 20)
    hiss = level * chance.uniform(0.4, 1.2, len(envelope))
    return np.logaddexp(mel, floor).astype(np.float32), np.maximum(envelope, hiss).astype("f4")

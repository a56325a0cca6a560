"""A step sequencer: loops of whole bars of four beats, in sixteenths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from smtui.demo import instruments as play
from smtui.demo.instruments import Tone, Wave

_STEPS = 16
_DRUMS: dict[str, tuple[float, Callable[[int], Wave]]] = {
    "kick": (1.0, play.kick),
    "snare": (0.7, play.snare),
    "clap": (0.6, play.clap),
    "hat": (0.3, play.hat),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Notes at even distances over the whole loop: each item sounds together."""

    items: tuple[tuple[int, ...], ...]
    tone: Tone
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Groove:
    """A loop.

    Attributes:
        tempo: BPM.
        drums: instrument and one bar of sixteenths, `x` for a hit.
        parts: voices with notes.
    """

    tempo: float
    bars: int
    drums: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of the loop."""
        return self.bars * 4 * 60 / self.tempo


def chords_of(items: tuple[tuple[int, ...], ...]) -> Part:
    """Chords on electric keys, struck twice a bar where there are four in four bars."""
    doubled = tuple(item for item in items for _ in range(2))
    return Part(items=doubled, tone=play.KEYS, level=0.55)


def line_of(notes: tuple[int, ...], tone: Tone) -> Part:
    """A line of single notes."""
    return Part(items=tuple((midi,) for midi in notes), tone=tone, level=0.6)


def looped(groove: Groove, rate: int) -> Wave:
    """Play the loop once; what rings beyond its end sounds at its start, so that it repeats."""
    length = round(groove.seconds * rate)
    wave = np.zeros(length)
    for name, pattern in groove.drums:
        level, instrument = _DRUMS[name]
        hit = level * instrument(rate)
        for bar in range(groove.bars):
            for step, mark in enumerate(pattern):
                if mark == "x":
                    # Off-beats a little softer: a machine with some feeling.
                    accent = 1.0 if step % 4 == 0 else 0.75
                    place = (bar + step / _STEPS) / groove.bars
                    _add(wave, accent * hit, round(place * length))
    for part in groove.parts:
        seconds = groove.seconds / len(part.items)
        for index, notes in enumerate(part.items):
            sound = part.level * play.chord(notes, seconds * 1.1, rate, part.tone)
            _add(wave, sound, round(index / len(part.items) * length))
    return wave / max(float(np.abs(wave).max()), 1e-9)


def _add(wave: Wave, sound: Wave, place: int) -> None:
    places = (place + np.arange(len(sound))) % len(wave)
    np.add.at(wave, places, sound)

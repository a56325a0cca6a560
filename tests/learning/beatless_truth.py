"""Sounds without a beat for learning tempo: of our own, of soundfonts, and of given files."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.truth import beatless, changes, collage, more_beatless
from tests.truth.drums import hit
from tests.truth.midi import DRUMS, Score, Stroke
from tests.truth.render import Player, limited

Wave = npt.NDArray[np.float32]

KITS = (0, 0, 8, 16, 24, 25, 32, 40)
"""Programs of General MIDI's drum channel."""
_LASTING = ("hiss", "texture", "drone", "pad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What sounds are made from besides our own: soundfonts, and files of one-shots."""

    fonts: tuple[Path, ...] = ()
    samples: tuple[Path, ...] = ()


def beatless_sound(chance: random.Random, sources: Sources) -> tuple[str, Wave]:
    """A sound without a beat at beatless.RATE, and what it is."""
    rate = beatless.RATE
    source = chance.random()
    if source < 0.25 and sources.samples:
        style, wave = "given", collage.given(chance, sources.samples)
        wave = wave[::-1] if chance.random() < 0.1 else wave
    elif source < 0.6:
        style = chance.choice(list(more_beatless.ALL))
        wave = more_beatless.ALL[style](chance)
    elif source < 0.8 or not sources.fonts:
        style, wave = "made", collage.made(chance)
    else:
        style, wave = "note", _note(chance, sources.fonts)
    if chance.random() < 0.06:
        gap, share = chance.uniform(0.08, 0.7), chance.uniform(0.25, 0.65)
        wave = changes.echoed(wave, rate, seconds=gap, share=share)
    if chance.random() < 0.25:
        wave = changes.room(chance, wave, rate, chance.uniform(0.3, 3))
    if chance.random() < 0.3:
        silence = chance.uniform(0, 0.4), chance.uniform(0, 1.0)
        wave = changes.between(wave, rate, head=silence[0], tail=silence[1])
    if chance.random() < (0.5 if style in _LASTING else 0.2):
        wave = _round_length(chance, wave, rate)
    return style, changes.coloured(chance, wave, rate)


def _round_length(chance: random.Random, wave: Wave, rate: int) -> Wave:
    """Cut or lengthen to a whole number of halves, quarters, tenths of a second, or beats."""
    step = rate * chance.choice((0.5, 0.25, 0.1, 60 / chance.randint(70, 170)))
    length = round(max(1, round(len(wave) / step)) * step)
    return np.pad(wave[:length], ((0, max(0, length - len(wave))), (0, 0)))


def _note(chance: random.Random, fonts: tuple[Path, ...]) -> Wave:
    """A note, a chord, an effect or a drum of a soundfont."""
    if chance.random() < 0.25:
        return _drum(chance, fonts)
    root, length = chance.randint(28, 80), chance.choice((0.2, 0.5, 1, 2, 4, 6))
    steps = chance.choice(((0,), (0,), (0, 12), (0, 3, 7), (0, 4, 7), (0, 4, 7, 11)))
    strokes = tuple(
        Stroke(beat=0, length=2 * length, pitch=root + step, velocity=100, channel=0)
        for step in steps
    )
    programs = {0: chance.choice((chance.randrange(128), chance.randrange(96, 128)))}
    score = Score(strokes=strokes, tempo=120, beats=2 * length, programs=programs)
    wave = Player(soundfont=chance.choice(fonts), rate=beatless.RATE).play(score)
    wave = wave[: round((length + chance.choice((0, 0.3, 2))) * beatless.RATE)]
    return limited(wave)


def _drum(chance: random.Random, fonts: tuple[Path, ...]) -> Wave:
    stroke = hit(0, chance.randint(27, 87), chance.randint(60, 127))
    score = Score(strokes=(stroke,), tempo=120, beats=4, programs={DRUMS: chance.choice(KITS)})
    wave = Player(soundfont=chance.choice(fonts), rate=beatless.RATE).play(score)
    return limited(wave[: round(chance.uniform(0.1, 2.5) * beatless.RATE)])

"""Sounds whose tempo is known, made for learning and for measuring.

Loops of drums, of harmony and of both, whole or cut; pieces with beginnings and ends; sounds
without a beat. Played by fluidsynth with any soundfonts, and by our own synthesiser.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.learning.beatless_truth import KITS, Sources, beatless_sound
from tests.truth import beatless, changes, collage, music
from tests.truth.drums import humanised
from tests.truth.midi import DRUMS, Score, Stroke
from tests.truth.render import Player, limited, looped
from tests.truth.stems import any_style
from tests.truth.synth import Synth

Wave = npt.NDArray[np.float32]

_BARS = (1, 1, 2, 2, 2, 4, 4, 4, 3, 5, 6, 7, 8)
_MOST_LOOP_SECONDS = 24.0
_SYNTHESISED = 0.5
_ARRANGEMENTS = {
    "music": (0, 1, 2, 3, 3, 4, 4, 5, 5),
    "band": (1, 2, 3, 3, 4, 5),
    "piece": (0, 1, 2, 2, 3, 3, 4),
}
# Between which tempi harmony without drums is counted, BPM.
_ALONE = (60, 145)
_WITH_DRUMS = ("drums", "band", "found")
# Patterns that a listener may count at half or double the speed.
AMBIGUOUS = frozenset({"trap", "reggae", "hands", "half time", "sparse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of a sound.

    Attributes:
        what: `loop`, `beat` (not a whole number of beats), `none` (no beat).
        tempo: BPM, 0 without a beat.
        beats: in the loop, 0 for all others.
        meter: beats in a bar, 0 where it cannot be heard.
        style: of the drums, or the kind of beatless sound.
        music: whether there is harmony.
    """

    what: str
    tempo: float = 0.0
    beats: int = 0
    meter: int = 0
    style: str
    music: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A sound of shape (n, channels) at a rate in Hz, and what is true of it."""

    wave: Wave
    rate: int
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is going to be played."""

    score: Score
    style: str
    meter: int
    bars: int
    music: bool

    @property
    def beat(self) -> float:
        return 60 / self.score.tempo

    def truth(self, what: str, bars: int = 0) -> Truth:
        return Truth(
            what=what,
            tempo=self.score.tempo,
            beats=bars * self.meter,
            meter=self.meter,
            style=self.style,
            music=self.music,
        )


def examples(kind: str, seed: str, sources: Sources) -> Iterator[Example]:
    """The sounds of one seed: `drums`, `music`, `band`, `found` (loops), `piece` or `none`."""
    chance = random.Random(f"{kind} {seed}")
    if kind == "none":
        style, wave = beatless_sound(chance, sources)
        yield Example(wave=wave, rate=beatless.RATE, truth=Truth(what="none", style=style))
    elif kind == "piece":
        yield from _pieces(chance, sources.fonts)
    else:
        yield from _loops(chance, sources, kind)


def _plan(chance: random.Random, kind: str, seconds: float) -> _Plan:
    """Choose style, tempo and length; `seconds` is how long a piece is to be, 0 for loops."""
    name, style = any_style(chance)
    has_drums = kind in _WITH_DRUMS or (kind == "piece" and chance.random() < 0.85)
    slowest, fastest = (style.slowest, style.fastest) if has_drums else _ALONE
    tempo = round(chance.uniform(slowest, fastest), chance.choice((0, 0, 1, 2)))
    bar = style.beats * 60 / tempo
    bars = max(4, int(seconds / bar)) if seconds else chance.choice(_BARS)
    if not seconds:
        bars = max(1, min(bars, int(_MOST_LOOP_SECONDS / bar)))
    strokes: list[Stroke] = []
    programs = {DRUMS: chance.choice(KITS)}
    if kind not in ("drums", "found"):
        harmony = music.Harmony(
            tonic=chance.randrange(12),
            mode=chance.choice(music.MODES),
            arrangement=chance.choice(_ARRANGEMENTS[kind]),
            bars=bars,
            beats=style.beats,
        )
        played, voices = music.progression(chance, harmony)
        late = chance.choice((0, 0, 0.01, 0.02))
        strokes += humanised(chance, played, late=late, uneven=4)
        programs |= voices
    if has_drums:
        late, uneven = chance.choice((0, 0, 0.008, 0.015, 0.025)), chance.choice((0, 6, 10))
        level = 1.0 if kind in ("drums", "found") else chance.uniform(0.5, 1.0)
        drums = humanised(chance, style.play(chance, bars), late=late, uneven=uneven)
        strokes += [_softer(stroke, level) for stroke in drums]
    score = Score(
        strokes=tuple(strokes),
        tempo=tempo,
        beats=style.beats * bars + 3,
        programs=programs,
        reverb=chance.choice((0, 20, 60, 100)),
        cents=chance.choice((0, 0, -30, 20, 45)),
    )
    told = name if has_drums else "no drums"
    return _Plan(
        score=score, style=told, meter=style.beats, bars=bars, music=kind not in ("drums", "found")
    )


def _softer(stroke: Stroke, level: float) -> Stroke:
    return Stroke(
        beat=stroke.beat,
        length=stroke.length,
        pitch=stroke.pitch,
        velocity=max(15, round(stroke.velocity * level)),
    )


def _played(chance: random.Random, score: Score, fonts: tuple[Path, ...]) -> tuple[Wave, int]:
    rate = chance.choice((44_100, 44_100, 48_000, 22_050, 32_000))
    if not fonts or chance.random() < _SYNTHESISED:
        return Synth(chance, rate).play(score), rate
    return Player(soundfont=chance.choice(fonts), rate=rate).play(score), rate


def _loops(chance: random.Random, sources: Sources, kind: str) -> Iterator[Example]:
    plan = _plan(chance, kind, 0.0)
    if kind == "found":
        rate = chance.choice((44_100, 48_000))
        wave = collage.Collage(chance, rate, sources.samples).play(plan.score)
    else:
        wave, rate = _played(chance, plan.score, sources.fonts)
    if chance.random() < 0.2:
        wave = changes.room(chance, wave, rate, chance.uniform(0.2, 2))
    if chance.random() < (0.4 if kind == "found" else 0.1):
        wave = collage.underlaid(chance, wave, rate)
    bar = plan.meter * plan.beat
    rings = chance.random() < 0.5
    whole = looped(wave, plan.bars * bar, rate, rings=rings)
    yield _finished(chance, whole, rate, plan.truth("loop", plan.bars))
    if plan.bars > 1:
        bars = chance.randint(1, plan.bars - 1)
        part = looped(wave, bars * bar, rate, rings=False)
        yield _finished(chance, part, rate, plan.truth("loop", bars))
    if chance.random() < 0.35:
        silence = chance.choice((0, 0, 0.02, 0.1)), chance.uniform(0.02, 0.8)
        padded = changes.between(whole, rate, head=silence[0], tail=silence[1])
        yield _finished(chance, padded, rate, plan.truth("loop", plan.bars))
    yield _cut(chance, wave, rate, plan)


def _cut(chance: random.Random, wave: Wave, rate: int, plan: _Plan) -> Example:
    """A part that is no loop: it ends anywhere, or rings out."""
    length = plan.bars * plan.meter * plan.beat
    if chance.random() < 0.4:
        end = length + chance.uniform(0.25, 0.85) * plan.beat
        part = wave[: round(end * rate)]
    else:
        start = chance.choice((0.0, chance.uniform(0, 0.4) * length))
        beats = max(1.3, (length - start) / plan.beat - chance.random() * plan.meter)
        # Never near a whole number of beats.
        beats = int(beats) + chance.uniform(0.25, 0.75)
        part = wave[round(start * rate) : round((start + beats * plan.beat) * rate)]
    what = "beat" if len(part) / rate > 5 * plan.beat else "unclear"
    return _finished(chance, limited(part), rate, plan.truth(what))


def _pieces(chance: random.Random, fonts: tuple[Path, ...]) -> Iterator[Example]:
    kind = "drums" if chance.random() < 0.1 else "piece"
    plan = _plan(chance, kind, chance.choice((12, 20, 28, 36)))
    wave, rate = _played(chance, plan.score, fonts)
    if chance.random() < 0.2:
        wave = changes.room(chance, wave, rate, chance.uniform(0.2, 2))
    if chance.random() < 0.3:
        fade = round(chance.uniform(1, 6) * rate)
        wave = wave.copy()
        wave[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    head = chance.choice((0, 0, 0.4, 1.1, 3.0))
    whole = changes.between(limited(wave), rate, head=head)
    yield _finished(chance, whole, rate, plan.truth("beat"))
    start = chance.uniform(0, 0.5) * len(wave)
    length = chance.uniform(5, 16) * rate
    part = limited(wave[round(start) : round(start + length)])
    if len(part) / rate > 6 * plan.beat and not _is_whole(len(part) / rate / plan.beat):
        yield _finished(chance, part, rate, plan.truth("beat"))


def _is_whole(beats: float) -> bool:
    return abs(beats - round(beats)) < 0.12


def _finished(chance: random.Random, wave: Wave, rate: int, truth: Truth) -> Example:
    wave = changes.coloured(chance, wave, rate)
    if chance.random() < 0.15 and rate >= 32_000:
        wave = changes.coded(wave, rate, chance.choice(("mp3", "ogg")))
    return Example(wave=wave, rate=rate, truth=truth)

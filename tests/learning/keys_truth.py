"""Sounds whose key is known, or that have none, made for learning and for measuring."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.truth import beatless, changes, more_drums, music, one_shots, tones
from tests.truth.harmony import MODES, QUALITIES, Song, bass_line, comping, riff, song, tune
from tests.truth.midi import DRUMS, Score, Stroke
from tests.truth.render import Player, limited
from tests.truth.synth import Synth

Wave = npt.NDArray[np.float32]

RATE = 44_100
_KEYBOARDS, _MALLETS, _ORGANS, _GUITARS = range(8), range(8, 15), range(16, 22), range(24, 31)
_BASSES, _STRINGS, _ENSEMBLES, _BRASS = range(32, 40), range(40, 47), range(48, 55), range(56, 64)
_REEDS, _PIPES, _LEADS, _PADS = range(64, 72), range(72, 80), range(80, 88), range(88, 96)
_ETHNIC, _SYNTH_EFFECTS = (104, 105, 106, 107, 108, 110, 111), (96, 98, 99, 100, 102)
CHORDAL = (
    *_KEYBOARDS, *_KEYBOARDS, *_GUITARS, *_GUITARS, *_ENSEMBLES, *_ENSEMBLES, *_PADS, *_PADS,
    *_MALLETS, *_ORGANS, 45, 46, 61, 62, 63, *_SYNTH_EFFECTS, 80, 81, 104, 106, 107,
)  # fmt: skip
MELODIC = (
    *_KEYBOARDS, *_MALLETS, *_GUITARS, *_STRINGS, *_ENSEMBLES, *_BRASS, *_REEDS, *_PIPES,
    *_LEADS, *_ETHNIC,
)  # fmt: skip
DEEP = (*_BASSES, *_BASSES, *_BASSES, 0, 43, 58, 70, 81, 87)
# The note-like families of General MIDI, and the octaves in which they are played.
FAMILIES: dict[str, tuple[tuple[int, ...], int, int]] = {
    "keyboard": (tuple(_KEYBOARDS), 24, 96), "mallet": (tuple(_MALLETS), 48, 96),
    "organ": (tuple(_ORGANS), 24, 96), "guitar": (tuple(_GUITARS), 24, 96),
    "bass": (tuple(_BASSES), 24, 60), "strings": (tuple(_STRINGS), 24, 96),
    "ensemble": (tuple(_ENSEMBLES), 24, 96), "brass": (tuple(_BRASS), 24, 96),
    "reed": (tuple(_REEDS), 24, 96), "pipe": (tuple(_PIPES), 60, 96),
    "lead": (tuple(_LEADS), 24, 96), "pad": (tuple(_PADS), 24, 96),
    "ethnic": (_ETHNIC, 36, 96), "synth effect": (_SYNTH_EFFECTS, 36, 96),
}  # fmt: skip
_NOISY_PROGRAMS = (97, 101, 103, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127)
_KITS = (0, 8, 16, 24, 25, 32, 40)
_CHORD_STEPS = (*QUALITIES.values(), (0, 7), (0, 7, 12), (0, 4, 7, 12), (0, 3, 7, 12), (0, 5))

KEYED = ("band", "band", "band", "arrangement", "arrangement", "arrangement", "arrangement",
         "chords", "chords", "melody", "melody", "melody and bass", "bass", "riff", "low riff",
         "chord")  # fmt: skip
KEYLESS = ("note", "note", "note", "note", "beatless", "beatless", "drum", "drums", "drums",
           "noisy", "effect", "cluster")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of a sound.

    Attributes:
        kind: how it was made.
        key: 0 for C major, 1 for C minor, 2 for C# major …, None where there is no key.
        note: MIDI number of a single note, None for all others.
        detail: instrument family of a note, arrangement of a progression.
    """

    kind: str
    key: int | None = None
    note: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A sound of shape (n, channels) at a rate in Hz, and what is true of it."""

    wave: Wave
    rate: int
    truth: Truth


def keyed(chance: random.Random, kind: str, player: Player) -> Example:
    """A sound of one of the kinds in KEYED."""
    mode = chance.choice(MODES)
    beats, bars = chance.choice((4, 4, 4, 3)), chance.choice((2, 2, 3, 4, 4, 4, 8, 8, 8, 16))
    if kind == "chord":
        beats, bars = chance.choice((2, 4, 8)), 1
    written = song(chance, mode=mode, beats=beats, bars=bars)
    if kind == "chord":
        quality = chance.choice(("M", "M", "M7") if mode == "major" else ("m", "m", "m7"))
        written = replace(written, chords=((0, quality),), length=beats)
    detail = ""
    if kind == "arrangement":
        detail = str(chance.randrange(4))
        harmony = music.Harmony(
            tonic=written.tonic, mode=mode, arrangement=int(detail), bars=bars, beats=beats
        )
        played, programs = music.progression(chance, harmony)
        strokes = list(played)
    else:
        strokes, programs = _PARTS[kind](chance, written)
    if kind != "chord" and chance.random() < (0.75 if kind in ("band", "arrangement") else 0.25):
        strokes += _drums(chance, written, bars)
        programs[DRUMS] = chance.choice(_KITS)
    tempo = chance.uniform(65, 165)
    score = Score(
        strokes=tuple(strokes),
        tempo=tempo,
        beats=written.all_beats + 2,
        programs=programs,
        reverb=chance.choice((0, 30, 70, 110)),
        cents=chance.choice((0, 0, chance.uniform(-48, 48))),
    )
    own = chance.random() < 0.2
    wave = Synth(chance, RATE).play(score) if own else player.play(score)
    tail = 1.5 if kind == "chord" or chance.random() < 0.25 else 0.0
    wave = wave[: round((written.all_beats * 60 / tempo + tail) * RATE)]
    key = 2 * written.tonic + MODES.index(mode)
    return _finished(chance, wave, Truth(kind=kind, key=key, detail=detail))


def keyless(chance: random.Random, kind: str, player: Player) -> Example:
    """A sound of one of the kinds in KEYLESS."""
    if kind == "note":
        return note(chance, player)
    if kind == "beatless":
        # Drones and single tones are pitched; what has a pitch is asked of notes.
        names = [name for name in beatless.KINDS if name not in ("tone", "drone", "wandering")]
        wave = beatless.KINDS[chance.choice(names)](chance)
    elif kind == "drum":
        makers = [make for _, make in one_shots.DRUMS.values()]
        wave = _column(chance.choice(makers)(np.random.default_rng(chance.getrandbits(32))))
    elif kind == "effect":
        makers = [make for name, make in tones.TONES.values() if name == "fx"]
        wave = _column(chance.choice(makers)(np.random.default_rng(chance.getrandbits(32))))
    else:
        strokes, programs = _STROKES[kind](chance)
        tempo = chance.uniform(75, 170)
        beats = max(stroke.beat + stroke.length for stroke in strokes) + 1
        score = Score(strokes=tuple(strokes), tempo=tempo, beats=beats, programs=programs)
        own = kind == "drums" and chance.random() < 0.3
        wave = Synth(chance, RATE).play(score) if own else player.play(score)
        wave = wave[: round(beats * 60 / tempo * RATE)]
    return _finished(chance, wave, Truth(kind=kind))


def note(chance: random.Random, player: Player) -> Example:
    """One note of any instrument."""
    family = chance.choice(tuple(FAMILIES))
    programs, low, high = FAMILIES[family]
    pitch, length = chance.randint(low, high), chance.choice((0.15, 0.3, 0.6, 1, 2, 4))
    stroke = Stroke(beat=0, length=length, pitch=pitch, velocity=chance.randint(60, 120), channel=0)
    score = Score(
        strokes=(stroke,),
        tempo=60,
        beats=length + 1.5,
        programs={0: chance.choice(programs)},
        reverb=chance.choice((0, 20, 60)),
        cents=chance.choice((0, 0, 0, chance.uniform(-40, 40))),
    )
    wave = player.play(score)
    wave = wave[: round((length + chance.choice((0, 0.5, 1.5))) * RATE)]
    return _finished(chance, wave, Truth(kind="note", note=pitch, detail=family))


def chord(chance: random.Random, player: Player) -> Example:
    """Two to five notes at once, of any instrument: never one note."""
    root, steps = chance.randint(30, 72), chance.choice(_CHORD_STEPS)
    length = chance.choice((0.3, 0.6, 1, 2, 4))
    lift = chance.choice((0, 0, 1))
    strokes = tuple(
        Stroke(beat=0, length=length, pitch=root + step, velocity=95, channel=0) for step in steps
    )
    low = (replace(strokes[0], pitch=root - 12),) if lift else ()
    score = Score(
        strokes=strokes + low, tempo=60, beats=length + 1, programs={0: chance.choice(CHORDAL)}
    )
    wave = player.play(score)[: round((length + chance.choice((0, 0.5))) * RATE)]
    return _finished(chance, wave, Truth(kind="several notes"))


Parts = tuple[list[Stroke], dict[int, int]]


def _band(chance: random.Random, written: Song) -> Parts:
    strokes = comping(chance, written, 0) + bass_line(chance, written, 1)
    programs = {0: chance.choice(CHORDAL), 1: chance.choice(DEEP)}
    if chance.random() < 0.6:
        strokes += tune(chance, written, 72, 2)
        programs[2] = chance.choice(MELODIC)
    if chance.random() < 0.4:
        strokes += comping(chance, written, 3, "block")
        programs[3] = chance.choice(CHORDAL)
    return strokes, programs


def _melody_and_bass(chance: random.Random, written: Song) -> Parts:
    strokes = tune(chance, written, 72, 0) + bass_line(chance, written, 1)
    return strokes, {0: chance.choice(MELODIC), 1: chance.choice(DEEP)}


_PARTS: dict[str, Callable[[random.Random, Song], Parts]] = {
    "band": _band,
    "melody and bass": _melody_and_bass,
    "chords": lambda r, s: (comping(r, s, 0), {0: r.choice(CHORDAL)}),
    "chord": lambda r, s: (comping(r, s, 0, r.choice(("block", "strum"))), {0: r.choice(CHORDAL)}),
    "melody": lambda r, s: (tune(r, s, r.choice((48, 60, 60, 72)), 0), {0: r.choice(MELODIC)}),
    "bass": lambda r, s: (bass_line(r, s, 0), {0: r.choice(DEEP)}),
    "riff": lambda r, s: (riff(r, s, r.choice((48, 60, 72)), 0), {0: r.choice(MELODIC)}),
    "low riff": lambda r, s: (riff(r, s, r.choice((24, 36)), 0), {0: r.choice(DEEP)}),
}


def _drums(chance: random.Random, written: Song, bars: int) -> list[Stroke]:
    styles = [each for each in more_drums.STYLES.values() if each.beats == written.beats]
    style = chance.choice(styles or [more_drums.WALTZ])
    level = chance.uniform(0.35, 1.1)
    return [
        replace(stroke, velocity=max(15, min(127, round(stroke.velocity * level))))
        for stroke in style.play(chance, bars)
        if stroke.beat < written.all_beats
    ]


def _drum_strokes(chance: random.Random) -> Parts:
    style = chance.choice(list(more_drums.STYLES.values()))
    return style.play(chance, chance.choice((1, 2, 4))), {DRUMS: chance.choice(_KITS)}


def _noisy(chance: random.Random) -> Parts:
    strokes = [
        Stroke(beat=place, length=2, pitch=chance.randint(40, 80), velocity=100, channel=0)
        for place in range(chance.choice((1, 1, 3)))
    ]
    return strokes, {0: chance.choice(_NOISY_PROGRAMS)}


def _cluster(chance: random.Random) -> Parts:
    low = chance.randint(36, 72)
    pitches = [low + step for step in chance.sample(range(14), chance.randint(6, 10))]
    return [Stroke(beat=0, length=3, pitch=pitch, velocity=90, channel=0) for pitch in pitches], {
        0: chance.choice(CHORDAL)
    }


_STROKES = {"drums": _drum_strokes, "noisy": _noisy, "cluster": _cluster}


def _column(wave: npt.NDArray[np.floating]) -> Wave:
    return limited(np.asarray(wave, dtype=np.float32)[:, None])


def _finished(chance: random.Random, wave: Wave, truth: Truth) -> Example:
    """Through what happens to sounds before somebody has them."""
    rate = RATE
    wave = wave if wave.ndim == 2 else wave[:, None]
    if chance.random() < 0.5:
        wave = changes.coloured(chance, wave, rate)
    if chance.random() < 0.15:
        wave = changes.room(chance, wave, rate, chance.uniform(0.2, 1.5))
    other = chance.choice((rate, rate, 22_050, 32_000, 48_000, 16_000))
    if other != rate:
        wave, rate = changes.resampled(wave, rate, other), other
    if chance.random() < 0.3 and len(wave) > rate // 4:
        wave = changes.coded(limited(wave), rate, chance.choice(("mp3", "ogg")))
    if chance.random() < 0.1:
        head, tail = chance.uniform(0, 1), chance.uniform(0, 2)
        wave = changes.between(wave, rate, head=head, tail=tail)
    if chance.random() < 0.3:
        wave = wave.mean(axis=1, keepdims=True)
    return Example(wave=wave, rate=rate, truth=truth)


def examples(seed: str, number: int, font: Path) -> list[Example]:
    """The sounds of one number of a seed: two with a key, one without."""
    chance = random.Random(f"keys {seed} {number}")
    player = Player(soundfont=font, rate=RATE)
    return [
        keyed(chance, KEYED[2 * number % len(KEYED)], player),
        keyed(chance, KEYED[(2 * number + 1) % len(KEYED)], player),
        keyless(chance, KEYLESS[number % len(KEYLESS)], player),
    ]

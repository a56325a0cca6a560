"""Sounds whose kind is known, to learn kinds and likeness from: made, rendered, and given."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tests.truth import beatless, changes
from tests.truth.acoustic import ACOUSTIC
from tests.truth.midi import DRUMS as DRUM_CHANNEL
from tests.truth.midi import Score, Stroke
from tests.truth.more_drums import STYLES
from tests.truth.music import MODES, Harmony, progression
from tests.truth.one_shots import DRUMS, RATE, Chance
from tests.truth.render import Player, looped
from tests.truth.synth import Synth
from tests.truth.tones import BARE, TONES

Wave = npt.NDArray[np.float32]
Makers = Mapping[str, tuple[str, Callable[[Chance], npt.NDArray[np.float64]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sound, its kind, its finer name, and the source it shares with others."""

    kind: str
    name: str
    source: str
    wave: Wave
    rate: int = RATE


_SLOT = 3.0
_PERCUSSION = {
    27: ("fx", "zap"), 28: ("percussion", "slap"), 29: ("fx", "scratch"), 30: ("fx", "scratch"),
    31: ("percussion", "block"), 32: ("percussion", "block"), 33: ("percussion", "block"),
    34: ("percussion", "cowbell"), 35: ("kick", "kick"), 36: ("kick", "kick"),
    37: ("percussion", "rimshot"), 38: ("snare", "snare"), 39: ("clap", "clap"),
    40: ("snare", "snare"), 41: ("tom", "tom"), 42: ("hat", "hat closed"), 43: ("tom", "tom"),
    44: ("hat", "hat closed"), 45: ("tom", "tom"), 46: ("hat", "hat open"), 47: ("tom", "tom"),
    48: ("tom", "tom"), 49: ("cymbal", "crash"), 50: ("tom", "tom"), 51: ("cymbal", "ride"),
    52: ("cymbal", "crash"), 53: ("cymbal", "ride bell"), 54: ("percussion", "tambourine"),
    55: ("cymbal", "crash"), 56: ("percussion", "cowbell"), 57: ("cymbal", "crash"),
    58: ("percussion", "vibraslap"), 59: ("cymbal", "ride"), 60: ("percussion", "hand drum"),
    61: ("percussion", "hand drum"), 62: ("percussion", "hand drum"),
    63: ("percussion", "hand drum"), 64: ("percussion", "hand drum"),
    65: ("percussion", "hand drum"), 66: ("percussion", "hand drum"), 67: ("percussion", "cowbell"),
    68: ("percussion", "cowbell"), 69: ("percussion", "shaker"), 70: ("percussion", "shaker"),
    73: ("percussion", "guiro"), 74: ("percussion", "guiro"), 75: ("percussion", "block"),
    76: ("percussion", "block"), 77: ("percussion", "block"), 78: ("percussion", "cuica"),
    79: ("percussion", "cuica"), 80: ("percussion", "triangle"), 81: ("percussion", "triangle"),
    82: ("percussion", "shaker"), 83: ("percussion", "jingle"), 85: ("percussion", "block"),
}  # fmt: skip
_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
_ORCHESTRA = 48
_BASSES = (*range(32, 40), 43, 58, 70, 87)
_VOCAL = (52, 53, 54, 91)
_PADS = (16, 18, 19, 48, 49, 50, 51, 88, 89, 90, 92, 93, 94, 95)
_CHORDS = (0, 1, 2, 4, 5, 6, 7, 11, 16, 17, 18, 19, 24, 25, 26, 27, 46, 48, 50, 61, 62, 63, 88, 90)
_LEADS = tuple(range(32)) + tuple(range(40, 48)) + tuple(range(56, 88)) + (98, *range(104, 110))
_EFFECTS = (96, 97, 99, 101, 102, 103, 119, 120, 121, 122, 123, 124, 125, 126, 127)
_STRUCK = {
    47: ("tom", "timpani"), 112: ("percussion", "bell"), 113: ("percussion", "cowbell"),
    115: ("percussion", "block"), 116: ("tom", "taiko"), 117: ("tom", "tom"), 118: ("tom", "tom"),
}  # fmt: skip
_SHAPES = ((4, 7), (3, 7), (4, 7, 11), (3, 7, 10), (5, 7), (7, 12, 16), (3, 7, 14))


def made(seed: int, count: int) -> Iterator[Known]:
    """Each sound of drum machines and synthesisers `count` times."""
    return _made_by(DRUMS | TONES, "made", seed, count)


def acoustic(seed: int, count: int) -> Iterator[Known]:
    """Each sound of skin, wood and metal `count` times."""
    return _made_by(ACOUSTIC, "acoustic", seed, count)


def bare(seed: int, count: int) -> Iterator[Known]:
    """Tones of oscillators without a filter, each `count` times."""
    return _made_by(BARE, "bare", seed, count)


def _made_by(makers: Makers, source: str, seed: int, count: int) -> Iterator[Known]:
    for name, (kind, make) in makers.items():
        for place in range(count):
            chance = np.random.default_rng((seed, place, *name.encode()))
            wave = make(chance)[:, None].astype(np.float32)
            yield Known(kind=kind, name=name, source=source, wave=wave)


def textures(seed: int, count: int) -> Iterator[Known]:
    """Noise, crackle, stutters, drones, voices and rolls of the beatless sounds."""
    names = {
        "texture": "fx", "crackle": "fx", "sweep": "fx", "speech": "vocal", "stutter": "fx",
        "drone": "chord",
    }  # fmt: skip
    for name, kind in names.items():
        for place in range(count):
            chance = random.Random(f"{seed} {name} {place}")
            wave = beatless.KINDS[name](chance)
            yield Known(kind=kind, name=name, source="beatless", wave=wave)


def struck(player: Player, seed: int) -> Iterator[Known]:
    """The percussion of every kit of a soundfont at three velocities."""
    for kit in _KITS:
        pitches = [p for p in _PERCUSSION if not (kit == _ORCHESTRA and (p < 35 or p > 38))]
        cells = [(p, v) for p in pitches for v in (50, 90, 120)]
        notes = [(pitch, velocity, DRUM_CHANNEL) for pitch, velocity in cells]
        waves = _played(player, [[note] for note in notes], {DRUM_CHANNEL: kit})
        for (pitch, _), wave in zip(cells, waves, strict=True):
            kind, name = _PERCUSSION[pitch]
            yield Known(kind=kind, name=name, source=f"kit {kit}", wave=wave)


def played(player: Player, seed: int) -> Iterator[Known]:
    """Single notes and chords of a soundfont's instruments."""
    chance = random.Random(seed)
    for program in range(128):
        plans = [*_single(chance, program), *_together(chance, program)]
        cells = [[(pitch, chance.choice((70, 95, 120)), 0) for pitch in plan[2]] for plan in plans]
        waves = _played(player, cells, {0: program}) if plans else []
        for (kind, name, _), wave in zip(plans, waves, strict=True):
            yield Known(kind=kind, name=name, source=f"program {program}", wave=wave)


def _single(chance: random.Random, program: int) -> list[tuple[str, str, list[int]]]:
    """Kind, name and pitch of the single notes that are played on an instrument."""
    plans = []
    if program in _STRUCK:
        plans += [(*_STRUCK[program], [pitch]) for pitch in (40, 48, 55, 62, 70)]
    if program in _BASSES:
        plans += [("bass", "bass", [chance.randint(26, 46)]) for _ in range(6)]
    if program in _VOCAL:
        plans += [("vocal", "singing", [chance.randint(48, 76)]) for _ in range(10)]
    if program in _LEADS:
        plans += [("lead", "lead", [chance.randint(53, 86)]) for _ in range(4)]
    if program in _EFFECTS:
        plans += [("fx", f"gm {program}", [pitch]) for pitch in (43, 55, 62, 72)]
    return plans


def _together(chance: random.Random, program: int) -> list[tuple[str, str, list[int]]]:
    """The chords that are played on an instrument."""
    count = 6 if program in _PADS else 4 if program in _CHORDS else 0
    plans = []
    for _ in range(count):
        root = chance.randint(43, 64)
        notes = [root, *(root + step for step in chance.choice(_SHAPES))]
        plans.append(("chord", "chord", notes))
    return plans


def _played(
    player: Player, cells: list[list[tuple[int, int, int]]], programs: dict[int, int]
) -> list[Wave]:
    """Each cell's notes in a slot of its own, cut apart."""
    strokes = tuple(
        Stroke(
            beat=_SLOT * place, length=0.5 * _SLOT, pitch=pitch, velocity=velocity, channel=channel
        )
        for place, cell in enumerate(cells)
        for pitch, velocity, channel in cell
    )
    score = Score(strokes=strokes, tempo=60, beats=_SLOT * len(cells), programs=programs, reverb=0)
    wave = player.play(score)
    size = round(_SLOT * player.rate)
    return [wave[place * size : (place + 1) * size] for place in range(len(cells))]


def loops(player: Player | None, seed: int, count: int) -> Iterator[Known]:
    """Loops of drums, of harmony, and of both; by a soundfont and by our own synthesiser."""
    for place in range(count):
        chance = random.Random(f"{seed} loop {place}")
        bars = chance.choice((1, 2, 2, 4))
        score, _ = _music(chance, bars)
        wave = _performed(chance, player, score)
        seconds = score.beats * 60 / score.tempo
        wave = looped(wave, seconds, RATE, rings=chance.random() < 0.5)
        yield Known(kind="loop", name="loop", source="loops", wave=wave)


def pieces(player: Player | None, seed: int, count: int) -> Iterator[Known]:
    """Music of 20 to 60 s."""
    for place in range(count):
        chance = random.Random(f"{seed} piece {place}")
        score, _ = _music(chance, chance.choice((12, 16, 20)), whole=True)
        yield Known(
            kind="music", name="music", source="pieces", wave=_performed(chance, player, score)
        )


def _music(chance: random.Random, bars: int, *, whole: bool = False) -> tuple[Score, bool]:
    style = STYLES[chance.choice(sorted(STYLES))]
    tempo = chance.uniform(style.slowest, style.fastest)
    what = "both" if whole else chance.choice(("drums", "drums", "harmony", "both"))
    strokes: list[Stroke] = []
    programs: dict[int, int] = {DRUM_CHANNEL: chance.choice((0, 8, 16, 24, 25, 32, 40))}
    if what != "harmony":
        strokes += style.play(chance, bars)
    if what != "drums":
        harmony = Harmony(
            tonic=chance.randrange(12), mode=chance.choice(MODES), bars=bars,
            arrangement=chance.randrange(4), beats=style.beats,
        )  # fmt: skip
        more, used = progression(chance, harmony)
        strokes += more
        programs |= used
    beats = bars * style.beats
    score = Score(strokes=tuple(strokes), tempo=tempo, beats=beats, programs=programs)
    return score, what == "drums"


def _performed(chance: random.Random, player: Player | None, score: Score) -> Wave:
    if player is None or chance.random() < 0.35:
        return Synth(chance, RATE).play(score)
    return player.play(score)


def given(folder: Path) -> Iterator[Known]:
    """Sounds of a folder, their kind by the part of their name before the first `_`."""
    for path in sorted(folder.iterdir()):
        label = label_of(path.stem)
        if label is None or path.suffix.lower() not in (".flac", ".wav"):
            continue
        wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
        yield Known(kind=label[0], name=label[1], source=path.stem, wave=wave, rate=rate)


_BY_PREFIX = {
    "bd": ("kick", "kick"), "sn": ("snare", "snare"), "drum_snare": ("snare", "snare"),
    "drum_bass": ("kick", "kick"), "drum_heavy_kick": ("kick", "kick"),
    "drum_cymbal_closed": ("hat", "hat closed"), "drum_cymbal_pedal": ("hat", "hat closed"),
    "drum_cymbal_open": ("hat", "hat open"), "drum_cymbal": ("cymbal", "crash"),
    "drum_splash": ("cymbal", "crash"), "drum_tom": ("tom", "tom"),
    "drum_cowbell": ("percussion", "cowbell"), "hat": ("hat", "hat closed"),
    "ride": ("cymbal", "ride"), "bass": ("bass", "bass"), "loop": ("loop", "loop"),
    "arovane_beat": ("loop", "loop"), "tabla": ("percussion", "hand drum"),
    "perc_bell": ("percussion", "bell"), "perc_snap": ("clap", "snap"),
    "perc_impact": ("fx", "impact"), "perc_swoosh": ("fx", "sweep"), "perc_swash": ("fx", "sweep"),
    "perc_door": ("fx", "impact"), "perc_till": ("fx", "bell"),
    "elec_snare": ("snare", "snare"), "elec_hi_snare": ("snare", "snare"),
    "elec_lo_snare": ("snare", "snare"), "elec_mid_snare": ("snare", "snare"),
    "elec_filt_snare": ("snare", "snare"), "elec_soft_kick": ("kick", "kick"),
    "elec_hollow_kick": ("kick", "kick"), "elec_cymbal": ("cymbal", "crash"),
    "elec_fuzz_tom": ("tom", "tom"), "elec_triangle": ("percussion", "triangle"),
    "elec_wood": ("percussion", "block"), "elec_bell": ("percussion", "bell"),
    "elec_tick": ("percussion", "block"), "elec": ("fx", "zap"), "glitch": ("fx", "blips"),
    "vinyl": ("fx", "scratch"), "misc_cineboom": ("fx", "impact"), "misc_burp": ("vocal", "speech"),
    "misc_crow": ("fx", "animal"), "ambi_choir": ("vocal", "singing"),
    "ambi_piano": ("chord", "chord"), "ambi_drone": ("chord", "drone"),
    "ambi_haunted_hum": ("chord", "drone"), "ambi": ("fx", "ambience"),
    "guit_em9": ("chord", "chord"), "guit_e_fifths": ("chord", "chord"),
    "mehackit_robot": ("fx", "blips"), "mehackit_phone": ("fx", "blips"),
}  # fmt: skip


def label_of(stem: str) -> tuple[str, str] | None:
    """Kind and finer name by the longest beginning of a file's name, None if none is known."""
    for length in range(len(stem), 1, -1):
        if stem[:length] in _BY_PREFIX and (
            length == len(stem) or not stem[length].isalpha() or stem[:length].count("_")
        ):
            return _BY_PREFIX[stem[:length]]
    return None


def changed(known: Known, chance: random.Random) -> Known:
    """The same sound as somebody else might have it: faster, filtered, in a room, coded."""
    wave, rate = known.wave, known.rate
    highest = float(np.abs(wave).max(initial=0)) or 1.0
    wave = (wave / highest * 0.8).astype(np.float32)
    if known.kind not in ("loop", "music") and chance.random() < 0.6:
        rate = round(rate * chance.uniform(0.8, 1.25))
        wave = changes.resampled(wave, rate, known.rate) if rate != known.rate else wave
    wave = changes.coloured(chance, wave, known.rate)
    if chance.random() < 0.3:
        wave = changes.room(chance, wave, known.rate, chance.uniform(0.1, 1.2))
    if chance.random() < 0.3 and known.name != "ambience":
        length = chance.uniform(0.25, 1.0)
        kept = min(len(wave), max(round(0.05 * known.rate), round(length * len(wave))))
        wave = wave[:kept] * np.minimum(1, np.arange(kept)[::-1] / (0.01 * known.rate))[:, None]
    if chance.random() < 0.2 and known.rate == RATE:
        wave = changes.coded(wave, known.rate, chance.choice(("mp3", "ogg")))
    wave = changes.between(wave, known.rate, head=chance.uniform(0, 0.06))
    return Known(
        kind=known.kind, name=known.name, source=known.source, rate=known.rate,
        wave=np.asarray(wave, dtype=np.float32),
    )  # fmt: skip

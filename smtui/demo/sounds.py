"""Two dozen sounds whose truth is known: a small sample pack that a demo can check itself on.

Loops are whole bars of four beats, laid out in sixteenths by a step sequencer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from smtui.demo import instruments as play
from smtui.demo.instruments import Tone, Wave

_STEPS = 16
_DRUMS: dict[str, tuple[float, Callable[[int], Wave]]] = {
    "kick": (1.0, play.kick),
    "snare": (0.7, play.snare),
    "clap": (0.6, play.clap),
    "hat": (0.3, play.hat),
}

_LEVEL = 0.8
_AWKWARD = b"shaker [red]not red[bold]\n\x1b[7mline two \xff.wav"
_AWKWARD_IN_UTF8 = "shaker [red]not red[bold]\n\x1b[7mline two é.wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of a sound.

    Attributes:
        filename: the last part of its path, as the system knows it.
        tempo: BPM, None for a sound without a beat.
        key, mode: of chords and of loops with harmony.
        root_note: of a single note.
        broken: it cannot be listened to, and should be named with a reason.
    """

    filename: Path
    kind: str
    tempo: float | None = None
    key: str | None = None
    mode: str | None = None
    is_loop: bool = False
    root_note: str | None = None
    broken: bool = False


def make(folder: Path) -> tuple[Truth, ...]:
    """Write the sounds into the folder, which is made if needed, and tell the truth of each.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sounds = (*_drums(), *_notes(), *_drum_loops(), *_tonal_loops())
    for sound in sounds:
        _write(folder / sound.truth.filename, sound)
    return (*(sound.truth for sound in sounds), _broken(folder), _awkward(folder))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sound:
    truth: Truth
    rate: int
    subtype: str
    make: Callable[[int], Wave]
    width: float = 0.0
    """How much the right channel differs: 0 is mono in one channel."""


def _drums() -> tuple[_Sound, ...]:
    return (
        _kick("kick deep.wav", 44_100, "F1", lambda rate: play.kick(rate, low=43, seconds=0.6)),
        _kick("kick tight.flac", 48_000, "A#1", lambda rate: play.kick(rate, low=58, seconds=0.25)),
        _one_shot("snare.wav", "snare", 44_100, play.snare, width=0.3),
        _one_shot("clap.aiff", "clap", 44_100, play.clap, width=0.5),
        _one_shot("hat closed.wav", "hat", 96_000, play.hat),
        _one_shot("hat open.flac", "hat", 44_100, lambda rate: play.hat(rate, seconds=0.5)),
        _one_shot("crash.ogg", "cymbal", 44_100, play.crash, width=0.6),
        _Sound(
            truth=Truth(filename=Path("tom low G2.wav"), kind="tom", root_note="G2"),
            rate=22_050,
            subtype="",
            make=play.tom,
        ),
        _one_shot("riser.mp3", "fx", 44_100, play.riser, width=0.4),
    )


def _notes() -> tuple[_Sound, ...]:
    return (
        _tone("bass F1.wav", "bass", 29, play.BASS),
        _tone("bass A1.flac", "bass", 33, play.BASS),
        _tone("bass C2.aiff", "bass", 36, play.BASS),
        _tone("lead E4.ogg", "lead", 64, play.LEAD),
        _chord("chord Am pad.wav", (45, 57, 60, 64, 69), play.PAD, ("A", "minor")),
        _chord("chord C keys.mp3", (48, 60, 64, 67), play.KEYS, ("C", "major")),
        _chord("chord F#m pad.flac", (42, 57, 61, 66), play.PAD, ("F#", "minor")),
        _chord("chord Eb keys.wav", (51, 58, 63, 67), play.KEYS, ("D#", "major")),
    )


def _drum_loops() -> tuple[_Sound, ...]:
    house = (
        ("kick", "x...x...x...x..."),
        ("clap", "....x.......x..."),
        ("hat", "..x...x...x...x."),
    )
    breaks = (
        ("kick", "x.x.......xx...."),
        ("snare", "....x..x.x..x..x"),
        ("hat", "x.x.x.x.x.x.x.x."),
    )
    slow = (
        ("kick", "x..x......x....."),
        ("snare", "....x.......x..."),
        ("hat", "x.x.x.x.x.x.xxx."),
    )
    techno = (
        ("kick", "x...x...x...x..."),
        ("snare", "............x..x"),
        ("hat", "xxxxxxxxxxxxxxxx"),
    )
    return (
        _loop("house drums 124.wav", Groove(tempo=124, bars=2, drums=house), width=0.2),
        _loop("breakbeat 140.flac", Groove(tempo=140, bars=4, drums=breaks), width=0.2),
        _loop("slow drums 90.ogg", Groove(tempo=90, bars=2, drums=slow)),
        _loop("techno drums 133.aiff", Groove(tempo=133, bars=2, drums=techno), rate=48_000),
    )


def _tonal_loops() -> tuple[_Sound, ...]:
    beat = (("kick", "x...x...x...x..."), ("hat", "..x...x...x...x."))
    d_minor = chords_of(((50, 57, 62, 65), (46, 58, 62, 65), (48, 55, 60, 64), (50, 57, 62, 65)))
    f_major = chords_of(((41, 57, 60, 65), (46, 58, 62, 65), (48, 55, 60, 64), (41, 57, 60, 65)))
    e_minor = line_of((64, 67, 71, 67, 72, 71, 67, 66, 64, 59, 64, 66, 67, 66, 62, 64), play.PLUCK)
    roots = line_of((31, 31, 43, 31, 34, 34, 46, 34, 36, 36, 48, 36, 38, 38, 50, 38), play.BASS)
    g_minor = chords_of(((55, 58, 62), (58, 62, 65), (60, 63, 67), (62, 66, 69)))
    return (
        _loop(
            "keys Dm 100.wav", Groove(tempo=100, bars=4, parts=(d_minor,)),
            key=("D", "minor"), width=0.3,
        ),
        _loop(
            "chords and beat F 112.flac", Groove(tempo=112, bars=4, drums=beat, parts=(f_major,)),
            key=("F", "major"), width=0.3,
        ),
        _loop(
            "melody Em 84.ogg", Groove(tempo=84, bars=2, parts=(e_minor,)),
            key=("E", "minor"), rate=32_000,
        ),
        _loop(
            "bass and beat Gm 128.wav",
            Groove(tempo=128, bars=4, drums=beat, parts=(roots, g_minor)),
            key=("G", "minor"), rate=48_000,
        ),
    )  # fmt: skip


def _one_shot(
    name: str,
    kind: str,
    rate: int,
    make: Callable[[int], Wave],
    *,
    width: float = 0.0,
) -> _Sound:
    truth = Truth(filename=Path(name), kind=kind)
    return _Sound(truth=truth, rate=rate, subtype="", make=make, width=width)


def _kick(name: str, rate: int, root: str, make: Callable[[int], Wave]) -> _Sound:
    truth = Truth(filename=Path(name), kind="kick", root_note=root)
    return _Sound(truth=truth, rate=rate, subtype="", make=make)


def _tone(name: str, kind: str, midi: int, tone: play.Tone) -> _Sound:
    root = name.split()[1].partition(".")[0]
    return _Sound(
        truth=Truth(filename=Path(name), kind=kind, root_note=root),
        rate=44_100,
        subtype="PCM_24" if name.endswith((".wav", ".flac")) else "",
        make=lambda rate: play.note(midi, 1.6, rate, tone),
    )


def _chord(name: str, notes: tuple[int, ...], tone: play.Tone, key: tuple[str, str]) -> _Sound:
    return _Sound(
        truth=Truth(filename=Path(name), kind="chord", key=key[0], mode=key[1]),
        rate=44_100,
        subtype="",
        make=lambda rate: play.chord(notes, 3.0, rate, tone),
        width=0.3,
    )


def _loop(
    name: str,
    groove: Groove,
    *,
    key: tuple[str, str] | None = None,
    rate: int = 44_100,
    width: float = 0.0,
) -> _Sound:
    truth = Truth(
        filename=Path(name),
        kind="loop",
        tempo=groove.tempo,
        key=key[0] if key else None,
        mode=key[1] if key else None,
        is_loop=True,
    )
    return _Sound(
        truth=truth, rate=rate, subtype="", make=lambda at: looped(groove, at), width=width
    )


def _broken(folder: Path) -> Truth:
    """A FLAC whose second half is gone, as a transfer that broke off leaves it."""
    name = Path("broken transfer.flac")
    groove = Groove(tempo=120, bars=2, drums=(("kick", "x...x...x...x..."),))
    truth = Truth(filename=name, kind="loop", tempo=120, is_loop=True, broken=True)
    _write(
        folder / name,
        _Sound(truth=truth, rate=44_100, subtype="", make=lambda at: looped(groove, at)),
    )
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    return truth


def _awkward(folder: Path) -> Truth:
    """A good sound whose name holds markup, a newline, an escape and a byte that is not UTF-8."""
    for raw in (_AWKWARD, _AWKWARD_IN_UTF8.encode()):
        name = Path(os.fsdecode(raw))
        truth = Truth(filename=name, kind="percussion")
        try:
            _write(folder / name, _Sound(truth=truth, rate=44_100, subtype="", make=play.shaker))
        except (OSError, UnicodeError):
            # The file systems of macOS refuse names that are not UTF-8.
            continue
        return truth
    message = f"{folder} takes no unusual file names"
    raise OSError(message)


def _write(path: Path, sound: _Sound) -> None:
    wave = _LEVEL * sound.make(sound.rate)
    if sound.width:
        # A few milliseconds later on the right, partly, makes a sound wide and keeps it whole in
        # mono.
        late = np.roll(wave, round(0.0007 * sound.rate))
        wave = np.stack((wave, (1 - sound.width) * wave + sound.width * late), axis=1)
    suffix = path.suffix[1:].upper()
    subtype = sound.subtype or None
    with path.open("wb") as file:
        soundfile.write(file, wave, sound.rate, format=suffix, subtype=subtype)

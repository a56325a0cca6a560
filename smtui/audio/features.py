"""Everything that one pass over a sound measures, before its kind is named.

Conventions: what arrives is the file's own blocks, (n, channels), at its own rate. Levels are
measured on the channels; everything else hears one channel at RATE.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.decoder import Samples
from smtui.audio.descriptors import Material, material_of
from smtui.audio.frames import RATE, Array, FrameReader, Frames, Resampler
from smtui.audio.levels import LevelMeter, Levels
from smtui.audio.notes import Note, steady_note
from smtui.audio.pitches import PitchReader
from smtui.audio.sound_file import Sound
from smtui.audio.tempo import Rhythm, rhythm
from smtui.audio.tonality import Tonality, tonality

LONGEST_NOTE = 12.0
"""s; in more than that no single note is looked for."""
LONGEST_STRETCH = 10 * RATE
"""Samples of a stretch, 10 s."""
_MOST_STRETCHES = 6
_OPENING = 6 * RATE
# A mean 20 dB below its channels is what two opposite channels leave.
_CANCELLED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What was measured of a sound.

    Attributes:
        note: the steady note of its opening, None without one and in a long sound.
        duration: s.
        opening: the first 6 s, mono at RATE.
        stretches: of at most 10 s each, mono at RATE, spread over the sound; empty where they
            were not wanted.
    """

    file_hash: str
    frames: Frames
    levels: Levels
    rhythm: Rhythm
    tonality: Tonality
    note: Note | None
    material: Material
    duration: float
    opening: Array
    stretches: list[Array]

    @property
    def root(self) -> Note | None:
        """The note of what is one steady note and no loop."""
        is_single = self.note is not None and self.note.is_root and not self.rhythm.is_loop
        return self.note if is_single else None


def measure_features(sound: Sound, *, with_stretches: bool) -> Features:
    """Decode a sound once, and let everything measure that needs its samples.

    Raises:
        SoundUnreadable: as `Sound.blocks`.
    """
    header, file_hash = sound.header, sound.file_hash()
    meter = LevelMeter(
        sample_rate=header.sample_rate, channels=header.channels, bit_depth=header.bit_depth
    )
    resampler, downmix = Resampler(header.sample_rate), Downmix()
    readers = _MonoReaders(Stretches() if with_stretches else None)
    count = 0
    for block in sound.blocks():
        signal = np.ascontiguousarray(block.T)
        meter.push(signal)
        readers.push(resampler.push(downmix.mono(signal)))
        count += len(block)
    readers.push(resampler.push(np.zeros(0, dtype=np.float32), last=True))
    duration = count / header.sample_rate
    levels, frames, opening = meter.levels(), readers.frames.finish(), readers.opening()
    note = steady_note(opening) if duration <= LONGEST_NOTE else None
    return Features(
        file_hash=file_hash,
        frames=frames,
        levels=levels,
        rhythm=rhythm(frames, levels, duration, padded=header.padded),
        tonality=tonality(readers.pitches.finish(), duration),
        note=note,
        material=material_of(frames, readers.frames.sketch, levels.envelope, note),
        duration=duration,
        opening=opening,
        stretches=readers.stretches.finish() if readers.stretches else [],
    )


class Downmix:
    """Makes one channel of several: their mean, or the first where they cancel each other."""

    def __init__(self) -> None:
        self._cancels: bool | None = None

    def mono(self, signal: Samples) -> Array:
        """Mix (channels, n) down; the first block that sounds decides how."""
        first: Array = signal[0]
        if len(signal) == 1:
            return first
        mean: Array = signal.mean(axis=0)
        if self._cancels is None:
            power = float(np.vecdot(signal, signal).mean()) / signal.shape[1]
            if power > 0:
                self._cancels = float(mean @ mean) / len(mean) < _CANCELLED * power
        return first if self._cancels else mean


class Stretches:
    """Keeps at most six stretches of a stream at RATE, for what is too dear to do to all of it.

    At first each stretch is kept; where they become too many every second one is dropped, and
    from then on only every second one is taken, so they are spread evenly whatever its length.
    """

    def __init__(self) -> None:
        self._kept: list[Array] = []
        self._open: list[Array] = []
        self._open_length = 0
        self._number = 0
        self._every = 1

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        while len(chunk):
            taken = chunk[: LONGEST_STRETCH - self._open_length]
            chunk = chunk[len(taken) :]
            if self._number % self._every == 0:
                self._open.append(taken.copy())
            self._open_length += len(taken)
            if self._open_length == LONGEST_STRETCH:
                self._close()

    def finish(self) -> list[Array]:
        """Return the stretches in order; the last may be shorter."""
        if self._open_length:
            self._close()
        return self._kept

    def _close(self) -> None:
        if self._open:
            self._kept.append(np.concatenate(self._open))
        self._open, self._open_length = [], 0
        self._number += 1
        if len(self._kept) > _MOST_STRETCHES:
            self._kept = self._kept[::2]
            self._every *= 2


class _MonoReaders:
    """Everything that reads the mono signal at RATE."""

    def __init__(self, stretches: Stretches | None) -> None:
        self.frames = FrameReader()
        self.pitches = PitchReader()
        self.stretches = stretches
        self._opening: list[Array] = []
        self._opening_length = 0

    def push(self, chunk: Array) -> None:
        self.frames.push(chunk)
        self.pitches.push(chunk)
        if self._opening_length < _OPENING:
            self._opening.append(chunk[: _OPENING - self._opening_length])
            self._opening_length += len(self._opening[-1])
        if self.stretches is not None:
            self.stretches.push(chunk)

    def opening(self) -> Array:
        return np.concatenate(self._opening)

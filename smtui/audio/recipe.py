"""One file in, one measurement out; the recipe's version says how it was heard."""

from __future__ import annotations

import time
from pathlib import Path

from smtui.audio.frames import FrameReader, Frames, Resampler
from smtui.audio.levels import LevelMeter, Levels
from smtui.audio.read import Sound, opened
from smtui.audio.timbre import spectral_features
from smtui.domain.analysis import Level, Measurement

RECIPE_VERSION = 1
"""Rises whenever the same sound would be heard differently."""


class Recipe:
    """The Listener of workers and of `smtui inspect`."""

    recipe_version = RECIPE_VERSION

    def listen(self, path: Path, *, level: Level) -> Measurement:
        """Hear a file. Raises SoundUnreadable."""
        return listen(path, level=level)


def listen(path: Path, *, level: Level) -> Measurement:
    """Hear a file.

    There is nothing yet that `full` would add, so it gives an honest `advanced`.

    Raises:
        SoundUnreadable: the file cannot be listened to.
    """
    began = time.perf_counter()
    reached = Level.BASIC if level is Level.BASIC else Level.ADVANCED
    with opened(path) as sound:
        file_hash = sound.file_hash()
        levels, frames, duration = _heard(sound)
        bit_depth = sound.header.bit_depth
    return Measurement(
        level=reached,
        recipe_version=RECIPE_VERSION,
        file_hash=file_hash,
        duration=duration,
        loudness_lufs=levels.loudness_lufs,
        loudness_padded=levels.loudness_padded,
        true_peak_dbtp=levels.true_peak_dbtp,
        bit_depth=bit_depth,
        clipped_samples=levels.clipped_samples,
        dc_offset=levels.dc_offset,
        silence_head=levels.silence_head,
        silence_tail=levels.silence_tail,
        stereo_correlation=levels.stereo_correlation,
        spectral_features=None if reached is Level.BASIC else spectral_features(frames),
        processing_time=time.perf_counter() - began,
    )


def _heard(sound: Sound) -> tuple[Levels, Frames, float]:
    header = sound.header
    meter = LevelMeter(sample_rate=header.sample_rate, channels=header.channels)
    resampler = Resampler(header.sample_rate)
    reader = FrameReader()
    count = 0
    for block in sound.blocks():
        meter.push(block)
        mono = block[:, 0] if header.channels == 1 else block.mean(axis=1)
        reader.push(resampler.push(mono))
        count += len(block)
    reader.push(resampler.push(mono[:0], last=True))
    return meter.levels(), reader.finish(), count / header.sample_rate

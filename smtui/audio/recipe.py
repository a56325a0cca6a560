"""One file in, one measurement out; the recipe's version says how it was heard."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from smtui.audio.decoder import Samples
from smtui.audio.frames import RATE, Array, FrameReader, Resampler
from smtui.audio.kind import Heard, kind_of
from smtui.audio.levels import LevelMeter
from smtui.audio.pitches import PitchReader
from smtui.audio.read import Sound, opened
from smtui.audio.stretches import Stretches
from smtui.audio.tempo import Rhythm, rhythm
from smtui.audio.threads import one_thread
from smtui.audio.timbre import spectral_features
from smtui.audio.tonality import Tonality, steady_note, tonality
from smtui.domain.analysis import Claims, Level, Measurement

RECIPE_VERSION = 1
"""Rises whenever the same sound would be heard differently."""

_DRUMS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
# A drum's skin may ring on a pitch, but nobody plays a melody on it.
_UNPITCHED = ("kick", "snare", "clap", "hat", "cymbal")
_LONGEST_NOTE = 12.0
_OPENING = 6 * RATE
# A mean 20 dB below its channels is what two opposite channels leave.
_CANCELLED = 0.01


class Recipe:
    """The Listener of workers and of `smtui inspect`."""

    recipe_version = RECIPE_VERSION

    def listen(self, path: Path, *, level: Level) -> Measurement:
        """Hear a file. Raises SoundUnreadable."""
        return listen(path, level=level)


def listen(path: Path, *, level: Level) -> Measurement:
    """Hear a file.

    Raises:
        SoundUnreadable: the file cannot be listened to.
    """
    began = time.perf_counter()
    ears = _Ears(stretches=Stretches() if level is Level.FULL else None)
    with one_thread(), opened(path) as sound:
        file_hash, bit_depth = sound.file_hash(), sound.header.bit_depth
        heard = _heard(sound, ears)
    levels, beat = heard.levels, heard.rhythm
    kind, kind_confidence = kind_of(heard)
    keys, root_note = _tones(heard, kind)
    curves = level is not Level.BASIC
    measured = Measurement(
        level=Level.ADVANCED if curves else Level.BASIC,
        recipe_version=RECIPE_VERSION,
        file_hash=file_hash,
        duration=heard.duration,
        tempo=beat.tempo,
        key=keys.key,
        mode=keys.mode,
        time_signature=beat.time_signature,
        claims=_claims(beat, keys),
        loudness_lufs=levels.loudness_lufs,
        loudness_padded=levels.loudness_padded,
        true_peak_dbtp=levels.true_peak_dbtp,
        root_note=root_note,
        bit_depth=bit_depth,
        bits_used=levels.bits_used,
        clipped_samples=levels.clipped_samples,
        dc_offset=levels.dc_offset,
        silence_head=levels.silence_head,
        silence_tail=levels.silence_tail,
        stereo_correlation=levels.stereo_correlation,
        kind=kind,
        kind_confidence=kind_confidence,
        is_loop=beat.is_loop,
        onsets=beat.onsets if curves else (),
        beats=beat.beats if curves else (),
        spectral_features=spectral_features(heard.frames) if curves else None,
        processing_time=time.perf_counter() - began,
    )
    return measured if ears.stretches is None else _deepened(measured, heard, ears, began)


def _deepened(measured: Measurement, heard: Heard, ears: _Ears, began: float) -> Measurement:
    """Add what only level `full` has."""
    # A late import: librosa takes seconds, and no other level needs it.
    from smtui.audio.deep import Found, deepened

    root = heard.note and 440 * 2 ** ((heard.note.midi - 69) / 12)
    assert ears.stretches is not None
    with one_thread():
        deep = deepened(
            Found(
                frames=heard.frames,
                duration=heard.duration,
                tempo=measured.tempo,
                is_loop=measured.is_loop,
                beats=measured.beats,
                root=root if measured.root_note else None,
                opening=ears.opening(),
                stretches=ears.stretches.kept(),
            )
        )
    return replace(
        measured,
        level=Level.FULL,
        beats=deep.beats,
        segments=deep.segments,
        pitch_track=deep.pitch_track,
        harmonic_share=deep.harmonic_share,
        processing_time=time.perf_counter() - began,
    )


def _tones(heard: Heard, kind: str | None) -> tuple[Tonality, str | None]:
    """The key of harmony or the root of a single note, never both."""
    note = heard.note
    is_note = note is not None and note.is_root and not heard.rhythm.is_loop
    root_note = note.name if note and is_note and kind not in _UNPITCHED else None
    has_key = heard.tonality.key is not None and not is_note and kind not in _DRUMS
    return heard.tonality if has_key else Tonality(), root_note


def _claims(beat: Rhythm, keys: Tonality) -> Claims:
    return Claims(
        tempo_confidence=beat.confidence,
        tempo_alternatives=beat.alternatives,
        key_confidence=keys.confidence,
        key_alternatives=keys.alternatives,
        meter_confidence=beat.meter_confidence,
    )


def _heard(sound: Sound, ears: _Ears) -> Heard:
    """Decode once, and let everything listen that needs the samples."""
    header = sound.header
    meter = LevelMeter(
        sample_rate=header.sample_rate, channels=header.channels, bit_depth=header.bit_depth
    )
    resampler, downmix = Resampler(header.sample_rate), _Downmix()
    count = 0
    for block in sound.blocks():
        signal = np.ascontiguousarray(block.T)
        meter.push(signal)
        ears.push(resampler.push(downmix.mono(signal)))
        count += len(block)
    ears.push(resampler.push(np.zeros(0, dtype=np.float32), last=True))
    duration = count / header.sample_rate
    levels, frames = meter.levels(), ears.frames.finish()
    return Heard(
        frames=frames,
        levels=levels,
        rhythm=rhythm(frames, levels, duration),
        tonality=tonality(ears.pitches.finish(), duration),
        note=steady_note(ears.opening()) if duration <= _LONGEST_NOTE else None,
        duration=duration,
    )


class _Downmix:
    """Makes one channel of several: their mean, or the first where they cancel each other."""

    def __init__(self) -> None:
        self._cancels: bool | None = None

    def mono(self, signal: Samples) -> Array:
        """Mix (channels, n) down; the first block that sounds decides how."""
        if len(signal) == 1:
            return signal[0]
        mean: Array = signal.mean(axis=0)
        if self._cancels is None:
            power = float(np.vecdot(signal, signal).mean()) / signal.shape[1]
            if power > 0:
                self._cancels = float(mean @ mean) / len(mean) < _CANCELLED * power
        return signal[0] if self._cancels else mean


class _Ears:
    """Everything that listens to the mono signal at one rate."""

    def __init__(self, stretches: Stretches | None) -> None:
        self.frames = FrameReader()
        self.pitches = PitchReader()
        self.stretches = stretches
        self._opening: list[Array] = []
        self._kept = 0

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        self.frames.push(chunk)
        self.pitches.push(chunk)
        if self._kept < _OPENING:
            self._opening.append(chunk[: _OPENING - self._kept])
            self._kept += len(self._opening[-1])
        if self.stretches is not None:
            self.stretches.push(chunk)

    def opening(self) -> Array:
        """The first seconds, where a note is read."""
        return np.concatenate(self._opening)

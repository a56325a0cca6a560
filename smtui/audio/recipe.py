"""One file in, one measurement out; the recipe's version says how it was heard."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from smtui.audio.descriptors import material_of
from smtui.audio.ears import Downmix, Ears
from smtui.audio.embedding import embedding
from smtui.audio.frames import Resampler
from smtui.audio.kind import Heard, Named, kind_of
from smtui.audio.levels import LevelMeter
from smtui.audio.notes import Note, drum_note
from smtui.audio.read import Sound, opened
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.audio.stretches import Stretches
from smtui.audio.tempo import Rhythm, rhythm
from smtui.audio.threads import one_thread
from smtui.audio.timbre import spectral_features
from smtui.audio.tonality import Tonality, steady_note, tonality
from smtui.domain.analysis import Claims, Level, Measurement

_DRUMS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
# What rattles, claps or hisses may ring on a pitch, but nobody tunes it.
_UNPITCHED = ("snare", "clap", "hat", "cymbal")
_TUNED = ("kick", "tom")
_LONGEST_ONE_SHOT = 12.0
_LEAST_BEAT = 0.5
_LONGEST_NOTE = 12.0


class Recipe:
    """The Listener of workers and of `smtui inspect`."""

    recipe_version = RECIPE_VERSION

    def prepare(self, level: Level) -> None:
        """Load librosa and compile its parts for level `full`; nothing else is left to load."""
        if level is Level.FULL:
            # A late import: librosa takes seconds, and no other level needs it.
            from smtui.audio.deep import warm

            warm()

    def listen(self, path: Path, *, level: Level) -> Measurement:
        """Hear a file. Raises SoundUnreadable."""
        return listen(path, level=level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A measurement, and short sentences on what speaks for its tempo, key and kind."""

    measured: Measurement
    tempo: tuple[str, ...]
    key: tuple[str, ...]
    kind: tuple[str, ...]


def listen(path: Path, *, level: Level) -> Measurement:
    """Hear a file.

    Raises:
        SoundUnreadable: the file cannot be listened to.
    """
    return explained(path, level=level).measured


def explained(path: Path, *, level: Level) -> Explained:
    """Hear a file, and say why it was heard so.

    Raises:
        SoundUnreadable: the file cannot be listened to.
    """
    began = time.perf_counter()
    ears = Ears(stretches=Stretches() if level is Level.FULL else None)
    with one_thread(), opened(path) as sound:
        file_hash, bit_depth = sound.file_hash(), sound.header.bit_depth
        heard = _heard(sound, ears)
        named = kind_of(heard)
        keys, note = _tones(heard, named.kind, ears)
        measured = _named(_measured(heard, keys, level), heard, named)
        if level is Level.FULL:
            measured = _deepened(measured, heard, ears)
    return Explained(
        measured=replace(
            measured,
            file_hash=file_hash,
            bit_depth=bit_depth,
            claims=replace(measured.claims, root_confidence=note.confidence if note else 0.0),
            is_loop=_form(heard, named.kind),
            root_note=note.name if note else None,
            processing_time=time.perf_counter() - began,
        ),
        tempo=heard.rhythm.evidence,
        key=keys.evidence,
        kind=named.evidence,
    )


def _measured(heard: Heard, keys: Tonality, level: Level) -> Measurement:
    levels, beat = heard.levels, heard.rhythm
    curves = level is not Level.BASIC
    return Measurement(
        level=level,
        recipe_version=RECIPE_VERSION,
        file_hash="",
        processing_time=0.0,
        duration=heard.duration,
        tempo=beat.tempo,
        key=keys.key,
        mode=keys.mode,
        time_signature=beat.time_signature,
        claims=_claims(beat, keys),
        loudness_lufs=levels.loudness_lufs,
        loudness_padded=levels.loudness_padded,
        true_peak_dbtp=levels.true_peak_dbtp,
        bits_used=levels.bits_used,
        clipped_samples=levels.clipped_samples,
        dc_offset=levels.dc_offset,
        silence_head=levels.silence_head,
        silence_tail=levels.silence_tail,
        stereo_correlation=levels.stereo_correlation,
        is_loop=beat.is_loop,
        onsets=beat.onsets if curves else (),
        beats=beat.beats if curves else (),
        spectral_features=spectral_features(heard.frames) if curves else None,
    )


def _named(measured: Measurement, heard: Heard, named: Named) -> Measurement:
    """Add the kind, and where spectral features are asked for what is compared by likeness."""
    numbers: tuple[float, ...] = ()
    if measured.level is not Level.BASIC:
        chroma = heard.frames.chroma.sum(axis=0)
        numbers = embedding(heard.material, named.told, chroma)
    return replace(
        measured,
        kind=named.kind,
        kind_confidence=named.confidence,
        claims=replace(measured.claims, kind_alternatives=named.alternatives),
        embedding=numbers,
    )


def _deepened(measured: Measurement, heard: Heard, ears: Ears) -> Measurement:
    """Add what only level `full` has."""
    # A late import: librosa takes seconds, and no other level needs it.
    from smtui.audio.deep import Found, deepened

    note = heard.note
    deep = deepened(
        Found(
            frames=heard.frames,
            duration=heard.duration,
            tempo=measured.tempo,
            is_loop=heard.rhythm.is_loop,
            beats=measured.beats,
            root=440 * 2 ** ((note.midi - 69) / 12) if note and _is_single(heard) else None,
            opening=ears.opening(),
            stretches=ears.stretches.kept() if ears.stretches else [],
        )
    )
    return replace(
        measured,
        beats=deep.beats,
        segments=deep.segments,
        pitch_track=deep.pitch_track,
        harmonic_share=deep.harmonic_share,
    )


def _tones(heard: Heard, kind: str | None, ears: Ears) -> tuple[Tonality, Note | None]:
    """The key of harmony or the root of a single note, never both."""
    keys, note = heard.tonality, heard.note
    if note is not None and _is_single(heard):
        single = f"one steady note, {note.name}: a root and no key"
        keys = Tonality(tonalness=keys.tonalness, evidence=(single,))
        note = None if kind in _UNPITCHED else note
    else:
        note = None
    if kind in _TUNED and not heard.rhythm.is_loop and heard.duration <= _LONGEST_NOTE:
        note = drum_note(ears.opening(), heard.note)
        ringing = f"a {kind} that rings on {note.name}" if note else f"a {kind} is in no key"
        keys = Tonality(tonalness=keys.tonalness, evidence=(ringing,))
    elif kind in _DRUMS and keys.key is not None:
        keys = Tonality(tonalness=keys.tonalness, evidence=(f"a {kind} is in no key",))
    return keys, note


def _form(heard: Heard, kind: str | None) -> bool | None:
    """Whether it is a loop or a one-shot; None for music and beats that are neither."""
    if heard.rhythm.is_loop:
        return True
    goes_on = heard.rhythm.confidence >= _LEAST_BEAT or kind == "music"
    return None if goes_on or heard.duration > _LONGEST_ONE_SHOT else False


def _is_single(heard: Heard) -> bool:
    return heard.note is not None and heard.note.is_root and not heard.rhythm.is_loop


def _claims(beat: Rhythm, keys: Tonality) -> Claims:
    return Claims(
        tempo_confidence=beat.confidence,
        tempo_alternatives=beat.alternatives,
        key_confidence=keys.confidence,
        key_alternatives=keys.alternatives,
        meter_confidence=beat.meter_confidence,
    )


def _heard(sound: Sound, ears: Ears) -> Heard:
    """Decode once, and let everything listen that needs the samples."""
    header = sound.header
    meter = LevelMeter(
        sample_rate=header.sample_rate, channels=header.channels, bit_depth=header.bit_depth
    )
    resampler, downmix = Resampler(header.sample_rate), Downmix()
    count = 0
    for block in sound.blocks():
        signal = np.ascontiguousarray(block.T)
        meter.push(signal)
        ears.push(resampler.push(downmix.mono(signal)))
        count += len(block)
    ears.push(resampler.push(np.zeros(0, dtype=np.float32), last=True))
    duration = count / header.sample_rate
    levels, frames = meter.levels(), ears.frames.finish()
    note = steady_note(ears.opening()) if duration <= _LONGEST_NOTE else None
    return Heard(
        frames=frames,
        levels=levels,
        rhythm=rhythm(frames, levels, duration, padded=header.padded),
        tonality=tonality(ears.pitches.finish(), duration),
        note=note,
        material=material_of(frames, ears.frames.sketch, levels.envelope, note),
        duration=duration,
    )

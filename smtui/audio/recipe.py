"""One file in, one measurement out; the recipe's version says how it was measured.

Up to level `advanced` nothing on the way from here imports librosa: that would take seconds.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

from smtui.audio.embedding import embedding
from smtui.audio.features import LONGEST_NOTE, Features, measure_features
from smtui.audio.frames import spectral_features
from smtui.audio.kind import NamedKind, name_kind
from smtui.audio.levels import Levels
from smtui.audio.notes import Note, drum_note
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.audio.sound_file import open_sound
from smtui.audio.tempo import Rhythm
from smtui.audio.tonality import Tonality
from smtui.domain.analysis import Claims, Level, Measurement

if TYPE_CHECKING:
    from smtui.audio.deep import Deep

_DRUMS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
# What rattles, claps or hisses may ring on a pitch, but nobody tunes it.
_UNPITCHED = ("snare", "clap", "hat", "cymbal")
_TUNED = ("kick", "tom")
_LONGEST_ONE_SHOT = 12.0
_LEAST_BEAT = 0.5
_OF_LEVELS = tuple(each.name for each in fields(Levels) if each.name != "envelope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A measurement, and short sentences on what speaks for its tempo, key and kind."""

    measured: Measurement
    tempo: tuple[str, ...]
    key: tuple[str, ...]
    kind: tuple[str, ...]


def explain(path: Path, *, level: Level) -> Explained:
    """Measure a file, and say what speaks for the claims.

    Raises:
        SoundUnreadable: the file cannot be analysed.
    """
    began = time.perf_counter()
    with _one_thread(), open_sound(path) as sound:
        features = measure_features(sound, with_stretches=level is Level.FULL)
        kind = name_kind(features)
        keys, note = _key_or_note(features, kind.kind)
        measured = _measurement(features, kind, (keys, note), level, began)
    return Explained(
        measured=measured,
        tempo=features.rhythm.evidence,
        key=keys.evidence,
        kind=kind.evidence,
    )


def listen(path: Path, *, level: Level) -> Measurement:
    """Measure a file.

    Raises:
        SoundUnreadable: the file cannot be analysed.
    """
    return explain(path, level=level).measured


class Recipe:
    """The Listener of workers."""

    recipe_version = RECIPE_VERSION
    listen = staticmethod(listen)

    def prepare(self, level: Level) -> None:
        """Load librosa and compile its parts for level `full`; nothing else is left to load."""
        if level is Level.FULL:
            # A late import: librosa takes seconds, and no other level needs it.
            from smtui.audio.deep import warm

            warm()


@cache
def _blas() -> ThreadpoolController:
    # Finding the loaded libraries takes a millisecond; numpy's is loaded by now.
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[object]:
    """Limit numpy's linear algebra to one thread until the end of the context.

    The products here are small. Shared among threads they end hardly sooner, and the threads
    that wait for each other spin: measured on two cores, the same sounds cost three times the
    processor time, taken from the other workers and from whoever plays audio.
    """
    limited: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limited


def _key_or_note(features: Features, kind: str | None) -> tuple[Tonality, Note | None]:
    """Return the key of harmony or the root of a single note, never both."""
    keys, note = features.tonality, features.root
    if note is not None:
        single = f"one steady note, {note.name}: a root and no key"
        keys = Tonality(tonalness=keys.tonalness, evidence=(single,))
        note = None if kind in _UNPITCHED else note
    if kind in _TUNED and not features.rhythm.is_loop and features.duration <= LONGEST_NOTE:
        note = drum_note(features.opening, features.note)
        ringing = f"a {kind} that rings on {note.name}" if note else f"a {kind} is in no key"
        keys = Tonality(tonalness=keys.tonalness, evidence=(ringing,))
    elif kind in _DRUMS and keys.key is not None:
        keys = Tonality(tonalness=keys.tonalness, evidence=(f"a {kind} is in no key",))
    return keys, note


def _measurement(
    features: Features,
    kind: NamedKind,
    tones: tuple[Tonality, Note | None],
    level: Level,
    began: float,
) -> Measurement:
    beat, frames = features.rhythm, features.frames
    keys, note = tones
    curves = level is not Level.BASIC
    deep = _deep(features) if level is Level.FULL else None
    return Measurement(
        level=level,
        recipe_version=RECIPE_VERSION,
        file_hash=features.file_hash,
        duration=features.duration,
        tempo=beat.tempo,
        key=keys.key,
        mode=keys.mode,
        time_signature=beat.time_signature,
        claims=_claims(beat, tones, kind),
        root_note=note.name if note else None,
        **{name: getattr(features.levels, name) for name in _OF_LEVELS},
        kind=kind.kind,
        kind_confidence=kind.confidence,
        is_loop=_is_loop(features, kind.kind),
        onsets=beat.onsets if curves else (),
        beats=deep.beats if deep else beat.beats if curves else (),
        spectral_features=spectral_features(frames) if curves else None,
        embedding=embedding(features.material, kind.answered, frames.chroma.sum(axis=0))
        if curves
        else (),
        segments=deep.segments if deep else (),
        pitch_track=deep.pitch_track if deep else None,
        harmonic_share=deep.harmonic_share if deep else None,
        processing_time=time.perf_counter() - began,
    )


def _claims(beat: Rhythm, tones: tuple[Tonality, Note | None], kind: NamedKind) -> Claims:
    keys, note = tones
    return Claims(
        tempo_confidence=beat.confidence,
        tempo_alternatives=beat.alternatives,
        key_confidence=keys.confidence,
        key_alternatives=keys.alternatives,
        meter_confidence=beat.meter_confidence,
        kind_alternatives=kind.alternatives,
        root_confidence=note.confidence if note else 0.0,
    )


def _deep(features: Features) -> Deep:
    # A late import: librosa takes seconds, and no other level needs it.
    from smtui.audio.deep import deepen

    return deepen(features)


def _is_loop(features: Features, kind: str | None) -> bool | None:
    """True for a loop, False for a one-shot; None for music and beats that are neither."""
    beat = features.rhythm
    if beat.is_loop:
        return True
    goes_on = beat.confidence >= _LEAST_BEAT or kind == "music"
    return None if goes_on or features.duration > _LONGEST_ONE_SHOT else False

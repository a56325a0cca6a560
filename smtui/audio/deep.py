"""Level `full`: what librosa does best, and nobody need write again.

Importing librosa takes seconds, and its compiled parts are made at their first call. So this
module is only imported where level `full` is asked for, and `warm` is called once before worker
processes are forked: two that filled numba's cache at once would crash (numba's issue 10128).
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import librosa
import numpy as np

from smtui.audio.frames import FRAME, FRAMES_PER_SECOND, HOP, RATE, Array, Frames
from smtui.audio.segments import segments_of
from smtui.domain.analysis import PitchTrack, Segment

_PITCH_HOP = 512
_PITCH_FRAME = 4_096
_OCTAVES_AROUND = 1.5
_LOWEST_HZ, _HIGHEST_HZ = 27.5, 4_186.0
_SHORTEST_TRACK = _PITCH_FRAME
_HPSS_HOP = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the lower levels heard.

    Attributes:
        tempo: BPM of a sound with a beat, else None.
        root: Hz of a pitched one-shot, else None.
        beats: s, the even grid of the lower levels.
        is_loop: then the grid is exact, and stays.
        opening: the first seconds at RATE.
        stretches: of at most 10 s each at RATE, spread over the sound.
    """

    frames: Frames
    duration: float
    tempo: float | None
    is_loop: bool
    beats: tuple[float, ...]
    root: float | None
    opening: Array
    stretches: list[Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    """What level `full` adds; see Measurement."""

    beats: tuple[float, ...]
    segments: tuple[Segment, ...]
    pitch_track: PitchTrack | None
    harmonic_share: float | None


def deepened(found: Found) -> Deep:
    """Listen for what only level `full` asks."""
    warm()
    beats = _beats(found)
    return Deep(
        beats=beats,
        segments=segments_of(found.frames, beats, found.duration),
        pitch_track=_pitch_track(found),
        harmonic_share=_harmonic_share(found.stretches),
    )


@cache
def warm() -> None:
    """Compile what librosa compiles, one process after the other."""
    with (Path(tempfile.gettempdir()) / f"smtui-{os.getuid()}-librosa.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        time = np.arange(2 * RATE, dtype=np.float32) / RATE
        tone = (np.sin(2 * np.pi * 220 * time) * np.exp(-4 * (time % 0.5))).astype(np.float32)
        strokes = np.tile(np.eye(1, 43, dtype=np.float32)[0], 40)
        _dynamic_beats(strokes, 120.0)
        _track(tone, 220.0)
        _harmonic_share([tone])


def _beats(found: Found) -> tuple[float, ...]:
    """A loop keeps its exact grid; elsewhere each beat may give way a little to the strokes.

    By dynamic programming over onset strength (D. Ellis, Beat tracking by dynamic programming,
    Journal of New Music Research 36, 2007).
    """
    if found.tempo is None or found.is_loop:
        return found.beats
    beats = _dynamic_beats(found.frames.strength, found.tempo)
    return tuple(round(beat, 4) for beat in beats if beat < found.duration)


def _dynamic_beats(strength: Array, tempo: float) -> list[float]:
    _, places = librosa.beat.beat_track(
        onset_envelope=strength, sr=RATE, hop_length=HOP, bpm=tempo, trim=False
    )
    beats: list[float] = (np.asarray(places) / FRAMES_PER_SECOND).tolist()
    return beats


def _pitch_track(found: Found) -> PitchTrack | None:
    """How the pitch of a one-shot with a root note goes."""
    if found.root is None or len(found.opening) < _SHORTEST_TRACK:
        return None
    semitones = _track(found.opening, found.root)
    if all(one is None for one in semitones):
        return None
    return PitchTrack(step=_PITCH_HOP / RATE, semitones=semitones)


def _track(signal: Array, root: float) -> tuple[float | None, ...]:
    """MIDI numbers around a root in Hz (M. Mauch and S. Dixon, pYIN, ICASSP 2014)."""
    around = 2**_OCTAVES_AROUND
    hertz, voiced, _ = librosa.pyin(
        signal,
        fmin=max(_LOWEST_HZ, root / around),
        fmax=min(_HIGHEST_HZ, root * around),
        sr=RATE,
        frame_length=_PITCH_FRAME,
        hop_length=_PITCH_HOP,
    )
    midi = 69 + 12 * np.log2(np.where(voiced, hertz, 440) / 440)
    return tuple(
        round(float(one), 2) if is_voiced else None
        for one, is_voiced in zip(midi, voiced, strict=True)
    )


def _harmonic_share(stretches: list[Array]) -> float | None:
    """Share of power that median filters over time keep (D. FitzGerald, DAFx 2010)."""
    held = struck = 0.0
    for stretch in stretches:
        signal = np.pad(stretch, (0, max(0, FRAME - len(stretch))))
        spectrum = np.abs(librosa.stft(signal, n_fft=FRAME, hop_length=_HPSS_HOP))
        harmonic, percussive = librosa.decompose.hpss(spectrum)
        held += float(np.square(harmonic, dtype=np.float64).sum())
        struck += float(np.square(percussive, dtype=np.float64).sum())
    return round(held / (held + struck), 4) if held + struck > 0 else None

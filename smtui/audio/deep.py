"""Level `full`: what librosa does best, and nobody need write again.

It stands alone because importing librosa takes seconds, and its compiled parts are made at their
first call. So it is only imported where level `full` is asked for, and `warm` is called once
before worker processes are forked: two that filled numba's cache at once would crash
(numba's issue 10128).
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt

from smtui.audio.features import Features
from smtui.audio.frames import FRAME, FRAMES_PER_SECOND, HOP, RATE, Array, Frames
from smtui.domain.analysis import PitchTrack, Segment

Floats = npt.NDArray[np.float64]
_PITCH_HOP = 512
_PITCH_FRAME = 4_096
_OCTAVES_AROUND = 1.5
_LOWEST_HZ, _HIGHEST_HZ = 27.5, 4_186.0
_SHORTEST_TRACK = _PITCH_FRAME
_HPSS_HOP = 1_024
_SHORTEST_CUT = 8.0
"""s; a shorter sound is not cut."""
_UNIT = 0.5
_MOST_UNITS = 600
_REACH_SECONDS = 4.0
_LEAST_NOVELTY = 0.25
_ALIKE = 0.75
_MOST_LETTERS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    """What level `full` adds; see Measurement."""

    beats: tuple[float, ...]
    segments: tuple[Segment, ...]
    pitch_track: PitchTrack | None
    harmonic_share: float | None


def deepen(features: Features) -> Deep:
    """Measure what only level `full` asks."""
    warm()
    beats = _beats(features)
    return Deep(
        beats=beats,
        segments=_segments(features.frames, beats, features.duration),
        pitch_track=_pitch_track(features),
        harmonic_share=_harmonic_share(features.stretches),
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


def _beats(features: Features) -> tuple[float, ...]:
    """A loop keeps its exact grid; elsewhere each beat may give way a little to the strokes.

    By dynamic programming over onset strength (D. Ellis, Beat tracking by dynamic programming,
    Journal of New Music Research 36, 2007).
    """
    beat = features.rhythm
    if beat.tempo is None or beat.is_loop:
        return beat.beats
    beats = _dynamic_beats(features.frames.strength, beat.tempo)
    return tuple(round(place, 4) for place in beats if place < features.duration)


def _dynamic_beats(strength: Array, tempo: float) -> list[float]:
    _, places = librosa.beat.beat_track(
        onset_envelope=strength, sr=RATE, hop_length=HOP, bpm=tempo, trim=False
    )
    beats: list[float] = (np.asarray(places) / FRAMES_PER_SECOND).tolist()
    return beats


def _pitch_track(features: Features) -> PitchTrack | None:
    """How the pitch of a one-shot with a root note goes."""
    note = features.root
    if note is None or len(features.opening) < _SHORTEST_TRACK:
        return None
    semitones = _track(features.opening, 440 * 2 ** ((note.midi - 69) / 12))
    if all(pitch is None for pitch in semitones):
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
        round(float(pitch), 2) if is_voiced else None
        for pitch, is_voiced in zip(midi, voiced, strict=True)
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


def _segments(frames: Frames, beats: tuple[float, ...], duration: float) -> tuple[Segment, ...]:
    """Cut a sound of at least eight seconds into parts; boundaries fall on beats if it has any.

    Boundaries are where a checkerboard along the diagonal of the self-similarity fits best
    (J. Foote, Automatic audio segmentation using a measure of audio novelty, ICME 2000). Parts are
    then joined under one letter while their mean likeness, measured against that within each of
    them, is high. Plain numpy: the matrix has at most some hundred rows.
    """
    if duration < _SHORTEST_CUT:
        return ()
    edges = _edges(beats, duration)
    if len(edges) < 6:
        return ()
    features = _unit_features(frames, edges)
    likeness = features @ features.T
    reach = max(2, round(_REACH_SECONDS / float(np.median(np.diff(edges)))))
    cuts = [0, *_cuts(likeness, reach), len(edges) - 1]
    letters = _letters(likeness, cuts)
    parts: list[Segment] = []
    for (start, end), letter in zip(pairwise(cuts), letters, strict=True):
        name = chr(ord("A") + letter % _MOST_LETTERS)
        begins = parts.pop().start if parts and parts[-1].letter == name else float(edges[start])
        parts.append(Segment(start=round(begins, 3), end=round(float(edges[end]), 3), letter=name))
    return tuple(parts)


def _edges(beats: tuple[float, ...], duration: float) -> Floats:
    """Where units begin and end: beats, or half seconds, fewer of them in a long sound."""
    inner = np.array(beats) if len(beats) >= 8 else np.arange(_UNIT, duration, _UNIT)
    inner = inner[:: 1 + len(inner) // _MOST_UNITS]
    inner = inner[(inner > _UNIT / 2) & (inner < duration - _UNIT / 2)]
    return np.concatenate(([0.0], inner, [duration]))


def _unit_features(frames: Frames, edges: Floats) -> Floats:
    """What each unit sounds like, as rows of unit length: half timbre, half harmony."""
    count = len(frames.rms)
    starts = np.minimum((edges[:-1] * FRAMES_PER_SECOND).astype(np.int64), count - 1)
    lengths = np.maximum(1, np.diff(np.append(starts, count)))[:, None]
    timbre = np.add.reduceat(frames.mfcc, starts, axis=0, dtype=np.float64) / lengths
    harmony = np.add.reduceat(np.sqrt(frames.chroma), starts, axis=0, dtype=np.float64) / lengths
    harmony -= harmony.mean(axis=1, keepdims=True)
    # The first coefficient is loudness in decibels: it counts, but not more than the others.
    spread = np.maximum(timbre.std(axis=0), 2.0)
    blocks = ((timbre - timbre.mean(axis=0)) / spread, harmony)
    rows = [
        block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-9) for block in blocks
    ]
    return np.asarray(np.concatenate(rows, axis=1) / np.sqrt(2))


def _cuts(likeness: Floats, reach: int) -> list[int]:
    """Units at which something new begins."""
    count = len(likeness)
    ramp = np.exp(-0.5 * ((np.arange(-reach, reach) + 0.5) / (0.6 * reach)) ** 2)
    signs = np.sign(np.arange(-reach, reach) + 0.5)
    checkers = np.outer(ramp * signs, ramp * signs)
    checkers /= np.abs(checkers).sum()
    padded = np.pad(likeness, reach, mode="reflect" if count > reach else "edge")
    novelty = np.array(
        [(padded[at : at + 2 * reach, at : at + 2 * reach] * checkers).sum() for at in range(count)]
    )
    novelty = 2 * np.maximum(0, novelty)
    cuts: list[int] = []
    for at in np.argsort(-novelty):
        if novelty[at] < _LEAST_NOVELTY:
            break
        apart = all(abs(int(at) - cut) >= reach for cut in cuts)
        if apart and reach // 2 <= at <= count - reach // 2:
            cuts.append(int(at))
    return sorted(cuts)


def _letters(likeness: Floats, cuts: list[int]) -> list[int]:
    """Number the parts; a part gets the number of an earlier one that is like it."""
    parts = [slice(start, end) for start, end in pairwise(cuts)]
    letters: list[int] = []
    for number, part in enumerate(parts):
        within = likeness[part, part].mean()
        best, nearest = _ALIKE, None
        for other, before in enumerate(parts[:number]):
            both = np.sqrt(max(within * likeness[before, before].mean(), 1e-9))
            alike = float(likeness[part, before].mean() / both)
            if alike > best:
                best, nearest = alike, letters[other]
        letters.append(max(letters, default=-1) + 1 if nearest is None else nearest)
    return letters

"""A single tone has a note and an octave; chords, noise and drums have none."""

from __future__ import annotations

import numpy as np
import pytest

from smtui.audio.frames import RATE
from smtui.audio.notes import drum_note, steady_note
from smtui.demo import instruments as play
from smtui.domain.analysis import KEY_NAMES
from tests.audio.sounds_made import sine

TONES = {"bass": play.BASS, "keys": play.KEYS, "pad": play.PAD, "pluck": play.PLUCK,
         "lead": play.LEAD}  # fmt: skip


def named(wave: np.ndarray) -> str | None:
    note = steady_note(np.asarray(wave, dtype=np.float32))
    return note.name if note is not None and note.is_root else None


@pytest.mark.parametrize("tone", TONES)
def test_every_note_from_c1_to_c7_has_its_name_and_octave(tone: str) -> None:
    for midi in range(24, 97):
        told = named(play.note(midi, 1.2, RATE, TONES[tone]))
        assert told == f"{KEY_NAMES[midi % 12]}{midi // 12 - 1}", midi


@pytest.mark.parametrize("seconds", [0.12, 0.3, 6.0])
def test_short_and_long_notes_are_named(seconds: float) -> None:
    assert named(play.note(57, seconds, RATE, play.LEAD)) == "A3"


@pytest.mark.parametrize("cents", [-45, -20, 20, 45])
def test_a_note_out_of_tune_has_the_nearest_name(cents: int) -> None:
    note = steady_note(sine(220 * 2 ** (cents / 1200), 1, RATE).astype(np.float32))
    assert note is not None
    assert note.name == "A3"
    assert note.midi == pytest.approx(57 + cents / 100, abs=0.03)


def test_a_tone_whose_octave_is_stronger_keeps_its_own() -> None:
    wave = sine(110, 1, RATE, 0.1) + sine(220, 1, RATE, 0.4) + sine(330, 1, RATE, 0.1)
    assert named(wave) == "A2"


@pytest.mark.parametrize("steps", [(0, 4, 7), (0, 3, 7), (0, 7), (0, 5), (0, 3, 6), (0, 4, 7, 12)])
@pytest.mark.parametrize("tone", ["keys", "pad", "lead"])
@pytest.mark.parametrize("root", [40, 48, 57, 64])
def test_a_chord_has_no_root_note(root: int, tone: str, steps: tuple[int, ...]) -> None:
    notes = tuple(root + step for step in steps)
    assert named(play.chord(notes, 1.2, RATE, TONES[tone])) is None


def test_noise_a_sweep_and_silence_have_no_note() -> None:
    hiss = 0.2 * np.random.default_rng(1).standard_normal(RATE)
    assert named(hiss) is None
    assert named(np.zeros(RATE)) is None
    assert named(np.zeros(10)) is None
    time = np.arange(2 * RATE) / RATE
    sweep = np.sin(2 * np.pi * 100 * (4**time - 1) / np.log(4))
    assert named(sweep) is None


@pytest.mark.parametrize("drum", [play.snare, play.clap, play.hat, play.crash, play.shaker])
def test_drums_without_a_skin_have_no_note(drum: object) -> None:
    assert callable(drum)
    assert named(drum(RATE)) is None


def bass_drum(midi: float, *, decay: float, glide: float, drive: float = 0.0) -> np.ndarray:
    """An 808 or 909: it falls to its note and decays on it, with a click in front."""
    time = np.arange(round(1.5 * RATE)) / RATE
    hertz = 440 * 2 ** ((midi - 69) / 12)
    turns = hertz * (time + 3 / glide * (1 - np.exp(-glide * time)))
    wave = np.sin(2 * np.pi * turns) * np.exp(-decay * time)
    wave = np.tanh(drive * wave) / np.tanh(drive) if drive else wave
    click = np.random.default_rng(3).standard_normal(len(time)) * np.exp(-400 * time)
    return np.asarray(0.7 * wave + 0.2 * click, dtype=np.float32)


def drum_named(wave: np.ndarray) -> str | None:
    note = drum_note(wave, steady_note(wave))
    return note.name if note is not None else None


@pytest.mark.parametrize(
    ("decay", "glide", "drive"),
    [(3, 30, 0), (3, 60, 3.0), (6, 40, 1.5), (12, 45, 0)],
    ids=["808", "driven 808", "tight 808", "909"],
)
def test_a_tuned_bass_drum_of_every_note_is_named(decay: float, glide: float, drive: float) -> None:
    for midi in range(24, 48):
        told = drum_named(bass_drum(midi, decay=decay, glide=glide, drive=drive))
        assert told == f"{KEY_NAMES[midi % 12]}{midi // 12 - 1}", midi


def test_a_drum_of_noise_has_no_note() -> None:
    chance = np.random.default_rng(4)
    time = np.arange(round(0.4 * RATE)) / RATE
    for decay in (8, 12, 20, 30):
        for length in (8, 30, 100):
            noise = np.convolve(chance.standard_normal(len(time)), np.ones(length) / length, "same")
            assert drum_named((noise * np.exp(-decay * time)).astype(np.float32)) is None


def test_a_stroke_that_leaves_nothing_has_no_note() -> None:
    time = np.arange(RATE) / RATE
    click = np.sin(2 * np.pi * (60 * time + 4 * (1 - np.exp(-50 * time)))) * np.exp(-90 * time)
    assert drum_named(click.astype(np.float32)) is None
    assert drum_named(np.zeros(RATE, np.float32)) is None

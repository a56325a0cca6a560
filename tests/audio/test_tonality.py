"""Keys of songs, lines and chords that are made here, and none where nothing is in a key."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from smtui.audio.frames import RATE
from smtui.audio.pitches import Pitches, PitchReader
from smtui.audio.tonality import Tonality, harmony_of, read_keys, tonality
from smtui.demo import instruments as play
from smtui.domain.analysis import KEY_NAMES
from tests.audio.sounds_made import sine
from tests.truth import more_drums
from tests.truth.harmony import Song, bass_line, comping, song, tune
from tests.truth.midi import Score, Stroke
from tests.truth.synth import Synth

CLEAR = {
    "major": ((0, "M"), (5, "M"), (7, "7"), (0, "M")),
    "minor": ((0, "m"), (5, "m"), (7, "7"), (0, "m")),
}
CHUNK = 9_000


def pitches_of(wave: np.ndarray, chunk: int = CHUNK) -> Pitches:
    reader = PitchReader()
    samples = np.asarray(wave, dtype=np.float32).ravel()
    for start in range(0, len(samples), chunk):
        reader.push(samples[start : start + chunk])
    return reader.finish()


def heard(wave: np.ndarray) -> Tonality:
    return tonality(pitches_of(wave), np.size(wave) / RATE)


def played(seed: str, strokes: list[Stroke], beats: float, tempo: float = 110) -> np.ndarray:
    synth = Synth(random.Random(seed), RATE)
    return synth.play(Score(strokes=tuple(strokes), tempo=tempo, beats=beats))


def clear_song(tonic: int, mode: str) -> Song:
    return Song(tonic=tonic, mode=mode, beats=4, length=4, chords=CLEAR[mode])


@cache
def band(seed: int) -> tuple[str, str, np.ndarray]:
    """A song in some key, on instruments of some kind, and what its key is."""
    chance = random.Random(seed)
    written = song(chance, mode=chance.choice(("major", "minor")), beats=4, bars=8)
    strokes = comping(chance, written, 0) + bass_line(chance, written, 1)
    strokes += tune(chance, written, 72, 2)
    if chance.random() < 0.5:
        strokes += more_drums.STYLES["funk"].play(chance, 8)
    wave = played(f"band {seed}", strokes, written.all_beats, chance.uniform(110, 150))
    return KEY_NAMES[written.tonic], written.mode, wave


def test_songs_of_three_chords_are_in_their_key_in_all_24() -> None:
    right, sure = [], []
    for tonic in range(12):
        for mode in ("major", "minor"):
            chance = random.Random(f"{tonic} {mode}")
            written = clear_song(tonic, mode)
            strokes = comping(chance, written, 0, "block") + bass_line(chance, written, 1)
            told = heard(played(f"{tonic} {mode}", strokes, written.all_beats))
            right.append((told.key, told.mode) == (KEY_NAMES[tonic], mode))
            if told.confidence >= 0.8:
                sure.append(right[-1])
    assert np.mean(right) >= 0.9
    assert len(sure) >= 12
    assert all(sure)


def test_most_songs_are_in_the_key_that_is_claimed_and_sure_claims_nearly_always() -> None:
    told = [(key, mode, heard(wave)) for key, mode, wave in map(band, range(40))]
    right = [(one.key, one.mode) == (key, mode) for key, mode, one in told]
    assert np.mean(right) >= 0.75
    sure = [fits for fits, (*_, one) in zip(right, told, strict=True) if one.confidence >= 0.8]
    assert len(sure) >= 15
    assert np.mean(sure) >= 0.9


def test_a_song_that_is_not_sure_has_its_key_among_the_alternatives() -> None:
    found = []
    for key, mode, wave in map(band, range(40)):
        told = heard(wave)
        named = [(told.key, told.mode), *((each.key, each.mode) for each in told.alternatives)]
        found.append((key, mode) in named)
    assert np.mean(found) >= 0.92


@pytest.mark.parametrize("cents", [-42, -25, 25, 42])
def test_an_instrument_out_of_tune_keeps_its_key_and_says_so(cents: int) -> None:
    written = clear_song(9, "minor")
    rate = RATE * 2 ** (cents / 1200)
    strokes = comping(random.Random(5), written, 0, "block")
    wave = played("tuned", strokes, written.all_beats)
    # Played back faster or slower, everything is higher or lower.
    places = np.arange(0, len(wave) - 1, rate / RATE)
    told = heard(np.interp(places, np.arange(len(wave)), wave[:, 0]))
    assert (told.key, told.mode) == ("A", "minor")
    assert told.tuning == pytest.approx(cents, abs=6)
    side = "above" if cents > 0 else "below"
    assert any(f"cents {side} A = 440 Hz" in line for line in told.evidence)


def test_the_bass_decides_between_keys_with_the_same_notes() -> None:
    told = {}
    for name, bass in (("C", 36), ("A", 33)):
        strokes = [
            Stroke(beat=0, length=7, pitch=pitch, velocity=90, channel=0)
            for pitch in (60, 64, 67, 69)
        ]
        strokes += [
            Stroke(beat=beat, length=0.9, pitch=bass, velocity=100, channel=1) for beat in range(8)
        ]
        reading = read_keys(harmony_of(pitches_of(played("sixth", strokes, 8))))
        told[name] = reading.keys[0] > reading.keys[2 * KEY_NAMES.index("A") + 1]
    assert told == {"C": True, "A": False}


def test_no_key_is_easier_than_another() -> None:
    """Seven semitones up, the same probabilities stand seven semitones up."""
    pitches = pitches_of(band(3)[2])
    first = read_keys(harmony_of(pitches)).keys.reshape(12, 2)
    moved = replace(pitches, thirds=np.roll(pitches.thirds, 3 * 7, axis=2))
    second = read_keys(harmony_of(moved)).keys.reshape(12, 2)
    assert second == pytest.approx(np.roll(first, 7, axis=0), abs=1e-4)


def test_what_is_heard_does_not_depend_on_the_blocks_in_which_it_comes() -> None:
    wave = band(1)[2]
    whole, parts = pitches_of(wave, len(wave)), pitches_of(wave, 1_777)
    assert parts.thirds == pytest.approx(whole.thirds, rel=1e-4, abs=1e-4)
    assert parts.power == pytest.approx(whole.power, rel=1e-4)


def test_drums_have_no_key() -> None:
    chance = random.Random(11)
    claimed = []
    for place, style in enumerate(more_drums.STYLES.values()):
        strokes = style.play(chance, 2)
        told = heard(played(f"drums {place}", strokes, 8))
        claimed.append(told.key is not None)
        assert told.evidence
    assert np.mean(claimed) <= 0.1


@pytest.mark.parametrize("slope", [0, 1])
def test_noise_has_no_key_and_says_how_little_of_it_is_tone(slope: int) -> None:
    white = np.fft.rfft(np.random.default_rng(2).standard_normal(4 * RATE))
    noise = np.fft.irfft(white / np.arange(1, len(white) + 1) ** (slope / 2))
    told = heard(0.3 * noise / np.abs(noise).max())
    assert (told.key, told.mode, told.confidence, told.alternatives) == (None, None, 0.0, ())
    assert "the rest is noise" in told.evidence[0]


@pytest.mark.parametrize("midi", [33, 45, 57, 69, 81])
def test_one_note_is_no_key(midi: int) -> None:
    told = heard(play.note(midi, 1.5, RATE, play.KEYS))
    assert told.key is None


def test_silence_and_a_click_have_no_key() -> None:
    assert heard(np.zeros(RATE)).key is None
    click = np.zeros(200)
    click[3] = 1
    told = heard(click)
    assert told.key is None
    assert told.evidence == ("not enough pitched sound",)


def test_alternatives_are_other_keys_best_first_and_never_above_the_claim() -> None:
    for seed in range(12):
        told = heard(band(seed)[2])
        others = [(each.key, each.mode) for each in told.alternatives]
        rivals = [each.confidence for each in told.alternatives]
        assert len({(told.key, told.mode), *others}) == 4
        assert rivals == sorted(rivals, reverse=True)
        assert all(0 < rival <= told.confidence <= 1 for rival in rivals)


def test_the_evidence_names_what_sounds_and_the_next_best_key() -> None:
    written = clear_song(2, "major")
    strokes = comping(random.Random(1), written, 0, "block")
    told = heard(played("told", strokes, written.all_beats))
    strongest, tuning, runner_up = told.evidence
    assert strongest.startswith("strongest pitches ")
    assert "D " in strongest
    assert tuning == "tuned to A = 440 Hz"
    first = told.alternatives[0]
    assert f"{first.key} {first.mode}" in runner_up


def test_a_tone_is_tonal_and_hiss_is_not() -> None:
    assert heard(sine(330, 2, RATE)).tonalness > 0.75
    hiss = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    assert heard(hiss).tonalness < 0.3

"""The recipe hears what is true of the demo's sounds, whatever the rate of the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from smtui.audio.recipe import Recipe, listen
from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.demo import instruments as play
from smtui.demo.sounds import Truth, make
from smtui.domain.analysis import KEY_NAMES, Level, Measurement
from smtui.domain.errors import SoundUnreadable
from tests.audio.sounds_made import Written, sine

Demo = tuple[Path, tuple[Truth, ...]]


@pytest.fixture(scope="module")
def heard(demo: Demo) -> dict[Truth, Measurement]:
    folder, truths = demo
    return {
        truth: listen(folder / truth.filename, level=Level.ADVANCED)
        for truth in truths
        if not truth.broken
    }


def test_every_demo_sound_is_heard_as_it_is(heard: dict[Truth, Measurement]) -> None:
    for truth, measured in heard.items():
        told = (measured.kind, measured.key, measured.mode, measured.root_note, measured.is_loop)
        true = (truth.kind, truth.key, truth.mode, truth.root_note, truth.is_loop)
        assert told == true, truth.filename
        assert (measured.tempo is None) == (truth.tempo is None), truth.filename
        if truth.tempo is not None:
            assert measured.tempo == pytest.approx(truth.tempo, abs=0.5), truth.filename


def test_music_and_beats_that_are_no_loop_are_no_one_shots(written: Written) -> None:
    """Sixteen seconds of chords, and five of a beat that stops anywhere."""
    rate = 22_050
    chords = [play.chord(notes, 2.0, rate, play.KEYS) for notes in ((57, 60, 64), (53, 57, 60))]
    music = np.concatenate([0.5 * chord for chord in chords * 4])[: 15 * rate + 4_321]
    beat, step = np.zeros(round(5.3 * rate)), round(30 / 117.3 * rate)
    for index in range(3, 20):
        stroke = play.kick(rate) if index % 2 == 0 else 0.4 * play.hat(rate)
        beat[index * step :][: len(stroke)] += stroke[: len(beat) - index * step]
    for wave in (music, 0.6 * beat):
        measured = listen(written(wave, rate=rate), level=Level.ADVANCED)
        assert measured.is_loop is not False
    hit = listen(written(play.kick(rate), rate=rate), level=Level.ADVANCED)
    assert hit.is_loop is False


def test_a_tuned_kick_has_a_note_and_says_how_sure(written: Written) -> None:
    rate = 44_100
    for low, name in ((55.0, "A1"), (49.0, "G1")):
        wave = play.kick(rate, low=low, seconds=0.8)
        measured = listen(written(0.7 * wave, rate=rate), level=Level.ADVANCED)
        assert (measured.kind, measured.root_note) == ("kick", name)
        assert measured.claims.root_confidence > 0.6
        assert measured.key is None


def test_the_demo_has_what_a_constant_answer_would_get_wrong(demo: Demo) -> None:
    _, truths = demo
    assert len({truth.tempo for truth in truths if truth.tempo}) >= 8
    assert len({(truth.key, truth.mode) for truth in truths if truth.key}) >= 8
    assert len({truth.root_note for truth in truths if truth.root_note}) >= 5
    assert len({truth.kind for truth in truths}) >= 10
    assert sum(truth.tempo is None for truth in truths) >= 10
    assert sum(truth.broken for truth in truths) == 1


def test_the_broken_demo_sound_is_named_with_its_reason(demo: Demo) -> None:
    folder, truths = demo
    broken = next(truth for truth in truths if truth.broken)
    with pytest.raises(SoundUnreadable, match="breaks off") as caught:
        listen(folder / broken.filename, level=Level.ADVANCED)
    assert caught.value.code == "unreadable"


def test_the_demo_is_the_same_every_time(demo: Demo, tmp_path: Path) -> None:
    folder, truths = demo
    assert make(tmp_path) == truths
    for truth in truths:
        # An Ogg stream carries a random serial number; its sound is what must not change.
        if truth.filename.suffix != ".ogg":
            again = (tmp_path / truth.filename).read_bytes()
            assert again == (folder / truth.filename).read_bytes(), truth.filename


@pytest.mark.parametrize(
    "name",
    [
        "house drums 124.wav",
        "keys Dm 100.wav",
        "bass F1.wav",
        "chord Am pad.wav",
        "kick deep.wav",
        "snare.wav",
        "hat closed.wav",
    ],
)
def test_the_rate_of_the_file_does_not_change_the_answer(
    demo: Demo, written: Written, name: str
) -> None:
    samples, rate = soundfile.read(demo[0] / name)
    told = []
    for other in (22_050, 44_100, 48_000, 96_000):
        path = written(soxr.resample(samples, rate, other, "VHQ"), rate=other)
        told.append(listen(path, level=Level.ADVANCED))
    first = told[0]
    for measured in told[1:]:
        assert (measured.kind, measured.key, measured.mode) == (first.kind, first.key, first.mode)
        assert (measured.root_note, measured.is_loop) == (first.root_note, first.is_loop)
        assert measured.tempo == pytest.approx(first.tempo, abs=0.05)
        assert measured.duration == pytest.approx(first.duration, abs=1e-3)
        if measured.kind != "hat":
            # Half of a hat lies above what 22,050 Hz can hold.
            assert measured.loudness_lufs == pytest.approx(first.loudness_lufs, abs=0.5)
        assert len(measured.onsets) == len(first.onsets)


@pytest.mark.parametrize("midi", [28, 33, 40, 45, 57, 64, 76])
def test_a_note_names_its_root_and_no_key(written: Written, midi: int) -> None:
    measured = listen(written(0.7 * play.note(midi, 1.5, 44_100, play.BASS)), level=Level.BASIC)
    assert measured.root_note == f"{KEY_NAMES[midi % 12]}{midi // 12 - 1}"
    assert measured.key is None
    assert measured.tempo is None


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_names_its_key(written: Written, tonic: int, mode: str) -> None:
    third = 4 if mode == "major" else 3
    root = 48 + tonic
    one = (root - 12, root, root + third, root + 7)
    four = (root - 7, root + 5, root + 5 + third, root + 12)
    five = (root - 5, root + 7, root + 11, root + 14)
    wave = np.concatenate(
        [play.chord(notes, 1.0, 22_050, play.KEYS) for notes in (one, four, five, one)]
    )
    measured = listen(written(0.7 * wave, rate=22_050), level=Level.BASIC)
    assert (measured.key, measured.mode) == (KEY_NAMES[tonic], mode)
    assert measured.claims.key_confidence > 0.4
    assert len(measured.claims.key_alternatives) == 3


def test_noise_has_neither_key_nor_tempo_nor_note(written: Written) -> None:
    noise = 0.2 * np.random.default_rng(4).standard_normal(5 * 44_100)
    measured = listen(written(noise), level=Level.ADVANCED)
    assert (measured.key, measured.tempo, measured.root_note) == (None, None, None)
    assert not measured.is_loop


def test_a_held_tone_has_no_tempo(written: Written) -> None:
    measured = listen(written(sine(220, 6.0, 44_100)), level=Level.ADVANCED)
    assert measured.tempo is None
    assert not measured.is_loop


@pytest.mark.parametrize("tempo", [90.0, 110.0, 127.3])
def test_a_piece_that_is_no_loop_still_has_its_tempo(written: Written, tempo: float) -> None:
    """A minute of beats, cut anywhere and faded out."""
    rate = 22_050
    wave = np.zeros(60 * rate)
    kick, hat = play.kick(rate), 0.4 * play.hat(rate)
    step = 30 / tempo
    for index in range(int(58 / step)):
        stroke = kick if index % 2 == 0 else hat
        place = round((0.37 + index * step) * rate)
        wave[place : place + len(stroke)] += stroke
    wave *= 0.6 * np.minimum(1, np.linspace(12, 0, len(wave)))
    measured = listen(written(wave, rate=rate), level=Level.ADVANCED)
    assert measured.tempo == pytest.approx(tempo, abs=0.5)
    assert not measured.is_loop
    assert measured.beats[5] - measured.beats[4] == pytest.approx(60 / tempo, abs=0.01)


@pytest.mark.parametrize(("beats", "kicks"), [(3, "x....."), (4, "x.......")])
def test_the_bar_is_where_the_bass_drum_falls(written: Written, beats: int, kicks: str) -> None:
    """Eight bars at 120, hats on every half beat."""
    rate = 22_050
    wave = np.zeros(8 * beats * rate // 2)
    kick, hat = play.kick(rate), 0.3 * play.hat(rate)
    for step in range(8 * beats * 2):
        stroke = kick if kicks[step % (2 * beats)] == "x" else hat
        places = (step * rate // 4 + np.arange(len(stroke))) % len(wave)
        wave[places] += stroke
    measured = listen(written(0.7 * wave, rate=rate), level=Level.BASIC)
    assert measured.tempo == pytest.approx(120, abs=0.1)
    assert measured.time_signature == (beats, 4)


def test_beats_and_onsets_of_a_loop_lie_where_they_were_played(
    heard: dict[Truth, Measurement],
) -> None:
    measured = next(each for truth, each in heard.items() if truth.tempo == 124)
    assert len(measured.beats) == 8
    for index, beat in enumerate(measured.beats):
        assert beat == pytest.approx(index * 60 / 124, abs=0.01)
        assert min(abs(onset - beat) for onset in measured.onsets) < 0.04 or index == 0
    assert measured.time_signature == (4, 4)


def test_each_level_has_what_the_one_before_has_and_more(demo: Demo) -> None:
    path = demo[0] / "snare.wav"
    basic = Recipe().listen(path, level=Level.BASIC)
    full = Recipe().listen(path, level=Level.FULL)
    assert basic.level is Level.BASIC
    assert basic.spectral_features is None
    assert full.level is Level.FULL
    assert basic.harmonic_share is None
    assert full.harmonic_share is not None
    assert full.spectral_features is not None
    assert basic.kind == full.kind == "snare"
    assert full.recipe_version == Recipe.recipe_version == RECIPE_VERSION


def test_every_claim_says_how_sure(heard: dict[Truth, Measurement]) -> None:
    for measured in heard.values():
        claims = measured.claims
        assert (claims.tempo_confidence > 0) == (measured.tempo is not None)
        assert (claims.key_confidence > 0) == (measured.key is not None)
        assert (measured.kind_confidence > 0) == (measured.kind is not None)
        for confidence in (
            claims.tempo_confidence,
            claims.key_confidence,
            claims.meter_confidence,
            measured.kind_confidence,
        ):
            assert 0 <= confidence <= 1
        rivals = [rival.confidence for rival in claims.tempo_alternatives]
        assert rivals == sorted(rivals, reverse=True)
        assert all(rival <= claims.tempo_confidence for rival in rivals)


def test_listening_loads_no_heavy_library(demo: Demo) -> None:
    script = (
        "import sys; from pathlib import Path; from smtui.audio.recipe import listen;"
        "from smtui.audio.tags import read_tags; from smtui.domain.analysis import Level;"
        "listen(Path(sys.argv[1]), level=Level.ADVANCED); read_tags(Path(sys.argv[1]));"
        "print([name for name in ('librosa', 'numba', 'scipy.signal', 'sklearn', 'pandas')"
        " if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(demo[0] / "snare.wav")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")

"""Level full: beats that follow a player, pitch that glides, parts that come again."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from smtui.audio.features import LONGEST_STRETCH, Stretches
from smtui.audio.frames import RATE
from smtui.audio.recipe import listen
from smtui.demo import instruments as play
from smtui.domain.analysis import Level, Measurement
from tests.audio.sounds_made import Written, sine


def full(path: Path) -> Measurement:
    measured = listen(path, level=Level.FULL)
    assert measured.level is Level.FULL
    return measured


def laid(seconds: float, strokes: list[tuple[float, np.ndarray]]) -> np.ndarray:
    wave = np.zeros(round(seconds * RATE))
    for at, stroke in strokes:
        place = round(at * RATE)
        end = min(len(wave), place + len(stroke))
        wave[place:end] += stroke[: end - place]
    return wave


def verse(seconds: float) -> np.ndarray:
    """Minor chords, one each second."""
    chords = [play.chord((45, 57, 60, 64), 1.0, RATE, play.KEYS)]
    chords.append(play.chord((41, 57, 60, 65), 1.0, RATE, play.KEYS))
    return 0.4 * np.concatenate([chords[second % 2] for second in range(int(seconds))])


def chorus(seconds: float) -> np.ndarray:
    """Drums and a bright chord elsewhere."""
    kick, hat = play.kick(RATE), 0.3 * play.hat(RATE)
    strokes = [(0.25 * step, kick if step % 2 == 0 else hat) for step in range(int(4 * seconds))]
    chord = play.chord((54, 66, 70, 73, 85), 1.0, RATE, play.KEYS)
    return 0.4 * laid(seconds, strokes) + 0.25 * np.tile(chord, int(seconds))


def test_parts_that_come_again_have_the_same_letter(written: Written) -> None:
    wave = np.concatenate((verse(16), chorus(16), verse(16), chorus(16)))
    measured = full(written(0.8 * wave, rate=RATE))
    assert [part.letter for part in measured.segments] == ["A", "B", "A", "B"]
    for number, part in enumerate(measured.segments):
        assert part.start == pytest.approx(16 * number, abs=1.1)
    assert all(before.end == after.start for before, after in pairwise(measured.segments))
    assert measured.segments[-1].end == pytest.approx(measured.duration, abs=1e-3)


def test_one_part_that_goes_on_is_not_cut(written: Written) -> None:
    measured = full(written(verse(30), rate=RATE))
    assert [part.letter for part in measured.segments] == ["A"]


def test_a_short_sound_has_no_parts(written: Written) -> None:
    assert full(written(verse(4), rate=RATE)).segments == ()


def test_beats_follow_a_player_who_slows_down(written: Written) -> None:
    """From 122 to 114 within half a minute: an even grid would be far off at both ends."""
    kick = play.kick(RATE)
    places, at = [0.5], 0.5
    while at < 30:
        at += 60 / (122 - 8 * at / 30)
        places.append(at)
    hats = [(now + then) / 2 for now, then in pairwise(places)]
    strokes = [(place, kick) for place in places]
    strokes += [(place, 0.3 * play.hat(RATE)) for place in hats]
    measured = full(written(0.7 * laid(33, strokes), rate=RATE))
    assert measured.tempo == pytest.approx(118, abs=5)
    found = sum(min(abs(beat - place) for beat in measured.beats) < 0.05 for place in places)
    assert found >= 0.9 * len(places)
    extra = [beat for beat in measured.beats if min(abs(beat - place) for place in places) > 0.07]
    assert len(extra) <= 0.15 * len(measured.beats)


def test_the_beats_of_a_loop_stay_an_even_grid(written: Written) -> None:
    strokes = [(0.25 * step, play.kick(RATE)) for step in range(0, 16, 2)]
    strokes += [(0.25 * step, 0.3 * play.hat(RATE)) for step in range(1, 16, 2)]
    path = written(0.7 * laid(4, strokes), rate=RATE)
    measured, before = full(path), listen(path, level=Level.ADVANCED)
    assert measured.is_loop
    assert measured.beats == before.beats != ()


def test_the_pitch_of_a_note_is_followed(written: Written) -> None:
    """A note at A3 with a vibrato of a third of a semitone."""
    time = np.arange(2 * RATE) / RATE
    cents = 0.33 * np.sin(2 * np.pi * 3 * time)
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (cents / 12)) / RATE
    wave = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 6))
    fade = np.minimum(1, np.minimum(time, 2 - time) * 50)
    measured = full(written(0.3 * wave * fade, rate=RATE))
    assert measured.root_note == "A3"
    track = measured.pitch_track
    assert track is not None
    heard = [
        (number * track.step, one)
        for number, one in enumerate(track.semitones)
        if one is not None and 0.2 < number * track.step < 1.8
    ]
    assert len(heard) > 0.8 * 1.6 / track.step
    off = [one - 57 - 0.33 * np.sin(2 * np.pi * 3 * at) for at, one in heard]
    assert np.median(np.abs(off)) < 0.15
    pitches = [one for _, one in heard]
    assert max(pitches) - min(pitches) > 0.35


def test_what_has_no_note_has_no_pitch_track(written: Written) -> None:
    assert full(written(0.5 * play.hat(RATE), rate=RATE)).pitch_track is None


def test_tones_are_held_and_drums_are_struck(written: Written) -> None:
    held = full(written(sine(330, 3, RATE), rate=RATE)).harmonic_share
    clicks = laid(3, [(0.25 * step, play.hat(RATE)) for step in range(12)])
    struck = full(written(0.5 * clicks, rate=RATE)).harmonic_share
    assert held is not None
    assert held > 0.95
    assert struck is not None
    assert struck < 0.35


def test_silence_has_no_harmonic_share(written: Written) -> None:
    measured = full(written(np.zeros(RATE), rate=RATE))
    assert measured.harmonic_share is None
    assert measured.segments == ()


def test_stretches_are_few_and_spread_over_the_whole() -> None:
    stretches = Stretches()
    minutes = 20
    signal = np.arange(minutes * 60 * 100, dtype=np.float32).repeat(RATE // 100)
    for start in range(0, len(signal), 99_991):
        stretches.push(signal[start : start + 99_991])
    kept = stretches.finish()
    assert 3 <= len(kept) <= 6
    assert all(len(each) == LONGEST_STRETCH for each in kept)
    starts = [float(each[0]) / 100 for each in kept]
    assert starts[0] == 0
    assert starts[-1] > 0.5 * minutes * 60
    assert np.ptp(np.diff(starts)) < 1


def test_short_streams_are_kept_whole() -> None:
    stretches = Stretches()
    signal = np.arange(25 * RATE, dtype=np.float32)
    stretches.push(signal)
    np.testing.assert_array_equal(np.concatenate(stretches.finish()), signal)


def test_two_processes_may_hear_at_level_full_at_once(written: Written, tmp_path: Path) -> None:
    """Both would fill the same cache of compiled functions."""
    path = written(0.5 * sine(220, 1.0, RATE), rate=RATE)
    script = (
        "import sys; from pathlib import Path; from smtui.audio.recipe import listen;"
        "from smtui.domain.analysis import Level;"
        "print(listen(Path(sys.argv[1]), level=Level.FULL).harmonic_share)"
    )
    command = [sys.executable, "-c", script, str(path)]
    two = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=240)[0] for process in two]
    assert [process.returncode for process in two] == [0, 0]
    assert told[0] == told[1] != "None\n"

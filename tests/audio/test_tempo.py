"""Tempo, loops and bars are heard as they were played, on kits and voices that nothing learned."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from smtui.audio.tempo import Rhythm, rhythm
from smtui.demo import instruments as play
from tests.learning.heard import ears_of
from tests.truth import beatless, changes, collage, more_beatless, more_drums
from tests.truth.drums import Style, humanised
from tests.truth.midi import Score
from tests.truth.music import MODES, Harmony, progression
from tests.truth.render import Wave, looped
from tests.truth.synth import Synth

RATE = 22_050


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What was played, and what was heard of it; tempo 0 where there is none."""

    name: str
    tempo: float
    meter: int
    heard: Rhythm

    def is_within(self, bpm: float) -> bool:
        return self.heard.tempo is not None and abs(self.heard.tempo - self.tempo) <= bpm

    def is_near(self, *, octaves: tuple[float, ...] = (1,)) -> bool:
        """Within 4 %, of the tempo or of these multiples of it."""
        told = self.heard.tempo or 1e-9
        return min(abs(told / (self.tempo * each) - 1) for each in octaves) <= 0.04

    def has_reading(self) -> bool:
        """The tempo or one of two alternatives is right."""
        told = [self.heard.tempo or 0.0, *(each.tempo for each in self.heard.alternatives[:2])]
        return any(abs(each / self.tempo - 1) <= 0.04 for each in told)


def heard(wave: Wave, rate: int = RATE) -> Rhythm:
    ears = ears_of(wave, rate)
    return rhythm(ears.frames, ears.levels, ears.duration)


def share(flags: Iterator[bool]) -> float:
    return float(np.mean(list(flags)))


def drum_loop(seed: str, style: Style, bars: int) -> tuple[Wave, float]:
    chance = random.Random(f"test {seed}")
    tempo = round(chance.uniform(style.slowest, style.fastest), 1)
    strokes = humanised(chance, style.play(chance, bars), late=0.008, uneven=6)
    score = Score(strokes=tuple(strokes), tempo=tempo, beats=style.beats * bars)
    wave = Synth(chance, RATE).play(score)
    seconds = style.beats * bars * 60 / tempo
    return looped(wave, seconds, RATE, rings=chance.random() < 0.5), tempo


@cache
def drum_loops() -> tuple[Case, ...]:
    """Five styles, one to four bars."""
    cases: list[Case] = []
    for name, style in more_drums.FIVE.items():
        for bars in (1, 2, 3, 4, 2, 4):
            wave, tempo = drum_loop(f"{name} {bars} {len(cases)}", style, bars)
            cases.append(Case(name=f"{name} {bars}", tempo=tempo, meter=4, heard=heard(wave)))
    return tuple(cases)


def band(seed: str, style: Style, seconds: float) -> tuple[Wave, float]:
    """Harmony, bass, melody and drums."""
    chance = random.Random(f"test {seed}")
    tempo = round(chance.uniform(style.slowest, style.fastest), 1)
    bars = round(seconds * tempo / 60 / style.beats)
    harmony = Harmony(
        tonic=chance.randrange(12),
        mode=chance.choice(MODES),
        arrangement=chance.choice((2, 3)),
        bars=bars,
        beats=style.beats,
    )
    strokes = [*progression(chance, harmony)[0], *style.play(chance, bars)]
    score = Score(strokes=tuple(strokes), tempo=tempo, beats=style.beats * bars)
    return Synth(chance, RATE).play(score), tempo


@cache
def pieces() -> tuple[Case, ...]:
    """A third of a minute each, with a beginning and an end; some in bars of three."""
    cases = []
    styles = [*more_drums.FIVE.items(), ("waltz", more_drums.WALTZ), ("waltz", more_drums.WALTZ)]
    for number in range(3):
        for place, (name, style) in enumerate(styles):
            wave, tempo = band(f"{name} {number} {place}", style, 18)
            wave = changes.between(wave, RATE, head=0.37 * number)
            case = Case(name=f"{name} {number}", tempo=tempo, meter=style.beats, heard=heard(wave))
            cases.append(case)
    return tuple(cases)


@cache
def beatless_sounds() -> tuple[Case, ...]:
    """Every kind of sound without a beat, and one-shots of every kind."""
    cases = []
    for name, make in more_beatless.ALL.items():
        for number in range(4):
            told = heard(make(random.Random(f"test {name} {number}")), beatless.RATE)
            cases.append(Case(name=name, tempo=0, meter=0, heard=told))
    for number in range(40):
        told = heard(collage.made(random.Random(f"test {number}")), beatless.RATE)
        cases.append(Case(name=f"made {number}", tempo=0, meter=0, heard=told))
    return tuple(cases)


def test_the_tempo_of_a_drum_loop_is_right() -> None:
    cases = drum_loops()
    assert share(case.is_within(1.0) for case in cases) >= 0.8
    assert share(case.is_near(octaves=(1, 2, 0.5)) for case in cases) >= 0.96
    assert len({round(case.tempo) for case in cases}) >= 20


def test_a_loop_is_known_as_one_and_a_cut_of_it_is_not() -> None:
    whole = drum_loops()
    cuts = []
    for name, style in more_drums.FIVE.items():
        wave, tempo = drum_loop(f"cut {name}", style, 4)
        beat = RATE * 60 / tempo
        cuts.append(heard(wave[round(0.4 * beat) : round(13.9 * beat)]))
    assert share(case.heard.is_loop for case in whole) >= 0.9
    assert share(not each.is_loop for each in cuts) >= 0.8


@pytest.mark.parametrize(("head", "tail"), [(0.0, 0.3), (0.05, 0.45)])
def test_silence_around_a_loop_does_not_change_its_tempo(head: float, tail: float) -> None:
    for name in ("house", "rock", "dnb"):
        wave, tempo = drum_loop(f"silence {name}", more_drums.FIVE[name], 2)
        told = heard(changes.between(wave, RATE, head=head, tail=tail))
        assert told.tempo == pytest.approx(tempo, abs=0.6), name
        assert told.beats[0] == pytest.approx(head, abs=0.02)


def test_the_tempo_of_a_piece_or_an_alternative_is_right() -> None:
    cases = pieces()
    assert share(case.is_near() for case in cases) >= 0.85
    assert share(case.has_reading() for case in cases) >= 0.95
    # One that begins and ends with a bar can be repeated as a loop can.
    assert share(not case.heard.is_loop for case in cases) >= 0.75


def test_bars_of_three_are_told_from_bars_of_four() -> None:
    cases = [*pieces(), *drum_loops()]
    for meter in (3, 4):
        told = [case.heard.time_signature for case in cases if case.meter == meter]
        assert len(told) >= 6
        assert share(each == (meter, 4) for each in told) >= 0.83, meter


def test_a_beat_is_claimed_for_loops_and_for_nothing_beatless() -> None:
    assert share(case.heard.tempo is not None for case in (*drum_loops(), *pieces())) >= 0.95
    silent = beatless_sounds()
    false = [case.name for case in silent if case.heard.tempo is not None]
    assert len(false) <= 0.06 * len(silent), false


def test_of_the_claims_that_are_sure_nine_in_ten_are_right() -> None:
    cases = [*drum_loops(), *pieces(), *beatless_sounds()]
    sure = [case for case in cases if case.heard.confidence >= 0.8]
    assert len(sure) >= 25
    assert share(bool(case.tempo) and case.is_near() for case in sure) >= 0.9


def test_confidence_falls_with_the_beat() -> None:
    """The same loop under more and more noise."""
    wave, _ = drum_loop("noise", more_drums.FIVE["rock"], 2)
    noise = np.random.default_rng(3).standard_normal(wave.shape).astype(np.float32)
    told = [heard(wave + level * noise).confidence for level in (0, 0.5, 2.0, 8.0)]
    # The length of a loop still speaks for its tempo when nothing else can be heard.
    assert told[0] > 0.9
    assert told[-1] < 0.75
    assert told == sorted(told, reverse=True)


def test_the_evidence_counts_the_beats_and_names_the_rivals() -> None:
    kick, snare, hat = play.kick(RATE), 0.7 * play.snare(RATE), 0.3 * play.hat(RATE)
    wave = np.zeros(8 * 60 * RATE // 130)
    for step in range(16):
        sounds = [hat] + ([kick] if step % 4 == 0 else [snare] if step % 4 == 2 else [])
        for sound in sounds:
            places = (round(step * 30 * RATE / 130) + np.arange(len(sound))) % len(wave)
            wave[places] += sound
    told = heard((0.5 * wave).astype(np.float32)[:, None])
    assert told.tempo == pytest.approx(130, abs=0.05)
    assert told.evidence[0] == "8 beats in 3.69 s"
    assert "low strokes on 1 and 3" in told.evidence[1]
    assert "snare or clap on 2 and 4" in told.evidence[1]
    rivals = [fact for fact in told.evidence if fact.startswith(("half:", "double:"))]
    assert len(rivals) == sum(round(each.tempo) in (65, 260) for each in told.alternatives)


def test_what_has_no_beat_says_so() -> None:
    told = heard(beatless.drone(random.Random("test drone")), beatless.RATE)
    assert told.tempo is None
    assert told.confidence == 0
    assert told.evidence == ("no steady beat",)
    assert not told.alternatives
    assert not told.beats


def test_beats_of_a_piece_lie_where_they_were_played() -> None:
    chance = random.Random("test beats")
    strokes = more_drums.FIVE["house"].play(chance, 12)
    score = Score(strokes=tuple(strokes), tempo=124, beats=48)
    wave = changes.between(Synth(chance, RATE).play(score), RATE, head=0.61)
    beats = np.array(heard(wave).beats[4:40])
    phase = (beats - 0.61) / (60 / 124)
    assert np.abs(phase - np.round(phase)).max() * 60 / 124 < 0.04
    assert np.diff(beats) == pytest.approx(60 / 124, abs=2e-3)

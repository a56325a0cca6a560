"""What a hit is said to be beside its seed: a musician's words, and never more than is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement, SpectralFeatures
from smtui.domain.hit_reason import why
from smtui.domain.likeness import Likeness
from smtui.domain.sample import FileId, Heard, Sample
from smtui.domain.traits import Traits, traits

NOW = datetime(2025, 3, 1, tzinfo=UTC)
FAR = Likeness(aspects=(0.4, 0.2, 0.1, 0.3))


@pytest.mark.parametrize(
    ("seed", "hit", "words"),
    [
        ({}, {}, ""),
        ({"brightness": 900}, {}, ""),
        ({"brightness": 900}, {"brightness": 920}, "same brightness"),
        ({"brightness": 900}, {"brightness": 1_000}, ""),
        ({"brightness": 900}, {"brightness": 1_300}, "brighter"),
        ({"brightness": 900}, {"brightness": 440}, "much darker"),
        ({"tempo": 126}, {"tempo": 126.4}, "same tempo"),
        ({"tempo": 126}, {"tempo": 63.2}, "half the tempo"),
        ({"tempo": 63}, {"tempo": 126}, "double the tempo"),
        ({"tempo": 120}, {"tempo": 125}, "a little faster"),
        ({"tempo": 120}, {"tempo": 90}, "slower"),
        ({"note": 29}, {"note": 29}, "same note"),
        ({"note": 29}, {"note": 27}, "a tone lower"),
        ({"note": 29}, {"note": 36}, "a fifth higher"),
        ({"note": 29}, {"note": 41}, "an octave higher"),
        ({"note": 60}, {"note": 36}, "two octaves lower"),
        ({"note": 60}, {"note": 79}, "more than an octave higher"),
        ({"note": 24}, {"note": 84}, "5 octaves higher"),
        ({"pitch_class": 9, "mode": "minor"}, {"pitch_class": 9, "mode": "minor"}, "same key"),
        (
            {"pitch_class": 0, "mode": "major"},
            {"pitch_class": 9, "mode": "minor"},
            "relative minor",
        ),
        (
            {"pitch_class": 9, "mode": "minor"},
            {"pitch_class": 0, "mode": "major"},
            "relative major",
        ),
        (
            {"pitch_class": 0, "mode": "major"},
            {"pitch_class": 0, "mode": "minor"},
            "parallel minor",
        ),
        ({"pitch_class": 0, "mode": "major"}, {"pitch_class": 7, "mode": "major"}, "a fifth up"),
        ({"pitch_class": 0, "mode": "major"}, {"pitch_class": 5, "mode": "major"}, "a fifth down"),
        ({"pitch_class": 0, "mode": "major"}, {"pitch_class": 10, "mode": "major"}, "a tone down"),
        ({"pitch_class": 0, "mode": "major"}, {"pitch_class": 2, "mode": "minor"}, "another key"),
        ({"pitch_class": 0, "mode": "major"}, {"note": 60}, ""),
        ({"tail": 0.4}, {"tail": 0.41}, "same tail"),
        ({"tail": 0.4}, {"tail": 0.2}, "shorter tail"),
        ({"tail": 0.4}, {"tail": 3.0}, "much longer tail"),
        ({"length": 4.0, "is_loop": True}, {"length": 8.0, "is_loop": True}, "twice as long"),
        ({"length": 4.0, "is_loop": True}, {"length": 2.0, "is_loop": True}, "half as long"),
        ({"length": 4.0, "is_loop": True}, {"length": 0.2, "is_loop": False}, ""),
        ({"kind": "kick"}, {"kind": "kick"}, "same kind"),
        ({"kind": "kick"}, {"kind": "snare"}, ""),
        ({"noisiness": 0.05}, {"noisiness": 0.4}, "noisier"),
        ({"noisiness": 0.4}, {"noisiness": 0.05}, "less noisy"),
        ({"loudness": -10.0}, {"loudness": -20.0}, "quieter"),
        (
            {"brightness": 900, "tempo": 126, "pitch_class": 0, "mode": "major"},
            {"brightness": 910, "tempo": 100, "pitch_class": 7, "mode": "major"},
            "same brightness, slower, a fifth up",
        ),
        (
            {"brightness": 900, "tail": 0.4, "note": 29},
            {"brightness": 910, "tail": 0.2, "note": 27},
            "same brightness, a tone lower, shorter tail",
        ),
        (
            {"brightness": 900, "tempo": 126, "pitch_class": 0, "mode": "major", "loudness": -9},
            {"brightness": 905, "tempo": 126, "pitch_class": 0, "mode": "major", "loudness": -20},
            "same tempo, same key, quieter",
        ),
    ],
)
def test_the_phrase_says_what_a_musician_would(
    seed: dict[str, Any], hit: dict[str, Any], words: str
) -> None:
    assert why(Traits(**seed), Traits(**hit)) == words


def test_a_copy_is_called_one() -> None:
    same = Likeness(aspects=(0.999, 1.0, 1.0, 0.998))
    assert why(Traits(brightness=900), Traits(brightness=900), same) == "practically the same sound"


@pytest.mark.parametrize(
    ("aspects", "words"),
    [
        ((0.97, 1.0, 1.0, 0.96), "same timbre and envelope"),
        ((0.6, 1.0, 1.0, 0.3), "alike in timbre"),
        ((0.5, 1.0, 1.0, 0.3), "nearest in timbre"),
        ((-0.6, 1.0, 1.0, -0.3), ""),
    ],
)
def test_where_no_measure_is_known_the_aspects_speak_but_not_of_what_both_lack(
    aspects: tuple[float, float, float, float], words: str
) -> None:
    assert why(Traits(), Traits(), Likeness(aspects=aspects)) == words


def test_what_is_only_different_is_told_with_what_brought_it_here() -> None:
    seed, hit = Traits(brightness=900), Traits(brightness=1_300)
    near = Likeness(aspects=(0.7, 1.0, 1.0, 0.3))
    assert why(seed, hit, near) == "alike in timbre, brighter"
    far = Likeness(aspects=(0.4, 1.0, 1.0, 0.3))
    assert why(seed, hit, far) == "brighter"
    seed, hit = Traits(brightness=900, kind="kick"), Traits(brightness=1_300, kind="kick")
    assert why(seed, hit, near) == "same kind, brighter"


def test_at_most_three_parts_and_no_measure_is_named_twice() -> None:
    seed = Traits(brightness=900, tempo=126, note=29, tail=0.4, noisiness=0.05, loudness=-9)
    hit = Traits(brightness=2_900, tempo=90, note=36, tail=2.0, noisiness=0.5, loudness=-29)
    assert len(why(seed, hit, FAR).split(", ")) == 3


def sample(heard: Heard | None = None, duration: float = 1.0) -> Sample:
    return Sample(
        file_id=FileId("1"),
        filename="a.wav",
        file_path="/a.wav",
        file_size=1,
        duration=duration,
        sample_rate=44_100,
        channels=1,
        format="wav",
        user_id=None,
        uploaded_at=NOW,
        file_hash="x",
        mtime_ns=1,
        heard=heard,
    )


HEARD = Heard(
    tempo=126.0,
    tempo_confidence=0.9,
    key="A",
    mode="minor",
    key_confidence=0.9,
    root_note="F#1",
    loudness_lufs=-9.0,
    level="advanced",
    recipe_version=1,
    analyzed_at=NOW,
)


def test_a_sound_that_nobody_heard_has_only_its_length() -> None:
    assert traits(sample()) == Traits(length=1.0)
    assert traits(sample(duration=0.0)) == Traits()


def test_a_doubtful_claim_is_not_spoken_of() -> None:
    doubtful = replace(HEARD, tempo_confidence=0.3, key_confidence=0.2, root_note=None)
    assert traits(sample(doubtful)) == Traits(length=1.0, loudness=-9.0, is_loop=False)


def test_what_was_heard_over_time_gives_brightness_noise_and_tail() -> None:
    features = SpectralFeatures(
        times=(0.05, 0.15, 0.25, 0.35),
        spectral_centroid=(1_000.0, 1_000.0, 1_000.0, 9_000.0),
        flatness=(0.1, 0.1, 0.1, 1.0),
        rms=(0.1, 1.0, 0.1, 0.0),
    )
    measured = Measurement(
        level=Level.ADVANCED,
        recipe_version=1,
        file_hash="x",
        duration=0.4,
        processing_time=0.1,
        spectral_features=features,
    )
    analysis = Analysis(
        analysis_id=AnalysisId("1"),
        file_id=FileId("1"),
        user_id=None,
        analyzed_at=NOW,
        measured=measured,
    )
    found = traits(sample(HEARD), analysis)
    assert found.brightness == pytest.approx(1_000)
    assert found.noisiness == pytest.approx(0.1)
    assert found.tail == pytest.approx(0.2)
    assert (found.tempo, found.pitch_class, found.mode) == (126.0, 9, "minor")
    assert found.note == 30


def test_silence_and_odd_notes_claim_nothing() -> None:
    odd = replace(HEARD, root_note="Hes", tempo=None, key="X")
    found = traits(sample(odd))
    assert (found.note, found.tempo, found.pitch_class, found.mode) == (None, None, None, None)

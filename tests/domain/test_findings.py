"""What is to be mended in a sound, and what is only music."""

from __future__ import annotations

from typing import Any

import pytest

from smtui.domain.findings import Finding, Flaw, Limits, Subject, findings
from smtui.domain.quality import Quality
from tests.contracts.document_stores import heard

CLEAN = Quality(true_peak_dbtp=-1.0, bit_depth=24, bits_used=24, stereo_correlation=0.8)
LOOP = {"is_loop": True, "tempo": 120.0, "tempo_confidence": 0.9}


def quality(**changes: Any) -> Quality:
    return Quality(**({"true_peak_dbtp": -1.0} | changes))


def judged(duration: float = 4.0, **facts: Any) -> list[Flaw]:
    """The flaws of a sound; a loop of two bars unless told otherwise."""
    given = {"quality": CLEAN} | facts
    name = given.pop("filename", "x.wav")
    meter = given.pop("beats_in_bar", 4)
    subject = Subject(filename=name, duration=duration, heard=heard(**given), beats_in_bar=meter)
    return [each.flaw for each in findings(subject, Limits())]


def test_a_clean_loop_has_nothing_to_mend() -> None:
    assert judged(**LOOP, filename="loop_120bpm.wav") == []


@pytest.mark.parametrize(
    ("changes", "flaws"),
    [
        ({"clipped_samples": 1}, [Flaw.CLIPPED]),
        ({"true_peak_dbtp": 0.31}, [Flaw.PEAK]),
        ({"true_peak_dbtp": 0.004}, []),
        ({"dc_offset": 0.011}, [Flaw.DC]),
        ({"stereo_correlation": -0.5}, [Flaw.PHASE]),
        ({"stereo_correlation": -0.1}, []),
        ({"bit_depth": 24, "bits_used": 16}, [Flaw.BITS]),
        ({"bit_depth": 16, "bits_used": 16}, []),
        ({"silence_head": 0.06}, [Flaw.HEAD]),
        ({"silence_head": 0.04, "silence_tail": 0.4}, []),
        ({"silence_tail": 0.6}, [Flaw.TAIL]),
        ({"true_peak_dbtp": None, "silence_head": 1.0}, [Flaw.SILENT]),
    ],
    ids=str,
)
def test_what_was_measured_of_a_one_shot(changes: dict[str, Any], flaws: list[Flaw]) -> None:
    assert judged(quality=quality(**changes)) == flaws


def test_silence_that_is_a_rest_belongs_to_the_loop() -> None:
    resting = quality(silence_head=0.25, silence_tail=0.45)
    assert judged(**LOOP, quality=resting) == []
    assert judged(**LOOP, quality=quality(silence_tail=0.6)) == [Flaw.TAIL]
    assert judged(4.25, **LOOP, quality=resting) == [Flaw.HEAD, Flaw.BARS]


def test_music_may_begin_and_end_as_it_likes() -> None:
    slow = quality(silence_head=1.0, silence_tail=3.0)
    assert judged(180.0, kind="music", quality=slow) == []


@pytest.mark.parametrize(
    ("duration", "beats_in_bar", "whole"),
    [
        (2.0, 4, True),
        (8.0, 4, True),
        (4.02, 4, True),
        (32.05, 4, True),
        (1.0, 4, False),
        (3.0, 4, False),
        (4.1, 4, False),
        (4.5, 3, True),
        (4.5, 4, False),
    ],
)
def test_a_loop_is_whole_bars(duration: float, beats_in_bar: int, *, whole: bool) -> None:
    found = judged(duration, **LOOP, beats_in_bar=beats_in_bar)
    assert found == ([] if whole else [Flaw.BARS])


def test_a_doubtful_claim_accuses_nobody() -> None:
    wrong = {"tempo": 120.0, "is_loop": True, "filename": "loop_90bpm_Am.wav", "key": "F"}
    assert judged(3.0, **wrong, tempo_confidence=0.4, key_confidence=0.4) == []
    sure = judged(3.0, **wrong, tempo_confidence=0.6, key_confidence=0.6)
    assert sure == [Flaw.BARS, Flaw.TEMPO, Flaw.KEY]


def test_findings_are_plain_words() -> None:
    subject = Subject(
        filename="loop_140bpm_Am.wav",
        duration=4.3,
        heard=heard(
            tempo=70.0,
            tempo_confidence=0.9,
            key="C",
            mode="major",
            key_confidence=0.8,
            is_loop=True,
            quality=quality(clipped_samples=1_234, silence_head=0.3, silence_tail=1.5),
        ),
        metadata={"bpm": 90.0},
    )
    found: tuple[Finding, ...] = findings(subject, Limits(peak_dbtp=-2))
    assert [each.words for each in found] == [
        "1,234 samples are clipped",
        "the true peak is -1.00 dBTP, over -2",
        "300 ms of silence before it",
        "1.50 s of silence after it",
        "the loop is not whole bars: 1.25 bars at 70.0 BPM",
        "the name says 140 BPM, analysed as 70.0 BPM, half of that",
        "the name says Am, analysed as C, its relative key",
        "the tags say 90 BPM, analysed as 70.0 BPM",
    ]

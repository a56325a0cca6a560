"""A description says what somebody would say who hears the sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from smtui.audio.recipe import listen
from smtui.demo import instruments as play
from smtui.demo.sounds import Groove, looped
from smtui.domain.analysis import Level
from smtui.domain.description import description, essence
from smtui.domain.vocabulary import terms
from tests.audio.sounds_made import Written

RATE = 44_100
HATS = (("hat", "x.x.x.x.x.x.x.x."), ("kick", "x...x...x...x..."))

SOUNDS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "kick": (lambda: 0.7 * play.kick(RATE), "kick hit dark deep mono", "bright metallic noisy"),
    "hat": (lambda: 0.7 * play.hat(RATE), "hat hit bright metallic short", "dark deep boomy"),
    "crash": (lambda: 0.7 * play.crash(RATE), "bright metallic, long tail", "dark short"),
    "snare": (lambda: 0.7 * play.snare(RATE), "snare hit", "dark sustained"),
    "bass": (lambda: 0.6 * play.note(33, 1.6, RATE, play.BASS), "bass dark", "bright noisy"),
    "pad": (
        lambda: 0.5 * play.chord((57, 60, 64), 4.0, RATE, play.PAD),
        "chord long soft sustained",
        "short punchy noisy",
    ),
    "riser": (lambda: 0.7 * play.riser(RATE), "rising soft", "short punchy"),
    "loop": (
        lambda: 0.6 * looped(Groove(tempo=126, bars=2, drums=HATS), RATE),
        "loop, 126 bpm",
        "short sustained",
    ),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_described_as_it_is(written: Written, name: str) -> None:
    make, is_so, is_not = SOUNDS[name]
    text = description(listen(written(make()), level=Level.ADVANCED))
    said = terms(text).wanted | {f"no {one}" for one in terms(text).unwanted}
    assert terms(is_so).wanted <= said, text
    assert not terms(is_not).wanted & said, text
    # Everything that a description says has a meaning to who searches.
    assert not terms(text).unknown or "note" in text, text


def test_the_same_sound_has_the_same_words_however_loud(written: Written) -> None:
    wave = play.hat(RATE)
    loud, quiet = (
        description(listen(written(level * wave), level=Level.ADVANCED)) for level in (0.7, 0.1)
    )
    assert loud == quiet


def test_a_cut_sound_has_no_tail(written: Written) -> None:
    ring = 0.5 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)
    heard = listen(written(ring), level=Level.ADVANCED)
    assert "no tail" in description(heard)


def test_what_is_not_measured_is_not_said(written: Written) -> None:
    wave = 0.7 * play.kick(RATE)
    assert description(listen(written(wave), level=Level.BASIC)) == "kick drum hit"
    assert description(listen(written(0 * wave), level=Level.ADVANCED)) == "silence"


def test_the_essence_leaves_out_numbers_and_keys() -> None:
    whole = "dark, short; kick drum hit; dry, no tail; 126 BPM; in F# minor; note F1; mono"
    assert essence(whole) == "dark, short; kick drum hit; dry, no tail"

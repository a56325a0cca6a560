"""People say the same in different words, and say what they do not want."""

from __future__ import annotations

import pytest

from smtui.domain.lexical import Lexicon
from smtui.domain.vocabulary import NO_TAIL, terms


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("dark metallic hit, no tail", {"dark", "metallic", "hit", NO_TAIL}),
        ("a DULL kick-drum", {"dark", "kick"}),
        ("muffled bass drum without tail", {"dark", "kick", NO_TAIL}),
        ("crisp hi-hat", {"bright", "hat"}),
        ("tight hihat", {"short", "hat"}),
        ("something sustained, airy", {"sustained", "airy"}),
        ("dry one-shot in A minor at 126 BPM", {NO_TAIL, "hit", "a minor", "126 bpm"}),
        ("C# major chords", {"c# major", "chord"}),
        ("long tail", {"tail"}),
    ],
)
def test_what_is_meant_is_read(text: str, wanted: set[str]) -> None:
    assert terms(text).wanted == wanted
    assert not terms(text).unwanted


def test_what_is_not_wanted_is_read() -> None:
    read = terms("kick, not boomy, no noise")
    assert read.wanted == {"kick"}
    assert read.unwanted == {"boomy", "noisy"}


def test_what_means_nothing_is_told() -> None:
    read = terms("dusty purple kick")
    assert read.wanted == {"kick"}
    assert read.unknown == ("dusty", "purple")
    assert terms("") == terms("the of a")


DESCRIPTIONS = (
    "dark, metallic, short; percussion hit; dry, no tail",
    "bright, metallic, short; hi-hat hit; dry, no tail",
    "bright, metallic; cymbal hit; long tail",
    "dark, boomy; kick drum hit; long tail",
    "dark, noisy; loop; 126 BPM",
)


def ranked(text: str) -> list[str]:
    scores = Lexicon(DESCRIPTIONS).scores(terms(text))
    return sorted(scores, key=lambda one: -scores[one])


def test_what_says_more_of_it_comes_first() -> None:
    dark_hit, hat, cymbal, kick, loop = DESCRIPTIONS
    assert ranked("dark metallic hit, no tail")[:2] == [dark_hit, hat]
    assert ranked("ringing cymbal") == [cymbal, kick]
    assert ranked("126 bpm") == [loop]
    assert ranked("purple") == []
    assert Lexicon(DESCRIPTIONS).scores(terms(dark_hit))[dark_hit] == pytest.approx(1, abs=0.01)


def test_what_is_not_wanted_is_left_out() -> None:
    dark_hit, hat, cymbal, kick, loop = DESCRIPTIONS
    assert ranked("not boomy, no metal") == [loop]
    assert {*ranked("not dark")} == {hat, cymbal}
    assert kick not in ranked("dark hit, not boomy")
    assert ranked("dark hit, not boomy")[0] == dark_hit


def test_rare_words_weigh_more() -> None:
    assert ranked("metallic cymbal")[0] == DESCRIPTIONS[2]
    assert ranked("dark loop")[0] == DESCRIPTIONS[4]

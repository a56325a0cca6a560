"""The reasons for which a file fails: few, each with a sentence, all told to people."""

from __future__ import annotations

from pathlib import Path

from smtui.domain.batch import UNSEEN
from smtui.domain.errors import ErrorCode

README = Path(__file__).parents[2] / "README.md"


def test_every_code_has_a_sentence_of_its_own() -> None:
    sentences = [code.sentence for code in ErrorCode]
    assert len(set(sentences)) == len(ErrorCode)
    assert not [sentence for sentence in sentences if sentence.endswith(".")]


def test_who_reads_results_by_a_program_finds_every_code_in_the_readme() -> None:
    (line,) = [line for line in README.read_text().splitlines() if "`no_permission`" in line]
    assert [code for code in ErrorCode if f"`{code}`" not in line] == []


def test_what_is_left_to_other_machines_has_not_failed() -> None:
    assert UNSEEN not in list(ErrorCode)

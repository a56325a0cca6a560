"""What becomes of a sound, a file of a run and a run: the rules that every store follows.

The contracts hold each store to these rules; here the rules themselves are held to what a person
would lose by them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE,
    MAX_ATTEMPTS,
    Batch,
    BatchId,
    FileResult,
    RunId,
    RunProgress,
    State,
    Unseen,
    end_of,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.sample import FileId, FoundFile, Heard, Sample, Trouble

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
SOON, LATER = NOW + timedelta(seconds=5), NOW + timedelta(hours=1)
TROUBLE = Trouble(code="unreadable", error="It breaks off", at=NOW)
HELD = FileResult().taken("one", analysis_id=AnalysisId("a"), at=NOW, until=SOON)


def file_at(path: str = "/pack/kick.wav", **changes: Any) -> FoundFile:
    facts: dict[str, Any] = {
        "file_path": path,
        "file_size": 1000,
        "mtime_ns": 1,
        "file_hash": "these bytes",
        "duration": 0.5,
        "sample_rate": 44_100,
        "channels": 1,
        "format": "wav",
    }
    return FoundFile(**(facts | changes))


def hearing(level: Level = Level.ADVANCED, **changes: Any) -> Heard:
    facts: dict[str, Any] = {"level": level.value, "recipe_version": 3, "analyzed_at": NOW}
    return Heard(**(facts | changes))


def sound(**changes: Any) -> Sample:
    new = Sample.first_found(file_at(), file_id=FileId("f"), user_id=None, at=NOW)
    return replace(new, **changes)


def batch(*states: State, **changes: Any) -> Batch:
    files = tuple(FileId(str(number)) for number in range(len(states)))
    new = Batch(
        batch_id=BatchId("b"),
        run_id=RunId("r"),
        user_id=None,
        level=Level.ADVANCED,
        file_ids=files,
        created_at=NOW,
        updated_at=NOW,
    )
    results = {name: FileResult(status=state) for name, state in zip(files, states, strict=True)}
    return replace(new.changed(results, NOW), **changes)


def test_a_sound_that_is_found_again_keeps_its_tags_and_what_was_heard() -> None:
    before = sound(heard=hearing(), tags=("punchy",), missing_since=NOW)
    after = before.found_again(file_at(mtime_ns=2))
    assert after == replace(before, mtime_ns=2, missing_since=None)


def test_other_bytes_keep_the_tags_and_forget_what_was_heard() -> None:
    before = sound(heard=hearing(), tags=("punchy",), trouble=TROUBLE)
    after = before.found_again(file_at(file_hash="others"))
    assert (after.tags, after.heard, after.trouble) == (("punchy",), None, None)
    assert after.file_hash == "others"


def test_what_another_program_heard_is_not_lost_when_a_scan_first_sees_the_bytes() -> None:
    theirs = hearing(recipe_version=0)
    before = sound(file_hash="", heard=theirs)
    assert before.found_again(file_at()).heard == theirs
    assert sound(file_hash="", heard=hearing()).found_again(file_at()).heard is None


def test_a_hearing_of_other_bytes_does_not_count() -> None:
    assert sound().listened_to(hearing(), "others") is None
    after = sound(trouble=TROUBLE).listened_to(hearing(), "these bytes")
    assert after is not None
    assert after.trouble is None
    known = sound(file_hash="").listened_to(hearing(), "these bytes")
    assert known is not None
    assert known.file_hash == "these bytes"


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (hearing(Level.FULL), hearing(Level.ADVANCED), False),
        (hearing(Level.ADVANCED), hearing(Level.ADVANCED), True),
        (hearing(Level.BASIC), hearing(Level.FULL), True),
        (hearing(Level.FULL, recipe_version=2), hearing(Level.BASIC), True),
        (hearing(Level.FULL, recipe_version=0), hearing(Level.BASIC), True),
    ],
)
def test_a_lower_level_of_the_same_recipe_takes_nothing_away(
    before: Heard, after: Heard, counts: bool
) -> None:
    assert (sound(heard=before).listened_to(after, "these bytes") is not None) is counts


def test_a_sound_is_missing_since_it_was_first_missed() -> None:
    once = sound().missing(NOW)
    assert once.missing_since == NOW.replace(microsecond=678_000)
    assert once.missing(LATER) == once
    assert once.missing(None).missing_since is None


def test_a_file_can_be_stored_whatever_its_name_and_its_clock_say() -> None:
    odd = file_at("/pack/\udcff.wav", duration=float("nan"), mtime_ns=1 << 70).storable
    assert odd.file_path == "/pack/\\udcff.wav"
    assert (odd.duration, odd.mtime_ns) == (0.0, (1 << 63) - 1)


def test_a_file_whose_worker_died_is_free_when_its_lease_has_ended() -> None:
    assert not HELD.is_free(NOW, machine="here")
    assert HELD.is_free(SOON, machine="here")
    assert HELD.settled(SOON, stopping=False) == HELD
    again = HELD.taken("two", analysis_id=AnalysisId("b"), at=SOON, until=LATER)
    assert (again.attempt, again.analysis_id) == (2, "a"), "what the first has saved stays its own"


def test_a_file_that_ends_every_worker_fails_with_a_sentence() -> None:
    last = replace(HELD, attempt=MAX_ATTEMPTS)
    after = last.settled(SOON, stopping=False)
    assert (after.status, after.code) == (State.FAILED, ErrorCode.INTERNAL)
    assert after.error
    assert last.settled(SOON, stopping=True).status is State.FAILED


def test_a_file_is_cancelled_when_its_worker_dies_in_a_run_that_shall_stop() -> None:
    assert HELD.settled(NOW, stopping=True).status is State.PROCESSING
    assert HELD.settled(SOON, stopping=True).status is State.CANCELLED


def test_a_lease_of_a_clock_that_was_wrong_holds_no_file_for_long() -> None:
    wrong = replace(HELD, lease_until=NOW + timedelta(days=400))
    assert wrong.settled(NOW, stopping=False).lease_until == NOW + LONGEST_LEASE


def test_handing_a_file_back_costs_it_no_attempt() -> None:
    away = HELD.handed_back(Unseen(machine="nas", error="No /pack here"), stopping=False)
    assert (away.status, away.attempt, away.unseen_on) == (State.PENDING, 0, ("nas",))
    assert not away.is_free(NOW, machine="nas")
    assert away.is_free(NOW, machine="studio")
    assert HELD.handed_back(None, stopping=True).status is State.CANCELLED


def test_a_file_that_no_living_machine_has_fails_and_one_that_some_may_have_waits() -> None:
    away = HELD.handed_back(Unseen(machine="nas", error="No /pack here"), stopping=False)
    assert away.lost(frozenset({"nas", "studio"})) == away
    assert away.lost(frozenset()) == away
    gone = away.lost(frozenset({"nas"}))
    assert (gone.status, gone.code, gone.error) == (
        State.FAILED,
        ErrorCode.VANISHED,
        "No /pack here",
    )
    assert gone.left


@pytest.mark.parametrize(
    ("total", "completed", "failed", "cancelled", "end"),
    [
        (3, 2, 0, 0, None),
        (3, 2, 1, 0, State.COMPLETED),
        (3, 0, 3, 0, State.FAILED),
        (3, 2, 0, 1, State.CANCELLED),
        (0, 0, 0, 0, State.COMPLETED),
    ],
)
def test_a_run_ends_as_its_files_did(
    total: int, completed: int, failed: int, cancelled: int, end: State | None
) -> None:
    found = end_of(total=total, completed=completed, failed=failed, cancelled=cancelled)
    assert found is end


def test_a_batch_ends_once_and_counts_each_file_once() -> None:
    done = batch(State.COMPLETED, State.FAILED)
    assert (done.completed, done.failed, done.status) == (1, 1, State.COMPLETED)
    again = done.changed({FileId("0"): FileResult(status=State.COMPLETED)}, LATER)
    assert (again.completed, again.finished_at) == (1, NOW)


def test_a_batch_that_is_opened_again_waits_for_those_files_alone() -> None:
    again = batch(State.COMPLETED, State.FAILED).reopened([FileId("1")], LATER)
    assert (again.completed, again.failed, again.status) == (1, 0, State.PENDING)
    assert again.finished_at is None
    assert again.results[FileId("1")] == FileResult()


def test_a_run_has_finished_when_its_last_batch_has() -> None:
    first = batch(State.COMPLETED)
    second = batch(State.PENDING)
    assert RunProgress.of([first, second]).finished_at is None
    ended = second.changed({FileId("0"): FileResult(status=State.COMPLETED)}, LATER)
    whole = RunProgress.of([first, ended])
    assert (whole.total, whole.completed, whole.finished_at) == (2, 2, LATER)
    assert whole.status is State.COMPLETED

"""Quiet hours and pauses: what a person wrote, and when this machine listens again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from smtui.domain.errors import InputInvalid
from smtui.domain.pause import Pause, QuietHours, Word, duration, present_pause


@pytest.fixture(autouse=True)
def _vienna(monkeypatch: pytest.MonkeyPatch):
    """A place with summer time."""
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-10T23:30", "2026-01-11T07:00"),
        ("22:00-07:00", "2026-01-11T06:59", "2026-01-11T07:00"),
        ("22:00-07:00", "2026-01-10T22:00", "2026-01-11T07:00"),
        ("22:00-07:00", "2026-01-11T07:00", None),
        ("22:00-07:00", "2026-01-11T12:00", None),
        ("12:30-13:30, 22:00-07:00", "2026-01-11T12:45", "2026-01-11T13:30"),
        ("9:00-12:00,12:00-14:00", "2026-01-11T09:00", "2026-01-11T14:00"),
        ("20:00-24:00,00:00-06:00", "2026-01-10T21:00", "2026-01-11T06:00"),
        # Clocks go forward at 2:00 and back at 3:00: the hour on the wall counts.
        ("22:00-07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
        ("22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(hours: str, now: str, until: str | None):
    assert QuietHours.of_text(hours).until(at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at night", "should be written as 22:00-07:00"),
        ("22-7", "should be written as"),
        ("22:00-07:00 12:00-13:00", "should be written as"),
        ("22:00-07:00,", "should be written as"),
        ("25:00-07:00", "no clock shows"),
        ("22:60-07:00", "no clock shows"),
        ("24:00-07:00", "no clock shows"),
        ("22:00-24:01", "no clock shows"),
        ("22:00-22:00", "ends as it begins"),
        ("00:00-24:00", "leaves no minute"),
        ("00:00-12:00,11:00-00:00", "leaves no minute"),
        (",".join(["22:00-07:00"] * 99), "more than"),
        ("²2:00-07:00", "should be written as"),
    ],
)
def test_wrong_quiet_hours_are_refused_in_words(text: str, words: str):
    with pytest.raises(InputInvalid, match=words):
        QuietHours.of_text(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7_200), ("90m", 5_400), ("1h30m", 5_400), ("45s", 45), (" 1D ", 86_400)],
)
def test_a_duration_is_read(text: str, seconds: int):
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "2", "h", "2 hours", "-2h", "0h", "367d", "999999999h", "9" * 5_000 + "h", "٢h"]
)
def test_a_wrong_duration_is_refused_with_what_to_write(text: str):
    with pytest.raises(InputInvalid) as refused:
        duration(text)
    assert refused.value.hint
    assert len(str(refused.value)) < 150


def test_what_a_person_said_last_wins_while_it_holds():
    hours = QuietHours.of_text("22:00-07:00")
    night, morning, noon = (at(f"2026-01-11T{clock}") for clock in ("03:00", "07:00", "12:00"))
    quiet = Pause(until=morning, quiet_hours=True)
    assert present_pause(None, hours, night) == quiet
    assert present_pause(Word(pause=True), hours, night) == Pause()
    assert present_pause(Word(pause=True, until=noon), hours, night) == Pause(until=noon)
    assert present_pause(Word(pause=False, until=morning), hours, night) is None
    assert present_pause(Word(pause=False, until=night), hours, night) == quiet
    assert present_pause(Word(pause=True, until=noon), hours, noon) is None


def test_a_pause_says_until_when():
    assert str(Pause()) == "Analysis is paused on this machine until `smtui resume-all`"
    later = Pause(until=at("2031-01-11T07:00"), quiet_hours=True)
    assert str(later) == "Quiet hours on this machine until 2031-01-11 07:00"

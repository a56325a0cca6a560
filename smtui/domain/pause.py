"""When this machine does not listen: somebody said so, or it is one of its quiet hours.

What a person said last wins while it holds: a pause during the day, and listening all the same
in quiet hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from smtui.domain.errors import InputInvalid

LONGEST = timedelta(days=366)
"""A pause that is meant to end by itself ends within a year."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_RANGE = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")
_EXAMPLE = "22:00-07:00"
_MOST_RANGES = 24
# Ranges that follow one another end together; more days than this have no end.
_DAYS_LOOKED_AT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why this machine does not listen now.

    Attributes:
        until: when it listens again by itself; None: when somebody says so.
        quiet_hours: it is one of the hours of the setting; otherwise somebody said so.
    """

    until: datetime | None = None
    quiet_hours: bool = False

    @property
    def end(self) -> str:
        """When it ends, for people: `until 07:00`, `until 2026-03-01 07:00`, or how to end it."""
        if self.until is None:
            return "until `smtui resume-all`"
        local = self.until.astimezone()
        today = local.date() == datetime.now(UTC).astimezone().date()
        return f"until {local:%H:%M}" if today else f"until {local:%Y-%m-%d %H:%M}"

    def __str__(self) -> str:
        """Say it in one sentence, without the full stop."""
        why = "Quiet hours on" if self.quiet_hours else "Analysis is paused on"
        return f"{why} this machine {self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person said last: to pause, or to listen in spite of quiet hours; and until when."""

    pause: bool
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Ranges of the day by this machine's clock, each from its first minute to before its last."""

    ranges: tuple[tuple[time, time], ...] = ()

    @classmethod
    def of_text(cls, text: str) -> QuietHours:
        """Read `22:00-07:00`, or several with commas between; raises InputInvalid."""
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        if len(parts) > _MOST_RANGES:
            raise InputInvalid(f"has more than {_MOST_RANGES} ranges")
        made = cls(ranges=tuple(_range(part) for part in parts))
        noon = datetime.now(UTC)
        if made.until(noon) is None and made._within(noon.astimezone()) is not None:
            raise InputInvalid("leaves no minute of the day to analyse in")
        return made

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end that `now` is in; None where it is in none, or they never do."""
        moment = now.astimezone()
        last = moment + timedelta(days=_DAYS_LOOKED_AT)
        if self._within(moment) is None:
            return None
        while (end := self._within(moment)) is not None:
            if end > last:
                return None
            moment = end
        return moment.astimezone(UTC)

    def _within(self, moment: datetime) -> datetime | None:
        """Give the end of the range that a local moment is in."""
        clock = moment.time()
        ends: list[datetime] = []
        for begin, end in self.ranges:
            over_night = end <= begin
            if over_night and clock >= begin:
                ends.append(_local(moment, end, days=1))
            elif (clock < end) if over_night else (begin <= clock < end):
                ends.append(_local(moment, end, days=0))
        return max(ends, default=None)


def present_pause(word: Word | None, hours: QuietHours, now: datetime) -> Pause | None:
    """Tell why this machine does not listen now; None where it does."""
    if word is not None and word.holds(now):
        return Pause(until=word.until) if word.pause else None
    until = hours.until(now)
    return None if until is None else Pause(until=until, quiet_hours=True)


def duration(text: str) -> timedelta:
    """Read how long, as `2h`, `90m`, `1h30m` or `45s`; raises InputInvalid."""
    words = text.strip().lower()
    if not re.fullmatch(r"(?:\d{1,9}[smhd])+", words, re.ASCII):
        raise InputInvalid(
            f"{_quoted(text)} is not a duration", hint="Write 2h, 90m, 1h30m, 45s or 1d."
        )
    parts = re.findall(r"(\d+)([smhd])", words)
    seconds = sum(int(count) * _UNITS[unit] for count, unit in parts)
    if not 0 < seconds <= LONGEST.total_seconds():
        raise InputInvalid(
            f"{_quoted(text)} is no time to pause for",
            hint="It may be 1s to 366d; without --for it lasts until `smtui resume-all`.",
        )
    return timedelta(seconds=seconds)


def _range(text: str) -> tuple[time, time]:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise InputInvalid(f"should be written as {_EXAMPLE}, several with commas between")
    hours, minutes = (int(found[1]), int(found[3])), (int(found[2]), int(found[4]))
    at_midnight = (hours[1], minutes[1]) == (24, 0)
    if max(hours[0], 0 if at_midnight else hours[1]) > 23 or max(minutes) > 59:
        raise InputInvalid(f"has a time that no clock shows; write it as {_EXAMPLE}")
    begin, end = time(hours[0], minutes[0]), time(0 if at_midnight else hours[1], minutes[1])
    if begin == end and not at_midnight:
        raise InputInvalid(f"has a range that ends as it begins; write it as {_EXAMPLE}")
    return begin, end


def _local(moment: datetime, clock: time, *, days: int) -> datetime:
    """Give a time of the day of a local moment, or of the day after, as this place's clock."""
    day = (moment + timedelta(days=days)).date()
    return datetime.combine(day, clock).astimezone()


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 30 else f"{text[:30]}…")

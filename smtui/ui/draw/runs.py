"""Runs, files and workers as lines of words."""

from __future__ import annotations

from datetime import datetime

from smtui.domain.batch import Failure, RunProgress, State
from smtui.domain.sample import Sample
from smtui.services.board import Holding, Standing
from smtui.ui.draw.phrases import time_left
from smtui.ui.draw.table_text import Line

FOREIGN = "another program:"
"""Before what another program's run is about."""

_WORDS = {State.PENDING: "waiting", State.PROCESSING: "running"}
# Which file is one of several claimed together is known to about this, s.
_WORTH_SAYING = 3.0


def run_line(standing: Standing, by: str, now: datetime) -> Line:
    """A run: when and what, by whom, how much, how it stands."""
    run = standing.progress
    seconds = standing.seconds_left
    return Line(
        key=run.run_id,
        cells=(
            f"{moment(run.created_at, now)} {run_title(standing)}",
            by,
            level_word(run),
            # What was cancelled is not done.
            f"{run.tried_files:,}/{run.total:,}",
            f"{run.failed:,}",
            time_left(seconds) if seconds is not None else "",
            state_word(run),
        ),
        look="" if run.status.ended or run.is_foreign else "going",
    )


def run_title(standing: Standing) -> str:
    """What a run is about, in a word: a sound, the last folder that has all of it, or several."""
    if standing.title is None:
        return "..."
    if standing.title:
        word = standing.title.rstrip("/").rpartition("/")[2] or "the whole library"
    else:
        word = "no longer in the library"
    return f"{FOREIGN} {word}" if standing.progress.is_foreign else word


def level_word(run: RunProgress) -> str:
    """To which level a run listens; other programs do not say."""
    return "-" if run.is_foreign else run.level.value


def state_word(run: RunProgress) -> str:
    """How a run stands, in a word."""
    if run.cancel_requested_at is not None and not run.status.ended:
        return "stopping"
    return _WORDS.get(run.status, run.status.value)


def moment(at: datetime, now: datetime) -> str:
    """Return when something was, as short as can be: the time of today, else the day."""
    here = at.astimezone()
    same_day = here.date() == now.astimezone().date()
    return here.strftime("%H:%M" if same_day else "%d %b")


def failure_line(failure: Failure, sample: Sample | None) -> Line:
    """A failed file: its name, why, how often it was tried, where it is."""
    return Line(
        key=failure.file_id,
        cells=(
            sample.filename if sample else "no longer in the library",
            f"{failure.code.replace('_', ' ')}: {failure.error}",
            str(failure.attempt),
            sample.folder if sample else "",
        ),
        look="failed",
    )


def heard_line(sample: Sample) -> Line:
    """A file that was heard."""
    return Line(
        key=sample.file_id,
        cells=(sample.filename, _heard_words(sample), "", sample.folder),
        look="quiet",
    )


def _heard_words(sample: Sample) -> str:
    heard = sample.heard
    if heard is None:
        return "analysed"
    tempo = "" if heard.tempo is None else f"{heard.tempo:.1f}"
    parts = (heard.kind or "", tempo, heard.key_label or "")
    return " ".join(part for part in parts if part) or "analysed"


def worker_line(number: int, holding: Holding, now: datetime) -> Line:
    """A worker child: its number, its file, since when, how many it holds besides."""
    return Line(
        key=holding.worker,
        cells=(
            str(number),
            holding_name(holding),
            since(holding, now),
            f"try {holding.attempt}" if holding.attempt > 1 else "",
        ),
    )


def holding_name(holding: Holding) -> str:
    """What a worker listens to, in a word."""
    return holding.sample.filename if holding.sample else "no longer in the library"


def since(holding: Holding, now: datetime) -> str:
    """Return in words how long a worker has been at its file, where that is worth saying."""
    if holding.lease_until is not None and holding.lease_until < now:
        return "no sign of life"
    if holding.since is None:
        return ""
    seconds = (now - holding.since).total_seconds()
    return time_left(seconds) if seconds >= _WORTH_SAYING else ""


def failures_as_text(failed: tuple[tuple[Failure, Sample | None], ...]) -> str:
    """Return failures as lines of path, code, reason and attempts, with tabs between."""
    rows = [
        (sample.file_path if sample else "", failure.code, failure.error, str(failure.attempt))
        for failure, sample in failed
    ]
    return "".join("\t".join(map(_in_a_cell, row)) + "\n" for row in rows)


def _in_a_cell(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)

"""`smtui batches`: the runs that were asked for, how far they are, and what failed in them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from smtui.cli.runs import ALL_RUNS, run_named, short
from smtui.cli.runtime import Opened, opened, run
from smtui.cli.tables import local_time, print_table
from smtui.cli.terminal import err, out
from smtui.domain.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smtui.domain.batch import Batch, FileResult, RunId, RunProgress
    from smtui.services.batches import Batches

_NEWEST = 20
_MOST_FAILURES = 1_000_000


@click.command("batches")
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per batch document.")
@click.option("--failures", is_flag=True, help="What failed, and why.")
@click.option("--limit", type=click.IntRange(min=1), help="Show at most N of the newest runs.")
def batches_command(*, name: str | None, as_json: bool, failures: bool, limit: int | None) -> None:
    """Show runs, the newest first, or one RUN, named by the first letters of its id.

    A run is what was asked for at once: one or more batches of at most 1,000 sounds. --json gives
    each batch as one line, with the fields of the documents: batch_id, user_id, status,
    total_files, completed, failed, cancelled, file_ids, results, created_at, updated_at, run_id,
    level, cancel_requested_at, started_at, finished_at. What another program asked for is shown
    as its own: it has no run_id and no level, and smtui does not work on it.

    --failures prints a line per sound that failed: its path, the code and the reason, with tabs
    between in a pipe. Without it the newest 20 runs are shown, with --json or --limit all.
    """

    async def work() -> None:
        async with opened() as box:
            if name is not None:
                runs: Sequence[RunProgress] = [await run_named(box, name)]
            else:
                most = limit or (ALL_RUNS if as_json else _NEWEST)
                runs = await box.services.batches.runs.of(box.account, most)
            if as_json:
                await _print_documents(box.services.batches, runs)
            elif failures:
                await _print_failures(box.services.batches, runs)
            elif runs:
                await _print_runs(box, runs)
            else:
                out("Nothing was asked for yet: smtui analyze")

    run(work)


async def _print_runs(box: Opened, runs: Sequence[RunProgress]) -> None:
    titles = await box.services.batches.runs.titles([each.run_id for each in runs])
    rows: list[tuple[str, ...]] = [
        ("RUN", "ASKED FOR", "LEVEL", "STATE", "DONE", "FAILED", "LEFT", "WHAT")
    ]
    rows += [_row(each, titles) for each in runs]
    print_table(rows)
    going = [each.run_id for each in runs if not each.status.ended]
    for run_id, why in (await box.services.batches.absent(going)).items():
        err(f"Run {short(run_id)}: {why}.")
    pause = await box.services.pauses.present()
    if pause is not None and any(not each.status.ended for each in runs):
        err(f"{pause}.")


def _row(each: RunProgress, titles: Mapping[RunId, str]) -> tuple[str, ...]:
    title = titles.get(each.run_id, "-")
    stopping = each.cancel_requested_at is not None and not each.status.ended
    return (
        short(each.run_id),
        local_time(each.created_at),
        "-" if each.is_foreign else each.level.value,
        "stopping" if stopping else each.status.value,
        f"{each.completed:,}/{each.total:,}",
        f"{each.failed:,}",
        f"{each.total - each.ended_files:,}",
        f"another program: {title}" if each.is_foreign else title,
    )


async def _print_failures(batches: Batches, runs: Sequence[RunProgress]) -> None:
    terminal = sys.stdout.isatty()
    for each in runs:
        if not each.failed:
            continue
        failures = await batches.runs.failures(each.run_id, _MOST_FAILURES)
        for failure, sample in await batches.runs.named(failures):
            path = sample.file_path if sample else failure.file_id
            if terminal:
                out(f"{short(each.run_id)}  {path}: {failure.error} ({failure.code})")
            else:
                cells = (path, failure.code, failure.error)
                sys.stdout.write("\t".join(shown(cell) for cell in cells) + "\n")


async def _print_documents(batches: Batches, runs: Sequence[RunProgress]) -> None:
    for each in runs:
        async for batch in batches.runs.documents(each.run_id):
            sys.stdout.write(f"{json.dumps(_document(batch))}\n")


def _document(batch: Batch) -> dict[str, object]:
    """Name every field as the documents do; a sound that nobody has begun has no result."""
    times = {
        name: moment and moment.isoformat(timespec="milliseconds")
        for name, moment in (
            ("created_at", batch.created_at),
            ("updated_at", batch.updated_at),
            ("started_at", batch.started_at),
            ("finished_at", batch.finished_at),
            ("cancel_requested_at", batch.cancel_requested_at),
        )
    }
    results = {file_id: _result(result) for file_id, result in batch.results.items()}
    return {
        "batch_id": batch.batch_id,
        "user_id": batch.user_id,
        "status": batch.status.value,
        "total_files": batch.total_files,
        "completed": batch.completed,
        "failed": batch.failed,
        "cancelled": batch.cancelled,
        "file_ids": batch.file_ids,
        "results": {file_id: result for file_id, result in results.items() if result},
        "run_id": None if batch.is_foreign else batch.run_id,
        "level": None if batch.is_foreign else batch.level.value,
        **times,
    }


def _result(result: FileResult) -> dict[str, object]:
    if not result.attempt and not result.status.ended and not result.unseen_on:
        return {}
    fields: dict[str, object] = {
        "status": result.status.value,
        "analysis_id": result.analysis_id,
        "code": result.code,
        "error": result.error,
        "attempt": result.attempt,
        "worker": result.worker,
        "lease_until": result.lease_until and result.lease_until.isoformat(timespec="milliseconds"),
    }
    return {name: value for name, value in fields.items() if value is not None}

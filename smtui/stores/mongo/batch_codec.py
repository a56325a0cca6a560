r"""Batches as documents of `batch_jobs`, and what of them is ours.

A file that nobody has begun has no entry in `results`: a new batch is small, and a program that
knows only ended files is not confused. Beside the fields that the system gives, a batch of smtui
has six for its workers, so that a claim and a sweep need not read the results:

- pending: how many files are waiting; pending + processing + completed + failed + cancelled is
  total_files at every moment.
- first_open: the place in file_ids from which on files without an entry wait; before it one
  without an entry was cancelled when nobody had begun it.
- leases: how many leases were ever given; tells whether any came since a look.
- next_lease: no lease ends earlier; it may be too early, and too late only where the clock was
  set back.
- unseen: of the pending files, how many each machine has handed back as unseen.
- recipe_version: the lowest recipe that will do; absent where any does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE,
    MAX_BATCH_FILES,
    Batch,
    BatchId,
    FileResult,
    RunId,
    State,
)
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo.values import (
    Document,
    count_in,
    count_or_none,
    cut_to_ms,
    cut_to_ms_or_none,
    list_in,
    mapping_in,
    text_in,
    text_or_none,
    texts_in,
    time_in,
    time_or_none,
)

OPEN = {"$in": [State.PENDING.value, State.PROCESSING.value]}
"""A status in which something may still happen."""

COUNTERS = (
    "batch_id",
    "run_id",
    "user_id",
    "level",
    "status",
    "total_files",
    "pending",
    "processing",
    "completed",
    "failed",
    "cancelled",
    "first_open",
    "leases",
    "next_lease",
    "unseen",
    "cancel_requested_at",
    "recipe_version",
)
"""What a claim or a sweep reads of a batch; never `results`, and not the thousand `file_ids`."""


def key_of(text: str) -> str:
    """Write an id or a machine's name as the name of a field: no dot and no dollar sign."""
    escaped = storable(text).replace("%", "%25").replace(".", "%2E").replace("$", "%24")
    return escaped.replace("\0", "%00")


def text_of(key: str) -> str:
    """Read what `key_of` wrote."""
    plain = key.replace("%2E", ".").replace("%24", "$").replace("%00", "\0")
    return plain.replace("%25", "%")


def document_of(batch: Batch) -> Document:
    """Write a batch that nobody works on yet.

    Raises:
        ValueError: it has too many files, or one of them twice.
    """
    files = batch.file_ids
    if len(files) > MAX_BATCH_FILES or len({*files}) < len(files):
        message = f"a batch has at most {MAX_BATCH_FILES} files, each once"
        raise ValueError(message)
    given = [batch.results.get(file_id, FileResult()) for file_id in files]
    begun = max((place + 1 for place, one in enumerate(given) if one != FileResult()), default=0)
    states = [result.status for result in given]
    leases = [result.lease_until for result in given if result.lease_until is not None]
    document: Document = {
        "batch_id": batch.batch_id,
        "user_id": batch.user_id,
        "status": batch.status.value,
        "total_files": len(files),
        **{state.value: states.count(state) for state in State},
        "file_ids": list(files),
        "results": {
            key_of(file_id): result_document(result)
            for file_id, result in zip(files[:begun], given[:begun], strict=True)
        },
        "created_at": cut_to_ms(batch.created_at),
        "updated_at": cut_to_ms(batch.updated_at),
        "run_id": batch.run_id,
        "level": batch.level.value,
        "heard_ms": batch.heard_ms,
        "first_open": begun,
        "leases": len(leases),
        "unseen": unseen_counts(given),
    }
    # Absent and not null: the first claim sets them by $min, and null is less than any time.
    times = {
        "next_lease": min(leases, default=None),
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
        "cancel_requested_at": batch.cancel_requested_at,
    }
    if batch.recipe_version is not None:
        document["recipe_version"] = batch.recipe_version
    return document | {name: cut_to_ms(at) for name, at in times.items() if at is not None}


def unseen_counts(results: Sequence[FileResult]) -> dict[str, int]:
    """How many pending files each machine has handed back as unseen."""
    counts: dict[str, int] = {}
    for result in results:
        if result.status is State.PENDING:
            for machine in result.unseen_on:
                counts[key_of(machine)] = counts.get(key_of(machine), 0) + 1
    return counts


def result_document(result: FileResult) -> Document:
    """Write how a file stands; what is None or empty is left out."""
    fields: Document = {
        "status": result.status.value,
        "analysis_id": result.analysis_id,
        "code": result.code,
        "error": None if result.error is None else storable(result.error),
        "attempt": result.attempt,
        "worker": None if result.worker is None else storable(result.worker),
        "lease_until": cut_to_ms_or_none(result.lease_until),
        "claimed_at": cut_to_ms_or_none(result.claimed_at),
        "unseen_on": [storable(machine) for machine in result.unseen_on] or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def result_of(written: object) -> FileResult:
    """Read how a file stands, also as another program wrote it."""
    fields = mapping_in(written)
    return FileResult(
        status=state_of(fields),
        analysis_id=_analysis_id(fields.get("analysis_id")),
        code=text_or_none(fields.get("code")),
        error=text_or_none(fields.get("error")),
        attempt=count_in(fields.get("attempt")),
        worker=text_or_none(fields.get("worker")),
        lease_until=time_or_none(fields.get("lease_until")),
        claimed_at=time_or_none(fields.get("claimed_at")),
        unseen_on=texts_in(fields.get("unseen_on")),
    )


def state_of(fields: Mapping[str, Any]) -> State:
    """Read a file's state; of a word that is not ours, an error or an analysis tells."""
    word = text_in(fields.get("status"))
    try:
        return State(word)
    except ValueError:
        if fields.get("error"):
            return State.FAILED
        return State.COMPLETED if fields.get("analysis_id") else State.PENDING


def batch_of(document: Mapping[str, Any]) -> Batch:
    """Read a batch, also one of another program; files without an entry were not begun."""
    created_at = time_in(document.get("created_at"))
    cancel_requested_at = time_or_none(document.get("cancel_requested_at"))
    results = results_of(document)
    batch_id = text_in(document.get("batch_id"))
    return Batch(
        batch_id=BatchId(batch_id),
        run_id=RunId(text_in(document.get("run_id"), batch_id)),
        user_id=_user_id(document.get("user_id")),
        level=level_of(document.get("level")),
        status=batch_state(document),
        file_ids=tuple(results),
        completed=count_in(document.get("completed")),
        failed=count_in(document.get("failed")),
        cancelled=count_in(document.get("cancelled")),
        heard_ms=count_in(document.get("heard_ms")),
        recipe_version=count_or_none(document.get("recipe_version")),
        results=results,
        created_at=created_at,
        updated_at=time_in(document.get("updated_at"), created_at),
        started_at=time_or_none(document.get("started_at")),
        finished_at=time_or_none(document.get("finished_at")),
        cancel_requested_at=cancel_requested_at,
        is_foreign=is_foreign(document),
        counted=count_or_none(document.get("total_files")) if is_foreign(document) else None,
    )


def is_foreign(document: Mapping[str, Any]) -> bool:
    """True if another program wrote a batch: ours belong to a run."""
    return document.get("run_id") is None


def results_of(document: Mapping[str, Any]) -> dict[FileId, FileResult]:
    """Read how every file of a batch stands, in the order of file_ids."""
    written = mapping_in(document.get("results"))
    waits_from = first_waiting(document)
    results = {}
    for place, file_id in enumerate(texts_in(document.get("file_ids"))):
        key = key_of(file_id)
        not_begun = FileResult(status=State.PENDING if place >= waits_from else State.CANCELLED)
        results[FileId(file_id)] = result_of(written[key]) if key in written else not_begun
    return results


def first_waiting(document: Mapping[str, Any]) -> int:
    """Return the place in file_ids from which on files without an entry wait."""
    if document.get("pending") == 0:
        return len(list_in(document.get("file_ids")))
    return count_in(document.get("first_open"))


def batch_state(document: Mapping[str, Any]) -> State:
    """Read a batch's status; a word that is not ours is one who waits."""
    try:
        return State(text_in(document.get("status")))
    except ValueError:
        return State.PENDING


def level_of(value: object) -> Level:
    """Read a level; other programs' batches have none, and mean what they call advanced."""
    try:
        return Level(text_in(value))
    except ValueError:
        return Level.ADVANCED


def entries(document: Mapping[str, Any]) -> list[tuple[int, FileId, Document]]:
    """Place, file and entry of every file that has one, in the order of file_ids.

    Other programs may tell of files that they do not list; those come last.
    """
    written = mapping_in(document.get("results"))
    listed = texts_in(document.get("file_ids"))
    known = {key_of(file_id): file_id for file_id in listed}
    files = [*listed, *(key for key in written if key not in known)]
    return [
        (place, FileId(file_id), dict(mapping_in(written[key])))
        for place, file_id in enumerate(files)
        if (key := key_of(file_id) if place < len(listed) else file_id) in written
    ]


def counted_in(document: Mapping[str, Any]) -> dict[str, int]:
    """How many files completed and failed, as another program's counters and results say.

    Its counters may lag behind what it writes of the files; a file that failed did not complete.
    """
    states = [state_of(entry) for _, _, entry in entries(document)]
    total = max(0, count_in(document.get("total_files")), len(texts_in(document.get("file_ids"))))
    failed = max(count_in(document.get("failed")), states.count(State.FAILED))
    completed = max(count_in(document.get("completed")), states.count(State.COMPLETED))
    failed = min(failed, total)
    return {"total_files": total, "completed": min(completed, total - failed), "failed": failed}


def is_due(counters: Mapping[str, Any], now: datetime) -> bool:
    """True if a lease may have ended, or is longer than any; only the results tell."""
    next_lease = time_or_none(counters.get("next_lease"))
    return next_lease is not None and not now < next_lease <= now + LONGEST_LEASE


def pending_for(counters: Mapping[str, Any], machine: str) -> int:
    """How many pending files a machine has not handed back as unseen."""
    unseen = mapping_in(counters.get("unseen"))
    return count_in(counters.get("pending")) - count_in(unseen.get(key_of(machine)))


def suits_recipe(counters: Mapping[str, Any], recipe_version: int | None) -> bool:
    """True if a worker of this recipe is new enough for a batch; who names none is."""
    return recipe_version is None or count_in(counters.get("recipe_version")) <= recipe_version


def _user_id(value: object) -> UserId | None:
    return UserId(value) if isinstance(value, str) else None


def _analysis_id(value: object) -> AnalysisId | None:
    return AnalysisId(value) if isinstance(value, str) else None

"""What may become of a batch: each change is one guarded update of one document.

A change is made from what was read. Its `where` matches only while that still holds, so of two who
saw the same only one succeeds; the other reads again. Its `sign` matches afterwards, so that one
whose acknowledgement was lost is found to be done. Everything here is pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtui.domain.batch import Claimed, FileResult, State, Unseen, end_of
from smtui.domain.sample import FileId
from smtui.domain.text import storable
from smtui.stores.mongo.batch_codec import (
    OPEN,
    entries,
    key_of,
    result_document,
    result_of,
)
from smtui.stores.mongo.values import Document, time_or_none


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A guarded update of one batch."""

    where: Document
    update: Document
    sign: Document


def changed(batch: Mapping[str, Any], after: Mapping[FileId, FileResult], now: datetime) -> Change:
    """Let some files of a batch become something else, and count it in the same update.

    Args:
        batch: at least batch_id, first_open and the present entries of these files in `results`.
        after: how each file stands then; one without an entry lies next at `first_open`.
        now: for updated_at.
    """
    written, steps = batch.get("results", {}), Counter[str]()
    where: Document = {"batch_id": batch["batch_id"]}
    begins = 0
    for file_id in after:
        key = key_of(file_id)
        if key in written:
            where[f"results.{key}"] = written[key]
        else:
            begins += 1
        before = result_of(written.get(key))
        steps.subtract(_weights(before))
        steps.update(_weights(after[file_id]))
    documents = {key_of(file_id): result_document(result) for file_id, result in after.items()}
    sets: Document = {f"results.{key}": document for key, document in documents.items()}
    if begins:
        where["first_open"] = batch["first_open"]
        sets["first_open"] = batch["first_open"] + begins
    sets["updated_at"] = now
    leases = [one.lease_until for one in after.values() if one.lease_until is not None]
    if leases:
        sets["status"] = State.PROCESSING.value
        steps["leases"] = len(leases)
    update = _update(sets, steps)
    if leases:
        update["$min"] = {"next_lease": min(leases), "started_at": now}
    first = next(iter(documents))
    sign = {"batch_id": batch["batch_id"], f"results.{first}": documents[first]}
    return Change(where=where, update=update, sign=sign)


def finished(claimed: Claimed, result: FileResult, now: datetime, *, heard_ms: int = 0) -> Change:
    """Let the holder of an attempt end it; needs no look before."""
    key, document = key_of(claimed.file_id), result_document(result)
    update = _update(
        {f"results.{key}": document, "updated_at": now},
        Counter({State.PROCESSING.value: -1, result.status.value: 1, "heard_ms": heard_ms}),
    )
    sign = {"batch_id": claimed.batch_id, f"results.{key}": document}
    return Change(where=held_by(claimed), update=update, sign=sign)


def renewed(claimed: Claimed, until: datetime) -> Change:
    """Let the holder of an attempt keep it for longer."""
    entry = f"results.{key_of(claimed.file_id)}"
    where = held_by(claimed)
    return Change(
        where=where,
        update={
            "$set": {f"{entry}.lease_until": until},
            "$inc": {"leases": 1},
            "$min": {"next_lease": until},
        },
        sign=where,
    )


def held_by(claimed: Claimed) -> Document:
    """What is true while somebody still holds this attempt of the file."""
    entry = f"results.{key_of(claimed.file_id)}"
    return {
        "batch_id": claimed.batch_id,
        f"{entry}.status": State.PROCESSING.value,
        f"{entry}.worker": storable(claimed.worker),
        f"{entry}.attempt": claimed.attempt,
        f"{entry}.analysis_id": claimed.analysis_id,
    }


def handed_back(
    batch: Mapping[str, Any], claimed: Claimed, unseen: Unseen | None, now: datetime
) -> Change:
    """Make a file pending as if it had not been claimed; cancelled if that was asked."""
    before = result_of(batch["results"][key_of(claimed.file_id)])
    stopping = batch.get("cancel_requested_at") is not None
    after = before.handed_back(unseen, stopping=stopping)
    change = changed(batch, {claimed.file_id: after}, now)
    if not stopping:
        change.where["cancel_requested_at"] = None
    return change


def settled(batch: Mapping[str, Any], now: datetime) -> dict[FileId, FileResult]:
    """What ends because its lease did, and nobody may claim it again; leases too long are cut."""
    stopping = batch.get("cancel_requested_at") is not None
    return _differing(batch, lambda result: result.settled(now, stopping=stopping))


def vanished(batch: Mapping[str, Any], machines: frozenset[str]) -> dict[FileId, FileResult]:
    """What fails because none of these machines has it."""
    return _differing(batch, lambda result: result.lost(machines))


def _differing(
    batch: Mapping[str, Any], transition: Callable[[FileResult], FileResult]
) -> dict[FileId, FileResult]:
    """How files stand after a transition, of those that have an entry and become another."""
    return {
        file_id: after
        for _, file_id, entry in entries(batch)
        if (after := transition(before := result_of(entry))) != before
    }


def stopped(batch: Mapping[str, Any], now: datetime) -> Change:
    """Cancel what is pending in a batch that was asked to stop.

    Nothing becomes pending in such a batch, so that their number tells whether it was done. Files
    that nobody began get no entry; they are known by having none before first_open.
    """
    after = _differing(batch, FileResult.stopped)
    pending = batch["pending"]
    sets: Document = {
        f"results.{key_of(file_id)}": result_document(result) for file_id, result in after.items()
    }
    sets |= {
        "pending": 0,
        "unseen": {},
        "first_open": batch["total_files"],
        "updated_at": now,
    }
    named = {"batch_id": batch["batch_id"]}
    # Of a cancel that was taken back meanwhile nothing is left to do.
    asked_at = batch["cancel_requested_at"]
    return Change(
        where=named | {"pending": pending, "cancel_requested_at": asked_at},
        update=_update(sets, Counter({State.CANCELLED.value: pending})),
        sign=named | {"pending": 0},
    )


def rested(batch: Mapping[str, Any]) -> Change:
    """Say anew when the next lease ends, unless one was given since."""
    leases = [
        until
        for _, _, entry in entries(batch)
        if entry.get("status") == State.PROCESSING.value
        and (until := time_or_none(entry.get("lease_until"))) is not None
    ]
    update: Document = (
        {"$set": {"next_lease": min(leases)}} if leases else {"$unset": {"next_lease": ""}}
    )
    where = {"batch_id": batch["batch_id"], "leases": batch["leases"]}
    return Change(where=where, update=update, sign=where)


def ended(counters: Mapping[str, Any], now: datetime) -> Change | None:
    """Set the status of a batch in which every file ended; None where it goes on."""
    # The same counts: it may have been opened again since the look, and have ended otherwise.
    counted = {name: counters[name] for name in ("completed", "failed", "cancelled")}
    status = end_of(total=counters["total_files"], **counted)
    if status is None:
        return None
    named = {"batch_id": counters["batch_id"]}
    return Change(
        where=named | {"status": OPEN, "pending": 0, "processing": 0} | counted,
        update={"$set": {"status": status.value, "finished_at": now, "updated_at": now}},
        sign=named | {"status": status.value},
    )


def expired(batch: Mapping[str, Any], now: datetime) -> Iterator[FileResult]:
    """Files whose worker's lease has ended, in order."""
    results = (result_of(entry) for _, _, entry in entries(batch))
    return (result for result in results if result.has_lapsed(now))


def _weights(result: FileResult) -> Counter[str]:
    """What a file adds to the counters of its batch."""
    counted = Counter({result.status.value: 1})
    if result.status is State.PENDING:
        counted.update(f"unseen.{key_of(machine)}" for machine in result.unseen_on)
    return counted


def _update(sets: Document, steps: Mapping[str, int]) -> Document:
    counted = {name: step for name, step in steps.items() if step}
    return {"$set": sets} | ({"$inc": counted} if counted else {})

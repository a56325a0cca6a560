"""Batches in SQLite: `batch_jobs`, and `batch_files` with one row per batch and file.

And what came of a file, which is written in the tables of other stores too. It stands alone as the
statements of these two ports.

Who works on which file is decided inside a transaction that holds the write lock, so that no two
workers can take the same one. A claim is known by worker, attempt and analysis_id (a file that is
opened again begins with new ones); what a former holder sends changes nothing.
"""

# ruff: noqa: S608 - the statements are made of our own words; every value is a parameter.

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection, Mapping, Sequence

from smtui.domain.account import UserId
from smtui.domain.analysis import AnalysisId, Level
from smtui.domain.batch import (
    LONGEST_LEASE_SECONDS,
    MAX_BATCH_FILES,
    Batch,
    BatchId,
    Claimed,
    Failure,
    FileResult,
    Held,
    RunId,
    RunProgress,
    State,
    Unseen,
    by_worker,
    spread,
)
from smtui.domain.errors import ErrorCode
from smtui.domain.outcome import Outcome
from smtui.domain.ports.work import Clock
from smtui.domain.sample import FileId
from smtui.domain.storable import storable
from smtui.stores.sqlite.accounts import count_use
from smtui.stores.sqlite.analyses import save
from smtui.stores.sqlite.batch_codec import (
    RESULT,
    RESULT_COLUMNS,
    SELECT_BATCH,
    SELECT_RUN,
    SET_RESULT,
    batch_of,
    batch_values,
    result_of,
    result_values,
    run_of,
)
from smtui.stores.sqlite.batch_repair import (
    EXPIRED,
    FAILED,
    LEFT,
    OPEN,
    Lost,
    cancel_pending,
    end_batches,
    fail_lost,
    is_any_lost,
    needs_repair,
    reopen,
    repair,
    settle,
    take_back_cancel,
)
from smtui.stores.sqlite.connections import Reader, Readers, Writer, reading, writing
from smtui.stores.sqlite.sample_codec import change
from smtui.stores.sqlite.values import Value, from_ms_or_none, now_ms

_SOME = 10
# A file that was handed back on a machine is left to others. No machine has the empty name.
_SEEN = "(r.unseen_on IS NULL OR ? NOT IN (SELECT value FROM json_each(r.unseen_on)))"
# What wants a newer recipe is left to workers of it; who names no recipe is told of everything.
_ABLE = "(b.recipe_version IS NULL OR b.recipe_version <= coalesce(?, b.recipe_version))"


class SqliteBatches:
    """Implements BatchStore; leases use this machine's clock."""

    def __init__(self, readers: Readers, writer: Writer, clock: Clock | None) -> None:
        self._readers = readers
        self._writer = writer
        self._clock = clock

    @writing
    def create(self, connection: sqlite3.Connection, batches: Sequence[Batch]) -> None:
        for batch in batches:
            _insert(connection, batch)
        # A batch of no files has nothing to wait for.
        end_batches(connection, self._now())

    @reading
    def get(self, reader: Reader, batch_id: BatchId) -> Batch | None:
        with reader.snapshot():
            row = reader.row(f"{SELECT_BATCH} WHERE batch_id = ?", (batch_id,))
            if row is None:
                return None
            files = reader.rows(
                f"SELECT file_id, {RESULT} FROM batch_files AS r WHERE batch = ? ORDER BY position",
                (row[0],),
            )
        return batch_of(row, {FileId(file_id): result_of(columns) for file_id, *columns in files})

    @reading
    def batches_of(self, reader: Reader, run_id: RunId) -> tuple[BatchId, ...]:
        rows = reader.rows(
            "SELECT batch_id FROM batch_jobs WHERE run_id = ? ORDER BY batch", (run_id,)
        )
        return tuple(BatchId(batch_id) for (batch_id,) in rows)

    @writing
    def claim(  # noqa: PLR0913 - the port asks for these
        self,
        connection: sqlite3.Connection,
        run_id: RunId,
        *,
        worker: str,
        limit: int,
        lease_seconds: float,
        machine: str = "",
        recipe_version: int | None = None,
    ) -> tuple[Claimed, ...]:
        # The clock is read when the write lock is held: waiting for it costs no lease.
        now = self._now()
        settle(connection, now, run_id)
        rows = connection.execute(
            "SELECT b.batch, r.position, r.status, b.batch_id, r.file_id, b.user_id, b.level,"
            " r.analysis_id, r.attempt"
            " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
            f" WHERE b.run_id = ? AND {OPEN} AND b.cancel_requested_at IS NULL"
            f" AND (r.status = 'pending' OR {EXPIRED}) AND {_SEEN} AND {_ABLE}"
            " ORDER BY b.batch, r.position LIMIT ?",
            (run_id, now, storable(machine), recipe_version, limit),
        ).fetchall()
        taken = []
        for *place, batch_id, file_id, user_id, level, analysis_id, attempt in rows:
            claimed = Claimed(
                batch_id=BatchId(batch_id),
                run_id=run_id,
                file_id=FileId(file_id),
                user_id=user_id and UserId(user_id),
                level=Level(level),
                analysis_id=AnalysisId(analysis_id or str(uuid.uuid4())),
                attempt=attempt + 1,
                worker=worker,
            )
            _hold(connection, place, claimed, (now, now + _ms(lease_seconds)))
            taken.append(claimed)
        return tuple(taken)

    @writing
    def renew(
        self, connection: sqlite3.Connection, claimed: Claimed, *, lease_seconds: float
    ) -> bool:
        until = self._now() + _ms(lease_seconds)
        return _change_held(connection, claimed, "lease_until = ?", (until,))

    @writing
    def complete(
        self,
        connection: sqlite3.Connection,
        claimed: Claimed,
        analysis_id: AnalysisId,
        *,
        heard_ms: int = 0,
    ) -> bool:
        return complete(connection, claimed, (analysis_id, heard_ms), self._now())

    @writing
    def fail(
        self, connection: sqlite3.Connection, claimed: Claimed, *, code: ErrorCode, error: str
    ) -> bool:
        after = claimed.failed(code, error)
        return _end_claim(connection, claimed, after, ("failed = failed + 1", self._now()))

    @writing
    def hand_back(
        self, connection: sqlite3.Connection, claimed: Claimed, *, unseen: Unseen | None = None
    ) -> bool:
        row = connection.execute(
            f"SELECT cancel_requested_at IS NOT NULL, {RESULT}"
            " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
            " WHERE b.batch_id = ? AND r.file_id = ?",
            (claimed.batch_id, claimed.file_id),
        ).fetchone()
        if row is None:
            return False
        stopping, *columns = row
        after = result_of(columns).handed_back(unseen, stopping=bool(stopping))
        cancelled = int(after.status is State.CANCELLED)
        count = f"cancelled = cancelled + {cancelled}"
        return _end_claim(connection, claimed, after, (count, self._now()))

    async def vanish(
        self, machines: frozenset[str], *, runs: Collection[RunId] | None = None
    ) -> int:
        lost = Lost(machines=sorted(map(storable, machines)), runs=runs)
        # Workers ask this again and again: nobody is kept from writing for a look.
        if not machines or not await self._readers.run(lambda reader: is_any_lost(reader, lost)):
            return 0
        return await self._writer.write(lambda connection: fail_lost(connection, lost, self._now()))

    @reading
    def unseen(
        self, reader: Reader, run_ids: Collection[RunId]
    ) -> Mapping[RunId, Mapping[str, int]]:
        rows = reader.rows(
            "SELECT b.run_id, machine.value, count(*) FROM batch_jobs AS b"
            " CROSS JOIN batch_files AS r INDEXED BY batch_files_unseen USING (batch)"
            " CROSS JOIN json_each(r.unseen_on) AS machine"
            f" WHERE {OPEN} AND r.unseen_on IS NOT NULL AND r.status = 'pending'"
            " AND b.run_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2",
            (json.dumps([*run_ids]),),
        )
        found: dict[RunId, dict[str, int]] = {}
        for run_id, machine, count in rows:
            found.setdefault(RunId(run_id), {})[machine] = count
        return found

    @writing
    def request_cancel(self, connection: sqlite3.Connection, run_id: RunId) -> int:
        now = self._now()
        connection.execute(
            "UPDATE batch_jobs AS b SET cancel_requested_at = ?, updated_at = ?"
            f" WHERE run_id = ? AND {OPEN} AND cancel_requested_at IS NULL",
            (now, now, run_id),
        )
        return cancel_pending(connection, now)

    @writing
    def resume(self, connection: sqlite3.Connection, run_id: RunId) -> int:
        now = self._now()
        count = reopen(connection, run_id, LEFT, now)
        take_back_cancel(connection, run_id, now)
        return count

    @writing
    def retry_failed(self, connection: sqlite3.Connection, run_id: RunId) -> int:
        now = self._now()
        count = reopen(connection, run_id, FAILED, now)
        if count:
            take_back_cancel(connection, run_id, now)
        return count

    @writing
    def forget(self, connection: sqlite3.Connection, run_id: RunId) -> bool:
        going = connection.execute(
            f"SELECT 1 FROM batch_jobs AS b WHERE run_id = ? AND {OPEN} LIMIT 1", (run_id,)
        ).fetchone()
        if going is not None:
            return False
        connection.execute(
            "DELETE FROM batch_files"
            " WHERE batch IN (SELECT batch FROM batch_jobs WHERE run_id = ?)",
            (run_id,),
        )
        gone = connection.execute("DELETE FROM batch_jobs WHERE run_id = ?", (run_id,))
        return gone.rowcount > 0

    @reading
    def progress(self, reader: Reader, run_id: RunId) -> RunProgress | None:
        row = reader.row(f"{SELECT_RUN} WHERE run_id = ? GROUP BY run_id", (run_id,))
        return None if row is None else run_of(row)

    @reading
    def runs(
        self, reader: Reader, *, user_id: UserId | None, limit: int
    ) -> tuple[RunProgress, ...]:
        rows = reader.rows(
            f"{SELECT_RUN} WHERE user_id IS ? GROUP BY run_id"
            " ORDER BY min(created_at) DESC, run_id DESC LIMIT ?",
            (user_id, limit),
        )
        return tuple(run_of(row) for row in rows)

    @reading
    def everyones_runs(self, reader: Reader, *, limit: int) -> tuple[RunProgress, ...]:
        rows = reader.rows(
            f"{SELECT_RUN} GROUP BY run_id ORDER BY min(created_at) DESC, run_id DESC LIMIT ?",
            (limit,),
        )
        return tuple(run_of(row) for row in rows)

    async def claimable(
        self, *, machine: str = "", recipe_version: int | None = None
    ) -> tuple[RunId, ...]:
        # Every worker asks this every few seconds: nobody is kept from writing for a look.
        if await self._readers.run(lambda reader: needs_repair(reader, self._now())):
            await self._writer.write(lambda connection: repair(connection, self._now()))
        return await self._claimable(storable(machine), recipe_version)

    @reading
    def _claimable(
        self, reader: Reader, machine: str, recipe_version: int | None
    ) -> tuple[RunId, ...]:
        rows = reader.rows(
            f"SELECT run_id FROM batch_jobs AS b WHERE {OPEN} AND cancel_requested_at IS NULL"
            f" AND {_ABLE}"
            " AND (EXISTS (SELECT 1 FROM batch_files AS r"
            f" WHERE r.batch = b.batch AND r.status = 'pending' AND {_SEEN})"
            " OR EXISTS (SELECT 1 FROM batch_files AS r WHERE r.batch = b.batch"
            f" AND {EXPIRED} AND {_SEEN}))"
            " GROUP BY run_id ORDER BY min(b.batch)",
            (recipe_version, machine, self._now(), machine),
        )
        return tuple(RunId(run_id) for (run_id,) in rows)

    @reading
    def waiting(self, reader: Reader, *, level: Level) -> frozenset[FileId]:
        levels = json.dumps([other for other in Level if other.rank >= level.rank])
        rows = reader.rows(
            "SELECT r.file_id FROM batch_jobs AS b JOIN batch_files AS r USING (batch)"
            f" WHERE {OPEN} AND b.cancel_requested_at IS NULL"
            " AND r.status IN ('pending', 'processing')"
            " AND b.level IN (SELECT value FROM json_each(?))",
            (levels,),
        )
        return frozenset(FileId(file_id) for (file_id,) in rows)

    @reading
    def failures(self, reader: Reader, run_id: RunId, *, limit: int) -> tuple[Failure, ...]:
        rows = reader.rows(
            "SELECT r.file_id, r.code, r.error, r.attempt FROM batch_jobs AS b"
            " JOIN batch_files AS r USING (batch) WHERE b.run_id = ? AND r.status = 'failed'"
            " ORDER BY b.batch, r.position LIMIT ?",
            (run_id, limit),
        )
        return tuple(
            Failure(file_id=FileId(file_id), code=code, error=error, attempt=attempt)
            for file_id, code, error, attempt in rows
        )

    @reading
    def completed_files(self, reader: Reader, run_id: RunId, *, limit: int) -> tuple[FileId, ...]:
        rows = reader.rows(
            "SELECT r.file_id FROM batch_jobs AS b JOIN batch_files AS r USING (batch)"
            " WHERE b.run_id = ? AND r.status = 'completed' ORDER BY b.batch, r.position LIMIT ?",
            (run_id, limit),
        )
        return tuple(FileId(file_id) for (file_id,) in rows)

    @reading
    def held(self, reader: Reader, run_ids: Sequence[RunId]) -> tuple[Held, ...]:
        rows = reader.rows(
            "SELECT b.run_id, r.file_id, r.worker, r.attempt, r.claimed_at, r.lease_until"
            " FROM batch_jobs AS b CROSS JOIN batch_files AS r USING (batch)"
            " WHERE b.run_id IN (SELECT value FROM json_each(?)) AND b.processing > 0"
            " AND r.status = 'processing' ORDER BY b.batch, r.position",
            (json.dumps([*run_ids]),),
        )
        return by_worker(
            Held(
                run_id=RunId(run_id),
                file_id=FileId(file_id),
                worker=worker,
                attempt=attempt,
                claimed_at=from_ms_or_none(claimed_at),
                lease_until=from_ms_or_none(lease_until),
            )
            for run_id, file_id, worker, attempt, claimed_at, lease_until in rows
        )

    @reading
    def some(self, reader: Reader, run_ids: Sequence[RunId]) -> Mapping[RunId, tuple[FileId, ...]]:
        # Of the first and the last batch of each run that has any.
        ends = reader.rows(
            "SELECT run_id, min(batch), max(batch) FROM batch_jobs"
            " WHERE run_id IN (SELECT value FROM json_each(?)) AND total_files > 0 GROUP BY run_id",
            (json.dumps([*run_ids]),),
        )
        found: dict[RunId, tuple[FileId, ...]] = {}
        for run_id, first, last in ends:
            files: dict[FileId, None] = {}
            for batch in (first, last):
                count = reader.row("SELECT total_files FROM batch_jobs WHERE batch = ?", (batch,))
                rows = reader.rows(
                    "SELECT file_id FROM batch_files WHERE batch = ?"
                    " AND position IN (SELECT value FROM json_each(?)) ORDER BY position",
                    (batch, json.dumps(spread(count[0], _SOME))),
                )
                files |= {FileId(file_id): None for (file_id,) in rows}
            found[RunId(run_id)] = tuple(files)
        return found

    def _now(self) -> int:
        return now_ms(self._clock)


class SqliteOutcomes:
    """Implements OutcomeStore: one transaction, and so one wait for the disk instead of four."""

    def __init__(self, writer: Writer, clock: Clock | None) -> None:
        self._writer = writer
        self._clock = clock

    @writing
    def keep(self, connection: sqlite3.Connection, outcome: Outcome) -> bool:
        claimed, heard, measured = outcome.claimed, outcome.heard, outcome.analysis.measured
        analysis_id = save(connection, outcome.analysis)
        change(
            connection,
            claimed.file_id,
            lambda before: before.listened_to(heard, measured.file_hash),
        )
        ended = (analysis_id, outcome.heard_ms)
        counted = complete(connection, claimed, ended, now_ms(self._clock))
        if counted and claimed.user_id is not None:
            count_use(connection, claimed.user_id, analyses=1)
        return counted


def complete(
    connection: sqlite3.Connection, claimed: Claimed, heard: tuple[AnalysisId, int], now: int
) -> bool:
    """Count a file as heard; `heard` is under which id, and how long it is in ms."""
    analysis_id, length = heard
    count = f"completed = completed + 1, heard_ms = heard_ms + {int(length)}"
    return _end_claim(connection, claimed, claimed.completed(analysis_id), (count, now))


def _insert(connection: sqlite3.Connection, batch: Batch) -> None:
    """Keep a new batch; files without a result are pending."""
    if len(batch.file_ids) > MAX_BATCH_FILES or len({*batch.file_ids}) < len(batch.file_ids):
        message = f"a batch has at most {MAX_BATCH_FILES} files, each once"
        raise ValueError(message)
    results = [batch.results.get(file_id, FileResult()) for file_id in batch.file_ids]
    values = batch_values(batch, results)
    number = connection.execute(
        f"INSERT INTO batch_jobs ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        tuple(values.values()),
    ).lastrowid
    connection.executemany(
        f"INSERT INTO batch_files (batch, position, file_id, {', '.join(RESULT_COLUMNS)})"
        f" VALUES (?, ?, ?{', ?' * len(RESULT_COLUMNS)})",
        (
            (number, position, file_id, *result_values(result))
            for position, (file_id, result) in enumerate(zip(batch.file_ids, results, strict=True))
        ),
    )


def _hold(
    connection: sqlite3.Connection,
    place: Sequence[Value],
    claimed: Claimed,
    lease: tuple[int, int],
) -> None:
    """Put a file into the hands of a worker; `place` is batch, position and status till now."""
    batch, position, status = place
    now, until = lease
    connection.execute(
        "UPDATE batch_files SET status = 'processing', analysis_id = ?, attempt = ?, worker = ?,"
        " lease_until = ?, claimed_at = ? WHERE batch = ? AND position = ?",
        (claimed.analysis_id, claimed.attempt, claimed.worker, until, now, batch, position),
    )
    connection.execute(
        "UPDATE batch_jobs SET status = 'processing', processing = processing + ?,"
        " started_at = coalesce(started_at, ?), updated_at = ? WHERE batch = ?",
        (status == State.PENDING, now, now, batch),
    )


def _end_claim(
    connection: sqlite3.Connection, claimed: Claimed, after: FileResult, counted: tuple[str, int]
) -> bool:
    """Take a file out of its worker's hands; `counted` is what is counted of it, and when."""
    if not _change_held(connection, claimed, SET_RESULT, result_values(after)):
        return False
    count, now = counted
    connection.execute(
        f"UPDATE batch_jobs SET processing = processing - 1, {count}, updated_at = ?"
        " WHERE batch_id = ?",
        (now, claimed.batch_id),
    )
    end_batches(connection, now)
    return True


def _change_held(
    connection: sqlite3.Connection, claimed: Claimed, change: str, values: Sequence[Value]
) -> bool:
    """Change a file's row, but only for who holds this attempt of it."""
    changed = connection.execute(
        f"UPDATE batch_files SET {change} WHERE status = 'processing' AND worker = ?"
        " AND attempt = ? AND analysis_id = ? AND file_id = ?"
        " AND batch = (SELECT batch FROM batch_jobs WHERE batch_id = ?)",
        (
            *values,
            claimed.worker,
            claimed.attempt,
            claimed.analysis_id,
            claimed.file_id,
            claimed.batch_id,
        ),
    )
    return changed.rowcount > 0


def _ms(lease_seconds: float) -> int:
    return round(min(lease_seconds, LONGEST_LEASE_SECONDS) * 1000)

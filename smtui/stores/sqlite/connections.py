"""One writing connection and a few reading ones, each used from one thread at a time."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from smtui.stores.sqlite.failures import told
from smtui.stores.sqlite.values import Value

T = TypeVar("T")

BUSY_SECONDS = 20.0
# So long after a person's change all of it is in the one file, which is then what a copy holds.
# Not at once: a scan writes many times a second, and each time would cost it a flush of the disk.
_GATHERED_SECONDS = 0.5
_STEPS_BETWEEN_LOOKS = 200_000
_STEPS_BETWEEN_CLOSE_LOOKS = 2_000


class Durability(StrEnum):
    """What has to survive a power cut: every transaction, or all but the newest few.

    Either way a killed process loses nothing and the file stays whole.
    """

    FULL = "full"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """How much of the file a connection may keep in memory.

    It fills as the library is walked through, so a process that lives for a whole night takes
    all of it in the end.

    Attributes:
        writer, reader: copies of pages, KiB.
        mapped: what a reader looks at in place, without copying pages, bytes. Each reader's pages
            count for the process once more, for as long as the system has memory to spare.
    """

    writer: int
    reader: int
    mapped: int = 0


class BudgetSpent(Exception):
    """A statement was stopped because it took longer than it was given."""


class Reader:
    """A read-only connection whose statements can be stopped."""

    def __init__(self, path: Path, caches: Caches) -> None:
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
            cached_statements=256,
        )
        for pragma in (
            "query_only = 1",
            "temp_store = memory",
            f"cache_size = -{caches.reader}",
            f"mmap_size = {caches.mapped}",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.set_progress_handler(self._look, _STEPS_BETWEEN_LOOKS)
        self._stopped = Event()
        self._until: float | None = None

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[Any]:
        """Every row of a statement."""
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Value] = ()) -> Any:
        """The first row of a statement, or None."""
        return self._connection.execute(sql, parameters).fetchone()

    @contextmanager
    def budget(self, microseconds: int) -> Iterator[None]:
        """Stop what runs inside after so much time, with BudgetSpent."""
        self._until = time.perf_counter() + microseconds / 1e6
        self._connection.set_progress_handler(self._look, _STEPS_BETWEEN_CLOSE_LOOKS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT and not self._stopped.is_set():
                raise BudgetSpent from error
            raise
        finally:
            self._until = None
            self._connection.set_progress_handler(self._look, _STEPS_BETWEEN_LOOKS)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """See one state of the library in all that is read inside."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def heed(self, stopped: Event) -> None:
        """Stop what runs from here on as soon as `stopped` is set."""
        self._stopped = stopped

    def interrupt(self) -> None:
        """Look at once whether to stop; called from another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _look(self) -> int:
        if self._stopped.is_set():
            return 1
        return int(self._until is not None and time.perf_counter() > self._until)


class Readers:
    """A small pool of reading connections, opened when first needed."""

    def __init__(self, path: Path, size: int, *, name: str, caches: Caches) -> None:
        self._path = path
        self._caches = caches
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)
        self._slots: list[Reader | None] = [None] * size
        self._stops: list[Event] = [Event() for _ in range(size)]
        self._free: asyncio.Queue[int] = asyncio.Queue()
        for slot in range(size):
            self._free.put_nowait(slot)

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run a plain function with a reader in a thread; stop it when the caller is cancelled."""
        slot = await self._free.get()
        loop = asyncio.get_running_loop()
        # One for each call: setting it early or late can stop neither too little nor the next.
        stopped = self._stops[slot] = Event()
        future: Future[T] = self._threads.submit(self._run, slot, work, stopped)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free.put_nowait, slot))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # The slot may have been given to another caller since.
            if self._stops[slot] is stopped:
                self._stop(slot)
            raise

    async def close(self) -> None:
        """Stop what still runs, wait for it and close every connection."""
        for slot in range(len(self._slots)):
            self._stop(slot)
        for _ in self._slots:
            await self._free.get()
        for reader in self._slots:
            if reader is not None:
                reader.close()
        self._threads.shutdown(wait=False)

    def _stop(self, slot: int) -> None:
        self._stops[slot].set()
        reader = self._slots[slot]
        if reader is not None:
            reader.interrupt()

    def _run(self, slot: int, work: Callable[[Reader], T], stopped: Event) -> T:
        with told():
            reader = self._slots[slot]
            if reader is None:
                reader = self._slots[slot] = Reader(self._path, self._caches)
            reader.heed(stopped)
            return work(reader)


class Writer:
    """The one writing connection of this process, in a thread of its own."""

    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        check: Callable[[sqlite3.Connection], None],
        *,
        durability: Durability,
    ) -> None:
        self._open_connection = open_connection
        self._check = check
        self._durability = durability
        self._now: Durability | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-writer")
        self._connection: sqlite3.Connection | None = None
        self._gathering: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Open the connection."""
        await self._in_thread(self._open)

    async def write(
        self, work: Callable[[sqlite3.Connection], T], *, durability: Durability | None = None
    ) -> T:
        """Run a plain function as one transaction: all of it is kept, or none.

        Once it has begun it is finished, even if the caller is cancelled.
        """
        try:
            return await self._in_thread(lambda: self._transaction(work, durability))
        finally:
            if (durability or self._durability) is Durability.FULL and self._gathering is None:
                loop = asyncio.get_running_loop()
                self._gathering = loop.call_later(_GATHERED_SECONDS, self._gather_soon)

    async def close(self) -> None:
        """Finish what waits and close the connection."""
        if self._gathering is not None:
            self._gathering.cancel()
            await self._in_thread(self._gather)
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    def _gather_soon(self) -> None:
        self._gathering = None
        self._thread.submit(self._gather)

    def _gather(self) -> None:
        """Bring into the file what the log beside it holds, as far as others let us now.

        Whoever copies the file alone then has all of it, and an emptied log is no harm to who
        copies both one after the other.
        """
        if self._connection is None:
            return
        # What cannot be done now (a full disk, a reader) is done by a later one, or by SQLite.
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        with told():
            self._connection = self._open_connection()

    def _close(self) -> None:
        if self._connection is not None:
            with told():
                self._connection.close()
            self._connection = None

    def _transaction(
        self, work: Callable[[sqlite3.Connection], T], durability: Durability | None
    ) -> T:
        with told():
            connection = self._connection
            if connection is None:
                message = "the library is closed"
                raise sqlite3.ProgrammingError(message)
            wanted = durability or self._durability
            if wanted is not self._now:
                connection.execute(f"PRAGMA synchronous = {wanted}")
                self._now = wanted
            return whole(connection, lambda: self._checked(connection, work))

    def _checked(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        self._check(connection)
        return work(connection)


def whole(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
    """Run `work` in a transaction that holds the write lock from its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work()
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself may have rolled back, after a full disk for instance.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result

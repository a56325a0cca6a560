"""One writing connection and a few reading ones, each used from one thread at a time.

A store's method is a plain function that is given a connection, made asynchronous by one of the
decorators at the end: `@reading` runs it in a thread with a reader, `@writing` as one transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from threading import Event
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from smtui.domain.errors import StoreUnreachable
from smtui.stores.sqlite.values import Value

T = TypeVar("T")
P = ParamSpec("P")

BUSY_SECONDS = 20.0
# After this time all that a person changed is in the one file, which is then what a copy holds.
# Not at once: a scan writes many times a second, and each time would cost it a flush of the disk.
_CHECKPOINT_AFTER_SECONDS = 0.5
_STEPS_BETWEEN_LOOKS = 200_000
_STEPS_BETWEEN_CLOSE_LOOKS = 2_000
_MEANINGS = {
    sqlite3.SQLITE_FULL: (
        "The disk is full",
        "What was saved before stays. Make room where the library is kept, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The library cannot be written",
        "Its file or folder is read-only. Check the rights of the data folder.",
    ),
    sqlite3.SQLITE_BUSY: (
        "The library is busy",
        "Another smtui has been writing for a long time. Try again in a moment.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "The library is busy",
        "Another smtui has been writing for a long time. Try again in a moment.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The library's file is damaged",
        "Put a copy in its place (copies lie beside it), or move it away and scan again.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The library's file is not a library",
        "Another program wrote it, or it is damaged. Move it away and scan again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The library's disk does not answer",
        "Check the disk that holds the data folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The library cannot be opened",
        "Check that the data folder exists and that its rights let you write there.",
    ),
    sqlite3.SQLITE_PERM: (
        "The library cannot be opened",
        "Check the rights of the data folder.",
    ),
    sqlite3.SQLITE_INTERRUPT: ("The library is being closed", ""),
}

_PRIMARY_CODE = 0xFF


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
        """Return every row of a statement."""
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Any:
        """Return the first row of a statement, or None."""
        return self._connection.execute(sql, parameters).fetchone()

    @contextmanager
    def budget(self, microseconds: int) -> Iterator[None]:
        """Stop what runs inside after this time, with BudgetSpent."""
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
    def snapshot(self) -> Iterator[None]:
        """See one state of the library in all that is read inside."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def stop_when(self, stopped: Event) -> None:
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

    async def run(self, work: Callable[[Reader], T]) -> T:
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
        with translate_errors():
            reader = self._slots[slot]
            if reader is None:
                reader = self._slots[slot] = Reader(self._path, self._caches)
            reader.stop_when(stopped)
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
        self._present_durability: Durability | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-writer")
        self._connection: sqlite3.Connection | None = None
        self._checkpoint_due: asyncio.TimerHandle | None = None

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
            if (durability or self._durability) is Durability.FULL and self._checkpoint_due is None:
                loop = asyncio.get_running_loop()
                self._checkpoint_due = loop.call_later(
                    _CHECKPOINT_AFTER_SECONDS, self._checkpoint_soon
                )

    async def close(self) -> None:
        """Finish what waits and close the connection."""
        if self._checkpoint_due is not None:
            self._checkpoint_due.cancel()
            await self._in_thread(self._checkpoint)
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    def _checkpoint_soon(self) -> None:
        self._checkpoint_due = None
        self._thread.submit(self._checkpoint)

    def _checkpoint(self) -> None:
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
        with translate_errors():
            self._connection = self._open_connection()

    def _close(self) -> None:
        if self._connection is not None:
            with translate_errors():
                self._connection.close()
            self._connection = None

    def _transaction(
        self, work: Callable[[sqlite3.Connection], T], durability: Durability | None
    ) -> T:
        with translate_errors():
            connection = self._connection
            if connection is None:
                message = "the library is closed"
                raise sqlite3.ProgrammingError(message)
            wanted = durability or self._durability
            if wanted is not self._present_durability:
                connection.execute(f"PRAGMA synchronous = {wanted}")
                self._present_durability = wanted
            return in_transaction(connection, lambda: self._checked(connection, work))

    def _checked(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        self._check(connection)
        return work(connection)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what SQLite says of disk, rights and locks into StoreUnreachable.

    Everything else (a mistake in a statement, say) is a defect and passes through.
    """
    try:
        yield
    except sqlite3.Error as error:
        # Errors of the module itself, like the use of a closed connection, have no code.
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        if code not in _MEANINGS:
            raise
        title, hint = _MEANINGS[code]
        raise StoreUnreachable(title, hint=hint) from error


def in_transaction(connection: sqlite3.Connection, work: Callable[[], T]) -> T:
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


class _Reads(Protocol):
    _readers: Readers


class _ReadsInBackground(Protocol):
    _background: Readers


class _Writes(Protocol):
    _writer: Writer


R = TypeVar("R", bound=_Reads)
B = TypeVar("B", bound=_ReadsInBackground)
W = TypeVar("W", bound=_Writes)


def reading(
    method: Callable[Concatenate[R, Reader, P], T],
) -> Callable[Concatenate[R, P], Coroutine[Any, Any, T]]:
    """Run a method with one of the readers for what a person waits for."""

    @wraps(method)
    async def run(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._readers.run(lambda reader: method(self, reader, *args, **kwargs))

    return run


def reading_in_background(
    method: Callable[Concatenate[B, Reader, P], T],
) -> Callable[Concatenate[B, P], Coroutine[Any, Any, T]]:
    """Run a method with one of the readers for what may take its time."""

    @wraps(method)
    async def run(self: B, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._background.run(lambda reader: method(self, reader, *args, **kwargs))

    return run


def writing(
    method: Callable[Concatenate[W, sqlite3.Connection, P], T],
) -> Callable[Concatenate[W, P], Coroutine[Any, Any, T]]:
    """Run a method as one transaction."""

    @wraps(method)
    async def run(self: W, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.write(
            lambda connection: method(self, connection, *args, **kwargs)
        )

    return run


def writing_durably(
    method: Callable[Concatenate[W, sqlite3.Connection, P], T],
) -> Callable[Concatenate[W, P], Coroutine[Any, Any, T]]:
    """Run a method as one transaction that survives a power cut, whoever asks for it."""

    @wraps(method)
    async def run(self: W, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.write(
            lambda connection: method(self, connection, *args, **kwargs),
            durability=Durability.FULL,
        )

    return run

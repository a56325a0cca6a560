"""What the keeper does all day: it looks after the servers, and answers who asks for them.

Apart from `keeper`, which is how its process leaves the terminal.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from smtui.domain.errors import ServerUnavailable
from smtui.local.chroma import Chroma
from smtui.local.locks import FileLock, taken
from smtui.local.managed_process import ManagedProcess
from smtui.local.processes import Home, Record, start_mark
from smtui.local.server_kinds import Kind, folder_watcher, private_worker
from smtui.local.setup import SERVERS, Files, Setup
from smtui.local.valkey import Flush, Valkey
from smtui.log_files import copy_aside

_TICK_SECONDS = 1.0
# A worker that has just finished lets go some 3.5 s after its last sound.
_IN_USE_PATIENCE_SECONDS = 5.0
_STARTING_SECONDS = 20.0
_LAST_WORDS_SECONDS = 2.0
# The worker before what it works with.
_ENDED_FIRST = ("worker", "chroma", "valkey")

_log = logging.getLogger(__name__)

_KINDS: dict[str, Callable[[Setup], Kind]] = {
    "valkey": Valkey,
    "chroma": Chroma,
    "worker": private_worker,
    "watcher": folder_watcher,
}


class Keeper:
    """Looks after the servers until nobody needs them, or it is told to stop."""

    def __init__(
        self, setup: Setup, lock: FileLock, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._setup = setup
        self._clock = clock
        self._files = Files(places=setup.places)
        self._lock = lock
        self._servers = {
            name: ManagedProcess(
                _KINDS[name](setup), record=self._files.record(name), log=self._files.log(name)
            )
            for name in SERVERS
        }
        self._flush = Flush(setup.places.valkey_data)
        self._used_at = self._clock()
        self._since = time.time()
        self._wake = asyncio.Event()
        self._adopted = asyncio.Event()
        self._going: tuple[str, ...] = ()
        self._in_use: FileLock | None = None
        self._gone = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        self._checks: set[asyncio.Task[None]] = set()

    async def serve(self, ready: Callable[[dict[str, Any]], None]) -> None:
        """Listen, look after the servers, and in the end stop them."""
        self._files.keeper_socket.unlink(missing_ok=True)
        adoptions = [asyncio.create_task(server.adopt()) for server in self._servers.values()]
        server = await asyncio.start_unix_server(self._talk, self._files.keeper_socket)
        self._files.keeper_socket.chmod(0o600)
        self._remember()
        self._listen_to_signals()
        ready({"ok": True})
        _log.info("smtui %s keeps %s", self._setup.versions.smtui, self._setup.places.state)
        await asyncio.gather(*adoptions)
        self._adopted.set()
        while not self._going:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)
            self._wake.clear()
            await self._tick()
        for name in self._going:
            await self._servers[name].stop()
        _log.info("stopped %s", ", ".join(self._going) or "nothing")
        server.close()
        self._gone.set()
        if self._talks:
            await asyncio.wait(self._talks, timeout=_LAST_WORDS_SECONDS)
        if self._lock.still_there():
            self._files.keeper_socket.unlink(missing_ok=True)
        if self._setup.places.sockets != self._setup.places.state:
            with suppress(OSError):
                self._setup.places.sockets.rmdir()

    def _remember(self) -> None:
        """Write down who the keeper is, for the day it does not answer."""
        Record(
            pid=os.getpid(),
            mark=start_mark(os.getpid()) or "",
            since=self._since,
            address=str(self._files.keeper_socket),
            home=Home.of(self._setup.places.state),
        ).write(self._files.record("keeper"))

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._wake.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._go)

    async def _tick(self) -> None:
        """See to everything that time or a dead server asks for."""
        if self._going:
            return
        if not self._lock.still_there():
            _log.warning("the state folder is gone")
            self._go()
            return
        # Not awaited: a slow start of one must not keep the others from being seen to.
        for server in self._servers.values():
            check = asyncio.create_task(server.check())
            self._checks.add(check)
            check.add_done_callback(self._checks.discard)
        if self._servers["valkey"].alive():
            with suppress(OSError):
                # Without a thread where there is nothing to do: each costs the resting machine.
                if self._flush.due():
                    await asyncio.to_thread(self._flush)
        for name in (*SERVERS, "keeper"):
            with suppress(OSError):
                copy_aside(self._files.log(name))
        self._see_whether_idle()

    def _see_whether_idle(self) -> None:
        """Stop when nobody has held the lock for long; then hold it until all are gone.

        A worker holds it from its start until it knows that nothing is to be heard, and again
        while there is. One that has died is started again first, and then tells.
        """
        with suppress(OSError):
            lock = FileLock.take(self._files.in_use, exclusive=True)
            if lock is None:
                self._used_at = self._clock()
            elif self._servers["worker"].comes_back():
                self._used_at = self._clock()
                lock.release()
            elif self._clock() - self._used_at < self._setup.manners.idle_seconds:
                lock.release()
            elif self._servers["watcher"].alive():
                # It goes on, and asks for the others when something is dropped in.
                self._rest_the_others(lock)
            else:
                _log.info("nobody needs the servers")
                self._in_use = lock
                self._go()

    def _rest_the_others(self, lock: FileLock) -> None:
        """End all but the watcher, while nobody can come to need them."""
        others = [self._servers[name] for name in _ENDED_FIRST if self._servers[name].alive()]
        if not others:
            lock.release()
            return

        async def rest() -> None:
            try:
                for server in others:
                    await server.rest()
            finally:
                lock.release()

        _log.info("nobody needs the servers; folders are watched on")
        resting = asyncio.create_task(rest())
        self._checks.add(resting)
        resting.add_done_callback(self._checks.discard)

    def _go(self, names: tuple[str, ...] = ("watcher", *_ENDED_FIRST)) -> None:
        """Begin to end: the worker first, then what it works with."""
        self._going = self._going or names
        self._wake.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller, line by line."""
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                if answer is None:
                    break
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
                if self._gone.is_set():
                    break
        except (OSError, ValueError, asyncio.CancelledError):
            # The caller has gone, or sent a line without an end; or the keeper itself goes.
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any] | None:
        """Do what a line says; None hangs up."""
        self._used_at = self._clock()
        try:
            message = json.loads(line)
            do, name = message.get("do"), message.get("name")
        except (ValueError, AttributeError):
            return refusal("The keeper was told something that it does not understand")
        if do in ("ping", "need") and (self._going or not self._lock.still_there()):
            # The caller tries again, and meets the next keeper; one whose folder was moved would
            # start servers at a place that is no longer there.
            return None
        try:
            if do == "ping":
                return {"ok": True, "versions": asdict(self._setup.versions), "pid": os.getpid()}
            if do == "status":
                await self._adopted.wait()
                return {"ok": True, "servers": self._status()}
            if do == "need" and name in self._servers:
                return {"ok": True, "address": await self._need(name)}
            if do == "rest" and name in self._servers:
                return await self._rest(name, empty=message.get("empty") is True)
            if do == "stop":
                return await self._stop(now=message.get("now") is True)
            if do == "drain":
                return await self._drain()
        except ServerUnavailable as error:
            return None if self._going else refusal(error.title, error.hint)
        return refusal("The keeper was asked for something that it does not know")

    async def _need(self, name: str) -> str:
        if name == "worker":
            await self._servers["valkey"].need()
        return await self._servers[name].need()

    async def _rest(self, name: str, *, empty: bool) -> dict[str, Any]:
        """End one; only of Chroma all may be taken away, for it is made from the documents."""
        files = self._setup.places.chroma_data if empty and name == "chroma" else None
        await self._servers[name].rest(without=files)
        return {"ok": True}

    async def _stop(self, *, now: bool) -> dict[str, Any]:
        """Stop all; refused while somebody uses them, unless it must be now."""
        if self._in_use is None:
            # A worker holds the lock too while it starts, which is nobody's use.
            starting = _STARTING_SECONDS - self._servers["worker"].age()
            patience = 0.0 if now else max(_IN_USE_PATIENCE_SECONDS, starting)
            self._in_use = await taken(self._files.in_use, seconds=patience)
        if self._in_use is None and not now:
            return refusal(
                "The private servers are in use: a screen or a command of smtui is open, "
                "or sounds are being analysed",
                "`smtui services stop --now` stops them anyway; analysis resumes later.",
            )
        self._go()
        await self._gone.wait()
        return {"ok": True}

    async def _drain(self) -> dict[str, Any]:
        """Make room for a newer keeper, which adopts Valkey: who uses it notices nothing."""
        self._go(("watcher", "worker", "chroma"))
        await self._gone.wait()
        return {"ok": True}

    def _status(self) -> list[dict[str, Any]]:
        keeper = {
            "state": "running",
            "pid": os.getpid(),
            "address": str(self._files.keeper_socket),
            "since": self._since,
        }
        rows = {"keeper": keeper} | {
            name: server.status() for name, server in self._servers.items()
        }
        return [{"name": name, **row} for name, row in rows.items()]


def refusal(title: str, hint: str = "") -> dict[str, Any]:
    """The answer that says why not."""
    return {"error": title, "hint": hint}

"""The private servers as the rest of smtui sees them: asked for by name, started when needed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import ServerStatus
from smtui.local.locks import InUse, taken
from smtui.local.processes import Record, Running
from smtui.local.refusals import cannot_use
from smtui.local.setup import SERVERS, Files, Manners, Setup, Versions, present_versions
from smtui.paths import Places

_ANSWER_SECONDS = 5.0
# Chroma may take long over a large index, a worker over the file that it is listening to.
_LONG_ANSWER_SECONDS = 120.0
_TRIES_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.02

_NO_KEEPER = (
    FileNotFoundError,
    NotADirectoryError,
    ConnectionRefusedError,
    ConnectionResetError,
    BrokenPipeError,
)


class _Silent(ServerUnavailable):
    """A keeper is there but does not answer."""

    def __init__(self) -> None:
        super().__init__(
            "The keeper of the private servers does not answer",
            hint="`smtui services stop --now` ends it and them; nothing is lost.",
        )


class PrivateServers:
    """One person's Valkey, Chroma and worker, through their keeper.

    Every method may be called by many processes at once; all raise ServerUnavailable with a
    hint. While a program needs the servers to stay, it is inside `using()`.
    """

    def __init__(
        self,
        places: Places,
        manners: Manners | None = None,
        *,
        versions: Versions | None = None,
        worker: tuple[str, ...] | None = None,
    ) -> None:
        self._places = places
        self._files = Files(places=places)
        self._manners = manners or Manners()
        self._versions = versions
        self._worker = worker
        self._in_use = InUse(places)

    @asynccontextmanager
    async def using(self) -> AsyncIterator[None]:
        """Keep the keeper from stopping the servers when idle. Starts nothing."""
        self._prepare()
        async with self._in_use.using():
            yield

    async def valkey(self) -> str:
        """Make sure that Valkey answers; return its redis URL, `unix:///…sock?db=0`."""
        return await self._need("valkey")

    async def worker(self) -> None:
        """Make sure that a worker runs."""
        await self._need("worker")

    async def watcher(self) -> None:
        """Make sure that the watched folders of the settings are watched."""
        await self._need("watcher")

    async def chroma(self) -> tuple[str, int]:
        """Make sure that Chroma answers and is ours; return host and port."""
        host, _, port = (await self._need("chroma")).rpartition(":")
        return host, int(port)

    async def empty_chroma(self) -> None:
        """End Chroma and take away all it keeps; when it is needed again it begins anew."""
        async with self.using():
            await self._met()
            message = {"do": "rest", "name": "chroma", "empty": True}
            await self._ask(message, seconds=_LONG_ANSWER_SECONDS)

    async def start(self) -> None:
        """Start the keeper alone, which adopts what still runs."""
        async with self.using():
            await self._met()

    async def status(self) -> tuple[ServerStatus, ...]:
        """Tell what runs, with its memory; starts nothing."""
        try:
            rows = (await self._ask({"do": "status"}))["servers"]
        except (*_NO_KEEPER, _Silent) as error:
            rows = [{"name": name, **self._left_over(name)} for name in ("keeper", *SERVERS)]
            if isinstance(error, _Silent):
                rows[0] |= {"state": "failed", "reason": error.title}
        return await asyncio.to_thread(_measured, rows)

    async def rest(self, name: str) -> None:
        """End one server until somebody needs it again; nothing where no keeper runs."""
        try:
            await self._ask({"do": "rest", "name": name}, seconds=_LONG_ANSWER_SECONDS)
        except _NO_KEEPER:
            return

    async def stop(self, *, now: bool = False) -> None:
        """Stop everything in order and wait until it is gone.

        Refused with ServerUnavailable while anybody is inside `using()`, unless `now`.
        """
        if not self._places.state.is_dir():
            return
        until = time.monotonic() + _TRIES_SECONDS
        while True:
            try:
                if now:
                    await self._unstick()
                await self._ask({"do": "stop", "now": now}, seconds=_LONG_ANSWER_SECONDS)
            except _NO_KEEPER:
                if not await self._keeper_gone():
                    if time.monotonic() > until:
                        raise _Silent() from None
                    continue
                if not any(self._left_over(name).get("pid") for name in SERVERS):
                    return
                # Its keeper was killed: a new one adopts what is left, and ends it in order.
                await self._start_keeper()
            else:
                await self._keeper_gone()
                return

    async def _unstick(self) -> None:
        """Kill a keeper that does not answer; the next one adopts its servers."""
        try:
            await self._ask({"do": "status"})
        except _Silent:
            record = Record.load(self._files.record("keeper"))
            if record is not None:
                Running(record).tell(signal.SIGKILL)

    async def _need(self, name: str) -> str:
        async with self.using():
            until = time.monotonic() + _TRIES_SECONDS
            while True:
                await self._met()
                try:
                    seconds = _LONG_ANSWER_SECONDS
                    answer = await self._ask({"do": "need", "name": name}, seconds=seconds)
                    return str(answer["address"])
                except _NO_KEEPER:
                    # It ended between two words; the next one will answer.
                    if time.monotonic() > until:
                        raise _Silent() from None
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _met(self) -> None:
        """Make sure that a keeper of this version answers."""
        until = time.monotonic() + _TRIES_SECONDS
        mine = await asyncio.to_thread(self._my_versions)
        while time.monotonic() < until:
            try:
                theirs = Versions.from_fields((await self._ask({"do": "ping"}))["versions"])
                if theirs.order == mine.order:
                    return
                if theirs.order > mine.order:
                    raise ServerUnavailable(
                        f"A newer smtui, {theirs.smtui}, looks after the private servers; "
                        f"this one is {mine.smtui}",
                        hint="Close it and wait, or use the newer one here too.",
                    )
                await self._ask({"do": "drain"}, seconds=_LONG_ANSWER_SECONDS)
                await self._keeper_gone()
            except _NO_KEEPER:
                await self._start_keeper()
        raise _Silent()

    async def _start_keeper(self) -> None:
        """Start a keeper, unless another caller just did."""
        self._prepare()
        try:
            lock = await taken(self._files.start_lock, seconds=_TRIES_SECONDS)
        except OSError as error:
            raise cannot_use(self._places.state, error) from error
        if lock is None:
            raise _Silent()
        try:
            if not await self._listens():
                await self._keeper_gone()
                await asyncio.to_thread(self._called)
        finally:
            lock.release()

    def _called(self) -> None:
        """Call the keeper's program and wait until it listens."""
        setup = Setup(places=self._places, versions=self._my_versions(), manners=self._manners)
        if self._worker is not None:
            setup = setup.with_worker(self._worker)
        command = [sys.executable, "-P", "-m", "smtui.local.keeper", setup.to_json()]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                start_new_session=True,
                check=False,
                timeout=_TRIES_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise _Silent() from None
        except OSError as error:
            raise cannot_use(self._places.state, error) from error
        try:
            said = json.loads(done.stdout)
        except ValueError:
            trouble = done.stderr.decode(errors="backslashreplace").strip().rpartition("\n")[2]
            raise ServerUnavailable(
                "The keeper of the private servers cannot start", hint=trouble
            ) from None
        _unless_refused(said)

    async def _listens(self) -> bool:
        try:
            await self._ask({"do": "ping"})
        except _NO_KEEPER:
            return False
        return True

    async def _keeper_gone(self) -> bool:
        """Wait until no keeper holds its lock; a moment in which it ends, or one just starts."""
        lock = await taken(self._files.keeper_lock, seconds=_ANSWER_SECONDS)
        if lock is not None:
            lock.release()
        return lock is not None

    async def _ask(self, message: dict[str, Any], *, seconds: float = _ANSWER_SECONDS) -> Any:
        """Send the keeper one message; return its answer. Raises one of _NO_KEEPER, too."""
        try:
            async with asyncio.timeout(seconds):
                reader, writer = await asyncio.open_unix_connection(self._socket())
                try:
                    writer.write(json.dumps(message).encode() + b"\n")
                    line = await reader.readline()
                finally:
                    writer.close()
        except TimeoutError:
            raise _Silent() from None
        except PermissionError as error:
            raise cannot_use(self._places.sockets, error) from error
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        answer = json.loads(line)
        _unless_refused(answer)
        return answer

    def _socket(self) -> str:
        """Where the keeper listens; its temporary folder may not be the caller's."""
        record = Record.load(self._files.record("keeper"))
        if record is None or record.home.has_moved:
            return str(self._files.keeper_socket)
        return record.address

    def _left_over(self, name: str) -> dict[str, Any]:
        """Tell what an earlier keeper left running."""
        record = Record.load(self._files.record(name))
        if record is None or not record.alive():
            return {"state": "stopped"}
        known = {"pid": record.pid, "address": record.address, "since": record.since}
        return {"state": "running", **known}

    def _my_versions(self) -> Versions:
        if self._versions is None:
            self._versions = present_versions()
        return self._versions

    def _prepare(self) -> None:
        try:
            self._places.prepare()
        except OSError as error:
            raise cannot_use(self._places.state, error) from error


def _unless_refused(answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise ServerUnavailable(str(answer["error"]), hint=str(answer.get("hint", "")))


def _measured(rows: Iterable[Mapping[str, Any]]) -> tuple[ServerStatus, ...]:
    """Make statuses of what the keeper told, adding the memory; blocks, for a thread."""
    return tuple(
        ServerStatus(
            name=row["name"],
            state=row["state"],
            pid=row.get("pid"),
            address=row.get("address", ""),
            since=datetime.fromtimestamp(row["since"], UTC) if row.get("since") else None,
            memory=_memory(row["name"], row.get("pid")),
            reason=row.get("reason", ""),
        )
        for row in rows
    )


def _memory(name: str, pid: int | None) -> int | None:
    """Bytes of a process; the keeper's children are counted for themselves."""
    if pid is None:
        return None
    # A late import, 20 ms: only who asks for a status needs it.
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process] if name == "keeper" else [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            # It ended while it was counted.
            continue
    return total

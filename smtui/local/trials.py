"""Trials of the private servers for `smtui doctor`: they are really started, and asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import (
    Check,
    Condition,
    ServerHealth,
    ServerStatus,
    attention,
    broken,
    well,
)
from smtui.local import valkey
from smtui.local.servers import PrivateServers
from smtui.local.setup import Files
from smtui.paths import Places

# A worker imports all that it listens with before it takes its first message.
_WORKER_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1


class Trials:
    """Starts each private server and sees whether it works; leaves things as they were."""

    def __init__(self, places: Places, servers: PrivateServers) -> None:
        self._files = Files(places=places)
        self._servers = servers

    async def all(self) -> tuple[Check, ...]:
        """Try Valkey, Chroma and the worker, and stop them if nothing ran before."""
        before = await self._servers.status()
        try:
            return (
                await _tried("valkey", self._valkey),
                await _tried("chroma", self._chroma),
                await _tried("worker", self._worker),
            )
        finally:
            await self._leave_as(before)

    async def _leave_as(self, before: tuple[ServerStatus, ...]) -> None:
        """Stop what was started for the trials alone."""
        ran = {one.name for one in before if one.state != "stopped"}
        try:
            if not ran:
                await self._servers.stop()
            elif "chroma" not in ran:
                # The worker stays: somebody may have given it work meanwhile.
                await self._servers.rest("chroma")
        except ServerUnavailable:
            # Somebody began to use them meanwhile, or they do not start at all.
            return

    async def _valkey(self) -> str:
        await self._servers.valkey()
        return await valkey.version(self._files.valkey_socket)

    async def _chroma(self) -> str:
        # A late import, 30 ms.
        from importlib.metadata import version

        host, _ = await self._servers.chroma()
        return f"Chroma {version('chromadb')} on {host}"

    async def _worker(self) -> str:
        await self._servers.worker()
        until = time.monotonic() + _WORKER_SECONDS
        while True:
            # Whoever waits for messages is a worker that has come up whole.
            clients = await valkey.ask(self._files.valkey_socket, "CLIENT", "LIST")
            if b" cmd=brpop " in clients:
                return "waits for sounds"
            state = next(one for one in await self._servers.status() if one.name == "worker")
            if state.state != "running":
                raise ServerUnavailable(state.reason or "The worker has ended by itself")
            if time.monotonic() > until:
                raise ServerUnavailable("The worker runs, but does not take messages")
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def _tried(name: str, trial: Callable[[], Awaitable[str]]) -> Check:
    began = time.perf_counter()
    try:
        seen = await trial()
    except ServerUnavailable as error:
        log = f"{name}.log and keeper.log in the state folder tell more."
        return broken(name, error.title, error.hint or f"The {log}")
    except (OSError, EOFError, ValueError, TimeoutError) as error:
        return broken(name, f"it does not answer: {error}", "`smtui services stop` and try again.")
    return well(name, f"{seen}, after {(time.perf_counter() - began) * 1000:.0f} ms")


def judged(health: ServerHealth) -> Check:
    """Make a check of what was seen of a server that nobody starts here."""
    told = ", ".join(word for word in (health.version, health.address) if word)
    if health.milliseconds is not None:
        told += f", {health.milliseconds:.0f} ms"
    if health.condition is Condition.BROKEN:
        seen = f"{health.trouble} ({health.address})" if health.address else health.trouble
        return broken(health.name, seen, health.hint)
    if health.trouble:
        return attention(
            health.name, f"{told}: {health.trouble}" if told else health.trouble, health.hint
        )
    return well(health.name, told)

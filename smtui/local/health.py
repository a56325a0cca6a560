"""How the private servers are, asked without starting any of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from smtui.domain.errors import ServerUnavailable, SmtuiError
from smtui.domain.health import Condition, ServerHealth, ServerStatus
from smtui.local import chroma, valkey
from smtui.local.servers import PrivateServers
from smtui.local.setup import Files
from smtui.paths import Places

_ANSWER_SECONDS = 5.0
_SILENT = (OSError, EOFError, ValueError, TimeoutError)


class PrivateHealth:
    """Implements HealthCheck for one person's own servers; `ask` puts a question to the documents.

    What does not run is not broken: it starts when it is needed.
    """

    def __init__(
        self, places: Places, servers: PrivateServers, ask: Callable[[], Awaitable[Any]]
    ) -> None:
        self._places = places
        self._servers = servers
        self._ask = ask

    async def check(self) -> tuple[ServerHealth, ...]:
        """Ask each, side by side, for at most 5 s; failures are answers, never errors."""
        documents, others = await asyncio.gather(self._documents(), self._others())
        return (documents, *others)

    async def _documents(self) -> ServerHealth:
        if not self._places.database.exists():
            return ServerHealth(name="documents", condition=Condition.NOT_STARTED)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._ask()
        except SmtuiError as error:
            return _broken("documents", error.title, error.hint)
        except TimeoutError:
            return _broken("documents", "The library's file does not answer", "Try again.")
        return _well("documents", began, address=str(self._places.database))

    async def _others(self) -> tuple[ServerHealth, ...]:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                known = {status.name: status for status in await self._servers.status()}
                return await asyncio.gather(
                    self._looked("sessions", known["valkey"], self._valkey),
                    self._looked("index", known["chroma"], self._chroma),
                    self._looked("workers", known["worker"], None),
                )
        except ServerUnavailable as error:
            trouble, hint = error.title, error.hint
        except TimeoutError:
            trouble = "The keeper of the private servers does not answer"
            hint = "`smtui services stop --now` ends it and them; nothing is lost."
        return tuple(_broken(name, trouble, hint) for name in ("sessions", "index", "workers"))

    async def _looked(
        self,
        name: str,
        status: ServerStatus,
        ask: Callable[[ServerStatus], Awaitable[str]] | None,
    ) -> ServerHealth:
        """Ask a server that runs; `ask` gives its version."""
        if status.state == "stopped":
            return ServerHealth(name=name, condition=Condition.NOT_STARTED)
        if status.state == "failed":
            return _broken(name, status.reason, "`smtui doctor` tells what is wrong.")
        began = time.perf_counter()
        if ask is None:
            return ServerHealth(name=name, condition=Condition.OK)
        try:
            version = await ask(status)
        except _SILENT:
            return _broken(name, "It runs but does not answer", "`smtui services stop --now`.")
        return _well(name, began, version=version, address=status.address)

    async def _valkey(self, _status: ServerStatus) -> str:
        return await valkey.version(Files(places=self._places).valkey_socket)

    async def _chroma(self, status: ServerStatus) -> str:
        # The server calls its interface 1.0.0, whatever the version that it comes from.
        await chroma.version(int(status.address.rpartition(":")[2]))
        return f"Chroma {metadata.version('chromadb')}"


def _well(name: str, began: float, *, version: str = "", address: str = "") -> ServerHealth:
    milliseconds = (time.perf_counter() - began) * 1000
    return ServerHealth(
        name=name,
        condition=Condition.OK,
        version=version,
        address=address,
        milliseconds=milliseconds,
    )


def _broken(name: str, trouble: str, hint: str) -> ServerHealth:
    return ServerHealth(name=name, condition=Condition.BROKEN, trouble=trouble, hint=hint)

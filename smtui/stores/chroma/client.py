"""The line to Chroma: opened on first use, opened again after the server has restarted."""

from __future__ import annotations

import asyncio
import base64
import importlib
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from smtui.domain.errors import IndexUnusable, NoRoom, ServerUnavailable, SmtuiError
from smtui.domain.text import shown

if TYPE_CHECKING:
    from chromadb.api.async_api import AsyncClientAPI
    from httpx import Response


Answer = TypeVar("Answer")

ANSWER_SECONDS = 20.0
_LONGEST = 160
# As SQLite, the operating system and its quotas say it.
_FULL = r"disk is full|no space left|quota exceeded|\(code: 13\)"
_FAILED = 400
# Chroma cannot read a collection while it writes its first records, which takes it up to .3 s for
# a thousand, and says of that what it says of one whose files are lost.
_PAUSES_SECONDS = 0.1, 0.3, 0.9

REBUILD = "`smtui index rebuild` makes it again from the analyses."
_LOOK = "`smtui services check` tells how it is; analyses are kept elsewhere."


class ChromaLine:
    """Gives a client to whoever asks; belongs to the event loop in which it is first used.

    `address` gives `http://host:port`; it is asked before every connecting, because a private
    server is started by the asking, and a restarted one may listen elsewhere.
    """

    def __init__(
        self, address: Callable[[], Awaitable[str]], *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._address = address
        self._seconds = answer_seconds
        self._client: AsyncClientAPI | None = None
        self._connecting = asyncio.Lock()

    async def ask(
        self, work: Callable[[AsyncClientAPI], Awaitable[Answer]], *, insist: bool = True
    ) -> Answer:
        """Do work that may be repeated; a lost line is mended once.

        With `insist` also what fails within the server is tried again, for about a second.

        Raises:
            ServerUnavailable: there is no server, or it does not answer in time.
            IndexUnusable: it answers that it cannot do what was asked for.
            LookupError: what was asked for is not there.
        """
        # A late import: who never asks the index does not load its library.
        import httpx

        try:
            try:
                return await self._answered(work, insist=insist)
            except httpx.TransportError:
                await self.close()
                return await self._answered(work, insist=insist)
        except httpx.TransportError as error:
            await self.close()
            raise _away() from error

    async def close(self) -> None:
        """Close the line; a later `ask` opens it again."""
        if self._client is not None:
            self._client = None
            await _closed_lines()

    async def _answered(
        self, work: Callable[[AsyncClientAPI], Awaitable[Answer]], *, insist: bool
    ) -> Answer:
        client = await self._connected()
        from chromadb.errors import ChromaError, NotFoundError

        try:
            async with asyncio.timeout(self._seconds):
                return await (_insisted(work, client) if insist else work(client))
        except TimeoutError as error:
            await self.close()
            raise ServerUnavailable("The index does not answer", hint=_LOOK) from error
        except NotFoundError as error:
            raise LookupError from error
        except ChromaError as error:
            raise _refused(error) from error

    async def _connected(self) -> AsyncClientAPI:
        async with self._connecting:
            if self._client is None:
                address = await self._address()
                # Off the loop: the library takes a second to load.
                chromadb = await asyncio.to_thread(importlib.import_module, "chromadb")
                await _closed_lines()
                self._client = await _client_at(chromadb, address, self._seconds)
            return self._client


def authorization(address: SplitResult) -> dict[str, str]:
    """Return the header for the name and password in it (RFC 7617); none where it has none."""
    if address.username is None:
        return {}
    person = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(person.encode()).decode()}"}


def _database_in(address: SplitResult) -> str:
    """Return the database that `?database=NAME` names; empty for Chroma's usual one."""
    return parse_qs(address.query).get("database", [""])[-1]


async def _insisted(work: Callable[[AsyncClientAPI], Awaitable[Answer]], client: Any) -> Answer:
    """Do the work; what fails within the server is tried again a little later."""
    from chromadb.errors import InternalError

    for pause in _PAUSES_SECONDS:
        try:
            return await work(client)
        except InternalError:
            await asyncio.sleep(pause)
    return await work(client)


async def _client_at(chromadb: Any, address: str, seconds: float) -> AsyncClientAPI:
    """Make a client for an address; raises ServerUnavailable, or httpx.TransportError."""
    from chromadb.errors import ChromaError, InternalError

    parts = urlsplit(address)
    headers = authorization(parts)
    tls = parts.scheme == "https"
    settings = chromadb.config.Settings(anonymized_telemetry=False)
    try:
        async with asyncio.timeout(seconds):
            client: AsyncClientAPI = await chromadb.AsyncHttpClient(
                host=parts.hostname or "",
                port=parts.port or (443 if tls else 80),
                ssl=tls,
                headers=headers,
                settings=settings,
            )
    except TimeoutError as error:
        raise ServerUnavailable("The index does not answer", hint=_LOOK) from error
    except InternalError as error:
        # It is Chroma, which cannot read its own files.
        raise _refused(error) from error
    except (ValueError, ChromaError) as error:
        raise ServerUnavailable("What answers as the index is not Chroma", hint=_LOOK) from error
    _lines()[_loop()].event_hooks = {"response": [_refuse_foreign]}
    if database := _database_in(parts):
        await _use(client, database, f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    return client


async def _use(client: AsyncClientAPI, database: str, server: str) -> None:
    """Go into a database of the server, made where there is none."""
    from chromadb.config import DEFAULT_TENANT
    from chromadb.errors import ChromaError

    # Nothing of the library makes one over an open line. One that is there is refused, rightly.
    at = f"{server}/api/v2/tenants/{DEFAULT_TENANT}/databases"
    await _lines()[_loop()].post(at, json={"name": database})
    try:
        await client.set_database(database)
    except (ValueError, ChromaError) as error:
        raise ServerUnavailable(
            f"Chroma has no database {shown(database)}, and lets none be made",
            hint="See ?database=NAME at the end of servers.chroma_url.",
        ) from error


async def _refuse_foreign(answer: Response) -> None:
    """Raise ServerUnavailable for a failure that no Chroma says, as of a gateway before it."""
    if answer.status_code < _FAILED:
        return
    await answer.aread()
    if b'"error"' not in answer.content:
        raise ServerUnavailable(f"The index answers {answer.status_code}", hint=_LOOK)


def _refused(error: Exception) -> SmtuiError:
    if re.search(_FULL, str(error), re.IGNORECASE):
        return NoRoom(
            "The disk under the index is full",
            hint="Make room there; every analysis is kept elsewhere, and the index goes on by"
            " itself.",
        )
    said = shown(str(error))[:_LONGEST]
    return IndexUnusable(f"The index is damaged: {said}", hint=REBUILD)


def _away() -> ServerUnavailable:
    return ServerUnavailable("The index cannot be reached", hint=_LOOK)


def _lines() -> dict[int, Any]:
    """What the library keeps of open lines: one for each event loop, by the loop's hash.

    It never forgets one, and a later loop may have the hash of one that has ended.
    """
    from chromadb.api.async_fastapi import AsyncFastAPI

    # Nothing public closes the line of one loop.
    return AsyncFastAPI._clients


def _loop() -> int:
    return hash(asyncio.get_running_loop())


async def _closed_lines() -> None:
    line = _lines().pop(_loop(), None)
    if line is not None:
        try:
            await line.aclose()
        except RuntimeError:
            # Of a loop that has ended, which had this one's hash: its sockets went with it.
            return

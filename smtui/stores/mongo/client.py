"""The only door to the driver: a line made on first use and mended after a break.

Nobody waits for it too long, whatever is wrong with the server.
"""

from __future__ import annotations

import asyncio
import random
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorCursor
from pymongo.errors import DuplicateKeyError, PyMongoError

from smtui.domain.address import redacted
from smtui.domain.errors import SmtuiError, StoreUnreachable
from smtui.domain.text import shown
from smtui.domain.versions import numbers
from smtui.stores.mongo.errors import (
    TRANSLATED,
    is_only_late,
    is_passing,
    late,
    too_old,
    translate_error,
    unreadable,
)
from smtui.stores.mongo.values import Document, cut_to_ms, time_in

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase
    from pymongo.server_description import ServerDescription
    from pymongo.topology_description import TopologyDescription


Collection = AsyncIOMotorCollection[Document]
Cursor = AsyncIOMotorCursor[Document]
Answer = TypeVar("Answer")

USUAL_DATABASE = "samplemind"

ANSWER_SECONDS = 4.0
"""With what it takes a command to start, a person is told within 5 s."""

BACKGROUND_SECONDS = 120.0
"""How long a count or a walk of the whole library may take, s."""

_PAUSES = (0.05, 0.1, 0.25, 0.5)
"""Waits between tries, s; the last one until the time is up."""

_CONNECT_SHARE = 0.5
"""Of an answer's time, so that what is wrong with a server is known when one tells it."""

_HEARTBEAT_SECONDS = 2.0
"""How often the driver looks at a server; one that is back is found within this and a try."""

_IDLE_SECONDS = 120.0
"""Lines that nobody used are closed: firewalls forget them, and then nobody answers."""

_GRACE_SECONDS = 0.4
"""The driver ends its own waits; this is for those that it does not know, such as DNS."""

_MOST_LINES = 16
_CLOCK_SECONDS = 60.0
_CLOCK_DRIFT = timedelta(seconds=1)

OLDEST_MONGODB = (7, 0)
OLDEST_FERRETDB = (2,)
NEEDED = "smtui needs MongoDB 7 or newer, or FerretDB 2."


class MongoLine:
    """Gives collections and does work on them; belongs to the loop in which it is first used."""

    def __init__(self, url: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._url = url
        self._answer_seconds = answer_seconds
        self._client: AsyncIOMotorClient[Document] | None = None
        self._clock: _ClockReading | None = None

    @property
    def address(self) -> str:
        """Where the server is, without name and password."""
        return redacted(self._url)

    @property
    def database(self) -> AsyncIOMotorDatabase[Document]:
        """The database that the address names; raises SettingInvalid for an unreadable address."""
        return self._connected().get_default_database(USUAL_DATABASE)

    def collection(self, name: str) -> Collection:
        """A collection; ask for it within the work, so that the line is made in its loop."""
        return self.database[name]

    async def ask(
        self, work: Callable[[], Awaitable[Answer]], *, seconds: float | None = None
    ) -> Answer:
        """Do work that may be repeated; raises StoreUnreachable with a hint.

        A lost line or a changed primary is waited for and the work done again, all within the
        time. The server, too, gives up what is not done by then.

        Args:
            work: does one thing, from its first call to its last; what it did before a break it
                does again, so every change in it is guarded or says what will be.
            seconds: for what takes long (building an index, walking a whole collection);
                otherwise the time in which a person is told.
        """
        limit = self._answer_seconds if seconds is None else seconds
        attempt = work
        if limit > self._answer_seconds:

            async def attempt() -> Answer:
                # For a server the driver would wait as long as for its answer.
                await self.ask(self._ping)
                return await self._watched(work)

        try:
            async with asyncio.timeout(limit + _GRACE_SECONDS):
                with pymongo.timeout(limit):
                    return await self._persistently(attempt, limit)
        except TimeoutError as error:
            raise late(self._place, self.reasons()) from error

    async def find(
        self,
        name: str,
        where: Mapping[str, Any],
        fields: Mapping[str, Any] | Sequence[str] | None = None,
        sort: Sequence[tuple[str, int]] = (),
    ) -> list[Document]:
        """Return all documents of a collection that match, whole or with these fields alone."""
        return await self.ask(
            lambda: self.collection(name).find(where, fields, sort=list(sort)).to_list(None)
        )

    async def delete_one(self, name: str, key: Document) -> bool:
        """Delete a document of a collection; False if it was not there."""
        was_met = False

        async def work() -> bool:
            # Looked at first: a repeated removal finds nothing, though the first one did.
            nonlocal was_met
            there = self.collection(name)
            was_met = was_met or await there.find_one(key, ["_id"]) is not None
            await there.delete_one(key)
            return was_met

        return await self.ask(work)

    async def now(self) -> datetime:
        """The server's clock, the same for every machine; UTC, cut to milliseconds."""
        clock = self._clock
        if clock is None or not clock.trusted:
            clock = await self._read_clock()
        return cut_to_ms(clock.theirs_now())

    async def skew(self) -> timedelta:
        """How far the server's clock is ahead of this machine's, asked anew."""
        clock = await self._read_clock()
        return clock.theirs - clock.ours

    async def server(self) -> Server:
        """Ask the server which it is."""

        async def work() -> Document:
            return await self.database.command("buildInfo")

        return Server.of(await self.ask(work))

    async def close(self) -> None:
        """Close the line; a later `ask` makes it anew."""
        client, self._client = self._client, None
        if client is None:
            return

        def close() -> None:
            # Says goodbye to the server first, which must not hold up whoever leaves.
            with pymongo.timeout(1.0):
                client.close()

        await asyncio.to_thread(close)

    async def _persistently(self, work: Callable[[], Awaitable[Answer]], limit: float) -> Answer:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + limit
        pauses = iter(_PAUSES)
        broken: Exception | None = None
        while True:
            try:
                return await work()
            except TRANSLATED as error:
                # Of two who stood in each other's way one comes sooner.
                pause = next(pauses, _PAUSES[-1]) * random.uniform(0.5, 1.0)  # noqa: S311
                if not is_passing(error) or loop.time() + pause >= give_up:
                    raise self._in_words(error, broken) from error
                broken = error
                await asyncio.sleep(pause)

    async def _watched(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do work that takes long; give it up when no server is left that could do it."""
        doing = asyncio.ensure_future(work())
        looks_in_vain = 0
        try:
            while not (await asyncio.wait({doing}, timeout=self._answer_seconds / 4))[0]:
                looks_in_vain = 0 if self._has_server() else looks_in_vain + 1
                if looks_in_vain > 1:
                    raise late(self._place, self.reasons())
            return doing.result()
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})

    async def _ping(self) -> None:
        await self.database.command("ping")

    def _in_words(self, error: Exception, broken: Exception | None) -> SmtuiError:
        """Put the last error into words, or what broke the line before it where that says more."""
        reasons = self.reasons()
        if broken is not None and is_only_late(error) and not reasons:
            error = broken
        return translate_error(error, place=self._place, servers=reasons)

    async def _read_clock(self) -> _ClockReading:
        async def work() -> _ClockReading:
            before, ours = time.monotonic(), datetime.now(UTC)
            answer = await self.database.command("hello")
            after = time.monotonic()
            # Half-way between question and answer the server looked at its clock.
            return _ClockReading(
                theirs=time_in(answer.get("localTime")),
                ours=ours + timedelta(seconds=(after - before) / 2),
                ticks=(before + after) / 2,
            )

        # The first question may wait for a line to be made, which would pass for a skew.
        await self.ask(self._ping)
        self._clock = await self.ask(work)
        return self._clock

    def _connected(self) -> AsyncIOMotorClient[Document]:
        if self._client is None:
            self._client = self._made()
        return self._client

    def _made(self) -> AsyncIOMotorClient[Document]:
        """Make the client, which connects later; never chained, as the driver quotes passwords."""
        if not self._url.startswith(("mongodb://", "mongodb+srv://")):
            raise unreadable("Write it like mongodb://name:password@host:27017/samplemind.")
        if "." in self._database_named:
            raise unreadable("The name of a database, at the end of the address, has no dot.")
        try:
            with warnings.catch_warnings():
                # The driver would go on without an option that it cannot read, such as tls=ture.
                warnings.simplefilter("error", UserWarning)
                client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                    self._url, **self._manners()
                )
                client.get_default_database(USUAL_DATABASE)
        except UserWarning:
            raise unreadable(
                "An option after the ? is none of MongoDB's, or has a value that it cannot have."
            ) from None
        except OSError:
            raise unreadable(
                "A file that it names for TLS is not there, or is no certificate."
            ) from None
        except (PyMongoError, ValueError, TypeError):
            raise unreadable() from None
        return client

    @property
    def _database_named(self) -> str:
        """What stands behind the hosts, before the options."""
        return self._url.partition("?")[0].partition("//")[2].rpartition("@")[2].partition("/")[2]

    def _manners(self) -> dict[str, Any]:
        """What holds whatever the address says; TLS and passwords are the address's own."""
        answer_ms = int(self._answer_seconds * 1000)
        return {
            "appname": "smtui",
            "tz_aware": True,
            "uuidRepresentation": "standard",
            # Another program's impossible date or text must not make a whole page unreadable.
            "datetime_conversion": "DATETIME_CLAMP",
            "unicode_decode_error_handler": "replace",
            "w": "majority",
            "journal": True,
            "retryWrites": False,
            "retryReads": False,
            "maxPoolSize": _MOST_LINES,
            "maxIdleTimeMS": int(_IDLE_SECONDS * 1000),
            "waitQueueTimeoutMS": answer_ms,
            "serverSelectionTimeoutMS": answer_ms,
            "socketTimeoutMS": answer_ms,
            "connectTimeoutMS": int(answer_ms * _CONNECT_SHARE),
            "heartbeatFrequencyMS": int(_HEARTBEAT_SECONDS * 1000),
        }

    @property
    def _place(self) -> str:
        """Host and port as the address says them."""
        return self.address.partition("://")[2].rpartition("@")[2].partition("/")[0] or "?"

    def reasons(self) -> dict[str, Exception]:
        """Why the driver cannot use a server, by its host and port."""
        return {
            f"{server.address[0]}:{server.address[1]}": server.error
            for server in self._servers()
            if isinstance(server.error, Exception)
        }

    def _has_server(self) -> bool:
        """True if the driver, which looks at all of them all the time, knows one that works."""
        return any(server.is_writable for server in self._servers())

    def _servers(self) -> Iterable[ServerDescription]:
        if self._client is None:
            return ()
        # A property; its types say method.
        topology = cast("TopologyDescription", self._client.topology_description)
        return topology.server_descriptions().values()


async def upsert(collection: Collection, key: Document, update: Document) -> None:
    """Change a document or make it, within `ask`; two may make it in the same moment."""
    try:
        await collection.update_one(key, update, upsert=True)
    except DuplicateKeyError:
        await collection.update_one(key, update)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClockReading:
    """The server's time beside this machine's two clocks."""

    theirs: datetime
    ours: datetime
    ticks: float

    def theirs_now(self) -> datetime:
        """The server's time at present."""
        return self.theirs + timedelta(seconds=time.monotonic() - self.ticks)

    @property
    def trusted(self) -> bool:
        """True if it is young, and no sleep of this machine or setting of its clock came between.

        The steady clock may stand still while a machine sleeps; then the other one has run ahead.
        """
        passed = timedelta(seconds=time.monotonic() - self.ticks)
        clock_passed = datetime.now(UTC) - self.ours
        young = passed < timedelta(seconds=_CLOCK_SECONDS)
        return young and abs(clock_passed - passed) < _CLOCK_DRIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What a server says of itself.

    Attributes:
        mongodb: the version of MongoDB that it is, or behaves like.
        ferretdb: its version where it is FerretDB; empty where it is not.
    """

    mongodb: str
    ferretdb: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Server:
        """Read the answer to buildInfo."""
        return cls(mongodb=shown(str(told.get("version", ""))), ferretdb=_ferretdb(told))

    @property
    def words(self) -> str:
        """Name and version: `MongoDB 7.0.14`, `FerretDB 2.7.0`."""
        return f"FerretDB {self.ferretdb}" if self.ferretdb else f"MongoDB {self.mongodb}"


def refuse_unfit(server: Server) -> None:
    """Raise StoreUnreachable for a server that lacks what smtui needs."""
    if server.ferretdb and numbers(server.ferretdb) < OLDEST_FERRETDB:
        raise forgetful(server)
    if numbers(server.mongodb) < OLDEST_MONGODB:
        raise too_old(server.mongodb)


def forgetful(server: Server) -> StoreUnreachable:
    """Say that a server loses what two write at once: counts, claims and accounts would be wrong.

    FerretDB 1 reads a document, changes it and writes it back, with nothing between.
    """
    return StoreUnreachable(
        f"{server.words} loses changes that are made at the same time", hint=NEEDED
    )


def _ferretdb(told: Mapping[str, Any]) -> str:
    """Version 2 has a document of its own in the answer, version 1 two fields."""
    own = told.get("ferretdb")
    if own is not None:
        version = own.get("version") if isinstance(own, Mapping) else own
        return _plain(version) or "2"
    if "ferretdbVersion" in told or "ferretdbFeatures" in told:
        return _plain(told.get("ferretdbVersion")) or "1"
    return ""


def _plain(version: object) -> str:
    """Return `v1.24.2` as it is said: 1.24.2."""
    return shown(version.removeprefix("v")) if isinstance(version, str) else ""

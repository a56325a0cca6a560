"""One person's library for a test of the screens, and how to wait, press and read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from smtui import wiring
from smtui.domain.account import Role, UserId
from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import Condition, ServerHealth
from smtui.domain.sample import FileId, FoundFile, Heard, Mark
from smtui.jobs.queue import CeleryQueue
from smtui.paths import Places
from smtui.services.accounts import NewAccount
from smtui.services.box import Services
from smtui.services.documents import Documents
from smtui.settings import Settings
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from smtui.wiring.assembly import services_on
from tests.retagging import change_tags
from tests.servers.valkey_server import ValkeyServer

OpenApp = Callable[..., AbstractAsyncContextManager[Pilot[None]]]

NOW = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


async def no_index() -> str:
    """Small libraries are searched without the index."""
    raise ServerUnavailable("No index in these tests")


async def no_worker() -> None:
    """Nobody listens in these tests: runs wait, and their documents are looked at."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound for the library; no file need be there."""

    name: str
    folder: str = "/srv/pack"
    duration: float = 1.0
    tags: tuple[str, ...] = ()
    heard: Heard | None = None
    shared: bool = False

    def found(self) -> FoundFile:
        return FoundFile(
            file_path=f"{self.folder}/{self.name}",
            file_size=88_244,
            mtime_ns=1,
            file_hash=f"hash of {self.name}",
            duration=self.duration,
            sample_rate=44_100,
            channels=2,
            format="wav",
        )


@dataclass
class Home:
    """One person's library: what the tests put in and look at behind the screens.

    `clock` is what the documents tell the time by; None is the machine's. `chroma` gives the
    address of the index, or raises ServerUnavailable.
    """

    folder: Path
    valkey: ValkeyServer
    guarded: bool = True
    clock: Clock | None = None
    recipe_version: int = 1
    chroma: Callable[[], Awaitable[str]] = no_index
    services: Services | None = None
    documents: Documents | None = None
    user_id: UserId | None = None
    files: dict[str, FileId] = field(default_factory=dict)
    healths: tuple[ServerHealth, ...] = (
        ServerHealth(name="documents", condition=Condition.OK, milliseconds=1.0),
        ServerHealth(name="sessions", condition=Condition.OK, milliseconds=1.0),
    )

    async def check(self) -> tuple[ServerHealth, ...]:
        """How the servers are, as a test says."""
        return self.healths

    @asynccontextmanager
    async def open_services(self) -> AsyncIterator[Services]:
        here = Places(data=self.folder, state=self.folder, config=self.folder)
        async with AsyncExitStack() as stack:
            self.documents = await stack.enter_async_context(
                wiring.documents(here, Settings(), for_worker=True, clock=self.clock)
            )
            link = RedisLink(self.valkey.address)
            stack.push_async_callback(link.close)
            index = ChromaIndex(
                ChromaLine(self.chroma), recipe_version=self.recipe_version, about=False
            )
            stack.push_async_callback(index.close)
            ground = wiring.Foundation(
                documents=self.documents,
                link=link,
                cache=RedisCache(link),
                index=index,
                texts=None,
                queue=CeleryQueue(self.valkey.address, no_worker),
                health=self,
                passwords=BcryptPasswords(rounds=4),
                guarded=self.guarded,
                clock=Clock(),
                recipe_version=self.recipe_version,
            )
            self.services = await stack.enter_async_context(services_on(ground, here, Settings()))
            yield self.services

    async def sign_up(self, name: str = "anna", password: str = "secretly") -> None:
        """Make the account and stay signed in, so that the app opens the library."""
        async with self.open_services() as services:
            signed_in = await services.accounts.welcome(name, password=password, address="local")
            self.user_id = signed_in.account.user_id

    async def join(self, name: str, role: Role, password: str = "secretly") -> UserId:
        """Make another account; who joined last stays signed in."""
        async with self.open_services() as services:
            new = NewAccount(username=name, password=password, role=role)
            made = await services.accounts.add(new)
            await services.accounts.sessions.sign_in(name, password, stay=True, address=name)
            return made.user_id

    async def add(self, *sounds: Sound) -> None:
        """Put sounds into the library, as a scan and a listener would."""
        async with self.open_services():
            await self.add_now(*sounds)

    @property
    def kept(self) -> Documents:
        """The documents behind the open app."""
        assert self.documents is not None
        return self.documents

    async def add_now(self, *sounds: Sound) -> None:
        """The same while the app runs."""
        samples = self.kept.samples
        for shared in (False, True):
            some = [sound for sound in sounds if sound.shared is shared]
            found = [sound.found() for sound in some]
            owner = None if shared else self.user_id
            ids = await samples.add_found(found, user_id=owner, at=NOW) if found else ()
            self.files |= {sound.name: one for sound, one in zip(some, ids, strict=True)}
        for sound in sounds:
            file_id = self.files[sound.name]
            if sound.tags:
                await change_tags(
                    samples, [file_id], mark=Mark(by=self.user_id, at=NOW), add=sound.tags
                )
            if sound.heard is not None:
                await samples.set_heard(file_id, sound.heard, file_hash=f"hash of {sound.name}")


def heard(**facts: Any) -> Heard:
    """What was heard, sure of everything unless said otherwise."""
    sure: dict[str, Any] = {
        "tempo_confidence": 0.9,
        "key_confidence": 0.9,
        "kind_confidence": 0.9,
    }
    return Heard(**(sure | {"level": "advanced", "recipe_version": 1, "analyzed_at": NOW} | facts))


def many(count: int) -> list[Sound]:
    """Sounds named in order."""
    return [Sound(name=f"sound_{number:05d}.wav") for number in range(count)]


async def settle(app: App[Any]) -> None:
    """Wait until no work runs but what watches without end, and all is drawn."""
    pilot = Pilot(app)
    quiet = 0
    while quiet < 2:
        await pilot.pause()
        busy = [
            worker
            for worker in app.workers
            if not worker.is_finished and not worker.group.startswith("watching")
        ]
        quiet = 0 if busy else quiet + 1
        if busy:
            await asyncio.gather(*(worker.wait() for worker in busy), return_exceptions=True)


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition that something else brings about."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not come true in time")
        await asyncio.sleep(0.01)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what they begin."""
    await pilot.press(*keys)
    await settle(pilot.app)


def seen(app: App[Any]) -> str:
    """What stands on the screen, a line per line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def line_with(app: App[Any], text: str) -> str:
    """The line that has the text."""
    lines = [line for line in seen(app).splitlines() if text in line]
    assert len(lines) == 1, f"{text!r} stands in {len(lines)} lines of\n{seen(app)}"
    return lines[0]


def told(app: App[Any]) -> Sequence[str]:
    """What toasts said so far."""
    return [f"{one.title} {one.message}".strip() for one in app._notifications]

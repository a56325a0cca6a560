"""Settings in, services out; the only module that knows every implementation.

Opening touches the documents alone. Valkey, Chroma and the worker start when somebody first asks
for what they give; the painter's process starts with the first picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smtui.domain.errors import StoreUnreachable
from smtui.paths import Places
from smtui.services.box import Services
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.local.servers import PrivateServers
    from smtui.services.accounts import Accounts
    from smtui.services.pictures import Pictures
    from smtui.stores.redis.link import RedisLink
    from smtui.stores.sqlite.opening import Documents


class SystemClock:
    """The system's clock."""

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def private_servers(here: Places, settings: Settings) -> PrivateServers:
    """Give the person's private servers with the manners that the settings ask for."""
    # Late imports, here and below: nothing of this is needed before the first frame.
    from smtui.local.servers import PrivateServers
    from smtui.local.setup import Manners, present_versions
    from smtui.stores.sqlite.schema import steps

    manners = Manners(
        children=settings.work.children,
        nice=settings.work.nice,
        idle_seconds=settings.services.idle_seconds,
    )
    return PrivateServers(here, manners, versions=present_versions(schema=len(steps())))


def _refuse_network(here: Places) -> None:
    """Refuse a data folder where locks do not hold; raises StoreUnreachable."""
    from smtui.local.checks import Verdict, file_system

    check = file_system(here)
    if check.verdict is Verdict.BROKEN:
        raise StoreUnreachable(check.seen, hint=check.mend)


@asynccontextmanager
async def services(here: Places, settings: Settings) -> AsyncIterator[Services]:
    """Open everything that screens and commands work with, and close it again.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    from smtui import logs
    from smtui.folders.finder import DiskFinder
    from smtui.jobs.queue import CeleryQueue
    from smtui.services.analyses import Analyses
    from smtui.services.batches import Batches
    from smtui.services.library import Library
    from smtui.services.scans import Intents, Scans
    from smtui.stores.redis.limits import RedisLimits
    from smtui.stores.redis.link import RedisLink
    from smtui.stores.sqlite.connections import Durability
    from smtui.stores.sqlite.opening import opened

    clock = SystemClock()
    servers = private_servers(here, settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(servers.using())
        logs.start(here.log)
        await asyncio.to_thread(_refuse_network, here)
        documents = await stack.enter_async_context(opened(here.database, Durability.FULL))
        link = RedisLink(servers.valkey)
        stack.push_async_callback(link.close)
        queue = CeleryQueue(servers.valkey, servers.worker)
        intents = Intents(
            accounts=documents.accounts,
            limits=RedisLimits(link),
            per_minute=settings.limits.audio_upload,
        )
        pictures = _pictures(link)
        stack.push_async_callback(pictures.close)
        yield Services(
            accounts=_accounts(here, settings, documents, link),
            library=Library(documents.samples),
            scans=Scans(documents.samples, DiskFinder(), clock, intents=intents),
            analyses=Analyses(documents.analyses),
            batches=Batches(documents.batches, documents.samples, queue, clock),
            pictures=pictures,
        )


def _accounts(here: Places, settings: Settings, documents: Documents, link: RedisLink) -> Accounts:
    from smtui.services.accounts import AccountPorts, Accounts
    from smtui.stores.bcrypt_passwords import BcryptPasswords
    from smtui.stores.redis.limits import RedisLimits
    from smtui.stores.redis.sessions import RedisSessions
    from smtui.stores.resume_file import ResumeFile

    ports = AccountPorts(
        accounts=documents.accounts,
        sessions=RedisSessions(link),
        limits=RedisLimits(link),
        passwords=BcryptPasswords(),
        resume_token=ResumeFile(here.resume_token),
        clock=SystemClock(),
    )
    return Accounts(ports, tries_per_minute=settings.limits.auth_login)


def _pictures(link: RedisLink) -> Pictures:
    from smtui.painter.process import PainterProcess
    from smtui.services.pictures import Pictures
    from smtui.stores.redis.cache import RedisCache

    return Pictures(PainterProcess(), RedisCache(link))

"""The services, joined from their parts; the same in both set-ups.

Opening touches the documents alone. Valkey, Chroma and the worker start when somebody first asks
for what they give; the painter's process starts with the first picture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.paths import Places
from smtui.services.box import Services
from smtui.settings import Settings
from smtui.wiring import finding
from smtui.wiring.clock import SystemClock
from smtui.wiring.documents import guarded
from smtui.wiring.pausing import pauses
from smtui.wiring.set_up import foundation

if TYPE_CHECKING:
    from smtui.domain.path_map import PathMap
    from smtui.domain.ports.sessions import Cache
    from smtui.domain.ports.work import JobQueue
    from smtui.services.accounts import Accounts
    from smtui.services.pauses import Pauses
    from smtui.services.pictures import Pictures
    from smtui.services.rights import Rights
    from smtui.services.scans import Scans
    from smtui.wiring.foundation import Foundation


@asynccontextmanager
async def services(here: Places, settings: Settings) -> AsyncIterator[Services]:
    """Open everything that screens and commands work with, and close it again.

    Raises:
        StoreUnreachable: the folders or the documents cannot be used.
        StoreTooNew: a newer smtui has written the documents.
    """
    # Late imports, here and below: nothing of this is needed before the first frame.
    from smtui.services.analyses import Analyses
    from smtui.services.batches import Batches
    from smtui.services.kept_searches import KeptSearches
    from smtui.services.library import Library
    from smtui.services.rights import Rights

    clock = SystemClock()
    paths = settings.paths.here
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(foundation(here, settings))
        documents = ground.documents
        rights = Rights(documents.accounts)
        resting = pauses(here, settings)
        queue = _queue(settings, ground, resting)
        library = Library(documents.samples, rights, clock)
        near = finding.likeness(ground)
        yield Services(
            accounts=_accounts(here, settings, ground),
            library=library,
            duplicates=finding.duplicates(ground, library, paths),
            scans=_scans(settings, ground, rights),
            analyses=Analyses(documents.analyses),
            batches=Batches(documents.batches, documents.samples, queue, clock, rights),
            pauses=resting,
            pictures=_pictures(ground.cache, paths, stack),
            search=finding.search(ground, near, settings, stack),
            seeds=finding.seeds(near, paths),
            reasons=finding.reasons(ground, near),
            hit_lists=finding.hit_lists(ground, near, paths),
            kept_searches=KeptSearches(documents.searches, clock),
            retrieval_check=finding.retrieval_check(near, paths),
            indexing=finding.indexing(ground, rights),
            servers=ground.health,
            recipe_version=RECIPE_VERSION,
            paths=paths,
        )


def _scans(settings: Settings, ground: Foundation, rights: Rights) -> Scans:
    from smtui.folders.finder import DiskFinder
    from smtui.services.scans import Intents, Scans
    from smtui.stores.redis.limits import RedisLimits

    documents = ground.documents
    intents = Intents(
        accounts=documents.accounts,
        limits=RedisLimits(ground.link),
        per_minute=settings.limits.audio_upload,
    )
    finder = DiskFinder(settings.paths.here)
    return Scans(documents.samples, finder, SystemClock(), rights=rights, intents=intents)


def _queue(settings: Settings, ground: Foundation, resting: Pauses) -> JobQueue:
    """Let a person's own queue say that this machine rests.

    On servers others may listen meanwhile, and the workers say themselves that they rest.
    """
    from smtui.services.pauses import PausedQueue

    return ground.queue if settings.servers.given else PausedQueue(ground.queue, resting)


def _accounts(here: Places, settings: Settings, ground: Foundation) -> Accounts:
    from smtui.services.accounts import AccountPorts, Accounts, AskedPerMinute
    from smtui.stores.bcrypt_passwords import BcryptPasswords
    from smtui.stores.redis.limits import RedisLimits
    from smtui.stores.redis.sessions import RedisSessions
    from smtui.stores.resume_file import ResumeFile

    ports = AccountPorts(
        accounts=ground.documents.accounts,
        sessions=RedisSessions(ground.link),
        limits=RedisLimits(ground.link),
        passwords=BcryptPasswords(),
        resume_token=ResumeFile(here.resume_token),
        clock=SystemClock(),
    )
    limits = settings.limits
    per_minute = AskedPerMinute(tries=limits.auth_login, commands=limits.general_api)
    return Accounts(ports, per_minute=per_minute, guarded_by_system=guarded(settings))


def _pictures(cache: Cache, paths: PathMap, stack: AsyncExitStack) -> Pictures:
    from smtui.painter.process import PainterProcess
    from smtui.services.pictures import Pictures

    pictures = Pictures(PainterProcess(paths), cache)
    stack.push_async_callback(pictures.close)
    return pictures

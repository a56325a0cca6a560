"""The services, joined from their parts on what one set-up or the other stands on.

Opening touches the documents alone. Valkey, Chroma and the worker start when somebody first asks
for what they give; the painter's process starts with the first picture. Apart from the set-ups,
because it imports all that a service stands on, which nobody needs before the first frame.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from smtui.domain.path_map import PathMap
from smtui.folders.finder import DiskFinder
from smtui.painter.process import PainterProcess
from smtui.paths import Places
from smtui.services.accounts import Accounts, AskedPerMinute
from smtui.services.batches import Batches
from smtui.services.box import Services
from smtui.services.descriptions import Descriptions, KeptTexts
from smtui.services.duplicates import DuplicateFinder, Stores
from smtui.services.fits import Fits, FitsPorts
from smtui.services.hits import HitLists, Reasons
from smtui.services.index_upkeep import IndexUpkeep
from smtui.services.kept_searches import KeptSearches
from smtui.services.library import Analyses, Library
from smtui.services.meanings import Meanings
from smtui.services.nearest import LikenessPorts
from smtui.services.pauses import Pauses
from smtui.services.pictures import Pictures
from smtui.services.retrieval_check import RetrievalCheck
from smtui.services.rights import Rights
from smtui.services.scans import Intents, Scans
from smtui.services.search import SoundSearch
from smtui.services.seeds import Seeds
from smtui.services.sessions import AccountPorts
from smtui.services.similarity import Similarity
from smtui.services.words import Reading, Words
from smtui.settings import Limits, Settings
from smtui.similarity.comparison import MatrixComparison
from smtui.similarity.copies import NumpyCopies
from smtui.similarity.masking import NumpyMasking
from smtui.similarity.outside_listener import InspectedOutside
from smtui.stores.pause_file import PauseFile
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.sessions import RedisSessions
from smtui.stores.resume_file import ResumeFile
from smtui.wiring.set_up import Foundation
from smtui.words.model import is_installed
from smtui.words.process import WordProcess


@asynccontextmanager
async def services_on(
    ground: Foundation, here: Places, settings: Settings
) -> AsyncIterator[Services]:
    """Join the services on a foundation; what they open they close again, the foundation stays."""
    documents, version, paths = ground.documents, ground.recipe_version, settings.paths.here
    rights = Rights(documents.accounts)
    library = Library(documents.samples, rights, ground.clock)
    near = _likeness(ground)
    seeds = Seeds(near, paths=paths, recipe_version=version)
    reasons = Reasons(documents.samples, documents.analyses, near.outside)
    async with AsyncExitStack() as stack:
        pictures = Pictures(PainterProcess(paths), ground.cache)
        stack.push_async_callback(pictures.close)
        yield Services(
            accounts=_accounts(ground, here, settings.limits),
            library=library,
            duplicates=_duplicates(ground, library, paths),
            scans=_scans(ground, settings, rights),
            analyses=Analyses(documents.analyses),
            batches=Batches(
                documents.batches, documents.samples, ground.queue, ground.clock, rights
            ),
            pauses=Pauses(PauseFile(here.pause), ground.clock, settings.work.quiet_hours),
            pictures=pictures,
            search=SoundSearch(
                Similarity(near, seeds, paths=paths, recipe_version=version),
                _fits(ground, near, paths),
                _words(ground, near, settings, stack),
            ),
            seeds=seeds,
            reasons=reasons,
            hit_lists=HitLists(documents.samples, documents.analyses, reasons, paths),
            kept_searches=KeptSearches(documents.searches, ground.clock),
            retrieval_check=RetrievalCheck(near, paths=paths, recipe_version=version),
            indexing=_indexing(ground, rights),
            servers=ground.health,
            recipe_version=version,
            paths=paths,
        )


def _accounts(ground: Foundation, here: Places, limits: Limits) -> Accounts:
    ports = AccountPorts(
        accounts=ground.documents.accounts,
        sessions=RedisSessions(ground.link),
        limits=RedisLimits(ground.link),
        passwords=ground.passwords,
        resume_token=ResumeFile(here.resume_token),
        clock=ground.clock,
    )
    per_minute = AskedPerMinute(tries=limits.auth_login, commands=limits.general_api)
    return Accounts(ports, per_minute=per_minute, guarded_by_system=ground.guarded)


def _scans(ground: Foundation, settings: Settings, rights: Rights) -> Scans:
    intents = Intents(
        accounts=ground.documents.accounts,
        limits=RedisLimits(ground.link),
        per_minute=settings.limits.audio_upload,
    )
    finder = DiskFinder(settings.paths.here)
    return Scans(ground.documents.samples, finder, ground.clock, rights=rights, intents=intents)


def _likeness(ground: Foundation) -> LikenessPorts:
    return LikenessPorts(
        samples=ground.documents.samples,
        embeddings=ground.documents.embeddings,
        index=ground.index,
        comparison=MatrixComparison(),
        outside=InspectedOutside(),
        cache=ground.cache,
    )


def _fits(ground: Foundation, near: LikenessPorts, paths: PathMap) -> Fits:
    ports = FitsPorts(
        samples=near.samples, analyses=ground.documents.analyses, outside=near.outside
    )
    return Fits(ports, NumpyMasking(), paths)


def _duplicates(ground: Foundation, library: Library, paths: PathMap) -> DuplicateFinder:
    stores = Stores(analyses=ground.documents.analyses, embeddings=ground.documents.embeddings)
    return DuplicateFinder(
        library, stores, NumpyCopies(), paths=paths, recipe=ground.recipe_version
    )


def _words(
    ground: Foundation, near: LikenessPorts, settings: Settings, stack: AsyncExitStack
) -> Words:
    """Find sounds by what is said of them; the model's process is closed with the stack."""
    # Describing a large library takes so long that a private server is started to be spared it.
    texts = KeptTexts(RedisCache(ground.link))
    reading = Reading(
        samples=near.samples,
        descriptions=Descriptions(near.samples, ground.documents.analyses, texts),
        embeddings=near.embeddings,
        comparison=near.comparison,
        outside=near.outside,
        recipe_version=ground.recipe_version,
    )
    if ground.texts is None or not is_installed():
        return Words(reading, settings.paths.here)
    meanings = Meanings(WordProcess(settings.text.model), ground.texts)
    stack.push_async_callback(meanings.close)
    return Words(reading, settings.paths.here, meanings)


def _indexing(ground: Foundation, rights: Rights) -> IndexUpkeep:
    return IndexUpkeep(
        ground.documents.samples,
        ground.documents.embeddings,
        ground.index,
        recipe_version=ground.recipe_version,
        rights=rights,
    )

"""The services that find sounds by other sounds or by words, joined from their parts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from smtui.audio.recipe_version import RECIPE_VERSION
from smtui.settings import Settings

if TYPE_CHECKING:
    from smtui.domain.path_map import PathMap
    from smtui.services.duplicates import DuplicateFinder
    from smtui.services.fits import Fits
    from smtui.services.hits import HitLists, Reasons
    from smtui.services.indexing import Indexing
    from smtui.services.library import Library
    from smtui.services.nearest import LikenessPorts
    from smtui.services.retrieval_check import RetrievalCheck
    from smtui.services.rights import Rights
    from smtui.services.search import SoundSearch
    from smtui.services.seeds import Seeds
    from smtui.services.words import Words
    from smtui.wiring.foundation import Foundation


def _fits(ground: Foundation, near: LikenessPorts, paths: PathMap) -> Fits:
    """What fits to a sound."""
    # Late imports, here and below, as in this whole room.
    from smtui.alike.masking import NumpyMasking
    from smtui.services.fits import Fits, FitsPorts

    ports = FitsPorts(
        samples=near.samples, analyses=ground.documents.analyses, outside=near.outside
    )
    return Fits(ports, NumpyMasking(), paths)


def duplicates(ground: Foundation, library: Library, paths: PathMap) -> DuplicateFinder:
    """Files that are the same sound."""
    from smtui.alike.copies import NumpyCopies
    from smtui.services.duplicates import DuplicateFinder, Stores

    documents = ground.documents
    stores = Stores(analyses=documents.analyses, embeddings=documents.embeddings)
    return DuplicateFinder(library, stores, NumpyCopies(), paths=paths, recipe=RECIPE_VERSION)


def _words(
    ground: Foundation, near: LikenessPorts, settings: Settings, stack: AsyncExitStack
) -> Words:
    """Sounds by what is said of them; the model's process is closed with the stack."""
    from smtui.services.descriptions import Descriptions
    from smtui.services.kept_texts import KeptTexts
    from smtui.services.meanings import Meanings
    from smtui.services.words import Reading, Words
    from smtui.stores.redis.cache import RedisCache
    from smtui.words.model import is_installed
    from smtui.words.process import WordProcess

    # Describing a large library takes so long that a private server is started to be spared it.
    kept = KeptTexts(RedisCache(ground.link))
    reading = Reading(
        samples=near.samples,
        descriptions=Descriptions(near.samples, ground.documents.analyses, kept),
        embeddings=near.embeddings,
        comparison=near.comparison,
        outside=near.outside,
        recipe_version=RECIPE_VERSION,
    )
    if not is_installed():
        return Words(reading, settings.paths.here)
    meanings = Meanings(WordProcess(settings.text.model), ground.texts)
    stack.push_async_callback(meanings.close)
    return Words(reading, settings.paths.here, meanings)


def likeness(ground: Foundation) -> LikenessPorts:
    """What searches by likeness stand on."""
    from smtui.alike.comparison import MatrixComparison
    from smtui.alike.outside import InspectedOutside
    from smtui.services.nearest import LikenessPorts

    return LikenessPorts(
        samples=ground.documents.samples,
        embeddings=ground.documents.embeddings,
        index=ground.index,
        comparison=MatrixComparison(),
        outside=InspectedOutside(),
        cache=ground.cache,
    )


def seeds(near: LikenessPorts, paths: PathMap) -> Seeds:
    """The sounds that a person names to begin a search from."""
    from smtui.services.seeds import Seeds

    return Seeds(near, paths=paths, recipe_version=RECIPE_VERSION)


def search(
    ground: Foundation, near: LikenessPorts, settings: Settings, stack: AsyncExitStack
) -> SoundSearch:
    """Who answers searches; what they opened is closed with the stack."""
    from smtui.services.search import SoundSearch
    from smtui.services.similarity import Similarity

    paths = settings.paths.here
    similarity = Similarity(near, seeds(near, paths), paths=paths, recipe_version=RECIPE_VERSION)
    fits = _fits(ground, near, paths)
    return SoundSearch(similarity, fits, _words(ground, near, settings, stack))


def reasons(ground: Foundation, near: LikenessPorts) -> Reasons:
    """Why what was found was found."""
    from smtui.services.hits import Reasons

    return Reasons(near.samples, ground.documents.analyses, near.outside)


def hit_lists(ground: Foundation, near: LikenessPorts, paths: PathMap) -> HitLists:
    """What was found, for other programs."""
    from smtui.services.hits import HitLists

    return HitLists(near.samples, ground.documents.analyses, reasons(ground, near), paths)


def retrieval_check(near: LikenessPorts, paths: PathMap) -> RetrievalCheck:
    """How far `similarity` can be trusted."""
    from smtui.services.retrieval_check import RetrievalCheck

    return RetrievalCheck(near, paths=paths, recipe_version=RECIPE_VERSION)


def indexing(ground: Foundation, rights: Rights) -> Indexing:
    """Keeps the index as the library is."""
    from smtui.services.indexing import Indexing

    documents = ground.documents
    return Indexing(
        documents.samples,
        documents.embeddings,
        ground.index,
        recipe_version=RECIPE_VERSION,
        rights=rights,
    )

"""The services as one frozen box, opened by wiring and handed to screens and commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtui.domain.path_map import PathMap

if TYPE_CHECKING:
    from smtui.domain.ports.work import HealthCheck
    from smtui.services.accounts import Accounts
    from smtui.services.analyses import Analyses
    from smtui.services.batches import Batches
    from smtui.services.duplicates import DuplicateFinder
    from smtui.services.fits import Fitting
    from smtui.services.hits import HitLists, Reasons
    from smtui.services.indexing import Indexing
    from smtui.services.kept_searches import KeptSearches
    from smtui.services.library import Library
    from smtui.services.pauses import Pauses
    from smtui.services.pictures import Pictures
    from smtui.services.retrieval_check import Honesty
    from smtui.services.scans import Scans
    from smtui.services.similarity import Similarity
    from smtui.services.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a person can do, one attribute per intention; and what else screens must know.

    Attributes:
        honesty: how good `similarity` is on the sounds of this library.
        reasons: why `similarity`, `fits` and `words` found what they found.
        hit_lists: what they found, for other programs.
        indexing: keeps the index of `similarity` as the library is.
        servers: asks them how they are.
        paths: how the library's paths are called on this machine.
        recipe_version: the number of the recipe that listens here.
    """

    accounts: Accounts
    library: Library
    fits: Fitting
    duplicates: DuplicateFinder
    words: Words
    scans: Scans
    analyses: Analyses
    batches: Batches
    pauses: Pauses
    pictures: Pictures
    similarity: Similarity
    reasons: Reasons
    hit_lists: HitLists
    kept_searches: KeptSearches
    indexing: Indexing
    honesty: Honesty
    servers: HealthCheck
    recipe_version: int = 1
    paths: PathMap = field(default_factory=PathMap)

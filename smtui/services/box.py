"""The services as one frozen box, opened by wiring and handed to screens and commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smtui.domain.path_map import PathMap

if TYPE_CHECKING:
    from smtui.domain.ports.work import HealthCheck
    from smtui.services.accounts import Accounts
    from smtui.services.batches import Batches
    from smtui.services.duplicates import DuplicateFinder
    from smtui.services.hits import HitLists, Reasons
    from smtui.services.index_upkeep import IndexUpkeep
    from smtui.services.kept_searches import KeptSearches
    from smtui.services.library import Analyses, Library
    from smtui.services.pauses import Pauses
    from smtui.services.pictures import Pictures
    from smtui.services.retrieval_check import RetrievalCheck
    from smtui.services.scans import Scans
    from smtui.services.search import SoundSearch
    from smtui.services.seeds import Seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a person can do, one attribute per intention; and what else screens must know.

    Attributes:
        seeds: the sounds that a person names to begin a search from.
        reasons: why `search` found what it found.
        hit_lists: what it found, for other programs.
        retrieval_check: how good likeness is on the sounds of this library.
        indexing: keeps the index of likeness as the library is.
        servers: asks them how they are.
        paths: how the library's paths are called on this machine.
        recipe_version: the number of the recipe that listens here.
    """

    accounts: Accounts
    library: Library
    duplicates: DuplicateFinder
    scans: Scans
    analyses: Analyses
    batches: Batches
    pauses: Pauses
    pictures: Pictures
    search: SoundSearch
    seeds: Seeds
    reasons: Reasons
    hit_lists: HitLists
    kept_searches: KeptSearches
    indexing: IndexUpkeep
    retrieval_check: RetrievalCheck
    servers: HealthCheck
    recipe_version: int = 1
    paths: PathMap = field(default_factory=PathMap)

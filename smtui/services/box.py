"""The services as one frozen box, opened by wiring and handed to screens and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtui.services.accounts import Accounts
    from smtui.services.analyses import Analyses
    from smtui.services.batches import Batches
    from smtui.services.library import Library
    from smtui.services.pictures import Pictures
    from smtui.services.scans import Scans


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a person can do; one attribute per intention."""

    accounts: Accounts
    library: Library
    scans: Scans
    analyses: Analyses
    batches: Batches
    pictures: Pictures

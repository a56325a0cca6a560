"""Who looks for what with whom, as the similar screen is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smtui.domain.account import Account
from smtui.domain.sample import FileId
from smtui.ui.alike.finding import Finders


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What to be like: sounds of the library, the first being the seed, or a file from outside."""

    seeds: tuple[FileId, ...] = ()
    outside: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Who looks, who finds, and what to begin with."""

    account: Account
    finders: Finders
    begin: Begin

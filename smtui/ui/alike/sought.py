"""Who looks for what with whom, as the similar screen is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smtui.domain.account import Account
from smtui.domain.sample import FileId
from smtui.ui.alike.finding import Finders


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What to begin with: one of these.

    Attributes:
        seeds: sounds of the library, the first being the seed.
        outside: a file that is not of the library.
        line: a whole search as text (`domain/search_line.py`).
    """

    seeds: tuple[FileId, ...] = ()
    outside: Path | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Who looks, who finds, and what to begin with."""

    account: Account
    finders: Finders
    begin: Begin

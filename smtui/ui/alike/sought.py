"""What the similar screen begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smtui.domain.sample import FileId


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

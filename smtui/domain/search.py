"""A search by likeness as a person means it, and its answer.

`domain/search_line.py` reads it from one line of text and writes it back;
`services/search.py` answers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from smtui.domain.likeness import Hit, Weights
from smtui.domain.sample import FileId
from smtui.domain.text import counted

Progress = Callable[[int, int], None]
"""Is told now and then how many sounds were looked at, and of how many."""


def unwatched(done: int, of: int) -> None:
    """Nobody wants to know."""


MOST_SEEDS = 8
"""How many sounds to be like or unlike tell hits apart."""
TOO_MANY_SEEDS = f"A search takes at most {MOST_SEEDS} sounds to be like or unlike"


class View(StrEnum):
    """Which kind of nearness is asked for."""

    ALIKE = "alike"
    FITS = "fits"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A sound to be like, or unlike: one of the library, or a file from outside.

    Attributes:
        file_id: of a sound of the library, None for a file from outside.
        path: of a file from outside, as the person gave it.
        name: what the line and the screen call it.
    """

    name: str
    file_id: FileId | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for.

    Attributes:
        more, less: sounds that hits should be like, and unlike; the first of `more` is the seed.
        filter: in the library's own language (`domain/query.py`), empty for everything.
        per_folder: at most so many hits of one folder, None for any number.
        apart: of sounds that are the same to the ear only the best is shown.
        words: a description, for the view of words; may stand beside seeds.
    """

    view: View = View.ALIKE
    more: tuple[Seed, ...] = ()
    less: tuple[Seed, ...] = ()
    weights: Weights = field(default_factory=Weights)
    filter: str = ""
    per_folder: int | None = None
    apart: bool = False
    words: str = ""

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """The sounds to be like, then those to be unlike."""
        return (*self.more, *self.less)

    @property
    def seed_ids(self) -> frozenset[FileId]:
        """The ids of those that are of the library: they are no hits."""
        return frozenset(seed.file_id for seed in self.seeds if seed.file_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found.

    Attributes:
        hits: best first.
        pool: everything that was compared, so that other weights can rank it at once.
        out_of: how many sounds could have been found: heard, within the filter, the viewer's.
        remarks: what the person should know, a sentence each: sounds that are not in the index
            yet, a library of one sound.
        per_folder, apart: as the search asked; other weights keep to them.
    """

    hits: tuple[Hit, ...] = ()
    pool: tuple[Hit, ...] = ()
    out_of: int = 0
    remarks: tuple[str, ...] = ()
    per_folder: int | None = None
    apart: bool = False

    def reweighted(self, weights: Weights, *, limit: int) -> Answer:
        """Rank what was compared by other weights; no round trip, and a better answer may come.

        What was not found by likeness has no weights, and stays as it is.
        """
        factors = weights.factors()
        hits = [
            replace(hit, score=hit.likeness.weighted(factors)) if hit.likeness else hit
            for hit in self.pool
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.file_id))
        choice = Choice(limit=limit, per_folder=self.per_folder, apart=self.apart)
        return replace(self, hits=choice.of(hits), pool=tuple(hits))


class Choice:
    """What is shown of ranked hits: few of each folder, few of what is the same to the ear."""

    def __init__(self, *, limit: int, per_folder: int | None, apart: bool = False) -> None:
        """Show at most `limit`, at most `per_folder` of a folder, what is `apart` once."""
        self._limit = limit
        self._per_folder = per_folder
        self._apart = apart
        self._shown: list[Hit] = []
        self._in_folder: Counter[str] = Counter()
        self._seen: set[FileId] = set()

    @property
    def is_full(self) -> bool:
        """Whether no further hit would be shown."""
        return len(self._shown) >= self._limit

    def of(self, ranked: Iterable[Hit]) -> tuple[Hit, ...]:
        """Go on with these, best first; gives all that are shown so far."""
        for hit in ranked:
            if self.is_full:
                break
            if self._apart and hit.same_as in self._seen:
                continue
            if self._per_folder is not None and self._in_folder[hit.folder] >= self._per_folder:
                continue
            self._in_folder[hit.folder] += 1
            if hit.same_as is not None:
                self._seen.add(hit.same_as)
            self._shown.append(hit)
        return tuple(self._shown)


def not_listened_to(count: int) -> str:
    """The remark on sounds that could not be compared."""
    return f"{counted(count, 'sound was', 'sounds were')} not analysed yet."

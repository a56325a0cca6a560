"""What `smtui similar` is asked: the name of a sound or a whole search, and options beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smtui.cli.filter_words import is_file, point_at_mistake
from smtui.domain.errors import InputInvalid, NotFound
from smtui.domain.likeness import ASPECTS, Weights
from smtui.domain.query import both
from smtui.domain.search import Search, Seed, View
from smtui.domain.search_line import SearchLine, parse

if TYPE_CHECKING:
    from smtui.cli.runtime import Opened

PATIENCE = 600.0
"""How long a command waits for a model to learn new descriptions, in seconds."""

_LINE = re.compile(r"\s*(like|fits|words)(\s|$)", re.IGNORECASE)
_BEFORE_A_NAME = re.compile(r"[+-]|((-|not:)*[a-z][a-z_]*:)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The options that stand beside a search: some add to it, others win over it."""

    more: tuple[str, ...]
    less: tuple[str, ...]
    weights: Mapping[str, float]
    filter: str
    per_folder: int | None
    apart: bool
    fits: bool

    def joined(self, line: SearchLine) -> SearchLine:
        """Join them with what the line says; raises InputInvalid where no weight is left."""
        return replace(
            line,
            view=View.FITS if self.fits else line.view,
            more=(*line.more, *self.more),
            less=(*line.less, *self.less),
            weights=replace(line.weights, **self.weights),
            filter=both(line.filter, self.filter),
            per_folder=line.per_folder if self.per_folder is None else self.per_folder,
            apart=line.apart or self.apart,
        )


def weights_of(text: str) -> Mapping[str, float]:
    """Read `timbre=3,tonality=0`; raises InputInvalid."""
    given: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = part.partition("=")
        try:
            given[name.strip().casefold()] = float(value)
        except ValueError as error:
            raise InputInvalid(f"{part} is no weight", hint="Write timbre=3,tonality=0.") from error
    if unknown := sorted(given.keys() - set(ASPECTS)):
        raise InputInvalid(
            f"No aspect called {unknown[0]}", hint=f"There are {', '.join(ASPECTS)}."
        )
    Weights(**given)
    return given


def read_early(words: Sequence[str]) -> SearchLine | None:
    """Read what can only be a whole search; None for what may be a name.

    Raises:
        QueryInvalid: it has a mistake, which was pointed at.
    """
    return _parse_pointing(" ".join(map(_as_typed, words))) if len(words) > 1 else None


async def search_of(box: Opened, word: str, read: SearchLine | None, beside: Beside) -> Search:
    """Find the sounds that are named, and make the search.

    Args:
        box: the services, and whom they act for.
        word: a name or a line, where nothing was `read` yet.
        read: what `read_early` gave.
        beside: the options.

    Raises:
        QueryInvalid: the line has a mistake, which was pointed at.
        NotFound, InputInvalid, SoundUnreadable: of a sound that is named.
    """
    line = beside.joined(read or await _line_or_name(box, word))
    return line.search(
        more=[await _seed(box, name) for name in line.more],
        less=[await _seed(box, name) for name in line.less],
    )


async def _line_or_name(box: Opened, word: str) -> SearchLine:
    """Take a word as a line where it begins as one and no sound is called so."""
    named = SearchLine(more=(word,))
    if _LINE.match(word) is None or is_file(word):
        return named
    try:
        await box.services.seeds.named(word, box.account.user_id)
    except NotFound:
        return _parse_pointing(word)
    return named


def _parse_pointing(text: str) -> SearchLine:
    with point_at_mistake(text):
        return parse(text)


def _as_typed(word: str) -> str:
    """Put quotation marks back where a shell took them away: around what has spaces in it."""
    if '"' in word or (word and not any(letter.isspace() for letter in word)):
        return word
    begun = _BEFORE_A_NAME.match(word)
    end = 0 if begun is None else begun.end()
    escaped = word[end:].replace("\\", "\\\\")
    return f'{word[:end]}"{escaped}"'


async def _seed(box: Opened, reference: str) -> Seed:
    """Find a sound: a file that is there by its path, else by what the library calls it."""
    # As typed, links kept.
    meant = os.path.abspath(reference) if is_file(reference) else reference  # noqa: PTH100, ASYNC240
    try:
        return await box.services.seeds.meant(meant, box.account.user_id)
    except NotFound as unknown:
        if any(letter.isspace() for letter in reference.strip()):
            hint = f"{unknown.hint} A whole search begins with like, fits or words."
            raise NotFound(unknown.title, hint=hint.strip()) from None
        raise

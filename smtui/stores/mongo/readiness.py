"""What a database lacks, and all that is wrong with it, as opening and `services check` see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smtui.domain.errors import StoreUnreachable
from smtui.stores.mongo import schema
from smtui.stores.mongo.index_making import doubled, has_doubles, in_the_way, look
from smtui.stores.mongo.indexes import Index
from smtui.stores.mongo.line import MongoLine

_DOUBLES_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How documents and indexes are.

    Attributes:
        faults: what smtui does not mend by itself; with any of them it opens nothing.
        missing: indexes that the next opening makes, by collection.
    """

    faults: tuple[StoreUnreachable, ...]
    missing: Mapping[str, tuple[Index, ...]]


async def standing(line: MongoLine, *, known: bool, seconds: float = _DOUBLES_SECONDS) -> Standing:
    """Look at everything, and change nothing.

    Args:
        line: to the database.
        known: smtui has opened it before.
        seconds: for all looks at documents that stand against one missing index.
    """
    foreign, indexes = await asyncio.gather(schema.foreign(line, known=known), look(line))
    faults = [*foreign]
    if indexes.obstacles:
        faults.append(in_the_way(indexes.obstacles))
    if not foreign:
        faults += await _doubles(line, indexes.missing, seconds)
    return Standing(faults=tuple(faults), missing=indexes.missing)


def put_together(faults: Sequence[StoreUnreachable]) -> StoreUnreachable:
    """Tell of all at once, so that nobody mends one to meet the next."""
    titles = dict.fromkeys(one.title for one in faults)
    hints = dict.fromkeys(one.hint for one in faults)
    return StoreUnreachable(". ".join(titles), hint=" ".join(hints))


async def _doubles(
    line: MongoLine, missing: Mapping[str, Sequence[Index]], seconds: float
) -> list[StoreUnreachable]:
    """Documents that share what an index would have to refuse; of a new library there are none."""
    unique = [(name, one) for name, indexes in missing.items() for one in indexes if one.unique]
    shared = await asyncio.gather(*(_are_shared(line, *one, seconds) for one in unique))
    return [doubled(*one) for one, is_shared in zip(unique, shared, strict=True) if is_shared]


async def _are_shared(line: MongoLine, name: str, index: Index, seconds: float) -> bool:
    try:
        return await has_doubles(line, name, index, seconds=seconds)
    except StoreUnreachable:
        if seconds >= _DOUBLES_SECONDS:
            raise
        # Who has little time learns it when the index is made.
        return False

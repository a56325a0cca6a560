"""Makes the indexes that are missing; reports, and never drops, what stands in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from smtui.domain.errors import StoreUnreachable
from smtui.domain.text import shown
from smtui.stores.mongo.indexes import INDEXES, Index
from smtui.stores.mongo.line import MongoLine

_BUILD_SECONDS = 1800.0
"""A database of another program may hold millions of documents without our indexes."""

# DuplicateKey; IndexOptionsConflict and IndexKeySpecsConflict.
_DOUBLES = frozenset({11000, 11001})
_AGAINST_INDEXES = _DOUBLES | {85, 86}

# What changes which documents an index holds, or how it compares them.
_CHANGING = ("partialFilterExpression", "collation", "expireAfterSeconds", "wildcardProjection")


async def made(
    line: MongoLine, declared: Mapping[str, Sequence[Index]] = INDEXES
) -> tuple[str, ...]:
    """Make what is missing; gives `collection.index` of each index that was made.

    Raises:
        StoreUnreachable: an index of another shape is in the way, or documents stand against a
            unique one. Every collection is looked at before anything is made.
    """
    missing: dict[str, list[Index]] = {}
    for name, indexes in declared.items():
        if indexes:
            missing[name] = _missing(name, indexes, await _present(line, name))
    for name, indexes in missing.items():
        if indexes:
            await _make(line, name, indexes)
    return tuple(f"{name}.{index.name}" for name in missing for index in missing[name])


def _missing(
    collection: str, declared: Iterable[Index], present: Mapping[str, Mapping[str, Any]]
) -> list[Index]:
    """The declared indexes that are not there; raises for one of another shape."""
    missing = []
    for index in declared:
        there = [(name, how) for name, how in present.items() if _keys(how) == index.keys]
        namesake = present.get(index.name)
        if not there and namesake is not None:
            raise _in_the_way(collection, index.name, "has other fields")
        for name, how in there:
            other = _difference(index, how)
            if other:
                raise _in_the_way(collection, name, other)
        if not there:
            missing.append(index)
    return missing


def _keys(how: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    # 1 may come as 1.0 where it was made in a shell.
    return tuple(
        (field, int(direction) if isinstance(direction, int | float) else direction)
        for field, direction in how["key"]
    )


def _difference(index: Index, how: Mapping[str, Any]) -> str:
    """Say how an index with the same fields differs, or nothing."""
    for wanted, there, word in (
        (index.unique, bool(how.get("unique")), "unique"),
        (index.sparse, bool(how.get("sparse")), "sparse"),
    ):
        if wanted != there:
            return f"is {word}" if there else f"is not {word}"
    return next((f"has {option}" for option in _CHANGING if how.get(option) is not None), "")


def _in_the_way(collection: str, name: str, difference: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"The index {shown(name)} of {collection} is not as smtui needs it: it {difference}",
        hint=f"Nothing was changed. If no other program needs it so, drop it in mongosh:"
        f' db.{collection}.dropIndex("{shown(name)}"); smtui makes the right one.',
    )


async def _present(line: MongoLine, name: str) -> Mapping[str, Mapping[str, Any]]:
    async def work() -> Mapping[str, Mapping[str, Any]]:
        return await line.collection(name).index_information()

    return await line.ask(work)


async def _make(line: MongoLine, name: str, indexes: Sequence[Index]) -> None:
    """Make them in one walk over the documents; when that fails, in turn, to see which one."""
    try:
        await _create(line, name, indexes)
    except OperationFailure:
        for index in indexes:
            try:
                await _create(line, name, [index])
            except OperationFailure as error:
                # Not chained: the driver's words quote the doubled value, an e-mail perhaps.
                raise _refused(name, index, error) from None


async def _create(line: MongoLine, name: str, indexes: Sequence[Index]) -> None:
    """Make indexes; raises what the server says against them, anything else in words."""

    async def work() -> OperationFailure | None:
        models = [
            IndexModel(
                list(index.keys),
                name=index.name,
                **{word: True for word in ("unique", "sparse") if getattr(index, word)},
            )
            for index in indexes
        ]
        try:
            await line.collection(name).create_indexes(models)
        except OperationFailure as error:
            if error.code in _AGAINST_INDEXES:
                return error
            raise
        return None

    refusal = await line.ask(work, seconds=_BUILD_SECONDS)
    if refusal is not None:
        raise refusal


def _refused(name: str, index: Index, error: OperationFailure) -> StoreUnreachable:
    if error.code in _DOUBLES:
        return _doubled(name, index)
    return _in_the_way(name, index.name, "has other options")


def _doubled(collection: str, index: Index) -> StoreUnreachable:
    fields = " and ".join(field for field, _ in index.keys)
    return StoreUnreachable(
        f"Documents in {collection} have the same {fields}, which must be unique",
        hint="They were made by another program; change or remove the doubles there, then start"
        " again.",
    )

"""What MongoDB's manual says of commands, held against those that tests send.

The server in Java takes what MongoDB refuses, and reads one kind of projection otherwise: a
`$slice` by itself is an exclusion in MongoDB (all other fields come along), an inclusion in Java.
So who passes there may fail, or fetch whole documents, on the server that people have.
https://www.mongodb.com/docs/manual/reference/operator/projection/slice/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pymongo import monitoring

Document = Mapping[str, Any]


def is_exclusion(projection: Document) -> bool:
    """Whether MongoDB gives every field that a projection does not name.

    `_id` says nothing of the others, unless it is all that is named.
    """
    others = [value for field, value in projection.items() if field != "_id"]
    plain = [value for value in others if not is_slice(value)]
    if plain:
        return not plain[0]
    return bool(others) or not projection.get("_id", 0)


def is_slice(value: object) -> bool:
    return isinstance(value, Mapping) and "$slice" in value


def complaints(name: str, command: Document) -> Iterator[str]:
    """Say what of a command MongoDB refuses, or reads otherwise than it looks."""
    projection = command.get("projection" if name == "find" else "fields") or {}
    if isinstance(projection, Mapping) and projection:
        yield from _of_projection(projection)
    if name in ("findAndModify", "update"):
        parts = [command] if name == "findAndModify" else list(command.get("updates", ()))
        for part in parts:
            change = part.get("update" if name == "findAndModify" else "u")
            if isinstance(change, Mapping):
                yield from _of_update(change)


def _of_projection(projection: Document) -> Iterator[str]:
    slices = [field for field, value in projection.items() if is_slice(value)]
    others = {field: value for field, value in projection.items() if field != "_id"}
    plain = {bool(value) for value in others.values() if not isinstance(value, Mapping)}
    if slices and is_exclusion(projection):
        yield f"$slice of {', '.join(slices)} brings along all other fields: {dict(projection)}"
    if len(plain) > 1:
        yield f"includes and excludes at once: {dict(projection)}"
    yield from _crossings(others)


def _of_update(change: Document) -> Iterator[str]:
    paths: list[str] = []
    for operator, fields in change.items():
        if operator.startswith("$"):
            paths += fields
            if not fields:
                yield f"{operator} changes nothing, which servers before 5.0 refuse"
    yield from _crossings(paths)


def _crossings(paths: Mapping[str, Any] | list[str]) -> Iterator[str]:
    """Name paths that meet: one of them twice, or a field and something within it."""
    ordered = sorted(path.split(".") for path in paths)
    for one, other in pairwise(ordered):
        if other[: len(one)] == one:
            yield f"{'.'.join(one)} and {'.'.join(other)} cannot be named together"


class Reader(monitoring.CommandListener):
    """Reads every command that a client of this process sends."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        found = complaints(event.command_name, event.command)
        self._found += [f"{event.command_name}: {one}" for one in found]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    def taken(self) -> list[str]:
        """Give what was found since the last time."""
        found, self._found = self._found, []
        return found


READER = Reader()
# Before any client is made: those that exist are not listened to.
monitoring.register(READER)

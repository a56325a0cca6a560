"""Hits that do not all come from one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smtui.domain.likeness import Hit
from smtui.domain.search import Choice

if TYPE_CHECKING:
    from smtui.domain.ports.documents import SampleStore

_AT_ONCE = 500


async def spread(
    hits: Sequence[Hit], samples: SampleStore, *, per_folder: int | None, limit: int
) -> tuple[Hit, ...]:
    """Give the first `limit`, at most `per_folder` of one folder (None: any number), in order."""
    if per_folder is None:
        return tuple(hits[:limit])
    choice = Choice(limit=limit, per_folder=per_folder)
    shown: tuple[Hit, ...] = ()
    for start in range(0, len(hits), _AT_ONCE):
        shown = choice.of(await placed(hits[start : start + _AT_ONCE], samples))
        if choice.is_full:
            break
    return shown


async def placed(hits: Sequence[Hit], samples: SampleStore) -> tuple[Hit, ...]:
    """Say of each in which folder it lies; what has left the library meanwhile is left out."""
    folders: dict[str, str] = {}
    for start in range(0, len(hits), _AT_ONCE):
        some = [hit.file_id for hit in hits[start : start + _AT_ONCE]]
        folders |= {one.file_id: one.folder for one in await samples.get(some)}
    return tuple(
        replace(hit, folder=folders[hit.file_id]) for hit in hits if hit.file_id in folders
    )

"""Hits that do not all come from one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smtui.domain.likeness import Hit

if TYPE_CHECKING:
    from smtui.domain.ports.documents import SampleStore

_AT_ONCE = 500


async def spread(
    hits: Sequence[Hit], samples: SampleStore, *, per_folder: int | None, limit: int
) -> tuple[Hit, ...]:
    """Give the first `limit`, at most `per_folder` of one folder (None: any number), in order."""
    if per_folder is None:
        return tuple(hits[:limit])
    kept: list[Hit] = []
    counts: Counter[str] = Counter()
    for start in range(0, len(hits), _AT_ONCE):
        some = hits[start : start + _AT_ONCE]
        folders = {one.file_id: one.folder for one in await samples.get([h.file_id for h in some])}
        for hit in some:
            folder = folders.get(hit.file_id)
            if folder is None or counts[folder] >= per_folder:
                continue
            counts[folder] += 1
            kept.append(hit)
            if len(kept) == limit:
                return tuple(kept)
    return tuple(kept)

"""Tags put and taken by tests, as `Library` does it for a person."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.ports.documents import SampleStore
from smtui.domain.sample import FileId, Mark
from smtui.domain.tag_change import Retagging


async def change_tags(
    samples: SampleStore,
    file_ids: Sequence[FileId],
    *,
    mark: Mark,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> int:
    """Add and remove tags; return how many sounds changed."""
    change = Retagging(mark=mark, add=tuple(add), remove=tuple(remove))
    return len((await samples.retag(file_ids, change)).before)

"""The ids of all that a question finds, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtui.domain.ports.documents import SampleStore
    from smtui.domain.question import Place, Question
    from smtui.domain.sample import FileId
    from smtui.services.unreadables import UnreadableAnswers


async def id_pages(
    samples: SampleStore | UnreadableAnswers,
    question: Question,
    *,
    size: int,
    limit: int | None = None,
) -> AsyncIterator[tuple[FileId, ...]]:
    """Give them in the question's order, at most `limit`, in pages of at most `size`."""
    after: Place | None = None
    left = limit
    while left is None or left > 0:
        asked = size if left is None else min(size, left)
        ids, after = await samples.ids(question, limit=asked, after=after)
        if ids:
            yield ids
        if after is None:
            return
        left = None if left is None else left - len(ids)

"""The rows of the similar screen as the list that a sound was opened from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smtui.domain.sample import FileId, Sample

if TYPE_CHECKING:
    from smtui.services.library import Library


class HitOrder:
    """Goes from one hit to the next, as they stood when one was opened."""

    def __init__(self, library: Library, file_ids: Sequence[FileId]) -> None:
        self._library = library
        self._file_ids = tuple(file_ids)

    async def around(self, file_id: FileId, step: int) -> Sample | None:
        """Give the sound so many hits after (or before) this one, None beyond either end.

        Sounds that are no longer in the library are passed over.
        """
        if file_id not in self._file_ids or step == 0:
            return None
        place = self._file_ids.index(file_id) + step
        while 0 <= place < len(self._file_ids):
            found = await self._library.samples([self._file_ids[place]])
            if found:
                return found[0]
            place += 1 if step > 0 else -1
        return None

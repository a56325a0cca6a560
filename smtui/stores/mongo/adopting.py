"""Documents of other programs become as easy to find as our own.

New ones lack the fields that we find and sort by, which stand in indexes; so whoever lacks
`disagrees` is found at once, as is what an older smtui wrote, which did not know it. Only our own
fields are written, and only while the others are as they were read. Until then such a sound is
shown, after all that have a value to sort by.

What other programs change in a document (a tag, say) is shown at once, and found when it has been
on a page: then our fields are made anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from smtui.domain.errors import StoreUnreachable
from smtui.domain.sample import FileId, Sample
from smtui.stores.mongo import deriving, generation
from smtui.stores.mongo.changing import AT_ONCE, changes, guarded, read, write
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.finding import BY_DISAGREEMENT
from smtui.stores.mongo.lookups import find
from smtui.stores.mongo.sample_codec import derived, heard_document, sample_of
from smtui.stores.mongo.sorting import Find
from smtui.stores.mongo.values import Document, text_in

_log = logging.getLogger(__name__)

STRANGERS = Find(filter={"disagrees": None}, order=BY_DISAGREEMENT, hint=BY_DISAGREEMENT)
"""Documents that no smtui like this one has seen, by an index."""

_PAUSE_SECONDS = 10.0
_FIRST_SECONDS = 2.0
"""For so long whoever opens a library goes on at first, so that what is asked then is complete."""

_PAUSE_AFTER_REFUSAL_SECONDS = 600.0


class Adoption:
    """Completes documents of other programs: those that are there, and those that come."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line
        self._due = 0.0
        self._refused_until = 0.0
        self._is_first = True
        self._row = ""

    async def now_and_then(self, *, seconds: float = 0.0) -> None:
        """Look for new documents, if that was long enough ago.

        Raises:
            StoreUnreachable: nothing can be read. That nothing can be written is no matter here.
        """
        if time.monotonic() >= self._due:
            await self.now(seconds=seconds)

    async def now(self, *, seconds: float) -> None:
        """Look for new documents; adopt some, and go on for so long."""
        begun = time.monotonic()
        # Said first: who comes meanwhile need not look as well.
        self._due = max(self._due, begun + _PAUSE_SECONDS)
        if self._is_first:
            seconds, self._is_first = max(seconds, _FIRST_SECONDS), False
        # Sounds before analyses, which are told of in their rows.
        for some in (self.some, self._some_analyses):
            while await some() == AT_ONCE:
                if time.monotonic() >= begun + seconds:
                    self._due = 0.0
                    return
        await self._unless_refused(self._look_again)

    async def look_at(self, file_id: FileId) -> None:
        """Make one row what its analyses say now, as somebody looks at the sound."""
        await self._unless_refused(lambda: self._derived(file_id))

    async def mend(self, rows: Iterable[tuple[Document, Sample]]) -> None:
        """Make our fields anew where another program changed what they follow from."""
        stale = [guarded(row, update) for row, said in rows if (update := _mending(row, said))]
        if stale:
            await self._unless_refused(lambda: self._mend(stale))

    async def some(self) -> int:
        """Adopt up to AT_ONCE documents; gives how many there were, 0 if they cannot be."""
        strangers = await find(self._line, STRANGERS, AT_ONCE)
        if not strangers:
            return 0
        return await self._unless_refused(lambda: self._adopt(strangers))

    async def _some_analyses(self) -> int:
        return await self._unless_refused(lambda: deriving.shape_some(self._line))

    async def _look_again(self) -> int:
        self._row = await deriving.derive_next(self._line, self._row)
        return 0

    async def _derived(self, file_id: FileId) -> int:
        await deriving.derive_one(self._line, file_id)
        return 0

    async def _unless_refused(self, work: Callable[[], Awaitable[int]]) -> int:
        if time.monotonic() < self._refused_until:
            return 0
        try:
            return await work()
        except StoreUnreachable as error:
            # Told by whoever asks for something else where nothing answers at all.
            await self._line.ask(lambda: generation.read(self._line))
            _log.info("documents of other programs stay as they are: %s", error)
            self._refused_until = time.monotonic() + _PAUSE_AFTER_REFUSAL_SECONDS
            return 0

    async def _mend(self, stale: Sequence[UpdateOne]) -> int:
        await write(self._line, stale)
        await generation.rise(self._line)
        return len(stale)

    async def _adopt(self, strangers: list[Document]) -> int:
        paths = [str(path) for one in strangers if (path := _fields(one).get("path_key"))]
        taken = await read(self._line, "path_key", paths)
        if not await write(self._line, updates(strangers, set(taken))):
            # A path that was taken meanwhile, by a scan: then these have none of their own.
            left = await find(self._line, STRANGERS, AT_ONCE)
            if not await write(self._line, updates(left, set(paths))):
                # Others are at the same documents; later is early enough.
                return 0
        await generation.rise(self._line)
        await deriving.derive(self._line, [text_in(one.get("file_id")) for one in strangers])
        return len(strangers)


def updates(strangers: list[Document], taken: set[str]) -> list[UpdateOne]:
    """Our fields for documents that lack them; of several at one path the first has the path."""
    found = []
    for one in strangers:
        fields = _fields(one)
        key = fields.get("path_key")
        if key in taken:
            del fields["path_key"]
        elif key is not None:
            taken.add(key)
        found.append(guarded(one, {"$set": fields}))
    return found


def _fields(document: Mapping[str, Any]) -> Document:
    sample = sample_of(document)
    if sample.heard is None:
        return derived(sample)
    source = deriving.source_in(document)
    return derived(sample) | {
        "heard": heard_document(sample.heard) | ({} if source is None else {"source": source})
    }


def _mending(row: Document, sample: Sample) -> Document:
    """What is stale in the document of a sound that was adopted; nothing for a new one."""
    if "disagrees" not in row:
        return {}
    fields = derived(sample)
    if "path_key" not in row:
        # Another document stands at this path.
        fields.pop("path_key", None)
    return changes(row, fields)

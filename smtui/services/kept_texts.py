"""Descriptions kept in the cache, so that a new session has not to make each of them again.

They lie in a few packets by the sound's id, each read and written as a whole. A description counts
only for the very analysis that it was made of, so the cache may be old, or lack any of them.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from smtui.domain.description import WORDING
from smtui.domain.sample import FileId

if TYPE_CHECKING:
    from smtui.domain.analysis import AnalysisHead
    from smtui.domain.ports.sessions import Cache

PACKETS = 64
TEXT_SECONDS = 7 * 86_400

Texts = dict[FileId, tuple[str, str]]
"""For each sound the stamp of the analysis, and the description of that."""


class KeptTexts:
    """Reads all that is kept once, and writes what came to it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._known: Texts = {}
        self._was_read = False
        self._fresh: set[FileId] = set()

    async def text(self, head: AnalysisHead) -> str | None:
        """What is kept for this very analysis."""
        if not self._was_read:
            kept = await self._cache.get_many([_key(number) for number in range(PACKETS)])
            self._known = await asyncio.to_thread(_read, kept) | self._known
            self._was_read = True
        stamp, text = self._known.get(head.file_id, ("", ""))
        return text if stamp == _stamp(head) else None

    def add(self, texts: Mapping[FileId, tuple[AnalysisHead, str]]) -> None:
        """Take in what was described anew."""
        self._known |= {one: (_stamp(head), text) for one, (head, text) in texts.items()}
        self._fresh.update(texts)

    async def write(self) -> None:
        """Keep what came in since the last time."""
        fresh, self._fresh = self._fresh, set()
        if not fresh:
            return
        for key, value in (await asyncio.to_thread(_written, dict(self._known), fresh)).items():
            await self._cache.put(key, value, seconds=TEXT_SECONDS)


def _key(number: int) -> str:
    return f"cache:descriptions:{WORDING}:{number}"


def _number(file_id: FileId) -> int:
    return blake2b(file_id.encode(), digest_size=1).digest()[0] % PACKETS


def _stamp(head: AnalysisHead) -> str:
    told = f"{head.analysis_id} {head.analyzed_at.isoformat()} {head.level} {head.file_hash}"
    return blake2b(told.encode(), digest_size=6).hexdigest()


def _read(kept: Mapping[str, bytes]) -> Texts:
    """Read packets; one that another smtui wrote otherwise, or that is torn, is none."""
    found: Texts = {}
    for packet in kept.values():
        try:
            told: Any = json.loads(zlib.decompress(packet))
            found.update({FileId(one): (str(stamp), str(text)) for one, stamp, text in told})
        except (zlib.error, ValueError, TypeError):
            continue
    return found


def _written(known: Texts, fresh: set[FileId]) -> dict[str, bytes]:
    numbers = {_number(one) for one in fresh}
    packets: dict[int, list[tuple[str, str, str]]] = {number: [] for number in numbers}
    for file_id, (stamp, text) in known.items():
        if (number := _number(file_id)) in packets:
            packets[number].append((file_id, stamp, text))
    return {
        _key(number): zlib.compress(json.dumps(told).encode(), 1)
        for number, told in packets.items()
    }

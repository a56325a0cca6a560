"""Descriptions of the sounds that somebody sees, kept in memory while nothing changes.

A cache keeps them for the next session, in a few packets by the sound's id, each read and written
as a whole. A description counts only for the very analysis that it was made of, so the cache may be
old, or lack any of them.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from smtui.domain.description import WORDING, description, essence
from smtui.domain.lexical import Lexicon
from smtui.domain.parts import in_parts
from smtui.domain.question import All, Fact, Is, Question
from smtui.domain.sample import FileId
from smtui.domain.search import Progress, unwatched
from smtui.services.listing import id_pages

if TYPE_CHECKING:
    from smtui.domain.analysis import Analysis, AnalysisHead
    from smtui.domain.ports.documents import AnalysisStore, SampleStore
    from smtui.domain.ports.sessions import Cache

PACKETS = 64
TEXT_SECONDS = 7 * 86_400

Texts = dict[FileId, tuple[str, str]]
"""For each sound the stamp of the analysis, and the description of that."""

_IDS = 1_000
_AT_ONCE = 500


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
            self._known = await asyncio.to_thread(_unpack, kept) | self._known
            self._was_read = True
        stamp, text = self._known.get(head.file_id, ("", ""))
        return text if stamp == _stamp(head) else None

    def add(self, texts: Mapping[FileId, tuple[AnalysisHead, str]]) -> None:
        """Take in what was described anew."""
        self._known |= {file_id: (_stamp(head), text) for file_id, (head, text) in texts.items()}
        self._fresh.update(texts)

    async def write(self) -> None:
        """Keep what came in since the last time."""
        fresh, self._fresh = self._fresh, set()
        if not fresh:
            return
        for key, value in (await asyncio.to_thread(_pack, dict(self._known), fresh)).items():
            await self._cache.put(key, value, seconds=TEXT_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What a question finds: each sound's description, and the lexicon of them all.

    Attributes:
        by_text: the sounds that a description is of.
        essences: of each description.
        meant: each essence once, in order.
        unheard: how many sounds have none.
    """

    by_text: Mapping[str, tuple[FileId, ...]]
    essences: Mapping[str, str]
    meant: tuple[str, ...]
    lexicon: Lexicon
    unheard: int

    @property
    def sounds(self) -> int:
        """How many sounds have a description."""
        return sum(map(len, self.by_text.values()))


class Descriptions:
    """Describes sounds when they are first asked for, and again when they were heard anew."""

    def __init__(
        self, samples: SampleStore, analyses: AnalysisStore, kept: KeptTexts | None = None
    ) -> None:
        """Read from the stores; what is `kept` spares the next session the describing."""
        self._samples = samples
        self._analyses = analyses
        self._kept = kept
        self._texts: dict[FileId, tuple[AnalysisHead, str]] = {}
        self._last: tuple[Question, int, Corpus] | None = None
        # Of two who ask at once the second finds what the first has read.
        self._turn = asyncio.Lock()

    async def corpus(self, question: Question, progress: Progress = unwatched) -> Corpus:
        """Everything that a question finds; the same again costs nothing while nothing changed."""
        async with self._turn:
            generation = await self._samples.generation()
            if self._last is not None and self._last[:2] == (question, generation):
                return self._last[2]
            corpus = await self._build_corpus(question, progress)
            self._last = question, generation, corpus
            return corpus

    async def _build_corpus(self, question: Question, progress: Progress) -> Corpus:
        by_text: dict[str, list[FileId]] = {}
        whole, read = await self._samples.count(question), 0
        # What was heard of earlier bytes says nothing of a sound.
        heard = replace(question, expression=All((question.expression, Is(Fact.HEARD))))
        async for ids in id_pages(self._samples, heard, size=_IDS):
            for file_id, text in (await self._describe(ids)).items():
                by_text.setdefault(text, []).append(file_id)
            read += len(ids)
            progress(read, whole)
        if self._kept is not None:
            await self._kept.write()
        return await asyncio.to_thread(_corpus, by_text, whole)

    async def _describe(self, file_ids: Sequence[FileId]) -> Mapping[FileId, str]:
        heads = await self._analyses.heads(file_ids)
        unknown = []
        for file_id, head in heads.items():
            if file_id in self._texts and self._texts[file_id][0] == head:
                continue
            text = None if self._kept is None else await self._kept.text(head)
            if text is not None:
                self._texts[file_id] = head, text
            else:
                unknown.append(file_id)
        for part in in_parts(unknown, _AT_ONCE):
            heard = await self._analyses.briefs(part)
            described = await asyncio.to_thread(_all_described, heard)
            self._texts |= described
            if self._kept is not None:
                self._kept.add(described)
        return {file_id: self._texts[file_id][1] for file_id in heads if file_id in self._texts}


def _key(number: int) -> str:
    return f"cache:descriptions:{WORDING}:{number}"


def _number(file_id: FileId) -> int:
    return blake2b(file_id.encode(), digest_size=1).digest()[0] % PACKETS


def _stamp(head: AnalysisHead) -> str:
    version = f"{head.analysis_id} {head.analyzed_at.isoformat()} {head.level} {head.file_hash}"
    return blake2b(version.encode(), digest_size=6).hexdigest()


def _unpack(kept: Mapping[str, bytes]) -> Texts:
    """Read packets; one that another smtui wrote otherwise, or that is torn, is none."""
    found: Texts = {}
    for packet in kept.values():
        try:
            entries: Any = json.loads(zlib.decompress(packet))
            found.update({FileId(sound): (str(stamp), str(text)) for sound, stamp, text in entries})
        except (zlib.error, ValueError, TypeError):
            continue
    return found


def _pack(known: Texts, fresh: set[FileId]) -> dict[str, bytes]:
    numbers = {_number(file_id) for file_id in fresh}
    packets: dict[int, list[tuple[str, str, str]]] = {number: [] for number in numbers}
    for file_id, (stamp, text) in known.items():
        if (number := _number(file_id)) in packets:
            packets[number].append((file_id, stamp, text))
    return {
        _key(number): zlib.compress(json.dumps(texts).encode(), 1)
        for number, texts in packets.items()
    }


def _corpus(by_text: Mapping[str, Sequence[FileId]], whole: int) -> Corpus:
    described = sum(map(len, by_text.values()))
    essences = {text: essence(text) for text in by_text}
    return Corpus(
        by_text={text: tuple(sounds) for text, sounds in by_text.items()},
        essences=essences,
        meant=tuple(sorted({*essences.values()})),
        lexicon=Lexicon(by_text),
        unheard=max(0, whole - described),
    )


def _all_described(
    heard: Mapping[FileId, Analysis],
) -> dict[FileId, tuple[AnalysisHead, str]]:
    return {
        file_id: (analysis.head, description(analysis.measured))
        for file_id, analysis in heard.items()
    }

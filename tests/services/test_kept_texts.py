"""Descriptions outlive a session, and never the analysis they are of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from smtui.demo import instruments as play
from smtui.domain.analysis import Analysis
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.services.descriptions import Corpus, Descriptions, KeptTexts
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.services.sounding import RATE, SoundingLibrary, sounding


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[SoundingLibrary]:
    async with sounding(tmp_path) as made:
        made.write("kick.wav", 0.7 * play.kick(RATE))
        made.write("hat.wav", 0.7 * play.hat(RATE))
        made.write("crash.wav", 0.7 * play.crash(RATE))
        await made.scan()
        await made.hear()
        yield made


class Counted:
    """The real analyses, and of which sounds they were read."""

    def __init__(self, analyses: Any) -> None:
        self._analyses = analyses
        self.read: list[FileId] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._analyses, name)

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        self.read += file_ids
        return dict(await self._analyses.briefs(file_ids))


async def session(
    library: SoundingLibrary, link: RedisLink, told: list[tuple[int, int]] | None = None
) -> tuple[Corpus, list[FileId]]:
    """Describe everything in a new session; gives what had to be read for that."""
    analyses = Counted(library.documents.analyses)
    described = Descriptions(library.documents.samples, analyses, KeptTexts(RedisCache(link)))
    progress = [] if told is None else told
    corpus = await described.corpus(Question(), lambda done, of: progress.append((done, of)))
    return corpus, analyses.read


async def test_the_next_session_reads_no_analysis(
    library: SoundingLibrary, link: RedisLink
) -> None:
    told: list[tuple[int, int]] = []
    first, read = await session(library, link, told)
    assert sorted(read) == sorted(library.files.values())
    assert told == [(3, 3)]
    again, read = await session(library, link)
    assert read == []
    assert again.by_text == first.by_text


async def test_a_sound_that_was_heard_anew_is_described_anew(
    library: SoundingLibrary, link: RedisLink
) -> None:
    await session(library, link)
    library.write("hat.wav", 0.7 * play.crash(RATE))
    await library.scan()
    await library.hear("hat.wav")
    corpus, read = await session(library, link)
    assert read == [library.files["hat.wav"]]
    (same,) = (sounds for sounds in corpus.by_text.values() if read[0] in sounds)
    assert library.files["crash.wav"] in same


async def test_what_is_torn_in_the_cache_is_described_again(
    library: SoundingLibrary, link: RedisLink
) -> None:
    first, _ = await session(library, link)

    async def tear(client: Any) -> None:
        for key in await client.keys("cache:descriptions:*"):
            await client.set(key, b"torn")

    await link.ask(tear)
    again, read = await session(library, link)
    assert len(read) == 3
    assert again.by_text == first.by_text

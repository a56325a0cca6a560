"""What was heard, read through a real cache by several machines: fast, and never out of date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from smtui.domain.analysis import (
    Analysis,
    AnalysisHead,
    AnalysisId,
    Claims,
    KeyClaim,
    Level,
    Measurement,
    SpectralFeatures,
    TempoClaim,
)
from smtui.domain.errors import ServerUnavailable
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.sample import FileId
from smtui.services.analysis_cache import CachedAnalyses
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from smtui.stores.sqlite.library import opened
from tests.servers.silent import silent
from tests.servers.valkey_server import ValkeyServer, running

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
KICK, SNARE = FileId("kick"), FileId("snare")
FEATURES = SpectralFeatures(
    times=(0.25, 0.75),
    spectral_centroid=(1000.1, 2000.2),
    mfcc=tuple((float(row), -1 / 3) for row in range(13)),
    chroma=tuple((row / 12, 1.0) for row in range(12)),
)


def analysis(file_id: FileId = KICK, *, at: int = 0, **changes: Any) -> Analysis:
    facts: dict[str, Any] = {
        "level": Level.ADVANCED,
        "recipe_version": 3,
        "file_hash": f"bytes of {file_id}",
        "duration": 1.25,
        "processing_time": 0.125,
        "tempo": 127.3,
        "time_signature": (3, 4),
        "claims": Claims(
            tempo_confidence=0.9,
            tempo_alternatives=(TempoClaim(tempo=63.65, confidence=0.2),),
            key_alternatives=(KeyClaim(key="A", mode="major", confidence=0.3),),
        ),
        "onsets": (0.1, 0.30000000000000004),
        "spectral_features": FEATURES,
    }
    return Analysis(
        analysis_id=AnalysisId(f"{file_id} {at}"),
        file_id=file_id,
        user_id=None,
        analyzed_at=NOW + timedelta(seconds=at),
        measured=Measurement(**(facts | changes)),
    )


class Watched:
    """The documents, with a count of what was read whole."""

    def __init__(self, analyses: AnalysisStore) -> None:
        self._analyses = analyses
        self.read: list[FileId] = []
        self.asked_by_hash = 0
        self.save = analyses.save
        self.heads = analyses.heads
        self.briefs = analyses.briefs
        self.outlines = analyses.outlines

    async def newest(self, file_id: FileId) -> Analysis | None:
        return (await self.newest_of([file_id])).get(file_id)

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        self.read += file_ids
        return await self._analyses.newest_of(file_ids)

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        self.asked_by_hash += 1
        return await self._analyses.by_hash(file_hash, recipe_version=recipe_version, level=level)


class Machine:
    """One of several that share documents and cache, with its own lines to both."""

    def __init__(self, documents: Watched, link: RedisLink) -> None:
        self.documents = documents
        self.link = link
        self.analyses = CachedAnalyses(documents, RedisCache(link))

    async def newest(self, file_id: FileId = KICK) -> Analysis | None:
        """What it reads; what it puts into the cache is there afterwards."""
        found = await self.analyses.newest(file_id)
        await self.analyses.close()
        return found


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    with running() as server:
        yield server


@pytest.fixture
async def machines(own_valkey: ValkeyServer, tmp_path: Path) -> AsyncIterator[list[Machine]]:
    """Two machines: nothing in one process is shared between them."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            kept = await stack.enter_async_context(opened(tmp_path / "library.sqlite3"))
            link = RedisLink(own_valkey.address)
            stack.push_async_callback(link.close)
            made.append(Machine(Watched(kept.analyses), link))
        yield made


@pytest.fixture
async def raw(own_valkey: ValkeyServer) -> AsyncIterator[Any]:
    client = Redis.from_url(await own_valkey.address())
    yield client
    await client.aclose()


async def test_what_one_machine_read_another_need_not_read(machines: list[Machine]) -> None:
    here, there = machines
    saved = analysis()
    await here.documents.save(saved)
    assert await here.newest() == saved
    assert await there.newest() == saved
    assert (here.documents.read, there.documents.read) == ([KICK], [])


async def test_keys_lives_and_shapes_are_those_other_programs_know(
    machines: list[Machine], raw: Any
) -> None:
    await machines[0].documents.save(analysis())
    await machines[0].newest()
    measured, features = "cache:analysis:bytes of kick", "cache:audio_features:kick"
    assert sorted(await raw.keys()) == [measured.encode(), features.encode()]
    assert 3_500 < await raw.ttl(measured) <= 3_600
    assert 86_300 < await raw.ttl(features) <= 86_400
    kept = json.loads(await raw.get(measured))
    assert (kept["level"], kept["recipe_version"], kept["tempo"]) == ("advanced", 3, 127.3)
    assert {"file_id", "user_id", "ai_summary"}.isdisjoint(kept)
    slices = json.loads(await raw.get(features))
    assert slices["spectral_features"]["spectral_centroid"] == [1000.1, 2000.2]
    assert (slices["file_hash"], slices["level"]) == ("bytes of kick", "advanced")


@pytest.mark.parametrize(
    "change",
    [
        {"level": Level.FULL},
        {"recipe_version": 4},
        {"file_hash": "other bytes"},
        {"file_hash": "other bytes", "level": Level.BASIC, "spectral_features": None},
        {"tempo": 99.0},
        {"spectral_features": None},
        {"spectral_features": replace(FEATURES, times=(1.0, 2.0))},
    ],
    ids=str,
)
async def test_a_write_of_any_machine_changes_the_answer_of_every_other(
    machines: list[Machine], change: dict[str, Any]
) -> None:
    here, there = machines
    await here.analyses.save(analysis())
    for machine in machines:
        assert await machine.newest() == analysis()
    newer = analysis(at=1, **change)
    identity = await there.analyses.save(newer)
    expected = replace(newer, analysis_id=identity)
    assert await here.newest() == expected
    assert await there.newest() == expected


async def test_a_write_that_the_cache_was_never_told_of_is_seen(machines: list[Machine]) -> None:
    """A worker that cannot reach the cache, or was killed before it could tell it."""
    here, there = machines
    await here.analyses.save(analysis())
    await here.newest()
    await there.documents.save(analysis(at=1, tempo=99.0))
    newest = await here.newest()
    assert newest is not None
    assert newest.measured.tempo == 99.0


async def test_an_old_answer_put_late_is_not_believed(machines: list[Machine], raw: Any) -> None:
    here, there = machines
    await here.analyses.save(analysis())
    await here.newest()
    late = {key: await raw.get(key) for key in await raw.keys()}
    await there.analyses.save(analysis(at=1, tempo=99.0))
    for key, value in late.items():
        await raw.set(key, value)
    for machine in machines:
        newest = await machine.newest()
        assert newest is not None
        assert newest.measured.tempo == 99.0


async def test_reads_during_writes_are_never_older_than_an_acknowledged_one(
    machines: list[Machine],
) -> None:
    here, there = machines
    acknowledged = 0
    await there.analyses.save(analysis(tempo=0.0))

    async def write() -> None:
        nonlocal acknowledged
        for number in range(1, 60):
            await there.analyses.save(analysis(at=number, tempo=float(number)))
            acknowledged = number

    async def read() -> None:
        while not writing.done():
            least = acknowledged
            newest = await here.analyses.newest(KICK)
            assert newest is not None
            assert (newest.measured.tempo or 0.0) >= least

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, *(read() for _ in range(5)))


async def test_two_sounds_of_the_same_bytes_keep_what_was_measured_of_each(
    machines: list[Machine],
) -> None:
    here, there = machines
    kick = analysis(file_hash="same", processing_time=0.5)
    snare = analysis(SNARE, file_hash="same", processing_time=0.25)
    for one in (kick, snare):
        await here.analyses.save(one)
    for machine in (here, there, here):
        assert await machine.newest(KICK) == kick
        assert await machine.newest(SNARE) == snare


async def test_many_who_ask_at_once_have_it_read_once(machines: list[Machine]) -> None:
    here, _ = machines
    await here.documents.save(analysis())
    answers = await asyncio.gather(*(here.analyses.newest(KICK) for _ in range(40)))
    assert answers == [analysis()] * 40
    assert here.documents.read == [KICK]


async def test_the_others_have_their_answer_when_the_first_who_asked_leaves(
    machines: list[Machine],
) -> None:
    here, _ = machines
    await here.documents.save(analysis())
    waiting = [asyncio.create_task(here.analyses.newest(KICK)) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)
    waiting[0].cancel()
    assert await asyncio.gather(*waiting[1:]) == [analysis()] * 2


async def test_a_page_of_sounds_comes_from_both(machines: list[Machine]) -> None:
    here, there = machines
    saved = {FileId(f"{number}"): analysis(FileId(f"{number}")) for number in range(120)}
    for one in saved.values():
        await here.documents.save(one)
    half = list(saved)[::2]
    await here.analyses.newest_of(half)
    await here.analyses.close()
    found = await there.analyses.newest_of([*saved, FileId("never heard")])
    assert found == saved
    assert {*there.documents.read} == {*saved} - {*half}
    assert await there.analyses.newest_of([]) == {}


RUBBISH: list[bytes] = [
    b"",
    b"\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"tempo": 120.0, "key": "C"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=lambda value: repr(value[:20]))
@pytest.mark.parametrize("key", ["cache:analysis:bytes of kick", "cache:audio_features:kick"])
async def test_what_is_damaged_or_anothers_is_a_miss(
    machines: list[Machine], raw: Any, key: str, rubbish: bytes
) -> None:
    here, there = machines
    await here.documents.save(analysis())
    await here.newest()
    await raw.set(key, rubbish)
    assert await there.newest() == analysis()
    assert there.documents.read == [KICK]
    assert await here.newest() == analysis()
    assert here.documents.read == [KICK]


async def test_a_key_of_another_kind_is_a_miss(machines: list[Machine], raw: Any) -> None:
    await machines[0].documents.save(analysis())
    await raw.hset("cache:analysis:bytes of kick", "a", "b")
    assert await machines[0].newest() == analysis()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tempo", "127.3"),
        ("tempo", True),
        ("level", "everything"),
        ("onsets", [0.1, None]),
        ("time_signature", [3, 4, 5]),
        ("claims", None),
        ("analyzed_at", "2025-03-01T12:00:00.123"),
        ("a field of a later release", 1),
    ],
)
async def test_a_value_of_another_release_is_a_miss(
    machines: list[Machine], raw: Any, name: str, value: Any
) -> None:
    here, there = machines
    await here.documents.save(analysis())
    await here.newest()
    key = "cache:analysis:bytes of kick"
    kept = json.loads(await raw.get(key))
    await raw.set(key, json.dumps(kept | {name: value}))
    assert await there.newest() == analysis()
    assert there.documents.read == [KICK]


@pytest.mark.parametrize("change", [{"file_hash": ""}, {"recipe_version": 0}], ids=str)
async def test_what_another_program_wrote_is_read_from_the_documents_alone(
    machines: list[Machine], raw: Any, change: dict[str, Any]
) -> None:
    """It has no hash or no recipe, and may change without a sign of it."""
    theirs = analysis(SNARE, **change)
    await machines[0].documents.save(theirs)
    assert await machines[0].newest(SNARE) == theirs
    assert await raw.keys() == []


async def test_numbers_that_json_does_not_know_are_not_cached(
    machines: list[Machine], raw: Any
) -> None:
    odd = analysis(true_peak_dbtp=float("inf"))
    await machines[0].documents.save(odd)
    assert await machines[0].newest() == odd
    assert await raw.keys() == []


async def test_the_same_bytes_are_known_from_the_cache_where_that_is_all_of_them(
    machines: list[Machine],
) -> None:
    here, there = machines
    basic = analysis(level=Level.BASIC, spectral_features=None)
    await here.documents.save(basic)
    await here.newest()
    ask = there.analyses.by_hash
    known = await ask("bytes of kick", recipe_version=3, level=Level.BASIC)
    assert known == basic.measured
    assert there.documents.asked_by_hash == 0
    assert await ask("bytes of kick", recipe_version=4, level=Level.BASIC) is None
    assert await ask("bytes of kick", recipe_version=3, level=Level.ADVANCED) is None
    assert await ask("", recipe_version=3, level=Level.BASIC) is None
    await here.analyses.save(analysis(at=1))
    await here.newest()
    whole = await ask("bytes of kick", recipe_version=3, level=Level.BASIC)
    assert whole == analysis(at=1).measured


async def test_without_a_server_reading_and_writing_go_on(
    machines: list[Machine], own_valkey: ValkeyServer
) -> None:
    here, _ = machines
    await here.analyses.save(analysis())
    assert await here.newest() == analysis()
    own_valkey.kill()
    assert await here.newest() == analysis()
    await here.analyses.save(analysis(at=1, tempo=99.0))
    newest = await here.newest()
    assert newest is not None
    assert newest.measured.tempo == 99.0
    own_valkey.start()


async def test_a_silent_server_is_waited_for_once(tmp_path: Path) -> None:
    with silent() as port:

        async def address() -> str:
            return f"redis://127.0.0.1:{port}"

        link = RedisLink(address)
        async with opened(tmp_path / "library.sqlite3") as documents:
            reading = CachedAnalyses(documents.analyses, RedisCache(link))
            await documents.analyses.save(analysis())
            # One wait of a second for all, where each alone would make it 200 s.
            async with asyncio.timeout(100):
                for _ in range(200):
                    assert await reading.newest(KICK) == analysis()
            await reading.close()
        await link.close()


async def test_looking_at_sounds_starts_no_private_server(tmp_path: Path) -> None:
    asked = 0

    async def start() -> str:
        nonlocal asked
        asked += 1
        raise ServerUnavailable("The private Valkey cannot be had")

    link = RedisLink(start)
    async with opened(tmp_path / "library.sqlite3") as documents:
        reading = CachedAnalyses(documents.analyses, RedisCache(link, opens=False))
        await reading.save(analysis())
        assert await reading.newest(KICK) == analysis()
        await reading.close()
    assert asked == 0


async def test_a_line_that_somebody_opened_is_used(
    own_valkey: ValkeyServer, tmp_path: Path, raw: Any
) -> None:
    link = RedisLink(own_valkey.address)
    await link.ask(lambda client: client.exists("nothing"))
    async with opened(tmp_path / "library.sqlite3") as documents:
        reading = CachedAnalyses(documents.analyses, RedisCache(link, opens=False))
        await reading.save(analysis())
        await reading.newest(KICK)
        await reading.close()
    assert len(await raw.keys()) == 2
    await link.close()


def test_heads_differ_where_anything_of_them_does() -> None:
    heads: set[AnalysisHead] = {analysis().head, analysis(at=1).head, analysis(tempo=1.0).head}
    assert len(heads) == 2

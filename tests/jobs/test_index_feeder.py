"""What was heard comes into the index by itself, and an index that is away costs nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smtui.audio.recipe import Recipe
from smtui.domain.analysis import Level
from smtui.domain.sample import FileId
from smtui.stores.chroma.client import ChromaLine
from smtui.stores.chroma.index import ChromaIndex
from smtui.wiring import SystemClock
from tests.jobs.conftest import Bench
from tests.servers.chroma_server import ChromaServer, running_chroma


@pytest.fixture
def chroma(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChromaServer]:
    with running_chroma() as server:
        monkeypatch.setenv("CHROMA_FOR_TESTS", server.url())
        yield server


def index_at(server: ChromaServer) -> ChromaIndex:
    async def address() -> str:
        return server.url()

    return ChromaIndex(ChromaLine(address), recipe_version=Recipe.recipe_version, about=False)


async def test_what_a_worker_heard_can_be_found(bench: Bench, chroma: ChromaServer) -> None:
    ids = await bench.sounds("a.wav", "b.wav", "c.wav")
    bench.work(children=2)
    run = await bench.ended(await bench.start(ids, level=Level.ADVANCED))
    assert run.completed == 3
    index = index_at(chroma)

    async def there() -> set[FileId]:
        return set(await index.ids(limit=10))

    await bench.until(lambda: _is(there, set(ids)))
    # While a long file is being heard, the short one before it is found already.
    short, long = await bench.sounds("short.wav", "long-1.wav")
    run_id = await bench.start([short, long], level=Level.ADVANCED)
    await bench.until(lambda: _is(there, {*ids, short}))
    assert long not in await there()
    await bench.ended(run_id)
    await bench.until(lambda: _is(there, {*ids, short, long}))
    await index.close()


async def test_what_was_lost_on_the_way_is_found_by_the_counts(
    bench: Bench, chroma: ChromaServer
) -> None:
    """Heard by a worker without an index, and one sound went away: the next worker mends it."""
    ids = await bench.sounds("a.wav", "b.wav", "c.wav")
    index = index_at(chroma)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMA_FOR_TESTS", "")
        bench.work()
        await bench.ended(await bench.start(ids, level=Level.ADVANCED))
    assert await index.ids(limit=10) == ()
    await bench.stores.samples.set_missing(ids[:1], SystemClock().now())
    bench.work()

    async def there() -> set[FileId]:
        return set(await index.ids(limit=10))

    await bench.until(lambda: _is(there, set(ids[1:])))
    await index.close()


async def test_an_index_that_is_away_costs_the_listening_nothing(
    bench: Bench, chroma: ChromaServer
) -> None:
    chroma.kill()
    ids = await bench.sounds("a.wav", "b.wav")
    bench.work()
    run = await bench.ended(await bench.start(ids, level=Level.ADVANCED))
    assert run.completed == 2


async def test_a_defect_in_the_filling_costs_one_child_and_no_sound(
    bench: Bench, chroma: ChromaServer
) -> None:
    (bench.folder / "heard.log.index-defect").touch()
    ids = await bench.sounds("a.wav", "b.wav", "slow.wav")
    bench.work()
    run = await bench.ended(await bench.start(ids, level=Level.ADVANCED))
    assert (run.completed, run.failed) == (3, 0)
    index = index_at(chroma)

    async def there() -> set[FileId]:
        return set(await index.ids(limit=10))

    await bench.until(lambda: _is(there, set(ids)))
    log = (bench.folder / "worker.log").read_text()
    assert "smtui-index ends because of a defect" in log
    assert log.count("exited with") == 1
    await index.close()


async def _is(there: object, wanted: set[FileId]) -> bool:
    assert callable(there)
    return bool(await there() == wanted)

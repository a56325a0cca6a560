"""A library that a newer smtui has changed ends the worker, loudly, for whoever looks after it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.jobs.conftest import Bench


def made_newer(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.folder / "library.sqlite3")) as library:
        library.execute("PRAGMA user_version = 99")


async def test_a_worker_on_a_newer_library_ends_with_the_sentence_and_a_status(
    bench: Bench,
) -> None:
    made_newer(bench)
    worker = bench.work(machine="studio-a", children=2)
    assert await bench.until(lambda: worker.poll() is not None)
    assert worker.returncode == 1
    log = (bench.folder / "studio-a.log").read_text()
    (sentence,) = [line for line in log.splitlines() if line.startswith("ended: ")]
    assert "newer smtui" in sentence


async def test_a_worker_ends_also_where_the_library_becomes_newer_while_it_works(
    bench: Bench,
) -> None:
    await bench.start(await bench.sounds(*(f"slow-{at}.wav" for at in range(20))))
    worker = bench.work(machine="studio-a")
    await bench.until(lambda: bench.heard().total() >= 2)
    made_newer(bench)
    assert await bench.until(lambda: worker.poll() is not None)
    assert worker.returncode == 1


async def test_the_private_worker_waits_for_the_newer_one_that_takes_its_place(
    bench: Bench,
) -> None:
    made_newer(bench)
    worker = bench.work()
    await bench.until(lambda: "newer smtui" in (bench.folder / "worker.log").read_text())
    assert worker.poll() is None

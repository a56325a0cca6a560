"""What a worker's child keeps of memory: nothing for each reader, nothing of what it has freed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.library import MODEST, opened
from tests.jobs.conftest import Bench

HEAP = """
import threading
from smtui.heap import give_back, prepare_heap
prepare_heap()
def resident():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096
def work():
    kept = [bytes(3_000) for _ in range(40_000)]
    last.append(kept[-1])
    kept.clear()
last = []
before = resident()
for thread in [threading.Thread(target=work) for _ in range(8)]:
    thread.start()
    thread.join()
give_back()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told what to keep")
def test_what_was_freed_goes_back_to_the_system() -> None:
    told = subprocess.run(
        [sys.executable, "-c", HEAP], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(told.stdout) < 20_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is mapped")
async def test_a_childs_readers_map_no_library(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    async with opened(path, caches=MODEST):
        reader = Reader(path, MODEST)
        reader.rows("SELECT count(*) FROM sqlite_master")
        mapped = Path("/proc/self/maps").read_text().splitlines()  # noqa: ASYNC240 - a test
        reader.close()
    assert not [line for line in mapped if line.endswith(path.name)]


async def test_a_child_works_on_after_it_has_given_memory_back(bench: Bench) -> None:
    worker = bench.work(linger_seconds=0.2)
    for name in ("tone0.wav", "tone1.wav"):
        run_id = await bench.start(await bench.sounds(name))
        assert (await bench.ended(run_id)).completed == 1
        await bench.until(lambda: not Path(f"{bench.log}.in-use").exists())
    assert worker.poll() is None

"""One person's folders for a test; what runs in them is ended after it, whatever happened."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from smtui.local.processes import Record
from smtui.local.servers import PrivateServers
from smtui.local.setup import Files, Manners, Versions
from smtui.paths import Places

PROGRAM = """
import os, signal, sys, time
def end(*_):
    print("ended in order", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
# As a worker that has seen that there is nothing to do.
os.close(int(os.environ["SMTUI_HELD_LOCK"]))
print("listening", os.environ["SMTUI_PRIVATE_VALKEY"], *sys.argv[1:], flush=True)
time.sleep(600)
"""
WORKER = (sys.executable, "-c", PROGRAM)
MINE = Versions(smtui="1.2.0", schema=3)


class Private:
    """One person's folders, and what runs in them."""

    def __init__(self, base: Path) -> None:
        self.places = Places(data=base / "data", state=base / "state", config=base / "config")
        self.files = Files(places=self.places)

    def servers(
        self,
        versions: Versions = MINE,
        worker: tuple[str, ...] = WORKER,
        idle_seconds: float = 600,
        children: int | None = None,
    ) -> PrivateServers:
        manners = Manners(idle_seconds=idle_seconds, children=children)
        return PrivateServers(self.places, manners, versions=versions, worker=worker)

    def pid(self, name: str) -> int | None:
        """The number of a process that runs now, as written down."""
        record = Record.load(self.files.record(name))
        return record.pid if record is not None and record.alive() else None

    def kill(self, name: str) -> int:
        pid = self.pid(name)
        assert pid is not None, f"no {name} runs"
        os.kill(pid, signal.SIGKILL)
        return pid

    async def worker_listens(self) -> None:
        """Wait until the worker has got as far as its first words."""
        await until(lambda: "listening" in self.files.log("worker").read_text())

    def all_running(self) -> list[psutil.Process]:
        """Every process that works in these folders."""
        mark = str(self.places.data.parent)
        found = []
        for process in psutil.process_iter():
            try:
                home = process.environ().get("SMTUI_HOME", "")
                words = [home, *process.cmdline()]
                if any(mark in word for word in words) and process.pid != os.getpid():
                    found.append(process)
            except psutil.Error:
                continue
        return found


async def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        await asyncio.sleep(0.02)


async def until_answer(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until a question gets the wanted answer."""
    end = time.monotonic() + 20
    while (answer := await ask()) != wanted:
        assert time.monotonic() < end, answer
        await asyncio.sleep(0.02)


def home_of_its_own(tmp_path: Path) -> Iterator[Private]:
    made = Private(tmp_path / "home")
    yield made
    end = time.monotonic() + 10
    # Listed anew each time: who is killed first may just have been starting another.
    while running := made.all_running():
        assert time.monotonic() < end, running
        for process in running:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)

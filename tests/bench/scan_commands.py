"""How many commands a scan asks the MongoDB server, by their names.

An instrument, no test: `poe bench-scan-commands [FILES]` writes FILES short sounds (10,000) into a
new folder, scans them into an empty library on a server of its own, scans them once more, and
counts. The goal: less than one command a file.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from pymongo import monitoring

from smtui.folders.finder import DiskFinder
from smtui.services.rights import Rights
from smtui.services.scans import Scans
from smtui.stores.mongo.library import Documents, opened
from tests.servers.mongo_server import fresh_database, running_mongo
from tests.services.people import person

FILES = 10_000
FILES_IN_A_FOLDER = 500
GOAL = 1.0
SAMPLES = 16


class CommandCount(monitoring.CommandListener):
    """Counts what the driver sends, looks at the server itself left out."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def write_sounds(folder: Path, count: int) -> None:
    """Write WAV files, 16 bit mono at 8 kHz, each with other bytes."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    for number in range(count):
        path = folder / f"{number // FILES_IN_A_FOLDER}" / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = struct.pack("<I", number) + bytes(2 * SAMPLES)
        body = b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


async def count_scan(
    documents: Documents, folder: Path, counted: CommandCount
) -> Mapping[str, int]:
    """Scan the folder; return the commands that this took, by name."""
    finder = DiskFinder()
    person_here = await documents.accounts.by_login("anna")
    assert person_here is not None
    scans = Scans(documents.samples, finder, SystemClock(), rights=Rights(documents.accounts))
    counted.names.clear()
    try:
        async with aclosing(scans.scan([folder], by=person_here)) as steps:
            async for _ in steps:
                pass
    finally:
        finder.close()
    return dict(counted.names)


async def measure(url: str, folder: Path, counted: CommandCount) -> list[Mapping[str, int]]:
    """Scan twice; return the commands of each scan."""
    async with opened(url) as documents:
        await documents.accounts.add(person("anna"))
        return [await count_scan(documents, folder, counted) for _ in range(2)]


def main() -> int:
    """Print the commands of both scans; return 1 if the first takes one or more a file."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    counted = CommandCount()
    monitoring.register(counted)
    with tempfile.TemporaryDirectory(prefix="smtui-scan-") as name, running_mongo() as server:
        write_sounds(Path(name), count)
        with fresh_database(server) as url:
            first, second = asyncio.run(measure(url, Path(name), counted))
    for title, commands in (("new", first), ("unchanged", second)):
        total = sum(commands.values())
        parts = ", ".join(f"{one} {number:,}" for one, number in sorted(commands.items()))
        print(
            f"{count:,} files, {title:9}: {total:7,} commands, {total / count:.3f} a file ({parts})"
        )
    return sum(first.values()) >= GOAL * count


if __name__ == "__main__":
    sys.exit(main())

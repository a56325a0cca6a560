"""A worker without ears, to be killed: claims files of a run, ends them, writes down what counted.

Args on the command line: the library's URL, the run, the worker's name, the file to append to.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from smtui.domain.batch import RunId
from smtui.domain.errors import ErrorCode
from smtui.stores.mongo.batches import MongoBatches
from smtui.stores.mongo.client import MongoLine

LEASE_SECONDS = 1.5
_LEAVES = 0.1
_FAILS = 0.1


async def work(url: str, run_id: RunId, worker: str, book: Path) -> None:
    dice = random.Random(worker)
    batches = MongoBatches(MongoLine(url))
    file = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    while True:
        progress = await batches.progress(run_id)
        assert progress is not None
        if progress.finished_at is not None:
            return
        if run_id not in await batches.claimable():
            await asyncio.sleep(0.05)
        for claimed in await batches.claim(
            run_id, worker=worker, limit=6, lease_seconds=LEASE_SECONDS
        ):
            await asyncio.sleep(0.004)
            await batches.renew(claimed, lease_seconds=LEASE_SECONDS)
            chance = dice.random()
            if chance < _LEAVES:
                await batches.hand_back(claimed)
                continue
            if chance < _LEAVES + _FAILS:
                counted = await batches.fail(
                    claimed, code=ErrorCode.UNREADABLE, error="It is damaged"
                )
            else:
                counted = await batches.complete(claimed, claimed.analysis_id)
            if counted:
                # One write, so that a kill leaves all of the line or none.
                os.write(file, f"{claimed.batch_id} {claimed.file_id}\n".encode())


if __name__ == "__main__":
    address, run, name, written = sys.argv[1:]
    asyncio.run(work(address, RunId(run), name, Path(written)))

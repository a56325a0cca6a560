"""The keeper: the one small parent of a person's Valkey, Chroma and worker.

`python -m smtui.local.keeper SETUP`, where SETUP is `Setup.to_json()`. It leaves the terminal,
says one line of JSON when it listens (or why it cannot), and then talks JSON lines over a unix
socket: `{"do": "ping" | "need" | "rest" | "status" | "stop" | "drain", …}`, answered by one line
each. It opens no documents and imports nothing heavy.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from smtui.local.locks import FileLock
from smtui.local.refusals import cannot_use
from smtui.local.setup import Files, Setup
from smtui.local.supervisor import Keeper, refusal
from smtui.log_files import open_log


def _keep(setup: Setup, ready: Callable[[dict[str, Any]], None]) -> None:
    """Be the keeper, if there is none yet."""
    files = Files(places=setup.places)
    try:
        os.chdir(setup.places.state)
        log = open_log(files.log("keeper"))
        lock = FileLock.take(files.keeper_lock, exclusive=True)
    except OSError as error:
        why = cannot_use(setup.places.state, error)
        ready(refusal(why.title, why.hint))
        return
    for stream in (1, 2):
        os.dup2(log, stream)
    if lock is None:
        ready({"ok": True})
        return
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        # The keeper before this one may have taken the folder of its sockets along.
        setup.places.prepare()
        asyncio.run(Keeper(setup, lock).serve(ready))
    except OSError as error:
        why = cannot_use(setup.places.sockets, error)
        ready(refusal(why.title, why.hint))
        raise


def main() -> None:
    """Leave the terminal; the process that was called ends when the keeper listens."""
    setup = Setup.from_json(sys.argv[1])
    os.umask(0o077)
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.readline() or json.dumps(refusal("The keeper ended as it started")).encode()
        os.write(1, said)
        os._exit(0)
    os.close(reading)
    open_end = [writing]

    def ready(line: dict[str, Any]) -> None:
        """Tell the caller once; later calls have nobody who listens."""
        if open_end:
            with os.fdopen(open_end.pop(), "wb") as pipe:
                pipe.write(json.dumps(line).encode() + b"\n")

    _keep(setup, ready)


if __name__ == "__main__":
    main()

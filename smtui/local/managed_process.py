"""One server in the keeper's care: started when needed, restarted when it dies, adopted.

Apart from the supervisor, which knows them all and none of their troubles.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from smtui.domain.errors import ServerUnavailable
from smtui.domain.text import shown
from smtui.local import processes
from smtui.local.processes import Record, Running
from smtui.local.refusals import cannot_use
from smtui.local.server_kinds import Kind, Look
from smtui.log_files import last_line

_LOOK_AGAIN_SECONDS = 0.005
_ADOPTION_SECONDS = 3.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_LIVED_WELL_SECONDS = 30.0
# One after the other; by then the pauses have reached their longest.
_HOPELESS_DEATHS = 10
# A caller waits out so short a pause rather than being told of it.
_WAIT_SECONDS = 2.0
# What Chroma says where SQLite cannot read its file, among much else that helps nobody.
_DATABASE_REFUSED = "SqliteError"
# What Valkey writes before each line: who, when, how grave.
_STAMP = re.compile(r"^\d+:[A-Z] \d+ \w+ \d{4} [\d:.]+ [.*#-] ")
_FILES_DAMAGED = "its files are damaged"
_ANEW = "`smtui index rebuild` makes them again from the analyses."
_DOCTOR = "`smtui doctor` tells what is wrong; logs are in the state folder."

_log = logging.getLogger(__name__)


class ManagedProcess:
    """A server that the keeper looks after."""

    def __init__(self, kind: Kind, *, record: Path, log: Path) -> None:
        self._kind = kind
        self._record = record
        self._log = log
        self._running: Running | None = None
        self._wanted = False
        self._deaths = 0
        self._died_young = False
        self._ending = False
        self._not_before = 0.0
        self._reason = ""
        self._busy = asyncio.Lock()

    def alive(self) -> bool:
        """True if its process runs now."""
        return self._running is not None and self._running.alive()

    def age(self) -> float:
        """For how long it has run, s; without end where it does not run."""
        return math.inf if self._running is None else time.time() - self._running.record.since

    def comes_back(self) -> bool:
        """True if it has died and is started again, unless it has died young all too often."""
        return self._wanted and not self.alive() and self._deaths < _HOPELESS_DEATHS

    def status(self) -> dict[str, Any]:
        """What is known of it, for people."""
        if self._running is not None and self.alive():
            record = self._running.record
            state = "starting" if self._busy.locked() else "running"
            known = {"pid": record.pid, "address": record.address, "since": record.since}
            return {"state": state, **known}
        return {"state": "failed" if self._reason else "stopped", "reason": self._reason}

    async def adopt(self) -> None:
        """Take over the process of an earlier keeper if it is well; end it if it is not."""
        async with self._busy:
            record = Record.load(self._record)
            if record is None or not record.alive():
                return
            running = Running(record)
            if record.home.has_moved:
                _log.warning("%s, pid %d, is left of a moved folder", self._kind.title, record.pid)
                await self._end(running)
                return
            until = time.monotonic() + _ADOPTION_SECONDS
            while await self._kind.look(record) is Look.SILENT:
                if time.monotonic() > until or not running.alive():
                    _log.warning("%s, pid %d, is silent: ended", self._kind.title, record.pid)
                    await self._end(running)
                    return
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            self._running = running
            self._wanted = True
            _log.info("%s, pid %d, adopted", self._kind.title, record.pid)

    async def need(self) -> str:
        """Make sure it runs and answers; return its address. Raises ServerUnavailable."""
        async with self._busy:
            if self._ending:
                raise ServerUnavailable(f"{self._kind.title} is being stopped")
            self._note_death()
            if self._running is None:
                # What dies again and again is not started faster by asking for it.
                pause = self._not_before - time.monotonic() if self._died_young else 0.0
                if pause > _WAIT_SECONDS:
                    raise self._failure()
                await asyncio.sleep(max(0.0, pause))
                await self._start()
            assert self._running is not None
            return self._running.record.address

    async def check(self) -> None:
        """Start it again if it was wanted and has died, after a pause that grows."""
        if self._busy.locked() or not self._wanted:
            return
        async with self._busy:
            self._note_death()
            if self._running is None and time.monotonic() >= self._not_before:
                try:
                    await self._start()
                except ServerUnavailable as error:
                    _log.warning("%s", error)

    async def stop(self) -> None:
        """Ask it to end for good, and wait until it and all that it started are gone."""
        self._ending = True
        await self.rest()

    async def rest(self, *, without: Path | None = None) -> None:
        """End it until it is needed again; it then begins without what is in a folder.

        Raises ServerUnavailable where the folder cannot be emptied.
        """
        async with self._busy:
            self._wanted = False
            self._reason = ""
            self._died_young = False
            if self._running is not None:
                await self._end(self._running)
                self._running = None
            if without is not None:
                try:
                    await asyncio.to_thread(_empty, without)
                except OSError as error:
                    raise cannot_use(without, error) from error

    def _note_death(self) -> None:
        """See whether it has died since one last looked."""
        running = self._running
        if running is None or running.alive():
            return
        # What it had started must not be met by its successor.
        running.end_group()
        self._running = None
        lived = time.time() - running.record.since
        self._note(self._why(running, "has ended by itself"), lived=lived)
        self._died_young = lived < _LIVED_WELL_SECONDS
        _log.warning(
            "%s, pid %d, has died after %.0f s", self._kind.title, running.record.pid, lived
        )

    def _note(self, reason: str, *, lived: float = 0.0) -> None:
        """Remember why it does not run, and when to try again."""
        self._reason = reason
        self._died_young = False
        self._deaths = 1 if lived > _LIVED_WELL_SECONDS else self._deaths + 1
        # The first restart is at once; a server that dies again and again has to wait.
        pause = _FIRST_PAUSE_SECONDS * 2 ** (self._deaths - 2) if self._deaths > 1 else 0.0
        self._not_before = time.monotonic() + min(pause, _LONGEST_PAUSE_SECONDS)

    def _failure(self) -> ServerUnavailable:
        return ServerUnavailable(
            self._reason, hint=_ANEW if self._reason.endswith(_FILES_DAMAGED) else _DOCTOR
        )

    def _why(self, running: Running, how: str, *, since: int = 0) -> str:
        """Say how it ended, with what it wrote last after byte `since` of its log."""
        killed = running.killed_by()
        if killed:
            # Its last words say nothing about a death that came from outside.
            return f"{self._kind.title} was ended by {killed}"
        said = shown(_STAMP.sub("", last_line(self._log, since=since))).rstrip(".")
        sentence = f"{self._kind.title} {how}"
        if _DATABASE_REFUSED in said:
            return f"{sentence}: {_FILES_DAMAGED}"
        return f"{sentence}: {said}" if said else sentence

    async def _start(self) -> None:
        try:
            launch = self._kind.launch(Record.load(self._record))
            launch.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = self._log.stat().st_size if self._log.exists() else 0
            running = processes.start(launch, record=self._record)
        except OSError as error:
            refusal = cannot_use(Path(error.filename or self._record.parent), error)
            self._note(refusal.title)
            raise refusal from error
        except ServerUnavailable as error:
            self._note(error.title)
            raise
        self._running = running
        await self._ready(running, written)
        self._wanted = True
        _log.info("%s started, pid %d", self._kind.title, running.record.pid)

    async def _ready(self, running: Running, written: int) -> None:
        """Wait until it answers; `written` is where its words in the log begin."""
        until = time.monotonic() + self._kind.start_seconds
        while (look := await self._kind.look(running.record)) is not Look.READY:
            now = time.monotonic()
            if look is Look.BUSY:
                until = now + self._kind.start_seconds
            late = now > until or self._ending
            if late or not running.alive():
                how = "does not answer" if late else "ended as it started"
                self._note(self._why(running, how, since=written))
                await self._end(running)
                self._running = None
                raise self._failure()
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        self._reason = ""

    async def _end(self, running: Running) -> None:
        """End a process in order, and with force where it does not listen."""
        farewell = self._kind.farewell
        running.tell(farewell.number)
        if not await running.gone(seconds=farewell.seconds):
            _log.warning("%s, pid %d, does not end: killed", self._kind.title, running.record.pid)
            running.tell(signal.SIGKILL)
            await running.gone(seconds=farewell.seconds)
        running.end_group()


def _empty(folder: Path) -> None:
    """Take away what is in a folder, which itself may be a link to another disk."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

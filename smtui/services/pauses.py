"""Holding all listening on this machine while somebody records, and letting it go on.

Nothing need run for it: what was said is kept where every process of this machine looks, and
workers look between two files. What they had claimed and not begun goes back, no try counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from smtui.domain.batch import RunId
from smtui.domain.errors import InputInvalid, ServerUnavailable
from smtui.domain.pause import Pause, QuietHours, Word, present_pause
from smtui.domain.ports.work import Clock, JobQueue, PauseNote

# What is said here is shown at once; what is said elsewhere, soon.
_LOOK_SECONDS = 2.0

_HINT = "`smtui resume-all` ends it; the work is saved and goes on then."


class Pauses:
    """Whether this machine listens."""

    def __init__(self, note: PauseNote, clock: Clock, hours: QuietHours | None = None) -> None:
        self._note = note
        self._clock = clock
        self._hours = hours or QuietHours()

    async def present(self) -> Pause | None:
        """Why it does not listen now, None where it does."""
        return present_pause(await self._note.read_word(), self._hours, self._clock.now())

    async def pause(self, until: datetime | None = None) -> Pause:
        """Hold all listening until then, or until `resume`; the newest word counts.

        Raises:
            InputInvalid: the time has passed.
            StoreUnreachable: the state folder is full or read-only.
        """
        if until is not None and until <= self._clock.now():
            raise InputInvalid("The pause would be over before it begins")
        await self._note.keep(Word(pause=True, until=until))
        return Pause(until=until)

    async def resume(self) -> bool:
        """Listen again, in quiet hours until they end; False where it was listening.

        Raises StoreUnreachable where the state folder is read-only.
        """
        now = self._clock.now()
        word = await self._note.read_word()
        if present_pause(word, self._hours, now) is None:
            return False
        end = self._hours.until(now)
        if end is not None:
            await self._note.keep(Word(pause=False, until=end))
        else:
            await self._note.remove()
        return True

    async def watch(self) -> AsyncIterator[Pause | None]:
        """Follow it: the present first, then every change; no end."""
        last = await self.present()
        yield last
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = await self.present()
            if now != last:
                last = now
                yield now


class PausedQueue:
    """Implements JobQueue over another; where only this machine listens, it says that it rests."""

    def __init__(self, queue: JobQueue, pauses: Pauses) -> None:
        self._queue = queue
        self._pauses = pauses

    async def wake(self, run_id: RunId, *, urgent: bool) -> None:
        """Wake as the other does; then raise ServerUnavailable, saying why nobody listens now."""
        await self._queue.wake(run_id, urgent=urgent)
        pause = await self._pauses.present()
        if pause is not None:
            raise ServerUnavailable(str(pause), hint=_HINT)

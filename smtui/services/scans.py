"""Taking folders into the library, and remembering which."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.account import UserId
from smtui.domain.errors import InputInvalid, ServerUnavailable
from smtui.domain.ports.documents import AccountStore, SampleStore
from smtui.domain.ports.sessions import RateLimits
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import Folder
from smtui.domain.scan import ScanProgress
from smtui.domain.text import printable_path
from smtui.services.scanning import Scan

SCANS_PER_MINUTE = 20
_ENDPOINT = "audio_upload"
_PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Intents:
    """Where a scan is counted: with the account, and against the limit per minute."""

    accounts: AccountStore | None = None
    limits: RateLimits | None = None
    per_minute: int = SCANS_PER_MINUTE


class Scans:
    """Scans folders, and knows which were scanned."""

    def __init__(
        self,
        samples: SampleStore,
        finder: SoundFinder,
        clock: Clock,
        *,
        intents: Intents | None = None,
    ) -> None:
        self._samples = samples
        self._finder = finder
        self._clock = clock
        self._intents = intents or Intents()

    async def scan(
        self, roots: Sequence[Path], *, user_id: UserId | None
    ) -> AsyncGenerator[ScanProgress, None]:
        """Scan folders (or single files), and the remembered ones where none are given.

        Yields about ten times a second while something changes; the last one is the report.
        Stopping at any moment leaves a consistent library, and scanning again goes on.

        Raises:
            InputInvalid: no folder is given, and none is remembered.
            TooManyTries: this person asked for too many scans in a minute.
        """
        wanted = apart(roots or [folder.path for folder in await self.folders(user_id)])
        if not wanted:
            raise InputInvalid("No folder was scanned yet", hint="Name one: smtui scan FOLDER.")
        await self._count(user_id)
        scan = Scan(
            samples=self._samples,
            finder=self._finder,
            clock=self._clock,
            user_id=user_id,
            accounts=self._intents.accounts,
        )
        work = asyncio.ensure_future(scan.run(wanted))
        try:
            told = scan.progress
            yield told
            while not (await asyncio.wait([work], timeout=_PROGRESS_SECONDS))[0]:
                if scan.progress != told:
                    told = scan.progress
                    yield told
            await work
        finally:
            work.cancel()
            # What was read last is saved to its end, so that nothing is written after we return.
            await asyncio.wait([work])
        yield scan.progress

    async def folders(self, user_id: UserId | None) -> tuple[Folder, ...]:
        """The folders that were scanned, by path."""
        return await self._samples.folders(user_id=user_id)

    async def forget(self, folder: Path, *, user_id: UserId | None) -> bool:
        """Forget a folder; its sounds stay. False if it was not remembered."""
        raw = os.fsencode(os.path.abspath(folder))  # noqa: ASYNC240, PTH100 - looks at no disk
        return await self._samples.forget_folder(printable_path(raw), user_id=user_id)

    async def _count(self, user_id: UserId | None) -> None:
        intents = self._intents
        if intents.limits is None or user_id is None:
            return
        try:
            await intents.limits.hit(user_id, _ENDPOINT, limit=intents.per_minute)
        except ServerUnavailable:
            # Counting protects shared servers; without them a scan harms nobody.
            return


def apart(roots: Sequence[Path]) -> list[Path]:
    """Make paths absolute, and leave out those that lie in another one."""
    absolute = sorted({Path(os.path.abspath(root)) for root in roots})  # noqa: PTH100
    kept: list[Path] = []
    for root in absolute:
        if not any(root.is_relative_to(other) for other in kept):
            kept.append(root)
    return kept

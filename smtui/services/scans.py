"""Taking folders into the library, and remembering which."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smtui.domain.account import Account, UserId
from smtui.domain.errors import InputInvalid, ServerUnavailable
from smtui.domain.ports.documents import AccountStore, SampleStore
from smtui.domain.ports.sessions import RateLimits
from smtui.domain.ports.work import Clock, SoundFinder
from smtui.domain.sample import Folder
from smtui.domain.scan import Candidate, ScanProgress
from smtui.domain.text import printable_path
from smtui.services.permissions import Deed
from smtui.services.relocating import Relocation
from smtui.services.rights import Rights
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
        rights: Rights,
        intents: Intents | None = None,
    ) -> None:
        self._samples = samples
        self._finder = finder
        self._clock = clock
        self._rights = rights
        self._intents = intents or Intents()

    async def scan(
        self, roots: Sequence[Path], *, by: Account, shared: bool = False
    ) -> AsyncGenerator[ScanProgress, None]:
        """Scan folders (or single files) of this machine; the remembered ones where none are given.

        What is found is the account's own, or with `shared` nobody's, for all to see.

        Yields about ten times a second while something changes; the last one is the report.
        Stopping at any moment leaves a consistent library, and scanning again goes on.

        Raises:
            InputInvalid: no folder is given, and none is remembered.
            NotAllowed: a listener takes in no shared sounds.
            TooManyTries: this person asked for too many scans in a minute.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        kept = [self._finder.paths.kept(root) for root in apart(roots)]
        wanted = self._apart(kept or [folder.path for folder in await self.folders(user_id)])
        if not wanted:
            raise InputInvalid("No folder was scanned yet", hint="Name one: smtui scan FOLDER.")
        await self._count(by.user_id)
        scan = self._scan(user_id, by)
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

    async def take_in(
        self, root: Path, found: Sequence[Candidate], *, by: Account, shared: bool = False
    ) -> ScanProgress:
        """Take in what came to rest in a watched folder of this machine; gives the report.

        Nobody asks for it, so it is no scan by the limit per minute. Raises NotAllowed as `scan`.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        scan = self._scan(user_id, by)
        await scan.take(self._finder.paths.kept(root), found)
        return scan.progress

    async def folders(self, user_id: UserId | None) -> tuple[Folder, ...]:
        """The folders that were scanned, by path."""
        return await self._samples.folders(user_id=user_id)

    async def forget(self, folder: Path, *, by: Account, shared: bool = False) -> bool:
        """Forget a folder; its sounds stay. False if it was not remembered.

        Raises NotAllowed where a listener would forget a shared one.
        """
        user_id = None if shared else by.user_id
        await self._rights.require(by, Deed.SCAN, (user_id,))
        # As this machine calls it, or as the documents do.
        named = Path(os.path.abspath(folder))  # noqa: ASYNC240, PTH100 - looks at no disk
        for path in dict.fromkeys((self._finder.paths.kept(named), named)):
            written = printable_path(bytes(path))
            if await self._samples.forget_folder(written, user_id=user_id):
                return True
        return False

    def relocation(self, old: Path, new: Path, *, by: Account, shared: bool = False) -> Relocation:
        """Prepare to tell the library that a folder of this machine is called otherwise now."""
        paths = self._finder.paths
        return Relocation(
            samples=self._samples,
            finder=self._finder,
            clock=self._clock,
            rights=self._rights,
            by=by,
            user_id=None if shared else by.user_id,
            old=paths.kept(Path(os.path.abspath(old))),  # noqa: PTH100 - looks at no disk
            new=paths.kept(Path(os.path.abspath(new))),  # noqa: PTH100
        )

    def _scan(self, user_id: UserId | None, by: Account) -> Scan:
        return Scan(
            samples=self._samples,
            finder=self._finder,
            clock=self._clock,
            user_id=user_id,
            counted_for=by.user_id,
            accounts=self._intents.accounts,
        )

    def _apart(self, kept: Sequence[Path]) -> list[Path]:
        """Leave out what lies in another one on this machine; paths as the documents have them."""
        paths = self._finder.paths
        foreign = [path for path in kept if paths.foreign(path)]
        there = {paths.here(path): path for path in kept if path not in foreign}
        return [there[here] for here in apart(list(there))] + foreign

    async def _count(self, user_id: UserId) -> None:
        intents = self._intents
        if intents.limits is None:
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

"""Batches whose worker, child, queue or screen is killed at a random moment, round after round.

Run it as `poe soak [--rounds 50] [--files 200]`. In each round a person's own library takes in new
short sounds and has them heard while a screen in a terminal of its own shows it; at a random moment
one of the victims is killed (SIGKILL), in turn. Nothing is done for its recovery but to start the
next screen. Then the documents themselves are audited.

Goals: 0 files lost, 0 counted twice, counters equal results, every batch ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

from smtui import wiring
from smtui.domain.account import Account
from smtui.domain.analysis import Level
from smtui.domain.batch import RunId, RunProgress
from smtui.services.box import Services
from smtui.settings import Settings
from tests.bench.home import throwaway_home
from tests.journeys.killing import Audit, Hunter, short_sounds
from tests.journeys.terminal import Ended, Terminal
from tests.local.private_home import Private

VICTIMS = ("worker", "child", "valkey", "screen")
SOUND_SECONDS = 0.25


@dataclass
class Ledger:
    """What the rounds brought."""

    audit: Audit = field(default_factory=Audit)
    killed: Counter[str] = field(default_factory=Counter)
    struck_at: list[int] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    files: int = 0
    failed: int = 0
    troubles: list[str] = field(default_factory=list)


class Rounds:
    """One home, one open library, and a screen beside it."""

    def __init__(self, private: Private, services: Services, wanted: argparse.Namespace) -> None:
        self.private = private
        self.services = services
        self.wanted = wanted
        self.chance = random.Random(wanted.seed)
        self.screen: Terminal | None = None
        self.ledger = Ledger()

    async def run(self) -> None:
        """Do all rounds."""
        owner = await self.services.accounts.for_command_line()
        for number in range(self.wanted.rounds):
            victim = VICTIMS[number % len(VICTIMS)]
            try:
                await self._round(number, victim, owner)
            except (TimeoutError, Ended) as trouble:
                words = f"round {number}: {type(trouble).__name__} ({victim} killed)"
                self.ledger.troubles.append(words)
                say(self.ledger.troubles[-1])
        if self.screen is not None:
            await self.screen.leave()

    async def _look_on(self, total: int) -> None:
        """See to it that a screen shows the library of so many sounds."""
        if self.screen is not None:
            if not self.screen.ended:
                return
            await self.screen.leave()
        self.screen = Terminal(os.environ)
        self.screen.start()
        shown, newcomer = f"of {total:,}", "Press Enter to start"
        if await self.screen.sees(newcomer, shown, seconds=60) == newcomer:
            self.screen.press("\r")
            await self.screen.sees(shown, seconds=60)

    async def _round(self, number: int, victim: str, owner: Account) -> None:
        home, batches = self.private.places.data.parent.parent, self.services.batches
        ledger = self.ledger
        folder = await asyncio.to_thread(
            short_sounds,
            home / "sounds" / str(number),
            self.wanted.files,
            seconds=SOUND_SECONDS,
            seed=number,
        )
        async for _ in self.services.scans.scan([folder], by=owner):
            pass
        await self._look_on((number + 1) * self.wanted.files)
        began = time.monotonic()
        run_id = await batches.start_unheard(owner, Level.ADVANCED)
        assert run_id is not None
        killing = asyncio.create_task(self._kill(victim, run_id))
        async with asyncio.timeout(self.wanted.patience):
            async for progress in batches.watch(run_id):
                last = progress
        await killing
        took = time.monotonic() - began
        audit = Audit.of(self.private.places.database, run_id)
        ledger.audit += audit
        ledger.files += last.total
        ledger.failed += last.failed
        ledger.seconds.setdefault(victim, []).append(took)
        self._tell(number, victim, last, audit)

    async def _kill(self, victim: str, run_id: RunId) -> None:
        """Strike after a random number of files and a little more."""
        hunter = Hunter(self.private, self.chance, self.screen)
        after = self.chance.randrange(self.wanted.files)
        while True:
            await asyncio.sleep(self.chance.uniform(0.0, 0.03))
            progress = await self.services.batches.runs.progress(run_id)
            if progress is None or progress.status.ended:
                return
            if progress.ended_files >= after and hunter.strike(victim):
                self.ledger.killed[victim] += 1
                self.ledger.struck_at.append(progress.ended_files)
                return

    def _tell(self, number: int, victim: str, last: RunProgress, audit: Audit) -> None:
        took = self.ledger.seconds[victim][-1]
        words = f"round {number:>3}  {victim:<7} {last.completed}/{last.total}  {took:5.1f} s"
        if last.failed:
            words += f"  {last.failed} failed"
        if audit != Audit():
            words += f"  {audit}"
        say(words)


def analyses_counted(private: Private) -> tuple[int, int]:
    """Analyses that are there, and that the account was told of."""

    with closing(sqlite3.connect(private.places.database)) as documents:
        (there,) = documents.execute("SELECT count(*) FROM analyses").fetchone()
        (told,) = documents.execute("SELECT sum(total_analyses) FROM users").fetchone()
    return int(there), int(told)


def told(private: Private, ledger: Ledger, wanted: argparse.Namespace) -> bool:
    """Print the table; whether every goal was reached."""
    audit = ledger.audit
    there, counted = analyses_counted(private)
    say(f"{'rounds, files':<48} {wanted.rounds}, {ledger.files:,}")
    say(f"{'killed':<48} {dict(ledger.killed)}")
    say(f"{'files lost':<48} {audit.lost}")
    say(f"{'files counted twice':<48} {audit.doubled}")
    say(f"{'batches whose counters are not their results':<48} {audit.unequal}")
    say(f"{'files failed':<48} {ledger.failed}")
    say(f"{'batches that did not end by themselves':<48} {len(ledger.troubles)}")
    say(f"{'analyses, and those counted for the account':<48} {there:,}, {counted:,}")
    for victim, spans in ledger.seconds.items():
        words = f"{statistics.median(spans):.1f}, {max(spans):.1f}"
        say(f"{f'{victim} killed, a run took s: median, most':<48} {words}")
    return audit == Audit() and not ledger.troubles and not ledger.failed


def say(words: str) -> None:
    print(words, flush=True)


async def soak(private: Private, wanted: argparse.Namespace) -> bool:
    """Live through the rounds in a home of one's own."""
    private.places.prepare()
    async with wiring.services(private.places, Settings()) as services:
        rounds = Rounds(private, services, wanted)
        await rounds.run()
    await wiring.private_servers(private.places, Settings()).stop(now=True)
    return told(private, rounds.ledger, wanted)


def main() -> None:
    """Soak, print the table, and end with 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds for a run to end")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with throwaway_home() as private:
        reached = asyncio.run(soak(private, wanted))
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()

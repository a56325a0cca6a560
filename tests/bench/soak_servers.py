"""Many screens and workers on one set of servers that are killed every minute in turn.

Run it as `poe soak-servers [--minutes 10]`. Each screen is a process in a terminal of its own,
driven by keys: it filters, tags, sorts, opens sounds, has them analysed, cancels and scans. Redis,
Chroma and MongoDB are killed (SIGKILL) in turn and started again some seconds later; MongoDB only
where its data outlives that. At each kill half of the screens rest in the library with a filter
that is typed while the server is away, so that it is seen whether they recover by themselves; the
others go on with what they do.

Goals: no traceback, nothing lost that was acknowledged, every screen recovers in at most 5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from pymongo import MongoClient

from smtui import wiring
from smtui.domain.account import Account
from smtui.services.accounts import NewAccount
from tests.journeys.machine import PASSWORD, Machine, SharedServers, shared_servers
from tests.journeys.terminal import Ended, Terminal

GOAL_SECONDS = 5.0
SOUNDS = 400
SOUNDS_A_SCAN = 4
RATE = 22_050
PEOPLE = ("anna", "bert", "carla", "dora", "emil")
AWAY_SECONDS = (2.0, 4.0)
# A quick typist, and how long a person looks at what came before the next deed.
LETTER_SECONDS = (0.08, 0.2)
THINKING_SECONDS = (1.0, 4.0)
# Between what one sees and the next key.
GLANCE_SECONDS = 0.3
# A key after esc would be taken for one with alt.
ESC_SECONDS = 0.4


@dataclass
class Ledger:
    """What screens were told is done, and how long all took."""

    tags: list[tuple[str, str]] = field(default_factory=list)
    scans: list[Path] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    by_themselves: dict[str, list[float]] = field(default_factory=dict)
    while_busy: dict[str, list[float]] = field(default_factory=dict)
    lines: dict[str, list[float]] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    def late(self) -> int:
        """How often a screen needed longer than the goal."""
        known = (self.by_themselves, self.while_busy, self.lines)
        spans = itertools.chain.from_iterable(itertools.chain(*(one.values() for one in known)))
        return sum(span > GOAL_SECONDS for span in spans)


@dataclass
class Outage:
    """One server's absence; `back_at` is when it answered again."""

    name: str
    back: asyncio.Event = field(default_factory=asyncio.Event)
    back_at: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A filter for one sound, when its last letter was typed, and when its answer was seen."""

    name: str
    typed_at: float
    answered_at: float


class Screen:
    """One person at one screen, who does a bit of everything."""

    def __init__(self, number: int, machine: Machine, ledger: Ledger) -> None:
        self.name = PEOPLE[number % len(PEOPLE)]
        self.number = number
        self.machine = machine
        self.ledger = ledger
        self.terminal = Terminal(machine.environment)
        self.chance = random.Random(number)
        self.outage: Outage | None = None
        self._serial = itertools.count()

    async def enter(self) -> None:
        """Start, and sign in."""
        self.terminal.start()
        await self.terminal.sees("stay signed in", seconds=120)
        await self._sign_in()

    async def live(self) -> None:
        """Do one thing after the other; what an outage spoils is tried again later."""
        deeds = (self.tag, self.tag, self.browse, self.look, self.analyze, self.cancel, self.scan)
        judged: Outage | None = None
        while True:
            outage = self.outage
            if outage is not None and outage is not judged:
                judged = outage
                await self._judged(outage)
                continue
            deed = self.chance.choice(deeds)
            try:
                await deed()
                self.ledger.done[deed.__name__] += 1
            except TimeoutError:
                self.ledger.done[f"{deed.__name__} without an answer"] += 1
                self.ledger.unanswered.append(f"{deed.__name__}: {self.terminal.text[-400:]!r}")
                await self._home()
            await asyncio.sleep(self.chance.uniform(*THINKING_SECONDS))

    async def _judged(self, outage: Outage) -> None:
        """See how long after the return of a server an answer is there."""
        rests = (self.number + self.ledger.kills[outage.name]) % 2 == 0
        while not rests and not outage.back.is_set():
            with suppress(TimeoutError):
                await self.chance.choice((self.tag, self.browse, self.look))()
        try:
            asked = await self._asks(seconds=60, home=not rests)
        except TimeoutError:
            self._trouble(f"did not recover from {outage.name}: {self.terminal.text[-300:]!r}")
            return
        await outage.back.wait()
        # Typed in vain while it was away, or only after what was being done had ended.
        alone = asked.typed_at < outage.back_at
        kept = self.ledger.by_themselves if alone else self.ledger.while_busy
        span = asked.answered_at - max(asked.typed_at, outage.back_at)
        kept.setdefault(outage.name, []).append(max(0.0, span))

    async def tag(self) -> None:
        """Tag one sound."""
        name = await self._found()
        self.terminal.press("t")
        await self._opened("tags for this sound")
        tag = f"s{self.number}x{next(self._serial)}"
        await self._typed(tag)
        self.terminal.press("\r")
        if await self.terminal.sees(f"Tagged 1 sound: {tag}", *_REFUSALS) not in _REFUSALS:
            self.ledger.tags.append((name, tag))
        await self._home()

    async def browse(self) -> None:
        """Sort, and go up and down."""
        await self._home()
        for keys in ("o", "G", "g", *("j" * 8), "\x04", "\x04", "O"):
            self.terminal.press(keys)
            await asyncio.sleep(0.1)

    async def look(self) -> None:
        """Open a sound, and its neighbours."""
        await self._found()
        await self._home()
        self.terminal.press("\r")
        await self.terminal.sees("Back", *_REFUSALS)
        for _ in range(3):
            self.terminal.press("J")
            await self.terminal.sees("zoom 1x", *_REFUSALS)
        await self._home()

    async def analyze(self) -> None:
        """Have one sound analysed again, before everything else."""
        await self._found()
        self.terminal.press("a")
        await self.terminal.sees("Analysing", *_REFUSALS)
        await self._home()

    async def cancel(self) -> None:
        """Have some ten sounds analysed, and stop what has not begun."""
        await self._home()
        await self._filter(f"sound {self.chance.randrange(SOUNDS // 10):03d}")
        await self.terminal.sees("10 of", "11 of", "12 of", "13 of")
        self.terminal.press("\r")
        await asyncio.sleep(GLANCE_SECONDS)
        self.terminal.press("A")
        await self.terminal.sees("Queued", *_REFUSALS)
        self.terminal.press("X")
        if await self.terminal.sees("Cancel the sounds", "Nothing runs") == "Cancel the sounds":
            self.terminal.press("\r")
            await self.terminal.sees("Cancelled", *_REFUSALS)
        await self._home()

    async def scan(self) -> None:
        """Take in a few new sounds, which are then listened to."""
        await self._home()
        folder = self.machine.home.parent / f"found-{self.number}-{next(self._serial)}"
        seed = self.chance.random()
        await asyncio.to_thread(sounds, folder, SOUNDS_A_SCAN, name="found", seed=seed)
        self.terminal.press("i")
        await self._opened("scan folder")
        self.terminal.press("\x15")
        # Letters that come together with a key of a binding are taken before it.
        await asyncio.sleep(GLANCE_SECONDS)
        self.terminal.press(str(folder))
        await self.terminal.sees(folder.name)
        self.terminal.press("\r")
        done = f"Scanned {folder.name}: {SOUNDS_A_SCAN} added"
        if await self.terminal.sees(done, "Too many", *_REFUSALS, seconds=30) == done:
            self.ledger.scans.append(folder)

    async def _found(self) -> str:
        """Filter for one sound; its name."""
        return (await self._asks(seconds=10.0, home=True)).name

    async def _asks(self, *, seconds: float, home: bool) -> Asked:
        name = f"sound {self.chance.randrange(SOUNDS):04d}"
        if home:
            await self._home()
        typed_at = await self._filter(name)
        # The row too: how many there are may still be said of the filter before.
        await self.terminal.sees(" 1 of ", seconds=seconds)
        await self.terminal.sees(f"{name}.wav", seconds=seconds)
        asked = Asked(name=name, typed_at=typed_at, answered_at=time.monotonic())
        self.ledger.answers.append(asked.answered_at - typed_at)
        self.terminal.press("\r")
        await asyncio.sleep(GLANCE_SECONDS)
        return asked

    async def _filter(self, words: str) -> float:
        self.terminal.press("/")
        await asyncio.sleep(GLANCE_SECONDS)
        return await self._typed(words)

    async def _opened(self, words: str) -> None:
        """Wait for a line to type in, which has the keys a moment after it is drawn."""
        await self.terminal.sees(words)
        await asyncio.sleep(GLANCE_SECONDS)

    async def _typed(self, words: str) -> float:
        """Type as a person does, who sees each letter; gives when the last one was typed."""
        at = time.monotonic()
        for number in range(1, len(words) + 1):
            at = self.terminal.press(words[number - 1])
            await self.terminal.sees(words[:number])
            self.ledger.keys.append(time.monotonic() - at)
            await asyncio.sleep(self.chance.uniform(*LETTER_SECONDS))
        return at

    async def _home(self) -> None:
        """Go back to the whole library, from wherever this is."""
        for _ in range(3):
            self.terminal.press("\x1b")
            await asyncio.sleep(ESC_SECONDS)

    async def _sign_in(self) -> None:
        await self.terminal.sees("documents", seconds=60)
        await self._typed(self.name)
        self.terminal.press("\r")
        await asyncio.sleep(0.5)
        self.terminal.press(PASSWORD)
        await asyncio.sleep(0.5)
        self.terminal.press("\r")
        await self.terminal.sees(f"{SOUNDS} of {SOUNDS}", seconds=60)

    def _trouble(self, words: str) -> None:
        self.ledger.troubles.append(f"screen {self.number}: {words}")


# Words of a refusal that no line break can part.
_REFUSALS = ("MongoDB", "Redis", "listens")


def sounds(folder: Path, count: int, *, name: str = "sound", seed: float = 0.0) -> None:
    """Make short tones, each of its own bytes."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(int(seed * 2**32))
    for number in range(count):
        length = RATE // 2 + number
        tone = np.sin(2 * np.pi * (80 + 2 * number) * np.arange(length) / RATE)
        noise = 0.01 * chance.standard_normal(length)
        soundfile.write(folder / f"{name} {number:04d}.wav", 0.5 * tone + noise, RATE)


class Fate:
    """Kills one server after the other and starts it again."""

    def __init__(self, servers: SharedServers, screens: Sequence[Screen], ledger: Ledger) -> None:
        self._servers = servers
        self._screens = screens
        self._ledger = ledger
        self._chance = random.Random(1)

    async def strike(self, end: float, *, every: float) -> None:
        """Kill in turn until it is time to end."""
        known: dict[str, Any] = {"Redis": self._servers.redis, "Chroma": self._servers.chroma}
        if self._servers.mongo.ours and self._servers.mongo.keeps_data:
            known["MongoDB"] = self._servers.mongo
        for name in itertools.cycle(known):
            if time.monotonic() > end - every:
                return
            await asyncio.sleep(every * 0.5)
            await self._away(name, known[name])
            await asyncio.sleep(every * 0.5)

    async def _away(self, name: str, server: Any) -> None:
        outage = Outage(name)
        self._ledger.kills[name] += 1
        await asyncio.to_thread(server.kill)
        for screen in self._screens:
            screen.outage = outage
        await asyncio.sleep(self._chance.uniform(*AWAY_SECONDS))
        await asyncio.to_thread(server.start)
        outage.back_at = time.monotonic()
        outage.back.set()
        if name != "Chroma":  # no screen has a line to it
            await self._lines_are_back(outage, server.port)

    async def _lines_are_back(self, outage: Outage, port: int) -> None:
        """Wait until each screen has a line to the server again."""
        spans = self._ledger.lines.setdefault(outage.name, [])
        waiting = {screen.terminal.pid for screen in self._screens if not screen.terminal.ended}
        while waiting and time.monotonic() < outage.back_at + 6 * GOAL_SECONDS:
            there = await asyncio.to_thread(_with_line_to, port, waiting)
            spans += [time.monotonic() - outage.back_at] * len(there)
            waiting -= there
            await asyncio.sleep(0.1)
        spans += [math.inf] * len(waiting)


def _with_line_to(port: int, pids: set[int]) -> set[int]:
    found = set()
    for pid in pids:
        with suppress(psutil.Error):
            for line in psutil.Process(pid).net_connections("tcp"):
                if line.raddr and line.raddr.port == port and line.status == "ESTABLISHED":
                    found.add(pid)
    return found


class Studio:
    """Everything of one soak: servers, workers, screens, and what must be true in the end."""

    def __init__(self, folder: Path, servers: SharedServers, variables: dict[str, str]) -> None:
        self.folder = folder
        self.servers = servers
        self.variables = variables
        self.ledger = Ledger()
        self.own = self.machine("own")

    def machine(self, name: str, **more: str) -> Machine:
        home = self.folder / name
        return Machine(home=home, variables=self.variables | more)

    def screens(self, count: int) -> list[Screen]:
        """Half of them over SSH, each from an address of its own."""
        made = []
        for number in range(count):
            line = {"SSH_CONNECTION": f"10.0.{number // 250}.{number % 250 + 1} 50000 10.9.9.9 22"}
            line["SMTUI_LOOK_LINK"] = "thin" if number % 2 else "fast"
            made.append(Screen(number, self.machine(f"screen-{number}", **line), self.ledger))
        return made

    @contextmanager
    def workers(self, count: int) -> Iterator[None]:
        made = [self.own.worker(f"worker-{number}") for number in range(count)]
        try:
            for worker in made:
                worker.start()
            for worker in made:
                worker.wait()
            yield
            for worker in made:
                status = worker.stop()
                if status:
                    self.ledger.troubles.append(f"{worker.name} ended with {status}")
        finally:
            for worker in made:
                worker.kill()

    async def furnish(self) -> None:
        """Make the accounts and the shared library."""
        folder = self.folder / "library"
        await asyncio.to_thread(sounds, folder, SOUNDS)
        async with wiring.services(self.own.places, self.own.loaded.settings) as services:
            admin: Account | None = None
            for name in PEOPLE:
                made = await services.accounts.add(
                    NewAccount(username=name, password=PASSWORD), by=admin
                )
                admin = admin or made
            assert admin is not None
            async for _ in services.scans.scan([folder], by=admin, shared=True):
                pass

    async def runs_end(self, seconds: float) -> Counter[str]:
        """Wait until no run goes on; gives how many there were by their state, and files."""
        end = time.monotonic() + seconds
        while True:
            counted = await asyncio.to_thread(self._runs)
            if not counted["going"] or time.monotonic() > end:
                return counted
            await asyncio.sleep(1)

    def _runs(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        with self._library() as library:
            for batch in library.batch_jobs.find({}, {"results": 0, "file_ids": 0}):
                ended = batch["status"] not in ("pending", "processing")
                counted["ended" if ended else "going"] += 1
                for name in ("completed", "failed", "cancelled"):
                    counted[name] += batch[name]
        return counted

    def lost(self) -> list[str]:
        """Everything that was acknowledged and is not there, read from MongoDB itself."""
        lost = []
        with self._library() as library:
            tags = {one["filename"]: one["tags"] for one in library.audio_files.find({})}
            for name, tag in self.ledger.tags:
                if tag not in tags[f"{name}.wav"]:
                    elsewhere = [other for other, known in tags.items() if tag in known]
                    lost.append(f"tag {tag} of {name}; it is at {elsewhere or 'no sound'}")
            for folder in self.ledger.scans:
                below = {"file_path": {"$regex": f"^{re.escape(str(folder))}/"}}
                there = library.audio_files.count_documents(below)
                if there != SOUNDS_A_SCAN:
                    lost.append(f"sounds of {folder.name}: {there} are there")
        return lost

    @contextmanager
    def _library(self) -> Iterator[Any]:
        with MongoClient[dict[str, Any]](self.variables["SMTUI_SERVERS_MONGO_URL"]) as client:
            yield client.get_default_database()

    def tracebacks(self) -> list[str]:
        """The logs that have one."""
        logs = [*self.folder.glob("*.log"), *self.folder.glob("*/state/smtui.log*")]
        return [str(log) for log in logs if "Traceback" in log.read_text("utf-8", "replace")]


async def entered(screens: Sequence[Screen]) -> None:
    """Open some at a time: all at once is no use of anybody."""
    for start in range(0, len(screens), 4):
        await asyncio.gather(*(screen.enter() for screen in screens[start : start + 4]))


async def left(screens: Sequence[Screen]) -> list[tuple[Screen, int, str]]:
    """Close all windows at once; gives how each ended, and what it drew last."""
    drawn = [screen.terminal.text for screen in screens]
    statuses = await asyncio.gather(*(screen.terminal.leave() for screen in screens))
    return list(zip(screens, statuses, drawn, strict=True))


async def lived(screen: Screen) -> None:
    """Use a screen until it is enough; one that ends by itself is a trouble."""
    try:
        await screen.live()
    except Ended as ended:
        screen.ledger.troubles.append(f"screen {screen.number} ended: {ended}")


async def soak(studio: Studio, wanted: argparse.Namespace) -> Counter[str]:
    """Live for so many minutes; gives how the runs ended."""
    await studio.furnish()
    screens = studio.screens(wanted.screens)
    with studio.workers(wanted.workers):
        await entered(screens)
        say(f"{len(screens)} screens and {wanted.workers} workers; {wanted.minutes:g} minutes")
        end = time.monotonic() + 60 * wanted.minutes
        lives = [asyncio.create_task(lived(screen)) for screen in screens]
        await Fate(studio.servers, screens, studio.ledger).strike(end, every=wanted.every)
        await asyncio.sleep(max(0.0, end - time.monotonic()))
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
        runs = await studio.runs_end(300)
        for screen, status, drawn in await left(screens):
            if status != 143 or "Traceback" in drawn:
                studio.ledger.troubles.append(f"screen {screen.number} left with {status}")
    return runs


def main() -> None:
    """Soak, print the table, and end with 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--screens", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two kills")
    parser.add_argument("--keep", type=Path, help="leave the logs in this folder")
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = wanted.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="smtui-soak-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        servers = stack.enter_context(contextmanager(shared_servers)())
        variables = stack.enter_context(servers.library())
        studio = Studio(folder, servers, variables)
        runs = asyncio.run(soak(studio, wanted))
        sys.exit(0 if told(studio, runs) else 1)


def told(studio: Studio, runs: Counter[str]) -> bool:
    """Print the table; whether every goal was reached."""
    ledger = studio.ledger
    lost, tracebacks = studio.lost(), studio.tracebacks()
    late = ledger.late()
    say(f"{'tracebacks':<44} {len(tracebacks)}")
    say(f"{'acknowledged writes lost':<44} {len(lost)}")
    say(f"{f'later than {GOAL_SECONDS:g} s after a server was back':<44} {late}")
    say(f"{'screens or workers that ended or hung':<44} {len(ledger.troubles)}")
    say(f"{'tags and scans acknowledged':<44} {len(ledger.tags)} and {len(ledger.scans)}")
    say(f"{'killed':<44} {dict(ledger.kills)}")
    for words, known in (
        ("by itself after", ledger.by_themselves),
        ("while busy after", ledger.while_busy),
        ("has a line again to", ledger.lines),
    ):
        for name, spans in known.items():
            say(f"{f'{words} {name}, s: p50, p95, most':<44} {_three(spans)}")
    say(f"{'a letter until it is seen, ms: p50, p95, most':<44} {_three(ledger.keys, 1000)}")
    say(f"{'a filter until its answer, ms: p50, p95, most':<44} {_three(ledger.answers, 1000)}")
    say(f"{'batches and files':<44} {dict(runs)}")
    say(f"{'done':<44} {dict(ledger.done)}")
    for words in (*lost, *tracebacks, *ledger.troubles):
        say(f"  {words}")
    return not (lost or tracebacks or late or ledger.troubles or runs["going"] or runs["failed"])


def _three(spans: Sequence[float], times: float = 1.0) -> str:
    if not spans:
        return "-"
    ordered = sorted(spans)
    picked = (ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], ordered[-1])
    return "  ".join(f"{times * span:.{0 if times > 1 else 2}f}" for span in picked)


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()

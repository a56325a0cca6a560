"""A machine with smtui on it, embedded or on servers: nothing but its variables tells which."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from redis import Redis
from textual.pilot import Pilot

from smtui import settings, wiring
from smtui.cli.screen import options
from smtui.paths import Places, places
from smtui.settings import Loaded
from smtui.ui.account.screen import LoginScreen
from smtui.ui.app import SmtuiApp
from smtui.ui.library.screen import LibraryScreen
from tests.servers.chroma_server import ChromaServer, running_chroma
from tests.servers.mongo_server import MongoServer, fresh_database, running_mongo
from tests.servers.redis_tcp import RedisServer, running_redis
from tests.ui.screen_home import press, seen, settle, until

Done = subprocess.CompletedProcess[str]

PASSWORD = "geheim-123"
# As a good terminal says it, whatever the tests run in.
_TERMINAL = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
_PATIENCE = 60.0
_DATABASES = 16


@dataclass
class Machine:
    """One machine of one person: folders of its own, the variables of its shell."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def on_servers(self) -> bool:
        """The library is on servers, where a command must know for whom it acts."""
        return "SMTUI_SERVERS_MONGO_URL" in self.variables

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | _TERMINAL | self.variables | {"SMTUI_HOME": str(self.home)}

    @property
    def places(self) -> Places:
        return places(self.environment)

    @property
    def loaded(self) -> Loaded:
        return settings.load(self.places, self.environment)

    def app(self) -> SmtuiApp:
        """The screens as bare `smtui` opens them here."""
        here, loaded = self.places, self.loaded
        return SmtuiApp(
            lambda: wiring.services(here, loaded.settings),
            options(here, loaded, self.environment),
        )

    def smtui(self, *arguments: str | Path, given: str | None = None) -> Done:
        """Call smtui as a shell would; gives the finished process."""
        return subprocess.run(
            [sys.executable, "-m", "smtui", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self.environment,
        )

    def act_as(self, name: str, password: str = PASSWORD) -> None:
        """Let commands of this shell act for an account, by a token."""
        made = self.smtui("user", "token", name, "--password-stdin", given=f"{password}\n")
        assert made.returncode == 0, made.stderr
        self.variables["SMTUI_TOKEN"] = made.stdout.strip()

    def worker(self, name: str = "cellar", **more: str) -> WorkerProcess:
        """A worker that listens on this machine; not started yet."""
        return WorkerProcess(self, name, more)


class WorkerProcess:
    """`smtui worker` as a person starts it in a shell, killed and started again at will."""

    def __init__(self, machine: Machine, name: str, more: Mapping[str, str]) -> None:
        self.name = name
        self.log = machine.home.parent / f"{name}.log"
        self._environment = machine.environment | {"SMTUI_PATHS_MACHINE": name} | dict(more)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "smtui", "worker", "--children", "1"],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until the others see that it listens."""
        assert self._process is not None
        process = self._process
        with Redis.from_url(self._environment["SMTUI_SERVERS_REDIS_URL"]) as board:
            wait_until(lambda: board.keys(f"worker:{self.name}:{process.pid}:*"))

    def kill(self) -> None:
        """Kill it with everything that it has started, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_PATIENCE)
            self._process = None

    def stop(self) -> int:
        """Tell it to stop; gives the exit status."""
        assert self._process is not None
        process, self._process = self._process, None
        process.terminate()
        return process.wait(_PATIENCE)


class SharedServers:
    """The three servers of a studio; who kills one starts it again."""

    def __init__(self, mongo: MongoServer, redis: RedisServer, chroma: ChromaServer) -> None:
        self.mongo = mongo
        self.redis = redis
        self.chroma = chroma
        self._numbers = count(1)

    @contextmanager
    def library(self) -> Iterator[dict[str, str]]:
        """Give the variables that lead to a library that nobody has used."""
        number = next(self._numbers) % _DATABASES
        with Redis.from_url(self.redis.url(number)) as client:
            client.flushdb()
        with fresh_database(self.mongo) as mongo_url:
            yield {
                "SMTUI_SERVERS_MONGO_URL": mongo_url,
                "SMTUI_SERVERS_REDIS_URL": self.redis.url(number),
                "SMTUI_SERVERS_CHROMA_URL": self.chroma.url(),
            }


def shared_servers() -> Iterator[SharedServers]:
    """Run all three, on the loopback."""
    with ExitStack() as stack:
        yield SharedServers(
            stack.enter_context(running_mongo(keeping=True)),
            stack.enter_context(running_redis()),
            stack.enter_context(running_chroma()),
        )


@contextmanager
def working(*workers: WorkerProcess) -> Iterator[None]:
    """Have workers listen, and end them whatever happens."""
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait()
        yield
    finally:
        for worker in workers:
            worker.kill()


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


async def enter(pilot: Pilot[None], name: str = "anna", password: str = PASSWORD) -> None:
    """Come from the first frame into the library, as a newcomer or by name and password."""
    app = pilot.app
    await until(lambda: isinstance(app.screen, LoginScreen | LibraryScreen))
    if isinstance(app.screen, LoginScreen):
        # The title comes a moment before the form.
        await until(lambda: "password" in seen(app))
        if "Press Enter to start" in seen(app):
            await press(pilot, "enter")
        else:
            # On servers a newcomer's name is suggested, too, but a password must be chosen.
            await settle(app)
            await press(pilot, "ctrl+u", *name, "enter")
            await press(pilot, *password, "enter")
    await until(lambda: isinstance(app.screen, LibraryScreen))

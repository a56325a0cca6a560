"""`smtui worker`: listens to queued sounds, for the shared servers of the settings.

With `--private` it is the worker that smtui itself starts in the background for a person's own
library.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from smtui.cli.manners import be_polite, cores, share_of_memory
from smtui.cli.memory_limit import check_memory_limits
from smtui.cli.runtime import run
from smtui.cli.terminal import err, out
from smtui.domain.errors import InputInvalid, ServerUnavailable, SettingInvalid, SmtuiError
from smtui.domain.text import shown
from smtui.paths import Places, places

if TYPE_CHECKING:
    from smtui.domain.ports.sessions import WorkerBoard
    from smtui.jobs.app import WorkLimits
    from smtui.jobs.means import Standing
    from smtui.services.hearing import Hearing
    from smtui.settings import Settings

_PREFIX = "celery:queue:"
_QUEUES = ("default", "audio_processing", "ai_analysis", "embeddings")

_UNIT = """\
# smtui worker --unit > ~/.config/systemd/user/smtui-worker.service
# systemctl --user daemon-reload && systemctl --user enable --now smtui-worker
# loginctl enable-linger    (it goes on after logging out)
#
# The servers' addresses come from the settings file ({settings}),
# best by servers.mongo_url_file and its like; this unit holds no secret.
[Unit]
Description=smtui analyses queued sounds
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={command}
{environment}Restart=on-failure
RestartSec=5
Nice=10
IOSchedulingClass=idle
# The sounds that are being analysed are finished, the others given back.
KillMode=mixed
TimeoutStopSec=120

[Install]
WantedBy=default.target
"""


def queues_named(text: str) -> tuple[str, ...]:
    """Read the names of queues, with or without what they begin with; raises InputInvalid."""
    names = [name.strip().removeprefix(_PREFIX) for name in text.split(",") if name.strip()]
    unknown = next((name for name in names if name not in _QUEUES), None)
    if unknown is not None or not names:
        told = f"No queue {shown(unknown[:40])}" if unknown else "No queue is named"
        raise InputInvalid(told, hint=f"There are {', '.join(_QUEUES)}.")
    return tuple(f"{_PREFIX}{name}" for name in dict.fromkeys(names))


def unit_text(children: int | None, queues: str | None) -> str:
    """Write the unit that runs this very installation, with the folders it now uses."""
    # A late import: --help reads no settings.
    from smtui.paths import places

    words = [*_program(), "worker"]
    if children is not None:
        words += ["--children", str(children)]
    if queues is not None:
        words += ["--queues", ",".join(queues_named(queues))]
    home = os.environ.get("SMTUI_HOME")
    set_home = _quoted(f"SMTUI_HOME={Path(home).absolute()}") if home else ""
    program, *rest = map(_quoted, words)
    return _UNIT.format(
        settings=shown(str(places().settings_file)),
        # A dollar sign begins a variable, but not in the program's own name.
        command=" ".join([program, *(word.replace("$", "$$") for word in rest)]),
        environment=f"Environment={set_home}\n" if home else "",
    )


def _program() -> list[str]:
    """The command beside this interpreter, else the interpreter with the module."""
    beside = Path(sys.executable).with_name("smtui")
    return [str(beside)] if os.access(beside, os.X_OK) else [sys.executable, "-m", "smtui"]


def _quoted(word: str) -> str:
    """Write a word as systemd reads it: percent signs doubled, quoted where needed."""
    plain = word.replace("%", "%%")
    if re.fullmatch(r"[\w@%+=:,./$-]+", plain, re.ASCII):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# Lost work is looked for more often where more can lose it, s.
_SWEEP_SECONDS = 4.0


@click.command("worker")
@click.option("--private", is_flag=True, help="Work for one's own library; smtui does this.")
@click.option(
    "--children",
    type=click.IntRange(1, 256),
    help="How many processes analyse; the setting work.children otherwise.",
)
@click.option(
    "--queues",
    metavar="NAMES",
    help="Work from these alone, with commas: default (a person's single sounds),"
    " audio_processing, ai_analysis, embeddings.",
)
@click.option("--unit", is_flag=True, help="Only print a systemd user unit that runs it.")
@click.option("--check", is_flag=True, help="Only tell: exit 0 if a worker of this machine runs.")
def worker_command(
    *, private: bool, children: int | None, queues: str | None, unit: bool, check: bool
) -> None:
    """Analyse queued sounds for the shared servers of the settings, until told to stop.

    Any number of machines may do so. A sound that a machine does not have is left to those that
    have it; where it calls a folder otherwise, the setting paths.map says so. SIGTERM, SIGHUP and
    Ctrl-C finish the sounds that are being analysed, and give the others back.

    `smtui pause` holds it while somebody records, also as a service. It sees to it that the
    folders of `smtui watch` are watched on this machine.

    Your own library needs none of this: smtui starts its worker by itself and stops it again.
    """
    if check:
        run(_check)
    try:
        wanted = () if queues is None else queues_named(queues)
        if unit:
            _tell_variables(places())
            out(unit_text(children, queues).rstrip())
            raise SystemExit(0)
        check_memory_limits()
        raise SystemExit(_work_privately(children or 1) if private else _work(children, wanted))
    except SmtuiError as error:
        err(f"smtui: {error}")
        raise SystemExit(1) from error


async def _check() -> int:
    settings = _shared_settings(places())
    async with _board(settings)() as board:
        machines = {report.machine for report in await board.reports()}
    if settings.paths.name not in machines:
        err(f"smtui: No worker of {settings.paths.name} is running.")
        return 1
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a worker works with in one set-up or the other."""

    here: Places
    settings: Settings
    broker: str
    limits: WorkLimits
    using: Callable[[], AbstractAsyncContextManager[None]]
    standing: Standing | None = None
    settled: Callable[[], None] = lambda: None
    queues: tuple[str, ...] = ()

    def run(self) -> int:
        """Work until told to stop; nothing is opened before the children are forked."""
        # Late imports, here and below: --help loads none of this, and children inherit it loaded.
        from smtui.audio.recipe import Recipe
        from smtui.jobs.app import QUEUES, celery_app
        from smtui.jobs.ending import LastWords
        from smtui.jobs.means import Means
        from smtui.jobs.tasks import register
        from smtui.jobs.wakeups import Wakeups
        from smtui.jobs.worker import run_worker
        from smtui.wiring import PresentPause
        from smtui.wiring.index import indexing

        listener = Recipe()
        # What librosa compiles is compiled once, before there are children.
        listener.prepare(self.settings.work.level)
        app = celery_app(self.broker, self.broker, self.limits)
        last = LastWords()
        means = Means(
            open_hearing=self._hearing,
            open_indexing=partial(indexing, self.here, self.settings),
            using=self.using,
            wakeups=lambda: Wakeups(app, self.broker),
            listener=listener,
            limits=self.limits,
            slates=self._slates(),
            paths=self.settings.paths.here,
            standing=self.standing,
            settled=self.settled,
            pause=PresentPause(self.here, self.settings),
            # The private one is replaced by the newer smtui's keeper.
            end=None if self.standing is None else last.say,
        )
        register(app, means)
        status = run_worker(app, self.limits, self.queues or QUEUES)
        if sentence := last.read():
            err(f"smtui: {sentence}")
            return 1
        return status

    def _slates(self) -> Path:
        """Give the folder in which children leave word, apart for each set-up."""
        folder = self.here.state if self.standing is None else self.here.state / "servers"
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @asynccontextmanager
    async def _hearing(self, worker: str) -> AsyncIterator[Hearing]:
        from smtui.audio.recipe_version import RECIPE_VERSION
        from smtui.services.hearing import Hearing
        from smtui.wiring import SystemClock, documents

        machine = "" if self.standing is None else self.standing.report.machine
        async with documents(self.here, self.settings, for_worker=True) as opened:
            yield Hearing(
                opened,
                SystemClock(),
                worker=worker,
                recipe_version=RECIPE_VERSION,
                machine=machine,
            )


def _work_privately(children: int) -> int:
    """Work for a person's own library, as the keeper asks; gives the exit status."""
    broker = os.environ.get("SMTUI_PRIVATE_VALKEY", "")
    if not broker:
        raise ServerUnavailable(
            "No queue to work for", hint="`smtui services start` starts the worker."
        )
    from smtui import settings
    from smtui.jobs.app import WorkLimits
    from smtui.local.locks import InUse, UntilSettled

    here = places()
    work = _Work(
        here=here,
        settings=settings.load(here).settings,
        broker=broker,
        limits=WorkLimits(children=children, child_bytes=share_of_memory(children)),
        using=InUse(here).using,
        settled=UntilSettled(here).let_go,
    )
    return work.run()


def _work(children: int | None, queues: tuple[str, ...]) -> int:
    """Work for the shared servers, in the foreground; gives the exit status."""
    here = places()
    settings = _shared_settings(here)
    processes = children or settings.work.processes(cores())
    be_polite(settings.work.nice)
    from smtui import logs
    from smtui.jobs.app import WorkLimits
    from smtui.local.refusals import prepared
    from smtui.wiring import see_to_watcher

    prepared(here)
    logs.start_on(sys.stderr)
    standing = _standing(settings, processes)
    _say(settings, standing, asyncio.run(_obstacle(standing)))
    limits = WorkLimits(
        children=processes,
        child_bytes=share_of_memory(processes),
        sweep_seconds=_SWEEP_SECONDS,
    )
    work = _Work(
        here=here,
        settings=settings,
        broker=settings.servers.redis_url or "",
        limits=limits,
        using=_nothing_to_keep,
        standing=standing,
        queues=queues,
    )
    asyncio.run(see_to_watcher(here, settings))
    try:
        return work.run()
    finally:
        # With Redis away the report vanishes by itself.
        with suppress(ServerUnavailable):
            asyncio.run(_leave(standing))


def _shared_settings(here: Places) -> Settings:
    from smtui import settings

    loaded = settings.load(here).settings
    if not loaded.servers.given:
        raise SettingInvalid(
            "`smtui worker` works for shared servers, and none are set",
            hint="Your own library needs no such worker: smtui starts one by itself. "
            "`smtui settings` shows servers.mongo_url and the others.",
        )
    return loaded


def _tell_variables(here: Places) -> None:
    """Warn whoever prints a unit of addresses that a service would not have."""
    from smtui import settings

    _shared_settings(here)
    origins = settings.load(here).origins
    names = [name for name, origin in origins.items() if origin.startswith("SMTUI_SERVERS_")]
    if names:
        err(
            f"{', '.join(names)}: set by variables of this shell, which a service does not have."
            f" Write them into {here.settings_file}, best as files: servers.mongo_url_file."
        )


def _standing(settings: Settings, processes: int) -> Standing:
    from importlib.metadata import version

    from smtui.domain.health import WorkerReport
    from smtui.jobs.means import Standing
    from smtui.wiring import SystemClock

    machine = settings.paths.name
    report = WorkerReport(
        name=f"{machine}:{os.getpid()}:{uuid4().hex[:8]}",
        machine=machine,
        version=version("smtui"),
        children=processes,
        started_at=SystemClock().now(),
    )
    return Standing(report=report, board=_board(settings))


def _board(settings: Settings) -> Callable[[], AbstractAsyncContextManager[WorkerBoard]]:
    from smtui.stores.redis.workers import RedisWorkers
    from smtui.wiring.shared_redis import shared_link

    @asynccontextmanager
    async def opened() -> AsyncIterator[WorkerBoard]:
        link = shared_link(settings.servers)
        try:
            yield RedisWorkers(link)
        finally:
            await link.close()

    return opened


async def _obstacle(standing: Standing) -> str:
    """Say what keeps the worker from working now; empty where it may begin."""
    try:
        async with standing.board() as board:
            await board.leave(standing.report.name)
    except ServerUnavailable as error:
        return str(error)
    return ""


def _say(settings: Settings, standing: Standing, obstacle: str) -> None:
    """Say in one line what this worker works for, or will when nothing keeps it any more."""
    from smtui.domain.address import redacted

    servers, report = settings.servers, standing.report
    addresses = f"{redacted(servers.mongo_url or '')} and {redacted(servers.redis_url or '')}"
    processes = "1 process" if report.children == 1 else f"{report.children} processes"
    work = f"for {addresses} with {processes} (smtui {report.version})"
    out(f"{report.machine} {'waits to analyse' if obstacle else 'works'} {work}.")
    if obstacle:
        err(f"smtui: {obstacle}")
    sys.stdout.flush()


async def _leave(standing: Standing) -> None:
    async with standing.board() as board:
        await board.leave(standing.report.name)


@asynccontextmanager
async def _nothing_to_keep() -> AsyncIterator[None]:
    """Shared servers run whether they are used or not."""
    yield

"""`smtui worker`: analyses queued sounds, for the shared servers of the settings.

With `--private` it is the worker that smtui itself starts in the background for a person's own
library; with `--unit` it only prints the systemd user unit that runs it as a service.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.memory_limit import check_memory_limits
from smtui.cli.runtime import exit_on_failure, run
from smtui.cli.terminal import err, out
from smtui.domain.errors import InputInvalid
from smtui.domain.text import shown
from smtui.paths import Places, places

if TYPE_CHECKING:
    from smtui.wiring.worker import SharedWorker

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
    with exit_on_failure():
        wanted = () if queues is None else _queues_named(queues)
        if unit:
            _warn_of_variables(places())
            out(_unit_text(children, queues).rstrip())
            raise SystemExit(0)
        check_memory_limits()
        # A late import: --help loads nothing that works.
        from smtui.wiring.worker import SharedWorker, work_privately

        if private:
            raise SystemExit(work_privately(places(), children or 1))
        worker = SharedWorker(places(), children=children, queues=wanted)
        _announce(worker)
        raise SystemExit(worker.run())


async def _check() -> int:
    # Late imports, here and below: --help loads none of this.
    from smtui.wiring.worker import shared_settings, works_here

    settings = shared_settings(places())
    if not await works_here(settings):
        err(f"smtui: No worker of {settings.paths.name} is running.")
        return 1
    return 0


def _announce(worker: SharedWorker) -> None:
    """Say in one line what a worker works for, or will when nothing keeps it any more."""
    obstacle, report = worker.obstacle(), worker.report
    processes = "1 process" if report.children == 1 else f"{report.children} processes"
    work = f"for {worker.serves} with {processes} (smtui {report.version})"
    out(f"{report.machine} {'waits to analyse' if obstacle else 'works'} {work}.")
    if obstacle:
        err(f"smtui: {obstacle}")
    sys.stdout.flush()


def _warn_of_variables(here: Places) -> None:
    """Warn whoever prints a unit of addresses that a service would not have."""
    from smtui import settings
    from smtui.wiring.worker import shared_settings

    shared_settings(here)
    origins = settings.load(here).origins
    names = [name for name, origin in origins.items() if origin.startswith("SMTUI_SERVERS_")]
    if names:
        err(
            f"{', '.join(names)}: set by variables of this shell, which a service does not have."
            f" Write them into {here.settings_file}, best as files: servers.mongo_url_file."
        )


def _queues_named(text: str) -> tuple[str, ...]:
    """Read the names of queues, with or without what they begin with; raises InputInvalid."""
    names = [name.strip().removeprefix(_PREFIX) for name in text.split(",") if name.strip()]
    unknown = next((name for name in names if name not in _QUEUES), None)
    if unknown is not None or not names:
        title = f"No queue {shown(unknown[:40])}" if unknown else "No queue is named"
        raise InputInvalid(title, hint=f"There are {', '.join(_QUEUES)}.")
    return tuple(f"{_PREFIX}{name}" for name in dict.fromkeys(names))


def _unit_text(children: int | None, queues: str | None) -> str:
    """Write the unit that runs this very installation, with the folders it now uses."""
    words = [*_program(), "worker"]
    if children is not None:
        words += ["--children", str(children)]
    if queues is not None:
        words += ["--queues", ",".join(_queues_named(queues))]
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

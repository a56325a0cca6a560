"""`smtui worker` as a service: a systemd user unit, and which queues it works from."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from smtui.domain.errors import InputInvalid
from smtui.domain.text import shown

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

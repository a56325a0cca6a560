"""What a keeper is told when it is started: places, manners, versions, the worker's command."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from smtui.local.process_priority import cores, thread_variables
from smtui.paths import Places

PROTOCOL = 4
"""What the keeper and those who talk to it agree on; raised when a message changes."""

SERVERS = ("valkey", "chroma", "worker", "watcher")
"""The private servers by name, in the order in which they start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How much of the machine the private servers may take.

    Attributes:
        children: processes that listen; None is half the cores, at least one.
        nice: niceness of the worker, 0 to 19.
        idle_io: the worker reads and writes only when nobody else does, where the system can.
        threads: threads of BLAS and OpenMP in each process that listens.
        idle_seconds: the servers stop after so long without use.
    """

    children: int | None = None
    nice: int = 10
    idle_io: bool = True
    threads: int = 1
    idle_seconds: float = 600.0

    def processes(self) -> int:
        """Return how many processes listen on this machine."""
        if self.children is not None:
            return max(1, self.children)
        return max(1, cores() // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Which smtui a keeper or a caller belongs to; `schema` is the number of the documents."""

    smtui: str
    protocol: int = PROTOCOL
    schema: int = 1

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what another smtui told of itself; it may tell more than this one knows."""
        return cls(
            smtui=str(fields.get("smtui", "")),
            protocol=int(fields.get("protocol", 0)),
            schema=int(fields.get("schema", 0)),
        )

    @property
    def order(self) -> tuple[tuple[int, ...], int, int]:
        """What decides who is newer."""
        release = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", self.smtui)
        numbers = tuple(int(number or 0) for number in release.groups()) if release else ()
        return (numbers, self.protocol, self.schema)


def present_versions(*, schema: int = 1) -> Versions:
    """Return the versions of the installed smtui."""
    # A late import, 30 ms: a keeper is told its versions and needs none of it.
    from importlib.metadata import version

    return Versions(smtui=version("smtui"), schema=schema)


def worker_command() -> tuple[str, ...]:
    """Return the command that listens; `--children N` is added to it."""
    return (sys.executable, "-P", "-m", "smtui", "worker", "--private")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a keeper knows of the world; goes to it as one line of JSON."""

    places: Places
    versions: Versions
    manners: Manners = field(default_factory=Manners)
    worker: tuple[str, ...] = field(default_factory=worker_command)

    def to_json(self) -> str:
        """Write as one line; path bytes that are not UTF-8 survive as surrogates."""
        folders = {
            name: str(getattr(self.places, name).absolute()) for name in ("data", "state", "config")
        }
        return json.dumps(
            {
                "places": folders,
                "versions": asdict(self.versions),
                "manners": asdict(self.manners),
                "worker": self.worker,
            }
        )

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` wrote."""
        fields: Mapping[str, Any] = json.loads(line)
        return cls(
            places=Places(**{name: Path(folder) for name, folder in fields["places"].items()}),
            versions=Versions(**fields["versions"]),
            manners=Manners(**fields["manners"]),
            worker=tuple(fields["worker"]),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the servers: the keeper's own, the same places, few threads."""
        environment = dict(os.environ)
        home = self.places.data.parent
        under_one = Places(data=home / "data", state=home / "state", config=home / "config")
        if self.places == under_one:
            environment["SMTUI_HOME"] = str(home)
        environment |= thread_variables(self.manners.threads)
        # No telemetry, whichever of its names a version of Chroma listens to.
        environment |= {"ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1"}
        return environment

    def with_worker(self, command: tuple[str, ...]) -> Setup:
        """Return the same with another program as the worker."""
        return replace(self, worker=command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of the keeper and its servers; all in the state folder, sockets perhaps beside."""

    places: Places

    @property
    def in_use(self) -> Path:
        """Locked by whoever uses the private servers, shared; see `locks.InUse`."""
        return self.places.state / "in-use.lock"

    @property
    def keeper_lock(self) -> Path:
        """Locked by the one keeper for as long as it lives."""
        return self.places.state / "keeper.lock"

    @property
    def start_lock(self) -> Path:
        """Locked by who starts a keeper, so that of many callers one starts it."""
        return self.places.state / "keeper-start.lock"

    @property
    def keeper_socket(self) -> Path:
        """Where the keeper listens."""
        return self.places.sockets / "keeper.sock"

    @property
    def valkey_socket(self) -> Path:
        """Where Valkey listens."""
        return self.places.sockets / "valkey.sock"

    def record(self, name: str) -> Path:
        """Return the file that remembers a server's process, 0600."""
        return self.places.state / f"{name}.process.json"

    def log(self, name: str) -> Path:
        """Return the log of the keeper or of a server."""
        return self.places.state / f"{name}.log"

    @property
    def valkey_url(self) -> str:
        """The address of Valkey for redis-py and Celery's broker settings."""
        # A late import, where an address is made: most callers of Files need none.
        from urllib.parse import quote

        return f"unix://{quote(os.fsencode(self.valkey_socket))}?db=0"

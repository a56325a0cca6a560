"""A server for tests as a process: killed and started at will, ended with whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_START_SECONDS = 60.0
# Waits for the end of its standard input, that of the tests however they end, then kills.
_LEASH = 'cat >/dev/null; kill -9 "$1" 2>/dev/null'


class ServerProcess:
    """One process of a server; in a session of its own, so that Ctrl-C reaches only the tests."""

    def __init__(self, command: Sequence[str], *, folder: Path | None = None) -> None:
        # What it says while it fails to start is for the person who runs the tests.
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._leash = subprocess.Popen(
            ["/bin/sh", "-c", _LEASH, "leash", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        # Not by closing its input: it would kill whoever has the number by then.
        self._leash.kill()
        self._leash.communicate()

    def wait_until(self, answers: Callable[[], bool], *, name: str) -> None:
        """Wait until it answers; a server that has ended never will."""
        until = time.monotonic() + _START_SECONDS
        while not answers():
            if self.ended() or time.monotonic() > until:
                self.kill()
                raise TimeoutError(f"{name} did not start")
            time.sleep(0.01)


def free_port() -> int:
    """Give a port of the loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def listens(port: int) -> bool:
    """Tell whether somebody accepts lines at this port of the loopback."""
    with socket.socket() as line:
        line.settimeout(1)
        return line.connect_ex(("127.0.0.1", port)) == 0


def under_ci() -> bool:
    return bool(os.environ.get("CI"))

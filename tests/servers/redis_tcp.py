"""A real Valkey on TCP with a password, as a studio's server is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.servers.process import free_port
from tests.servers.valkey_server import ValkeyProgram, own_folder

# Every sign that an address must escape.
PASSWORD = "p@ss/w:rd#1? %41+é"


class RedisServer(ValkeyProgram):
    """One on the loopback; killed and started again it has its port and its data."""

    def __init__(self, folder: Path, *, password: str = PASSWORD) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.password = password

    def url(self, database: int = 0, *, password: str | None = None) -> str:
        """Give its address; with `password` a wrong one can be said, with "" none."""
        said = self.password if password is None else password
        secret = f":{quote(said, safe='')}@" if said else ""
        return f"redis://{secret}127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = {"port": str(self.port), "bind": "127.0.0.1"}
        if self.password:
            options["requirepass"] = self.password
        self.run(options)

    def line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=1)


@contextmanager
def running_redis(*, password: str = PASSWORD) -> Iterator[RedisServer]:
    """Run a server of one's own, empty."""
    with own_folder() as folder:
        server = RedisServer(folder, password=password)
        try:
            server.start()
            yield server
        finally:
            server.kill()

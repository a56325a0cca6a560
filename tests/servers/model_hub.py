"""What hands out one model as huggingface.co does, on the loopback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

NAME = "somebody/small"
_COMMIT = "a" * 40


@contextmanager
def hub(folder: Path) -> Iterator[str]:
    """Give the address at which the folder's files are to be had as the model NAME."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answers(folder))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answers(folder: Path) -> type[BaseHTTPRequestHandler]:
    files = {str(one.relative_to(folder)): one for one in folder.rglob("*") if one.is_file()}
    listed = [
        {"type": "file", "path": name, "size": one.stat().st_size, "oid": _mark(one.read_bytes())}
        for name, one in files.items()
    ]
    about = {"id": NAME, "sha": _COMMIT, "siblings": [{"rfilename": name} for name in files]}

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            name = path.partition("/resolve/")[2].partition("/")[2]
            if path.startswith(f"/{NAME}/resolve/") and name in files:
                body = files[name].read_bytes()
                self._say(200, body, ETag=f'"{_mark(body)}"')
            elif path.startswith(f"/api/models/{NAME}"):
                told: Any = listed if "/tree/" in path else about
                self._say(200, json.dumps(told).encode())
            else:
                unknown = "EntryNotFound" if NAME in path else "RepoNotFound"
                self._say(404, b"{}", **{"X-Error-Code": unknown})

        def do_HEAD(self) -> None:
            self.do_GET()

        def _say(self, status: int, body: bytes, **head: str) -> None:
            self.send_response(status)
            told = {"Content-Length": str(len(body)), "X-Repo-Commit": _COMMIT, **head}
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing of it."""

    return Answers


def _mark(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()

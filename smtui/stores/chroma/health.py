"""How a shared Chroma is: its heartbeat and version, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from smtui.domain.address import redacted
from smtui.domain.errors import ServerUnavailable
from smtui.domain.health import Condition, ServerHealth
from smtui.domain.text import shown
from smtui.domain.versions import numbers
from smtui.stores.chroma.client import authorization

_ANSWER_SECONDS = 4.0
_LONGEST_ANSWER = 16_384
_OLDEST = (1,)
_DOOR = "See whether servers.chroma_url names Chroma itself, and whether it runs."
_REFUSALS = (401, 403)
_NOT_FOUND = 404


class ChromaHealth:
    """Looks at the server of one address; the whole of it within 5 s."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self) -> ServerHealth:
        """Ask it; failures are answers, never errors."""
        began = time.perf_counter()
        try:
            version = await asyncio.to_thread(self._version)
        except ServerUnavailable as error:
            return ServerHealth(
                name="index",
                condition=Condition.BROKEN,
                address=redacted(self._url),
                trouble=error.title,
                hint=error.hint,
            )
        return ServerHealth(
            name="index",
            condition=Condition.OK,
            version=f"Chroma {version}",
            address=redacted(self._url),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _version(self) -> str:
        """Ask for the heartbeat, then the version; blocks, for a thread."""
        try:
            beat = self._get("/api/v2/heartbeat")
            version = self._get("/api/v2/version")
        except (OSError, HTTPException) as error:
            raise _unreachable(error) from error
        except ValueError as error:
            raise ServerUnavailable("What answers is not Chroma", hint=_DOOR) from error
        if not isinstance(beat, dict) or "nanosecond heartbeat" not in beat:
            raise ServerUnavailable("What answers is not Chroma", hint=_DOOR)
        if numbers(str(version)) < _OLDEST:
            raise ServerUnavailable(
                f"Chroma is {shown(str(version))}, smtui needs 1 or newer", hint="Update Chroma."
            )
        return shown(str(version))

    def _get(self, path: str) -> Any:
        parts = urlsplit(self._url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS / 2)
        headers = {"Connection": "close", **authorization(parts)}
        try:
            line.request("GET", parts.path.rstrip("/") + path, headers=headers)
            answer = line.getresponse()
            if answer.status in _REFUSALS:
                raise ServerUnavailable(
                    "Chroma refuses the password", hint="Its address should hold the right one."
                )
            if answer.status == _NOT_FOUND:
                raise ServerUnavailable(
                    "What answers is not Chroma, or is older than 1", hint="Update Chroma."
                )
            return json.loads(answer.read(_LONGEST_ANSWER))
        finally:
            line.close()


def _unreachable(error: OSError | HTTPException) -> ServerUnavailable:
    """Say why nobody could be asked."""
    if isinstance(error, socket.gaierror):
        return ServerUnavailable(
            "Chroma has a host name that cannot be found",
            hint="See whether it is spelt rightly, and whether this machine knows it.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return ServerUnavailable(
            f"Chroma has a certificate that is not trusted: {error.verify_message}",
            hint="SSL_CERT_FILE names the authorities to trust.",
        )
    if isinstance(error, TimeoutError):
        return ServerUnavailable("Chroma does not answer", hint=_DOOR)
    if isinstance(error, HTTPException | ssl.SSLError):
        return ServerUnavailable("What answers is not Chroma", hint=_DOOR)
    return ServerUnavailable("Chroma cannot be reached", hint=_DOOR)

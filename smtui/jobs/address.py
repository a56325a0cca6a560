"""Addresses of Redis and Valkey: one writing for people and redis-py, another for Celery.

People write `redis://`, `rediss://` (TLS), `valkey://`, `valkeys://` or `unix://`, with what
redis-py understands after the question mark. Celery's broker and its results each read TLS
options in their own way, so both are given them apart from the address.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

_OTHER_NAMES = {"valkey": "redis", "valkeys": "rediss"}
_REQUIREMENTS = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_ca_path")


def redis_address(url: str) -> str:
    """Write an address as redis-py reads it."""
    scheme, _, rest = url.partition("://")
    return f"{_OTHER_NAMES.get(scheme, scheme)}://{rest}"


def kombu_address(url: str) -> str:
    """Write an address as kombu and Celery read it: a socket as `redis+socket://`."""
    parts = urlsplit(redis_address(url))
    database = _asked(parts, "db")
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database or 0}"
    path = f"/{database}" if database else parts.path
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, path, "", ""))


def tls_options(url: str) -> dict[str, Any] | None:
    """Give the options of TLS, None where the address asks for none; certificates are checked."""
    parts = urlsplit(redis_address(url))
    if parts.scheme != "rediss":
        return None
    required = _asked(parts, "ssl_cert_reqs").lower().removeprefix("cert_")
    options: dict[str, Any] = {
        "ssl_cert_reqs": _REQUIREMENTS.get(required, ssl.CERT_REQUIRED),
        # Without certificates to hold to there is no name to hold to either.
        "ssl_check_hostname": required != "none"
        and _asked(parts, "ssl_check_hostname").lower() not in ("false", "0", "no"),
    }
    return options | {name: value for name in _FILES if (value := _asked(parts, name))}


def _asked(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[-1]

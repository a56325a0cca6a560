"""A client of redis-py for an address.

It stands alone as it imports the library, which only who is about to ask the server shall load.
"""

from __future__ import annotations

import os
import re
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from smtui.stores.redis.errors import Refusals

_LINES = 20
_OTHER_NAMES = {"valkey": "redis", "valkeys": "rediss"}
_OWN_OPTIONS = {"username", "password", "host", "port", "db", "path", "connection_class"}
_TLS_OPTIONS = {
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
    "ssl_min_version",
    "ssl_password",
}
_TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")


def client_at(address: str, seconds: float, refusals: Refusals) -> Redis:
    """Make a client that waits at most so long for each answer; nothing is sent yet.

    Raises ServerUnavailable for an address that cannot be used; the words never quote it.
    """
    scheme, found, rest = address.partition("://")
    scheme = _OTHER_NAMES.get(scheme.lower(), scheme.lower())
    if not found or scheme not in ("redis", "rediss", "unix"):
        raise refusals.odd_address("that begins neither with redis:// nor with rediss://")
    if scheme != "unix" and not re.fullmatch(r"[^/?#]*(/\d*)?(\?.*)?", rest):
        raise refusals.odd_address("that cannot be read (in a password @ : / ? # % are escaped)")
    try:
        options: dict[str, Any] = dict(parse_url(f"{scheme}://{rest}"))
    except ValueError:
        # Not chained: what the library says quotes the address.
        raise refusals.odd_address("that cannot be read") from None
    known = _OWN_OPTIONS | (_TLS_OPTIONS if scheme == "rediss" else set())
    if options.keys() - known:
        raise refusals.odd_address("with an option that smtui does not know")
    if any(not os.access(str(options.get(name, "/")), os.R_OK) for name in _TLS_FILES):
        raise refusals.no_certificates()
    pool = BlockingConnectionPool(
        max_connections=_LINES,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # Its own retries would hide a restart that needs the address anew.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return Redis.from_pool(pool)


def speaks_tls(client: Redis) -> bool:
    """True if its address asks for TLS."""
    return issubclass(client.connection_pool.connection_class, SSLConnection)

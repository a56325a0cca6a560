"""What Redis or Valkey answers instead of what was asked for, as sentences with a hint."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from smtui.domain.address import without_passwords
from smtui.domain.errors import ServerUnavailable
from smtui.domain.text import shown

if TYPE_CHECKING:
    from redis.exceptions import RedisError

LOOK_AFTER_PRIVATE = (
    "`smtui services status` tells how it stands, `smtui services start` starts it."
)


class Refusals:
    """Makes errors of the client library into sentences about one server.

    `name` begins the sentences (`The Valkey server`), `hint` says how to look after it.
    """

    def __init__(self, *, name: str = "The Valkey server", hint: str = LOOK_AFTER_PRIVATE) -> None:
        self._name = name
        self._hint = hint

    def silent(self) -> ServerUnavailable:
        """It is there and does not answer in time."""
        return ServerUnavailable(f"{self._name} does not answer", hint=self._hint)

    def unreachable(self, error: RedisError) -> ServerUnavailable:
        """No line to it can be had."""
        for cause in _causes(error):
            if isinstance(cause, socket.gaierror):
                return ServerUnavailable(
                    f"{self._name} has a host name that cannot be found",
                    hint="See whether it is spelt rightly, and whether this machine knows it.",
                )
            if isinstance(cause, ssl.SSLCertVerificationError):
                return ServerUnavailable(
                    f"{self._name} has a certificate that is not trusted: {cause.verify_message}",
                    hint="ssl_ca_certs=FILE in its address names the authority to trust.",
                )
            if isinstance(cause, ssl.SSLError):
                return ServerUnavailable(
                    f"{self._name} does not speak TLS as its address asks for",
                    hint="rediss:// is with TLS, redis:// without.",
                )
        return ServerUnavailable(f"{self._name} cannot be reached", hint=self._hint)

    def refused(self, error: RedisError) -> ServerUnavailable:
        """It answers with a refusal."""
        # A late import: who never asks the server does not load its library.
        from redis import exceptions

        if isinstance(error, exceptions.AuthenticationError):
            return ServerUnavailable(
                f"{self._name} refuses the password", hint="Its address should hold the right one."
            )
        if isinstance(error, exceptions.NoPermissionError):
            return ServerUnavailable(
                f"{self._name} does not let this account do what smtui needs",
                hint="Give it the right to read and write every key, and to EVAL.",
            )
        if isinstance(error, exceptions.ReadOnlyError):
            return ServerUnavailable(
                f"{self._name} is a copy that can only be read",
                hint="Its address should name the server that the copies follow.",
            )
        if "DB index is out of range" in str(error):
            return ServerUnavailable(
                f"{self._name} has no database of that number",
                hint="The number at the end of its address is usually 0 to 15.",
            )
        return ServerUnavailable(
            f"{self._name} refuses: {shown(without_passwords(str(error)))}",
            hint="Its memory or the disk may be full; `smtui doctor` tells.",
        )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Go through what led to an error."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__

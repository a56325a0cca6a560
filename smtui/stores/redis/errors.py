"""What Redis or Valkey answers instead of what was asked for, as sentences with a hint."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smtui.domain.address import redacted, without_passwords
from smtui.domain.errors import ServerUnavailable
from smtui.domain.text import shown

if TYPE_CHECKING:
    from redis.exceptions import RedisError

_LONGEST = 160
_IN_A_PIPELINE = "of pipeline caused error: "
_TLS = "rediss:// is with TLS, redis:// without."


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Makes errors of the client library into sentences about one server.

    Attributes:
        name: how sentences begin (`The private Valkey`).
        look: what to do where it is away.
        address: what to do about its address; empty where no person has written that.
        full: what to do where it has no room left.
    """

    name: str
    look: str
    address: str
    full: str

    def at(self, url: str) -> Refusals:
        """The same, which name the server by host and port as its address has them."""
        place = redacted(url).partition("://")[2].rpartition("@")[2]
        if not place.startswith("/"):
            place = place.partition("/")[0]
        return replace(self, name=f"{self.name} at {place}") if place.strip("*") else self

    @property
    def shared(self) -> bool:
        """Somebody else looks after the server: it may be anything that a person wrote."""
        return bool(self.address)

    def silent(self, *, tls: bool) -> ServerUnavailable:
        """It is there and does not answer in time; without TLS it may wait for more of ours."""
        return self._said("does not answer", f"{self.look} {_TLS}" if tls else self.look)

    def too_old(self, version: str, oldest: int) -> ServerUnavailable:
        """It lacks what smtui needs."""
        return self._said(
            f"has version {shown(version)}; smtui needs {oldest} or newer",
            "Update it, or use another.",
        )

    def odd_address(self, trouble: str) -> ServerUnavailable:
        """Its address cannot be used; `trouble` never quotes it."""
        return self._said(f"has an address {trouble}", self.address)

    def no_certificates(self) -> ServerUnavailable:
        """Its address names files for TLS that are none, or not to be read."""
        return self._said(
            "needs certificate files that cannot be read",
            "ssl_ca_certs, ssl_certfile and ssl_keyfile in its address name them.",
        )

    def of(self, error: BaseException) -> ServerUnavailable:
        """Say what an error of the library, or of the system below it, means."""
        causes = tuple(_causes(error))
        return self._of_the_line(causes) or self._of_an_answer(causes) or self._away()

    def _away(self) -> ServerUnavailable:
        return self._said("cannot be reached", self.look)

    def _of_the_line(self, causes: tuple[BaseException, ...]) -> ServerUnavailable | None:
        """Tell why there is no line; None where the server did answer, or nothing is known."""
        for cause in causes:
            if isinstance(cause, socket.gaierror | UnicodeError):
                return self._said("has a host name that cannot be found", self.address)
            if isinstance(cause, ssl.SSLCertVerificationError):
                return self._said(
                    f"has a certificate that is not trusted: {shown(cause.verify_message)}",
                    "ssl_ca_certs=FILE in its address names the authority to trust.",
                )
            if isinstance(cause, ssl.SSLError):
                return self._of_tls(cause)
        return None

    def _of_tls(self, error: ssl.SSLError) -> ServerUnavailable:
        if error.library in ("X509", "PEM"):
            return self.no_certificates()
        if "CERTIFICATE_REQUIRED" in (error.reason or "").upper().replace(" ", "_"):
            return self._said(
                "wants a certificate from this machine",
                "ssl_certfile=FILE and ssl_keyfile=FILE in its address name it.",
            )
        return self._said("does not speak TLS as its address asks for", _TLS)

    def _of_an_answer(self, causes: tuple[BaseException, ...]) -> ServerUnavailable | None:
        """Tell what the server's refusal means; None where none of the causes is one."""
        # A late import: who never asks the server does not load its library.
        from redis import exceptions

        for cause in causes:
            match cause:
                case exceptions.AuthenticationError():
                    return self._of_a_password(str(cause))
                case exceptions.NoPermissionError() | exceptions.AuthorizationError():
                    return self._said(
                        "does not let this account do what smtui needs",
                        "Give it the right to read and write every key, and to run scripts.",
                    )
                case exceptions.ReadOnlyError():
                    return self._said(
                        "is a copy that can only be read",
                        "Its address should name the server that the copies follow.",
                    )
                case exceptions.OutOfMemoryError():
                    return self._said("has no memory left", self.full)
                case exceptions.BusyLoadingError():
                    return self._said("is still loading what it keeps", "Try again in a moment.")
                case exceptions.InvalidResponse():
                    return self._said("answers what no Redis would", _TLS)
                case exceptions.ResponseError() | exceptions.ConnectionError():
                    if (told := self._of_words(str(cause))) is not None:
                        return told
        answered = (cause for cause in causes if isinstance(cause, exceptions.ResponseError))
        return next((self._refused(error) for error in answered), None)

    def _of_a_password(self, words: str) -> ServerUnavailable:
        if "without any password" in words:
            return self._said("has no password, but its address gives one", self.address)
        if "Authentication required" in words:
            return self._said("asks for a password", self.address)
        return self._said("refuses the password", self.address)

    def _of_words(self, words: str) -> ServerUnavailable | None:
        for sign, title, hint in (
            (r"\bMISCONF\b", "cannot write to its disk", self.full),
            (r"\bNOREPLICAS\b", "misses the copies that it must write to", self.look),
            ("DB index is out of range", "has no database of that number", self.address),
            ("max number of clients", "has no room for another line", self.look),
            (r"\bDENIED\b", "lets nobody in from other machines", "Give it a password."),
            (r"\bWRONGTYPE\b", "keeps something else under a key of smtui's", _OTHER_DATABASE),
            ("not an integer", "keeps something else under a key of smtui's", _OTHER_DATABASE),
            (r"\b(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b", "is a cluster", _ONE_SERVER),
            (
                "closed by server|reset by peer",
                "ends the line without a word",
                self._alone_or_tls(),
            ),
            (r"^Protocol Error", "answers what no Redis would", _TLS),
        ):
            if re.search(sign, words):
                return self._said(title, hint)
        return None

    def _alone_or_tls(self) -> str:
        return f"{self.look} {_TLS}" if self.shared else self.look

    def _refused(self, error: RedisError) -> ServerUnavailable:
        # Before it stands the whole command, which may hold an e-mail.
        words = str(error).rpartition(_IN_A_PIPELINE)[2]
        return self._said(f"refuses: {shown(without_passwords(words))[:_LONGEST]}", self.look)

    def _said(self, what: str, hint: str) -> ServerUnavailable:
        return ServerUnavailable(f"{self.name} {what}", hint=hint or self.look)


_OTHER_DATABASE = "Give smtui a database of its own: the number at the end of the address."
_ONE_SERVER = "smtui needs a single server, or one with copies."

PRIVATE = Refusals(
    name="The private Valkey",
    look="`smtui services status` tells how it stands, `smtui services start` starts it.",
    address="",
    full="Its memory or the disk may be full; `smtui doctor` tells.",
)
SHARED = Refusals(
    name="Redis",
    look="Is Redis running? `smtui services check` tells.",
    address="See servers.redis_url in the settings: redis://:PASSWORD@HOST:6379/0.",
    full="Its memory or its disk is full; whoever looks after it should make room.",
)


def in_vain(error: BaseException) -> bool:
    """True if asking again at once would only be answered the same."""
    from redis import exceptions

    answered = (exceptions.AuthenticationError, exceptions.AuthorizationError)
    lasting = (socket.gaierror, UnicodeError, ssl.SSLError, exceptions.ResponseError, *answered)
    return any(isinstance(cause, lasting) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Go through what led to an error."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__

"""Errors of MongoDB and its driver, in words for a person and without any password."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Mapping
from typing import Any

from bson.errors import InvalidBSON
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    CursorNotFound,
    DocumentTooLarge,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ProtocolError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from smtui.domain.address import without_passwords
from smtui.domain.errors import SettingInvalid, SmtuiError, StoreUnreachable
from smtui.domain.text import shown

CHECK = "`smtui services check` asks every server how it is."
"""What helps whatever it is."""


TRANSLATED = (PyMongoError, InvalidBSON, DocumentTooLarge)
"""What `translate_error` has words for; everything else is a defect."""

NOT_AUTHENTICATED = 18
NOT_AUTHORIZED = 13

# The server said so itself: another one is primary now, it is shutting down, a wire broke.
# https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
# The last two: what two changed at once was locked, or changed under the hands of one of them.
_PASSING = frozenset(
    {6, 7, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 24, 112}
)


def _of_postgresql(state: str) -> int:
    """The number in which PostgreSQL, and so FerretDB 2, tells an SQLSTATE: 6 bits a character."""
    return sum((ord(sign) - ord("0") & 0x3F) << 6 * place for place, sign in enumerate(state))


# https://www.postgresql.org/docs/current/errcodes-appendix.html: two waited for one another or
# changed the same row, a lock was not to be had, and the server stops, starts or only follows.
_PASSING_STATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25006"})
_PASSING_NUMBERS = _PASSING | {_of_postgresql(state) for state in _PASSING_STATES}
_SQLSTATE = re.compile(r"\bSQLSTATE (\w{5})\b")

_ATLAS_NOT_AUTHENTICATED = 8000
_TIME_EXCEEDED = 50
_DISK_FULL = frozenset({14031, _of_postgresql("53100")})
# FerretDB tells where in its own code an error came up, for each call once: `[msg_find.go:43
# handler.(*Handler).msgFind] …`, or `msg_find.go:43 (handler.(*Handler).msgFind): …`.
_IN_BRACKETS = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_PLACES_IN_CODE = re.compile(
    rf"\[[^\[\]]*\.go:\d+[^\[\]]*\]\s*|[\w./-]+\.go:\d+(?:\s*{_IN_BRACKETS})?:?\s*"
)
# MaxTimeMSExpired, WriteConcernTimeout, UnsatisfiableWriteConcern.
_UNCONFIRMED = frozenset({50, 64, 100})
_NOT_ASKED_ANEW = _DISK_FULL | {
    NOT_AUTHENTICATED,
    NOT_AUTHORIZED,
    _ATLAS_NOT_AUTHENTICATED,
    _TIME_EXCEEDED,
}
"""What says nothing of the command itself."""


def _numbered(*numbers: int) -> str:
    return rf"\[Errno (?:{'|'.join(map(str, numbers))})\]"


_NETWORK = "Check the host in the MongoDB address, and this machine's network."
_NO_TLS = "Take tls=true out of the address, or turn TLS on at the server."

# What the driver's words for a lost line look like, what a person is told, and the hint; the first
# one counts.
_BREAKS = (
    (
        _numbered(socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL) + "|'idna' codec",
        "The name {name} is not known here",
        "Check the host in the MongoDB address, and this machine's DNS.",
    ),
    (
        _numbered(errno.ECONNREFUSED),
        "Nothing listens at {place}",
        f"Is MongoDB running there? {CHECK}",
    ),
    (
        _numbered(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN),
        "No way to {place} from here",
        _NETWORK,
    ),
    (
        r"certificate verify failed: ([^(]*)",
        "The certificate of {place} is not trusted: {said}",
        "Name the file of its authority in the address: tlsCAFile=/path/ca.pem.",
    ),
    (
        r"SSL handshake failed.*timed out",
        "The server at {place} does not answer by TLS",
        f"If it does not use TLS: {_NO_TLS[0].lower()}{_NO_TLS[1:]}",
    ),
    (
        r"WRONG_VERSION_NUMBER|UNEXPECTED_EOF|RECORD_LAYER_FAILURE|EOF occurred"
        r"|SSL handshake failed.*(?:reset|closed)",
        "The server at {place} does not speak TLS",
        _NO_TLS,
    ),
    (
        r"\[SSL: (\w+)\]",
        "No TLS line to {place}: {said}",
        "The server may want a certificate: tlsCertificateKeyFile=/path/client.pem.",
    ),
    (
        r"Got response id|Got opcode|Message length",
        "What answers at {place} is not MongoDB",
        "Check host and port in the MongoDB address.",
    ),
    (
        "connection closed|" + _numbered(errno.ECONNRESET, errno.EPIPE),
        "The server at {place} closes the line",
        "It may be restarting. If it wants TLS, add tls=true to the address.",
    ),
)


def is_passing(error: BaseException) -> bool:
    """True if the same work may succeed in a moment: the line broke or the primary changed."""
    if isinstance(error, ServerSelectionTimeoutError):
        return False
    if isinstance(error, AutoReconnect | CursorNotFound):
        return True
    if not isinstance(error, OperationFailure):
        return False
    if error.has_error_label("RetryableWriteError"):
        return True
    in_words = {*_SQLSTATE.findall(str(error))}
    return bool(_codes(error) & _PASSING_NUMBERS or in_words & _PASSING_STATES)


def is_only_late(error: BaseException) -> bool:
    """True if the error says no more than that the time is up."""
    return isinstance(error, ServerSelectionTimeoutError | ExecutionTimeout | NetworkTimeout)


def is_forbidden(error: OperationFailure) -> bool:
    """True if the account has no right to do this."""
    return error.code == NOT_AUTHORIZED


def is_lacking(error: OperationFailure) -> bool:
    """True if the server understood who asks and in time, and does not do what was asked."""
    if is_passing(error) or isinstance(error, WriteConcernError | BulkWriteError):
        return False
    return not _codes(error) & (_UNCONFIRMED | _NOT_ASKED_ANEW)


def translate_error(
    error: Exception, *, place: str, servers: Mapping[str, Exception]
) -> SmtuiError:
    """Put an error of the driver into words.

    Args:
        error: one of TRANSLATED.
        place: the server's host and port, for the sentence.
        servers: host and port → why the driver cannot use that server, where it knows.
    """
    if isinstance(error, WriteConcernError) and _codes(error) & _UNCONFIRMED:
        return StoreUnreachable(
            "MongoDB took the change, but most of its servers have not confirmed it",
            hint="A member of the replica set may be down. Try again in a moment.",
        )
    if isinstance(error, OperationFailure):
        return _refused(error, place)
    # Cancelled: the driver's monitor found that the server does not answer, and broke its lines.
    if isinstance(error, ServerSelectionTimeoutError) or "operation cancelled" in str(error):
        return _unreachable(error, place, servers)
    if isinstance(error, AutoReconnect | ProtocolError):
        return _broken(error, place)
    if isinstance(error, DocumentTooLarge):
        return StoreUnreachable(
            "MongoDB keeps no document this large", hint="Fewer tags or shorter notes may fit."
        )
    if isinstance(error, InvalidBSON):
        return StoreUnreachable(
            f"What the server at {place} says cannot be read",
            hint="Is it MongoDB, and is the port the right one?",
        )
    if isinstance(error, ConfigurationError) and "wire version" in str(error):
        return too_old("")
    if isinstance(error, ConfigurationError):
        return _configured(error, place)
    return StoreUnreachable(f"MongoDB at {place}: {in_short(error)}", hint=CHECK)


def late(place: str, servers: Mapping[str, Exception]) -> SmtuiError:
    """Say that the time is up, with why a server cannot be used where the driver knows it."""
    return translate_error(ServerSelectionTimeoutError(""), place=place, servers=servers)


def nowhere(servers: Mapping[str, Exception]) -> StoreUnreachable | None:
    """What to tell where nobody knows the name of any server, which waiting does not mend."""
    unknown = _numbered(socket.EAI_NONAME)
    if not servers or not all(re.search(unknown, str(reason)) for reason in servers.values()):
        return None
    place, reason = next(iter(servers.items()))
    return _known_break(str(reason), place)


def unreadable(hint: str = "") -> SettingInvalid:
    """Say that an address is none; what is wrong in it may be the password, so it is not said."""
    return SettingInvalid(
        "The MongoDB address cannot be read",
        hint=hint
        or "Write it like mongodb://name:password@host:27017/samplemind; in the password write"
        " @ as %40, : as %3A, / as %2F and % as %25.",
    )


def silent(place: str) -> StoreUnreachable:
    """Say that nobody answers in time."""
    return StoreUnreachable(
        f"MongoDB at {place} does not answer",
        hint=f"The server may be overloaded, or a firewall swallows the line. {CHECK}",
    )


def too_old(version: str) -> StoreUnreachable:
    """Say that the server lacks what smtui needs."""
    named = f"MongoDB {version}" if version else "MongoDB"
    return StoreUnreachable(
        f"The server's {named} is too old, smtui needs 7.0 or newer",
        hint="Update the server, one major version at a time.",
    )


def read_only(database: str) -> StoreUnreachable:
    """Say that the account may look and not write."""
    return StoreUnreachable(
        f"This MongoDB account may only read the database {shown(database)}",
        hint=f'Give it the role "readWrite" on {shown(database)}, or use another account.',
    )


def in_short(error: BaseException) -> str:
    """The first line of what the server says, short, inert, without passwords and its own code."""
    text = str(error).split("\n", 1)[0].split(", full error:", 1)[0].split(" (configured", 1)[0]
    words = shown(without_passwords(_PLACES_IN_CODE.sub("", text))).strip(" :,")[:200]
    if words or not isinstance(error, OperationFailure):
        return words or type(error).__name__
    return f"its error {error.code}"


def _refused(error: OperationFailure, place: str) -> StoreUnreachable:
    codes = _codes(error)
    if codes & {NOT_AUTHENTICATED, _ATLAS_NOT_AUTHENTICATED}:
        return StoreUnreachable(
            f"MongoDB at {place} refuses the name or the password",
            hint="If the account was made in another database, say which: add"
            " authSource=admin to the address.",
        )
    if NOT_AUTHORIZED in codes and "requires authentication" in str(error):
        return StoreUnreachable(
            f"MongoDB at {place} wants a name and a password",
            hint="Write them into the address: mongodb://name:password@host/samplemind.",
        )
    if NOT_AUTHORIZED in codes:
        return StoreUnreachable(
            "This MongoDB account may not read or write the library",
            hint='Give it the role "readWrite" on the database that the address names.',
        )
    if _TIME_EXCEEDED in codes:
        return silent(place)
    if codes & _DISK_FULL:
        return StoreUnreachable(
            f"The disk of MongoDB at {place} is full", hint="Make room there; reading goes on."
        )
    if is_passing(error):
        return StoreUnreachable(
            f"MongoDB at {place} cannot do this now: {in_short(error)}",
            hint="It was asked several times; try again in a moment.",
        )
    return StoreUnreachable(f"MongoDB at {place} refuses: {in_short(error)}", hint=CHECK)


def _unreachable(
    error: Exception, place: str, servers: Mapping[str, Exception]
) -> StoreUnreachable:
    for server, reason in servers.items():
        if isinstance(reason, OperationFailure):
            return _refused(reason, server)
        return _broken(reason, server)
    if "replica set name" in str(error):
        return StoreUnreachable(
            f"The server at {place} is not in the replica set that the address names",
            hint="Take replicaSet=… out of the address, or name the set that it is in.",
        )
    if "primary" in str(error).lower() or servers:
        return StoreUnreachable(
            f"The replica set at {place} has no primary now",
            hint="Its servers are choosing one, or too few of them run. Try again in a moment.",
        )
    return silent(place)


def _broken(error: Exception, place: str) -> StoreUnreachable:
    """Say why there is no line to a server.

    Of the errors of its monitors the driver keeps the words alone, no cause and no number.
    """
    text = str(error)
    if (known := _known_break(text, place)) is not None:
        return known
    if isinstance(error, NetworkTimeout):
        return silent(place)
    if isinstance(error, ConfigurationError) and "wire version" in text:
        return too_old("")
    return StoreUnreachable(f"No line to MongoDB at {place}: {in_short(error)}", hint=CHECK)


def _known_break(said: str, place: str) -> StoreUnreachable | None:
    """Put a known break of the line to a server into words; None where it is none of them."""
    for pattern, title, hint in _BREAKS:
        found = re.search(pattern, said)
        if found is not None:
            more = shown(next(iter(found.groups()), "")).strip(" .")
            name = place.rpartition(":")[0] or place
            return StoreUnreachable(title.format(place=place, name=name, said=more), hint=hint)
    return None


def _configured(error: ConfigurationError, place: str) -> SmtuiError:
    # The names of a mongodb+srv address are looked up late, and arrive as this.
    if "DNS" in str(error) or "resolv" in str(error).lower():
        return StoreUnreachable(
            f"The name {place} is not known here",
            hint="Check the host in the MongoDB address, and this machine's DNS.",
        )
    return SettingInvalid(
        f"The MongoDB address does not fit the server: {in_short(error)}", hint=CHECK
    )


def _codes(error: OperationFailure) -> set[int]:
    """Every code in an error of the server, those of a bulk write with it."""
    found = {error.code} if error.code is not None else set()
    details: Mapping[str, Any] = error.details or {}
    if isinstance(error, BulkWriteError):
        parts = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
    else:
        parts = [details, details.get("writeConcernError") or {}]
    return found | {part["code"] for part in parts if "code" in part}

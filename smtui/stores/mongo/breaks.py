"""What the driver's words for a lost line look like, and what a person is told of each."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Mapping

from smtui.domain.errors import StoreUnreachable
from smtui.domain.text import shown

CHECK = "`smtui services check` asks every server how it is."
"""What helps whatever it is."""


def break_of(said: str, place: str) -> StoreUnreachable | None:
    """Put a known break of the line to a server into words; None where it is none of them."""
    for pattern, title, hint in _BREAKS:
        found = re.search(pattern, said)
        if found is not None:
            more = shown(next(iter(found.groups()), "")).strip(" .")
            name = place.rpartition(":")[0] or place
            return StoreUnreachable(title.format(place=place, name=name, said=more), hint=hint)
    return None


def nowhere(servers: Mapping[str, Exception]) -> StoreUnreachable | None:
    """What to tell where nobody knows the name of any server, which waiting does not mend."""
    unknown = _numbered(socket.EAI_NONAME)
    if not servers or not all(re.search(unknown, str(reason)) for reason in servers.values()):
        return None
    place, reason = next(iter(servers.items()))
    return break_of(str(reason), place)


def _numbered(*numbers: int) -> str:
    return rf"\[Errno (?:{'|'.join(map(str, numbers))})\]"


_NETWORK = "Check the host in the MongoDB address, and this machine's network."
_NO_TLS = "Take tls=true out of the address, or turn TLS on at the server."

# A pattern, what a person is told, and the hint; the first one counts.
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

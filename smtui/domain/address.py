"""Addresses of servers as they may be shown: `redis://***@host:6379/2`, never a password."""

from __future__ import annotations

import re

_HIDDEN = "***"
# One host or several, each a name, an address or [IPv6], with or without a port; or a socket.
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d+)?"
_PLAIN = re.compile(rf"(?:{_HOST}(?:,{_HOST})*)?(?:/[\w./~ -]*)?")
_DATABASE = re.compile(r"(?:.*&)?(db=\d+)(?:&.*)?")
# Up to the last @ before a blank or a quote: a password may hold / and @ itself.
_SIGNED = re.compile(r"(\b[A-Za-z][\w+.-]*://)[^\s'\"]*@")
_SECRET_OPTION = re.compile(r"(?i)([?&][\w.-]*(?:pass|token|secret|key|auth)[\w.-]*=)[^&\s'\"]+")


def redacted(url: str) -> str:
    """Give an address without user, password and options; only a Redis database number stays.

    What is not plainly a host, a port and a path is hidden too: it may be a password that was
    written into the wrong place.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return _HIDDEN
    signed = "@" in rest
    place, _, options = rest.rpartition("@")[2].partition("?")
    if not re.fullmatch(r"[A-Za-z][\w+.-]*", scheme) or not _PLAIN.fullmatch(place):
        return f"{scheme}://{_HIDDEN}" if scheme.isalpha() else _HIDDEN
    database = _DATABASE.fullmatch(options)
    ending = f"?{database[1]}" if database else ""
    return f"{scheme}://{_HIDDEN + '@' if signed else ''}{place}{ending}"


def without_passwords(text: str) -> str:
    """Take user, password and secret options out of every address in a text."""
    return _SECRET_OPTION.sub(rf"\1{_HIDDEN}", _SIGNED.sub(rf"\1{_HIDDEN}@", text))

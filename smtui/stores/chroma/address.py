"""What an address of Chroma says of the person who asks, and of the database that is meant."""

from __future__ import annotations

import base64
from urllib.parse import SplitResult, parse_qs, unquote


def authorization(address: SplitResult) -> dict[str, str]:
    """Give the header for the name and password in it (RFC 7617); none where it has none."""
    if address.username is None:
        return {}
    person = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(person.encode()).decode()}"}


def database_in(address: SplitResult) -> str:
    """Give the database that `?database=NAME` names; empty for Chroma's usual one."""
    return parse_qs(address.query).get("database", [""])[-1]

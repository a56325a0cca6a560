"""What is known of this person and machine that a report must not tell."""

from __future__ import annotations

import json
import os
import pwd
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from smtui.domain.errors import SmtuiError
from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.documents import documents

if TYPE_CHECKING:
    from smtui.local.sharing import Private

_SECRET_VARIABLE = re.compile(r"TOKEN|PASS|SECRET|KEY|AUTH|CREDENTIAL|SESSION", re.IGNORECASE)
_LEAST_SECRET = 4


async def private(here: Places, settings: Settings, environment: Mapping[str, str]) -> Private:
    """Gather it from system, settings, environment and, where it answers, the library."""
    # A late import: only a report needs it.
    from smtui.local.sharing import Private

    urls = [
        url
        for url in (
            settings.servers.mongo_url,
            settings.servers.redis_url,
            settings.servers.chroma_url,
        )
        if url
    ]
    secrets = [*_in_environment(environment), *_in_resume_token(here)]
    names = [*_of_the_system(environment), settings.paths.name]
    for url in urls:
        secrets += _secrets_of(url)
        names += _hosts_of(url)
    if urls or here.database.exists():
        names += await _of_accounts(here, settings)
    return Private(secrets=tuple(secrets), names=tuple(names), places=_places(here))


def _secrets_of(url: str) -> Iterator[str]:
    """The name, the password and the options in an address, as written."""
    rest = url.partition("://")[2]
    person, _, place = rest.rpartition("@")
    yield from (word for word in (person, *person.split(":", 1)) if word)
    yield from (
        value
        for _, value in parse_qsl(place.partition("?")[2])
        if len(value) >= _LEAST_SECRET and value.lower() not in ("true", "false")
    )


def _hosts_of(url: str) -> Iterator[str]:
    place = url.partition("://")[2].rpartition("@")[2]
    for host in re.split(r"[/?]", place, maxsplit=1)[0].split(","):
        yield re.sub(r":\d+$", "", host).strip("[]")


def _in_environment(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _SECRET_VARIABLE.search(name) and len(value) >= _LEAST_SECRET:
            yield value


def _in_resume_token(here: Places) -> Iterator[str]:
    with suppress(OSError, ValueError, AttributeError):
        yield from map(str, json.loads(here.resume_token.read_text("utf-8")).values())


def _of_the_system(environment: Mapping[str, str]) -> Iterator[str]:
    with suppress(KeyError):
        person = pwd.getpwuid(os.getuid())
        full = person.pw_gecos.split(",")[0].strip()
        yield from (person.pw_name, full, *full.split())
    for name in ("USER", "LOGNAME", "SUDO_USER", "HOSTNAME"):
        yield environment.get(name, "")
    yield from environment.get("SSH_CONNECTION", "").split()[::2]
    host = socket.gethostname()
    yield from (host, host.partition(".")[0], os.uname().nodename)


async def _of_accounts(here: Places, settings: Settings) -> list[str]:
    """The names and e-mails of the library's accounts; none where it cannot be opened."""
    try:
        async with documents(here, settings) as opened:
            known = await opened.accounts.all()
    except SmtuiError:
        return []
    return [name for account in known for name in (account.username, account.email)]


def _places(here: Places) -> Mapping[str, str]:
    """What stands for each folder; a link and what it leads to are the same."""
    named = {
        # First, because the sockets are usually in the state folder, whose name is then said.
        here.sockets: "<sockets>",
        here.data: "<data>",
        here.state: "<state>",
        here.config: "<config>",
        Path(sys.prefix): "<python>",
        Path.home(): "~",
    }
    found = {str(folder.resolve()): word for folder, word in named.items()}
    return found | {str(folder): word for folder, word in named.items()}

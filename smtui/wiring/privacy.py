"""Texts made safe to post: who, where and with which password taken out of them.

What is known of this person and machine is gathered and taken out word by word; what only looks
like an address, a name or a secret goes too. Rather too much than too little: a report is read by
strangers.
"""

from __future__ import annotations

import ipaddress
import json
import os
import pwd
import re
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from smtui.domain.errors import SmtuiError
from smtui.paths import Places
from smtui.settings import Settings
from smtui.wiring.set_up import documents

# A word this short is taken out only where it stands alone.
_SHORT = 4
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_SETTING = re.compile(r"(?:look|work|services|servers|limits|paths|keys)\.[\w.]+ = ")
_FRAME = re.compile(r'^(\s*File )"(.*)"(, line \d+.*)$')
_PACKAGE = re.compile(r".*?[\\/]((?:site-packages|smtui|lib[\\/]python[\d.]+)[\\/][^\s\"]*)$")
# Host, or user and host, before a port; a time has no letter.
_PORT = re.compile(r"(?<![\w.-])(?=[\w.-]*[A-Za-z])[\w.-]+:\d{2,5}\b")
_DOTTED = re.compile(r"(?<![\w.@-])(?:[A-Za-z0-9_-]+\.)+[A-Za-z]{2,}(?![\w-])")
_OWN_DOTTED = re.compile(
    r"smtui(?:\.\w+)*|(?:\w+\.)+\w*(?:Error|Exception|Warning|Timeout)|[a-z_-]+\.(?:py|log|toml)"
)
_NUMBERS = re.compile(r"(?<![\w.])[0-9A-Fa-f:.]*[.:][0-9A-Fa-f:.]+(?:%\w+)?(?![\w])")
_PATTERNS = (
    (re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}"), "<hash>"),
    (re.compile(r"\b[A-Za-z][\w+.-]*://[^\s'\"]*"), "<address>"),
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.]*\w)"), "<address>"),
    (re.compile(r"[^\s@'\"<>(),;]+@[^\s@'\"<>(),;]+"), "<e-mail>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (
        re.compile(
            r"(?i)((?:password|passwd|pwd|token|secret|api_?key|session_id)\w*['\"]?\s*[:=]\s*)\S+"
        ),
        r"\1<secret>",
    ),
    # Where a path ends nobody can tell: names may have blanks.
    (re.compile(r"(?<![\w<>.])(?:~|/)[\w.~-]*/.*$|(?<![\w<>./-])/[\w.-]{3,}.*$"), "<path>"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”"), "<text>"),
    (re.compile(r"\S+\.(?:wav|flac|mp3|ogg|opus|aiff?|aifc|m4a|caf|w64|au)\b", re.I), "<file>"),
    (re.compile(r"\b(?=\w*\d)[A-Za-z0-9_+/=-]{24,}"), "<token>"),
)
_SECRET_VARIABLE = re.compile(r"TOKEN|PASS|SECRET|KEY|AUTH|CREDENTIAL|SESSION", re.IGNORECASE)
_LEAST_SECRET = 4


async def gather_private(
    here: Places, settings: Settings, environment: Mapping[str, str]
) -> Private:
    """Gather the words from system, settings, environment and, where it answers, the library."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """What is known of this person and machine and must not be told.

    Attributes:
        secrets: passwords and tokens as they are used; taken out wherever they stand.
        names: names of people, accounts and machines, and e-mails.
        places: folders, each with what stands for it.
    """

    secrets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def hidden_in(self, text: str) -> str:
        """Return the text, line by line, without anything private."""
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        line = _without(line, self._written_secrets(), "<secret>")
        stamp = _STAMP.match(line)
        if stamp:
            return stamp[0] + self._words(line[stamp.end() :])
        setting = _SETTING.match(line)
        if setting:
            return setting[0] + self._words(line[setting.end() :])
        frame = _FRAME.match(line)
        if frame:
            package = _PACKAGE.match(frame[2])
            return f'{frame[1]}"{package[1] if package else "<path>"}"{frame[3]}'
        return self._words(line)

    def _words(self, text: str) -> str:
        for folder in sorted(self.places, key=len, reverse=True):
            text = re.sub(rf"{re.escape(folder)}(?![\w.-])", self.places[folder], text)
        names = [name for name in self.names if "@" in name]
        text = _without(text, names, "<e-mail>")
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        text = _without(text, self.names, "<name>")
        text = _PORT.sub("<address>", text)
        text = _DOTTED.sub(lambda one: one[0] if _OWN_DOTTED.fullmatch(one[0]) else "<name>", text)
        return _NUMBERS.sub(_unless_address, text)

    def _written_secrets(self) -> Iterable[str]:
        """Each secret as it is, and as it is written in an address."""
        for secret in self.secrets:
            yield secret
            yield unquote(secret)


def _without(text: str, words: Iterable[str], instead: str) -> str:
    """Take words out of a text, the longest first, however they are capitalised."""
    for word in sorted({word for word in words if word}, key=len, reverse=True):
        pattern = re.escape(word)
        if len(word) < _SHORT or instead == "<name>":
            pattern = rf"(?<![^\W_]){pattern}(?![^\W_])"
        text = re.sub(pattern, lambda _: instead, text, flags=re.IGNORECASE)
    return text


def _unless_address(found: re.Match[str]) -> str:
    """Hide what is an address of the network; versions and times stay."""
    try:
        ipaddress.ip_address(found[0].partition("%")[0].strip(".").removesuffix(":"))
    except ValueError:
        return found[0]
    return "<address>"


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

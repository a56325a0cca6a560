"""The addresses of shared servers: all three or none, each in a form that can be used.

An address holds a password, so a refusal names the setting and where it stands, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from smtui.domain.errors import SettingInvalid
from smtui.domain.text import shown
from smtui.settings.topics import Servers

_LONGEST_FILE = 4_096
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:\[\]@]+)(?::(\d{1,5}))?")
_HIGHEST_PORT = 65_535
_ENCODED = "in a password @ : / ? # % are written %40 %3A %2F %3F %23 %25"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How the address of one server may begin, and an example to write in a refusal."""

    schemes: tuple[str, ...]
    example: str


_KINDS = {
    "mongo_url": _Kind(
        schemes=("mongodb", "mongodb+srv"), example="mongodb://NAME:PASSWORD@HOST:27017/samplemind"
    ),
    "redis_url": _Kind(
        schemes=("redis", "rediss", "valkey", "valkeys", "unix"),
        example="redis://:PASSWORD@HOST:6379/0",
    ),
    "chroma_url": _Kind(schemes=("http", "https"), example="http://HOST:8002"),
}
# The libraries know Valkey by the name of Redis alone.
_OTHER_NAMES = {"valkey": "redis", "valkeys": "rediss"}


def checked_addresses(
    servers: Servers, origins: Mapping[str, str]
) -> tuple[Servers, dict[str, str]]:
    """Read the files of addresses and check all; return the addresses with their origins.

    Raises SettingInvalid, in one sentence.
    """
    places = dict(origins)
    read: dict[str, str | None] = {}
    for name in _KINDS:
        read[name] = getattr(servers, name) or None
        file = getattr(servers, f"{name}_file")
        if not file:
            continue
        if read[name] is not None:
            raise SettingInvalid(
                f"servers.{name} and servers.{name}_file are both set; keep one of them"
            )
        place = f"servers.{name}_file ({shown(origins[f'servers.{name}_file'])})"
        read[name] = _of_file(Path(file), place)
        places[f"servers.{name}"] = file
    _all_or_none(read, places)
    used = {
        name: _checked(name, url, places[f"servers.{name}"]) if url else None
        for name, url in read.items()
    }
    return replace(servers, **used), places


def _of_file(file: Path, place: str) -> str:
    """Read an address out of a file, as secrets are given to containers."""
    if not file.is_absolute():
        raise SettingInvalid(f"{place} should be an absolute path")
    name = shown(str(file))
    try:
        with file.open("rb") as stream:
            text = stream.read(_LONGEST_FILE + 1).decode("utf-8").strip()
    except OSError as error:
        raise SettingInvalid(
            f"{place}: the file {name} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        # Not chained: the error quotes the bytes.
        del error
        text = ""
    if not text or len(text) > _LONGEST_FILE:
        raise SettingInvalid(f"{place}: the file {name} should hold one address and nothing else")
    return text


def _all_or_none(read: Mapping[str, str | None], origins: Mapping[str, str]) -> None:
    given = [f"servers.{name}" for name, url in read.items() if url]
    if not given or len(given) == len(read):
        return
    places = " and ".join(sorted({shown(origins[name]) for name in given}))
    missing = " and ".join(f"servers.{name}" for name, url in read.items() if not url)
    raise SettingInvalid(
        f"Only {' and '.join(given)} is set ({places}); set {missing} too, or none of them"
    )


def _checked(name: str, url: str, origin: str) -> str:
    """Return the address as the libraries read it; raises SettingInvalid."""
    kind = _KINDS[name]
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in kind.schemes:
        begin = [f"{scheme}://" for scheme in kind.schemes]
        trouble: str | None = f"begin with {', '.join(begin[:-1])} or {begin[-1]}"
    else:
        trouble = next(_troubles(name, scheme, rest), None)
    if trouble:
        raise SettingInvalid(
            f"servers.{name} ({shown(origin)}) should {trouble}, for instance {kind.example}"
        )
    return f"{_OTHER_NAMES.get(scheme, scheme)}://{rest}"


def _troubles(name: str, scheme: str, rest: str) -> Iterator[str]:
    """Say what an address should do and does not, after its scheme."""
    if any(letter.isspace() or not letter.isprintable() for letter in rest):
        yield "have no blanks"
    if scheme == "unix":
        if not rest.rpartition("@")[2].startswith("/"):
            yield "name the absolute path of a socket"
        return
    authority, path = re.fullmatch(r"(?s)([^/?#]*)(.*)", rest).groups()  # type: ignore[union-attr]
    person, _, hosts = authority.rpartition("@")
    path, _, _options = path.partition("?")
    odd = "@" in person or "@" in path or person.count(":") > 1 or "#" in path
    if odd or re.search(r"%(?![0-9A-Fa-f]{2})", person):
        yield f"be readable ({_ENCODED})"
    many = hosts.split(",") if name == "mongo_url" else [hosts]
    for host in many:
        match = _HOST.fullmatch(host)
        if match is None or int(match[1] or 1) not in range(1, _HIGHEST_PORT + 1):
            yield f"name a host, and after a colon a port ({_ENCODED})"
    if name == "mongo_url" and re.search(r"\.|%2[eE]|/.*/", path):
        # The driver would take what stands before the dot, and say nothing.
        yield "end in the name of a database, which has no dot or slash"
    if name == "redis_url" and not re.fullmatch(r"/?\d*", path):
        yield "end in the number of a database"

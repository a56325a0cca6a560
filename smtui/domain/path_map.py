"""Paths on several machines: what one calls `/mnt/samples` is `/Volumes/samples` on another.

The documents hold each path as the machine wrote it that scanned; a person's settings say how
the prefixes of the documents are called here. Both directions are plain prefix changes by whole
parts; the longest prefix wins; a path under no prefix is the same everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtui.domain.errors import SettingInvalid
from smtui.domain.question import All, Any, Expression, Not, Within
from smtui.domain.text import folded, printable_path, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMap:
    """Prefixes as the documents have them, each with what it is called on this machine."""

    prefixes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_setting(cls, given: Mapping[str, str], *, origin: str) -> PathMap:
        """Take what a person wrote in the setting that stands at `origin`.

        Raises SettingInvalid, in one sentence, where a folder is not absolute, is named twice,
        or where two prefixes would lie at the same place.
        """
        prefixes: dict[str, str] = {}
        for kept, here in given.items():
            name, place = (_absolute(text, origin) for text in (kept, here))
            if name in prefixes:
                raise SettingInvalid(f"{origin} names {_readable(name)} twice")
            for other, taken in prefixes.items():
                if taken == place:
                    both = f"{_readable(other)} and {_readable(name)}"
                    raise SettingInvalid(
                        f"{origin} puts {both} at the same place, {_readable(place)}"
                    )
            prefixes[name] = place
        return cls(prefixes=prefixes)

    def here(self, kept: Path) -> Path:
        """Give the path on this machine of one in the documents."""
        return _changed(kept, self.prefixes.items())

    def documents_path(self, here: Path) -> Path:
        """Give the path for the documents of one on this machine."""
        return _changed(here, self._reversed())

    def printed(self, kept: Path) -> str:
        """Write a path of the documents as this machine calls it, so that it can be opened here."""
        return printable_path(os.fsencode(self.here(kept)))

    def hidden(self, here: Path) -> bool:
        """Whether the documents cannot name this place, because they mean another one by it.

        With `/mnt/samples` at `/Volumes/samples`, this machine's own `/mnt/samples` is hidden.
        """
        return self.here(self.documents_path(here)) != here

    def foreign(self, kept: Path) -> bool:
        """Whether this machine has no place for a path of the documents.

        That is so where the same path is, here, the place of another prefix.
        """
        return self.documents_path(self.here(kept)) != kept

    def in_documents(self, expression: Expression) -> Expression:
        """Let folders from the root, as a person here wrote them in a filter, mean the documents'.

        A folder written as the documents have it stays as it is. Case does not matter, as in any
        filter.
        """
        if not self.prefixes:
            return expression
        match expression:
            case Within(folder, direct=direct) if folder.startswith("/"):
                return Within(self._asked_folder(folder), direct=direct)
            case Not(inner):
                return Not(self.in_documents(inner))
            case All(parts):
                return All(tuple(self.in_documents(part) for part in parts))
            case Any(parts):
                return Any(tuple(self.in_documents(part) for part in parts))
            case _:
                return expression

    def _asked_folder(self, folder: str) -> str:
        parts = folder.split("/")
        for place, name in sorted(self._reversed(), key=_length, reverse=True):
            start = printable_path(os.fsencode(place)).rstrip("/").split("/")
            if [folded(part) for part in parts[: len(start)]] == [folded(part) for part in start]:
                rest = parts[len(start) :]
                return "/".join([printable_path(os.fsencode(name)).rstrip("/"), *rest]) or "/"
        return folder

    def _reversed(self) -> Iterator[tuple[str, str]]:
        return ((here, name) for name, here in self.prefixes.items())


def _changed(path: Path, prefixes: Iterable[tuple[str, str]]) -> Path:
    raw = os.fsencode(path)
    for old, new in sorted(prefixes, key=_length, reverse=True):
        start = os.fsencode(old).rstrip(b"/")
        if raw == start or raw.startswith(start + b"/"):
            return Path(os.fsdecode((os.fsencode(new).rstrip(b"/") + raw[len(start) :]) or b"/"))
    return path


def _length(pair: tuple[str, str]) -> int:
    return len(os.fsencode(pair[0]).rstrip(b"/"))


def _absolute(text: str, origin: str) -> str:
    if not text.startswith("/"):
        raise SettingInvalid(
            f"{origin} should name folders from the root on, but"
            f" {_readable(text) or 'an empty name'} does not begin with /"
        )
    # Two slashes at the start have a meaning of their own to POSIX, but not to people.
    return os.path.normpath("/" + text.lstrip("/"))


def _readable(text: str) -> str:
    return shown(printable_path(os.fsencode(text)))

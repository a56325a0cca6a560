"""Paths on several machines: what one calls `/mnt/samples` is `/Volumes/samples` on another.

The documents hold each path as the machine wrote it that scanned; a person's settings say how
the prefixes of the documents are called here. Both directions are plain prefix changes by whole
parts; the longest prefix wins; a path under no prefix is the same everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMap:
    """Prefixes as the documents have them, each with what it is called on this machine."""

    prefixes: Mapping[str, str] = field(default_factory=dict)

    def here(self, kept: Path) -> Path:
        """Give the path on this machine of one in the documents."""
        return _changed(kept, self.prefixes.items())

    def kept(self, here: Path) -> Path:
        """Give the path for the documents of one on this machine."""
        return _changed(here, [(there, name) for name, there in self.prefixes.items()])


def _changed(path: Path, prefixes: Iterable[tuple[str, str]]) -> Path:
    pairs = sorted(prefixes, key=lambda pair: len(pair[0]), reverse=True)
    raw = os.fsencode(path)
    for old, new in pairs:
        start = os.fsencode(old).rstrip(b"/")
        if raw == start or raw.startswith(start + b"/"):
            return Path(os.fsdecode((os.fsencode(new).rstrip(b"/") + raw[len(start) :]) or b"/"))
    return path

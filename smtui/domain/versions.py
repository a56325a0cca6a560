"""Versions as servers say them, compared by their numbers."""

from __future__ import annotations

import re


def numbers(version: str) -> tuple[int, ...]:
    """Give the numbers a version begins with: `7.0.12-rc1` is (7, 0, 12); empty for none."""
    found = re.match(r"\d+(?:\.\d+)*", version.strip())
    return tuple(int(number) for number in found[0].split(".")) if found else ()

"""The map of paths, as the settings file and a variable write it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from smtui.domain.errors import SettingInvalid
from smtui.domain.path_map import PathMap
from smtui.domain.text import shown

NAME = "paths.map"
_EXAMPLE = "/mnt/samples=/Volumes/samples"


def mapped(given: object, origin: str) -> Mapping[str, str]:
    """Read the map; raises SettingInvalid in one sentence.

    A file has a table. A variable has one pair, `/mnt/samples=/Volumes/samples`, or any number of
    them as a JSON object.
    """
    place = f"{NAME} ({shown(origin)})"
    pairs = _pairs(given, place) if isinstance(given, str) else given
    if not isinstance(pairs, Mapping) or not all(
        isinstance(side, str) for pair in pairs.items() for side in pair
    ):
        raise SettingInvalid(f"{place} should be a table of folders, as {_EXAMPLE}")
    return PathMap.read(pairs, origin=place).prefixes


def _pairs(text: str, place: str) -> object:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise SettingInvalid(f"{place} is not valid JSON: {shown(str(error))}") from error
    kept, equals, here = text.partition("=")
    if not equals or "=" in here:
        example = '{"/mnt/samples": "/Volumes/samples"}'
        raise SettingInvalid(f"{place} should be written as {_EXAMPLE}, or as JSON: {example}")
    return {kept.strip(): here.strip()}

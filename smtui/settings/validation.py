"""Every value checked, by pydantic-settings and by what it cannot know. Imported late: 0.1 s."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from smtui.domain.errors import InputInvalid, SettingInvalid
from smtui.domain.path_map import PathMap
from smtui.domain.pause import QuietHours
from smtui.domain.text import shown
from smtui.settings.sources import WATCHED
from smtui.settings.topics import Settings, Watch, Work

_LONGEST_VALUE = 60
_MAP = "paths.map"
_EXAMPLE = "/mnt/samples=/Volumes/samples"


def validated(
    variables: dict[str, object], in_file: dict[str, object], origins: Mapping[str, str]
) -> Settings:
    """Return the settings; variables win over the file. Raises SettingInvalid, in one sentence."""
    # Apart from the others: paths may have bytes that are no text to pydantic.
    map_in_file, map_in_variable = in_file.pop(_MAP, None), variables.pop(_MAP, None)
    if isinstance(folders := variables.get(WATCHED), str):
        variables[WATCHED] = [part for part in folders.split(os.pathsep) if part]
    settings = _checked(variables, in_file, origins)
    if pairs := map_in_variable or map_in_file:
        paths = replace(settings.paths, map=_path_map(pairs, origins[_MAP]))
        settings = replace(settings, paths=paths)
    _check_quiet(settings.work, origins)
    _check_watched(settings.watch, origins)
    return settings


def _checked(
    variables: Mapping[str, object], written: Mapping[str, object], origins: Mapping[str, str]
) -> Settings:
    """Return the settings; variables win over the file. Raises SettingInvalid, in one sentence."""

    class Sources(BaseSettings):
        settings: Settings = Settings()

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_others: Any, **_named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(
                InitSettingsSource(settings_cls, {"settings": _nested(values)})
                for values in (variables, written)
            )

    try:
        return Sources().settings
    except ValidationError as error:
        # Not chained: the details quote the value, which may be a secret.
        mistake = error.errors(include_url=False)[0]
    raise SettingInvalid(_sentence(mistake, origins))


def _nested(values: Mapping[str, object]) -> dict[str, dict[str, object]]:
    topics: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        topic, _, rest = name.partition(".")
        topics.setdefault(topic, {})[rest] = value
    return topics


def _sentence(mistake: ErrorDetails, origins: Mapping[str, str]) -> str:
    """Say what is wrong with one value and where it stands, without quoting a secret."""
    name = ".".join(str(part) for part in mistake["loc"][1:])
    # After ", unable" follows pydantic's own trouble, which tells a person nothing new.
    wanted = mistake["msg"].partition(", unable")[0].partition(" should ")[2]
    # A member of an enumeration is named by its value.
    wanted = re.sub(r"<\w+\.\w+: (.*?)>", r"\1", wanted)
    place = shown(origins.get(name, "the settings"))
    if name.startswith("servers."):
        return f"{shown(name)} ({place}) should {wanted}"
    value = shown(repr(mistake["input"]))[:_LONGEST_VALUE]
    return f"{shown(name)} ({place}) is {value}, but should {wanted}"


def _path_map(given: object, origin: str) -> Mapping[str, str]:
    """Read the map; raises SettingInvalid in one sentence.

    A file has a table. A variable has one pair, `/mnt/samples=/Volumes/samples`, or any number of
    them as a JSON object.
    """
    place = f"{_MAP} ({shown(origin)})"
    pairs = _pairs(given, place) if isinstance(given, str) else given
    if not isinstance(pairs, Mapping) or not all(
        isinstance(side, str) for pair in pairs.items() for side in pair
    ):
        raise SettingInvalid(f"{place} should be a table of folders, as {_EXAMPLE}")
    return PathMap.of_setting(pairs, origin=place).prefixes


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


def _check_quiet(work: Work, origins: Mapping[str, str]) -> None:
    """Raise SettingInvalid where the quiet hours make no sense."""
    try:
        QuietHours.of_text(work.quiet)
    except InputInvalid as mistake:
        place = shown(origins["work.quiet"])
        raise SettingInvalid(f"work.quiet ({place}) {mistake.title}") from mistake


def _check_watched(watch: Watch, origins: Mapping[str, str]) -> None:
    """Raise SettingInvalid where a watched folder would be another one from each folder."""
    for folder in watch.folders:
        if not folder.startswith("/"):
            place = shown(origins[WATCHED])
            raise SettingInvalid(
                f"{WATCHED} ({place}) has {shown(repr(folder))}, but should name whole paths from /"
            )

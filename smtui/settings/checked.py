"""The sources joined and every value checked, by pydantic-settings. Imported late: 0.1 s."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from smtui.domain.errors import SettingInvalid
from smtui.domain.text import shown
from smtui.settings.topics import Settings

_LONGEST_VALUE = 60


def checked(
    variables: Mapping[str, object], written: Mapping[str, object], origins: Mapping[str, str]
) -> Settings:
    """Give the settings; variables win over the file. Raises SettingInvalid, in one sentence."""

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

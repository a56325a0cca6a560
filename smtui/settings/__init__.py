"""Every setting, read once: `SMTUI_<TOPIC>_<FIELD>`, then the TOML file, then defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from smtui.paths import Places
from smtui.settings import sources
from smtui.settings.sources import WATCHED
from smtui.settings.topics import (
    Limits,
    Look,
    Paths,
    PrivateServices,
    Servers,
    Settings,
    Text,
    Watch,
    Work,
)

__all__ = [
    "DEFAULT",
    "WATCHED",
    "Limits",
    "Loaded",
    "Look",
    "Paths",
    "PrivateServices",
    "Servers",
    "Settings",
    "Shown",
    "Text",
    "Watch",
    "Work",
    "changed_at",
    "load",
    "shown_settings",
]

DEFAULT = "default"
"""The origin of a value that nobody set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and where each came from: dotted name → `default`, the file or the variable."""

    settings: Settings
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One setting as a person may see it; the value of a secret is masked."""

    name: str
    value: object
    origin: str
    description: str


def changed_at(places: Places) -> int:
    """Return when the settings file was changed last, ns; 0 where there is none."""
    try:
        return places.settings_file.stat().st_mtime_ns
    except OSError:
        return 0


def load(places: Places, environment: Mapping[str, str] | None = None) -> Loaded:
    """Read the settings; raises SettingInvalid with one sentence naming setting and place."""
    variables: dict[str, object] = dict(
        sources.variables(os.environ if environment is None else environment)
    )
    in_file = sources.file_values(places.settings_file)
    origins = dict.fromkeys(in_file, str(places.settings_file))
    origins |= {name: sources.variable(name) for name in variables}
    settings = Settings()
    if origins:
        # A late import: only who has set something pays the 0.1 s that checking by pydantic costs.
        from smtui.settings.validation import validated

        settings = validated(variables, in_file, origins)
        servers = settings.servers
        if servers != Servers():
            # A late import: most libraries are on private servers.
            from smtui.settings.server_addresses import checked_addresses

            servers, origins = checked_addresses(servers, origins)
            settings = replace(settings, servers=servers)
    unset = dict.fromkeys(sources.known_fields(), DEFAULT)
    return Loaded(settings=settings, origins=unset | origins)


def shown_settings(loaded: Loaded) -> Iterator[Shown]:
    """Yield every setting in the order of the topics, secrets masked."""
    for name, field in sources.known_fields().items():
        topic, _, last = name.partition(".")
        value = getattr(getattr(loaded.settings, topic), last)
        yield Shown(
            name=name,
            value="********" if value is not None and field.metadata.get("secret") else value,
            origin=loaded.origins[name],
            description=field.metadata["description"],
        )
    for binding, keys in loaded.settings.keys.items():
        name = f"keys.{binding}"
        description = "Keys of this action."
        yield Shown(name=name, value=keys, origin=loaded.origins[name], description=description)

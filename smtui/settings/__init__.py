"""Every setting, read once: `SMTUI_<TOPIC>_<FIELD>`, then the TOML file, then defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from smtui.domain.errors import InputInvalid, SettingInvalid
from smtui.domain.pause import QuietHours
from smtui.domain.text import shown
from smtui.paths import Places
from smtui.settings import sources
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

WATCHED = "watch.folders"


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
    written = sources.written(places.settings_file)
    origins = {name: str(places.settings_file) for name in written}
    origins |= {name: sources.variable(name) for name in variables}
    settings = Settings()
    if origins:
        # Late imports: only who has set something pays the 0.1 s that checking by pydantic costs.
        from smtui.settings.checked import checked
        from smtui.settings.mapped import NAME, mapped

        # Apart from the others: paths may have bytes that are no text to pydantic.
        in_file, in_variable = written.pop(NAME, None), variables.pop(NAME, None)
        if isinstance(folders := variables.get(WATCHED), str):
            variables[WATCHED] = [part for part in folders.split(os.pathsep) if part]
        settings = checked(variables, written, origins)
        if pairs := in_variable or in_file:
            paths = replace(settings.paths, map=mapped(pairs, origins[NAME]))
            settings = replace(settings, paths=paths)
        _check_quiet(settings.work, origins)
        _check_watched(settings.watch, origins)
        servers = settings.servers
        if servers != Servers():
            # A late import: most libraries are on private servers.
            from smtui.settings.shared import shared

            servers, origins = shared(servers, origins)
            settings = replace(settings, servers=servers)
    unset = dict.fromkeys(sources.known_fields(), DEFAULT)
    return Loaded(settings=settings, origins=unset | origins)


def _check_quiet(work: Work, origins: Mapping[str, str]) -> None:
    """Raise SettingInvalid where the quiet hours make no sense."""
    try:
        QuietHours.read(work.quiet)
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


def shown_settings(loaded: Loaded) -> Iterator[Shown]:
    """Give every setting in the order of the topics, secrets masked."""
    for name, one in sources.known_fields().items():
        topic, _, last = name.partition(".")
        value = getattr(getattr(loaded.settings, topic), last)
        yield Shown(
            name=name,
            value="********" if value is not None and one.metadata.get("secret") else value,
            origin=loaded.origins[name],
            description=one.metadata["description"],
        )
    for binding, keys in loaded.settings.keys.items():
        name = f"keys.{binding}"
        description = "Keys of this action."
        yield Shown(name=name, value=keys, origin=loaded.origins[name], description=description)

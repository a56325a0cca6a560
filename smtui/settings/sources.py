"""Where settings are read: the environment and the TOML file, both as dotted names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from functools import cache
from pathlib import Path
from typing import Any

from smtui.domain.errors import SettingInvalid
from smtui.domain.text import shown
from smtui.settings.topics import Settings

WATCHED = "watch.folders"

TOPICS = tuple(topic.name for topic in fields(Settings))


@cache
def known_fields() -> Mapping[str, Field[Any]]:
    """Return the field of every setting by dotted name; `keys` has no fields of its own."""
    default = Settings()
    return {
        f"{topic}.{field.name}": field
        for topic in TOPICS
        if topic != "keys"
        for field in fields(getattr(default, topic))
    }


def variable(name: str) -> str:
    """Name the variable of a setting: `work.nice` is `SMTUI_WORK_NICE`."""
    return "SMTUI_" + name.replace(".", "_").upper()


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Take the settings out of the environment, by dotted name.

    Other `SMTUI_` variables (the home, a token) are no settings. An empty one counts as unset,
    as it does in shells.
    """
    found = {}
    for name, value in environment.items():
        head, _, rest = name.partition("_")
        topic, _, last = rest.lower().partition("_")
        if head != "SMTUI" or not last or not value or topic not in TOPICS:
            continue
        # A binding's id has a dot of its own: SMTUI_KEYS_LIBRARY_ANALYZE is library.analyze.
        dotted = f"{topic}.{last.replace('_', '.', 1) if topic == 'keys' else last}"
        _must_be_known(dotted, name)
        found[dotted] = value
    return found


def file_values(file: Path) -> dict[str, object]:
    """Read the settings file as dotted names; a file that is not there says nothing."""
    place = shown(str(file))
    found: dict[str, object] = {}
    for topic, table in _tables(file).items():
        if topic not in TOPICS:
            raise SettingInvalid(f"No topic [{shown(topic)}] ({place}){_suggestion(topic)}")
        if not isinstance(table, dict):
            raise SettingInvalid(f"{topic} ({place}) should be a table: [{topic}]")
        for name, value in _dotted(table, topic):
            _must_be_known(name, place)
            found[name] = value
    return found


def _tables(file: Path) -> dict[str, object]:
    place = shown(str(file))
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingInvalid(
            f"The settings file {place} cannot be read: {error.strerror}"
        ) from error
    # A late import: most people have no settings file.
    import tomllib

    try:
        with stream:
            return tomllib.load(stream)
    except OSError as error:
        raise SettingInvalid(
            f"The settings file {place} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingInvalid(f"The settings file {place} is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingInvalid(
            f"The settings file {place} is not valid TOML: {shown(str(error))}"
        ) from error


def _dotted(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    """Flatten tables: in TOML `library.analyze = "z"` without quotes is a table in a table."""
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict) and prefix.partition(".")[0] == "keys":
            yield from _dotted(value, name)
        else:
            yield name, value


def _must_be_known(name: str, place: str) -> None:
    if name not in known_fields() and not name.startswith("keys."):
        raise SettingInvalid(f"No setting {shown(name)} ({place}){_suggestion(name)}")


def _suggestion(name: str) -> str:
    # A late import: only a mistake needs it.
    from difflib import get_close_matches

    near = get_close_matches(name, [*TOPICS, *known_fields()], n=1)
    return f"; did you mean {near[0]}?" if near else ""

"""`smtui settings`: every setting, where it came from, and the paths in use."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import click

from smtui.cli.runtime import run
from smtui.cli.screen import check_keys
from smtui.cli.tables import print_table
from smtui.cli.terminal import out


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def settings_command(*, as_json: bool) -> None:
    """Show every setting and where it came from; secrets are masked.

    A setting is read from the variable SMTUI_<TOPIC>_<FIELD>, else from the settings file,
    else it has its default.
    """

    async def work() -> None:
        # A late import: --help reads no settings.
        from smtui import settings
        from smtui.paths import places

        here = places()
        loaded = settings.load(here, os.environ)
        check_keys(loaded)
        known = tuple(settings.shown_settings(loaded))
        paths = {
            "settings_file": here.settings_file,
            "data": here.data,
            "state": here.state,
            "log": here.log,
        }
        if as_json:
            values = {each.name: {"value": each.value, "from": each.origin} for each in known}
            printable = {name: str(path) for name, path in paths.items()}
            click.echo(json.dumps({"settings": values, "paths": printable}))
            return
        origins = {str(here.settings_file): "settings file"}
        print_table(
            [
                (
                    each.name,
                    _words(each.value),
                    origins.get(each.origin, each.origin),
                    each.description,
                )
                for each in known
            ]
        )
        width = max(len(each.name) for each in known)
        out()
        for name, path in paths.items():
            out(f"{name.replace('_', ' '):{width}}  {path}")

    run(work)


def _words(value: object) -> str:
    """Write a value as the settings file has it."""
    if value is None or value in ({}, (), ""):
        return "-"
    if isinstance(value, tuple):
        return ":".join(map(str, value))
    if isinstance(value, Mapping):
        return " ".join(f"{name}={other}" for name, other in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)

"""`smtui doctor`: what works on this machine and what does not, each with the mend."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from smtui.local.checks import Check
    from smtui.paths import Places
    from smtui.settings import Loaded
    from smtui.ui.options import Options

_SMALLEST = (80, 24)
_MARKS = {"ok": "ok", "attention": "!", "broken": "BROKEN"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--share", is_flag=True, help="Write a report, safe to post publicly, to the current folder."
)
def doctor_command(*, as_json: bool, share: bool) -> None:
    """Check this machine and say how to fix what is broken.

    Private servers are started for it, and stopped again if they did not run before; shared ones
    are asked. Exit status 1 if something is broken.

    With --share it also writes a report without names, e-mails, addresses, folders and secrets.
    """
    # Late imports: --help must not load them.
    from smtui.cli.running import out, run

    async def work() -> int:
        from smtui.cli import report
        from smtui.local.checks import Verdict
        from smtui.paths import places

        here = places()
        loaded, settings = _settings(here)
        found = []
        for group in (_machine, _servers):
            for check in await group(here, loaded, settings):
                out(_object(check) if as_json else _line(check))
                found.append(check)
        if share:
            path = await report.written(here, loaded, found)
            out(json.dumps({"report": str(path)}) if as_json else f"\nThe report is in {path}")
        return any(check.verdict is Verdict.BROKEN for check in found)

    run(work)


async def _machine(here: Places, loaded: Loaded, settings: Check) -> Iterable[Check]:
    """What is seen without starting anything."""
    from smtui import wiring
    from smtui.local import checks

    return (
        checks.python(),
        settings,
        *_terminal(here, loaded),
        *wiring.machine_checks(here, loaded.settings),
    )


async def _servers(here: Places, loaded: Loaded, settings: Check) -> Iterable[Check]:
    """What is seen by asking the servers; with settings that mislead, nobody is asked."""
    from smtui import wiring
    from smtui.local import checks

    if settings.verdict is checks.Verdict.BROKEN and "servers." in settings.seen:
        return [checks.broken("servers", "not tried", "Fix the settings first.")]
    return await wiring.trials(here, loaded.settings)


def _settings(here: Places) -> tuple[Loaded, Check]:
    """The settings, or the defaults where a value cannot be used."""
    from smtui import settings
    from smtui.cli.screen import check_keys
    from smtui.domain.errors import SettingInvalid
    from smtui.local import checks

    try:
        loaded = settings.load(here)
        check_keys(loaded)
    except SettingInvalid as error:
        mend = error.hint or "Fix it or remove it."
        default = settings.Loaded(settings=settings.Settings(), origins={})
        return default, checks.broken("settings", error.title, mend)
    changed = sum(origin != settings.DEFAULT for origin in loaded.origins.values())
    return loaded, checks.well("settings", f"{changed} changed" if changed else "all defaults")


def _terminal(here: Places, loaded: Loaded) -> Iterable[Check]:
    """What the screens would be told of this terminal."""
    from smtui.cli.screen import options

    told = options(here, loaded, os.environ)
    yield _locale(told)
    yield _colours(told)
    yield _size()
    if "SSH_CONNECTION" in os.environ:
        yield _line_to_person()


def _locale(told: Options) -> Check:
    from smtui.local import checks

    locale = next(
        (value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))),
        "none set",
    )
    if told.ascii:
        return checks.attention(
            "locale",
            f"{locale}: drawn with ASCII characters alone",
            "Set LANG to a UTF-8 locale, for instance `export LANG=C.UTF-8`.",
        )
    return checks.well("locale", locale)


def _colours(told: Options) -> Check:
    from smtui.local import checks

    seen = f"{told.colours:,} colours"
    if told.colours < 256:
        return checks.attention(
            "colours",
            f"{seen}: pictures are coarse",
            "Set TERM to what your terminal is, for instance `export TERM=xterm-256color`.",
        )
    if told.colours == 256:
        return checks.well("colours", f"{seen}; COLORTERM=truecolor where it shows more")
    return checks.well("colours", seen)


def _line_to_person() -> Check:
    from smtui.local import checks

    # Whether the line is compressed is known to the other side alone.
    return checks.well("line", "over SSH; `ssh -C` sends a thirteenth of the bytes")


def _size() -> Check:
    from smtui.local import checks

    kind = os.environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return checks.attention(
            "terminal", "not a terminal", "The screens need one; over SSH, `ssh -t` gives one."
        )
    if kind in ("", "dumb"):
        return checks.broken("terminal", f"TERM is {kind or 'not set'}", "`export TERM=xterm`.")
    columns, lines = shutil.get_terminal_size()
    seen = f"{kind}, {columns} x {lines}"
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        return checks.attention("terminal", seen, "Make it 80 x 24 or larger to see everything.")
    return checks.well("terminal", seen)


def _object(check: Check) -> str:
    return json.dumps(
        {
            "name": check.name,
            "verdict": check.verdict.value,
            "seen": check.seen,
            "mend": check.mend or None,
        }
    )


def _line(check: Check) -> str:
    line = f"{_MARKS[check.verdict]:<7} {check.name:<12} {check.seen}"
    return f"{line}\n{'':<21}{check.mend}" if check.mend else line

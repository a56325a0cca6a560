"""`smtui doctor`: what works on this machine and what does not, each with the mend."""

from __future__ import annotations

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
def doctor_command(as_json: bool) -> None:  # noqa: FBT001  click passes by name
    """Tell what works on this machine and what does not, each with the mend.

    The private servers are started for it, and stopped again if they did not run before.
    Exit status 1 if something is broken.
    """
    # Late imports: --help must not load them.
    from smtui.cli.running import out, run

    async def work() -> int:
        from smtui.local.checks import Verdict

        worst = 0
        for group in (_machine, _servers):
            for check in await group():
                out(_object(check) if as_json else _line(check))
                worst |= check.verdict is Verdict.BROKEN
        return worst

    run(work)


async def _machine() -> Iterable[Check]:
    """What is seen without starting anything."""
    from smtui.local import checks
    from smtui.paths import places

    here = places()
    loaded, settings = _settings(here)
    return (
        checks.python(),
        checks.sqlite(),
        settings,
        *_terminal(here, loaded),
        checks.disk(here),
        checks.folders(here),
        checks.file_system(here),
        checks.lingering(),
    )


async def _servers() -> Iterable[Check]:
    """What is seen by starting it; nothing is started where nothing can be written."""
    from smtui import wiring
    from smtui.local import checks
    from smtui.local.trials import Trials
    from smtui.paths import places

    here = places()
    if checks.folders(here).verdict is checks.Verdict.BROKEN:
        mend = "Mend the folders first."
        return [checks.broken(name, "not tried", mend) for name in ("valkey", "chroma", "worker")]
    loaded, _ = _settings(here)
    return await Trials(here, wiring.private_servers(here, loaded.settings)).all()


def _settings(here: Places) -> tuple[Loaded, Check]:
    """The settings, or the defaults where a value cannot be used."""
    from smtui import settings
    from smtui.domain.errors import SettingInvalid
    from smtui.local import checks

    try:
        loaded = settings.load(here)
    except SettingInvalid as error:
        mend = error.hint or "Correct it, or take it out."
        default = settings.Loaded(settings=settings.Settings(), origins={})
        return default, checks.broken("settings", error.title, mend)
    changed = sum(origin != settings.DEFAULT for origin in loaded.origins.values())
    return loaded, checks.well("settings", f"{changed} changed" if changed else "all as delivered")


def _terminal(here: Places, loaded: Loaded) -> Iterable[Check]:
    """What the screens would be told of this terminal."""
    from smtui.cli.screen import options

    told = options(here, loaded, os.environ)
    yield _locale(told)
    yield _colours(told)
    yield _size()


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


def _size() -> Check:
    from smtui.local import checks

    kind = os.environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return checks.attention(
            "terminal", "this is none", "The screens need one; over SSH, `ssh -t` gives one."
        )
    if kind in ("", "dumb"):
        return checks.broken("terminal", f"TERM is {kind or 'not set'}", "`export TERM=xterm`.")
    columns, lines = shutil.get_terminal_size()
    seen = f"{kind}, {columns} x {lines}"
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        return checks.attention("terminal", seen, "Make it 80 x 24 or larger to see everything.")
    return checks.well("terminal", seen)


def _object(check: Check) -> str:
    import json

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

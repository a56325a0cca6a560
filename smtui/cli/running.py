"""How every command runs: its errors in one sentence, its exit status, its words inert.

Exit status: 0 done, 1 something failed that was said, 2 wrong usage (by click), 70 a defect of
smtui, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from smtui.cli.memory_limit import check_memory_limits
from smtui.domain.errors import SmtuiError
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.services.box import Services
    from smtui.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a command works with: the services, the account it acts for, the settings."""

    services: Services
    account: Account
    settings: Settings


def run(work: Callable[[], Coroutine[Any, Any, int | None]]) -> None:
    """Run a command's coroutine to its end and leave the process with its exit status."""
    raise SystemExit(status_of(work))


def status_of(work: Callable[[], Coroutine[Any, Any, int | None]]) -> int:
    """Run a command's coroutine to its end, telling its failure; gives the exit status."""
    try:
        status = asyncio.run(_until_told(work)) or 0
        sys.stdout.flush()
    except SmtuiError as error:
        err(f"smtui: {error}")
        status = 1
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader has gone (`| head`): what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    return status


async def _until_told(work: Callable[[], Coroutine[Any, Any, int | None]]) -> int | None:
    """Cancel the work on SIGTERM and SIGHUP as Ctrl-C does, so that it ends in order."""
    task = asyncio.ensure_future(work())
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if told:
            return 128 + told[0]
        raise


@asynccontextmanager
async def opened(*, writes: bool = False) -> AsyncIterator[Opened]:
    """Open settings and services for a command and find whom it acts for.

    One that writes is counted; raises TooManyTries above the limit per minute.
    """
    check_memory_limits()
    # Late imports: what a command needs to say its --help must not load stores and drivers.
    from smtui import settings, wiring
    from smtui.paths import places

    here = places()
    loaded = settings.load(here, os.environ)
    async with wiring.services(here, loaded.settings) as services:
        account = await services.accounts.for_command_line(os.environ.get("SMTUI_TOKEN"))
        if writes:
            await services.accounts.command(account)
        yield Opened(services=services, account=account, settings=loaded.settings)


def out(text: str = "") -> None:
    """Write a line of text for people to standard output; control characters made visible."""
    _write(sys.stdout, text)


def err(text: str = "") -> None:
    """Write a line of text for people to standard error; control characters made visible."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    inert = "\n".join(shown(line) for line in text.split("\n"))
    encoding = stream.encoding or "utf-8"
    stream.write(inert.encode(encoding, errors="backslashreplace").decode(encoding) + "\n")

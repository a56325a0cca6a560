"""How every command runs: its errors in one sentence, its exit status, whom it acts for.

Exit status: 0 done, 1 something failed that was said, 2 wrong usage (by click), 70 a defect of
smtui, 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smtui.cli.memory_limit import check_memory_limits
from smtui.cli.terminal import err, out
from smtui.domain.errors import InputInvalid, SmtuiError

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.paths import Places
    from smtui.services.box import Services
    from smtui.settings import Settings


Work = Callable[[], Coroutine[Any, Any, int | None]]
"""What a command does; it gives an exit status, None for 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a command works with: the services, the account it acts for, the settings."""

    services: Services
    account: Account
    settings: Settings


def run(work: Work) -> None:
    """Run a command's coroutine to its end and leave the process with its exit status."""
    raise SystemExit(status_of(work))


def status_of(work: Work) -> int:
    """Run a command's coroutine to its end and return the exit status; failures are reported."""
    # A late import: who needs no loop does not wait for it.
    import asyncio

    return status_of_call(lambda: asyncio.run(_until_stopped(work)))


def status_of_call(work: Callable[[], int | None]) -> int:
    """Return the exit status of what needs no loop; failures are reported."""
    try:
        status = work() or 0
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


@contextmanager
def exit_on_failure() -> Iterator[None]:
    """Report a failure of what is done before a command's work, and leave the process."""
    try:
        yield
    except SmtuiError as error:
        err(f"smtui: {error}")
        raise SystemExit(1) from None


@asynccontextmanager
async def opened(*, writes: bool = False) -> AsyncIterator[Opened]:
    """Open settings and services for a command and find whom it acts for.

    One that writes is counted; raises TooManyTries above the limit per minute.
    """
    check_memory_limits()
    # A late import: what a command needs to say its --help must not load stores and drivers.
    from smtui import wiring

    here, settings = here_and_settings()
    async with wiring.services(here, settings) as services:
        account = await services.accounts.for_command_line(os.environ.get("SMTUI_TOKEN"))
        if writes:
            await services.accounts.command(account)
        yield Opened(services=services, account=account, settings=settings)


def here_and_settings() -> tuple[Places, Settings]:
    """Return where smtui lives on this machine, and its settings; raises SettingInvalid."""
    # Late imports: --help reads no settings.
    from smtui import settings
    from smtui.paths import places

    here = places()
    return here, settings.load(here).settings


def confirmed(question: str, *, yes: bool) -> bool:
    """Return whether a person says yes; raises InputInvalid where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputInvalid("Nothing was changed", hint="With --yes it is done.")
    # A late import: the screen, which starts here too, needs no parser of commands.
    import click

    answer: bool = click.confirm(question, default=False)
    if not answer:
        out("Nothing was changed.")
    return answer


async def _until_stopped(work: Work) -> int | None:
    """Cancel the work on SIGTERM and SIGHUP as Ctrl-C does, so that it ends in order."""
    import asyncio

    task = asyncio.ensure_future(work())
    signals: list[int] = []

    def stop(number: int) -> None:
        signals.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if signals:
            return 128 + signals[0]
        raise

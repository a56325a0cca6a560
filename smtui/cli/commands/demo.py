"""`smtui demo`: a small library of known sounds, analysed by the real worker, then opened.

The library lives in a temporary home with private servers of its own; both end with the demo.
Truth and what was found meet in `demo/verdict.py`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.runtime import status_of
from smtui.cli.terminal import err, out
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.demo.sounds import Truth
    from smtui.demo.verdict import Verdict
    from smtui.domain.account import Account
    from smtui.services.box import Services

_NAME = "demo"


@click.command("demo")
@click.option(
    "--no-tui", is_flag=True, help="Print the analysis beside the truth instead of opening it."
)
def demo_command(*, no_tui: bool) -> None:
    """Make two dozen sounds whose truth is known, analyse them, and open them.

    The demo has a library of its own that is thrown away when you leave; yours is not touched.

    With --no-tui, or without a terminal, it prints the analysis beside the truth, and
    exits 0 only if every good file was analysed and the broken one was named with its reason.
    """
    screen = not no_tui and sys.stdin.isatty() and sys.stdout.isatty()
    with _thrown_away() as home:
        status = status_of(lambda: _prepare(home, printing=not screen))
        if screen and status == 0:
            status = _show()
    raise SystemExit(status)


@contextmanager
def _thrown_away() -> Iterator[Path]:
    """Make a home, send everything of smtui there, and remove it and its servers at the end."""
    home = Path(tempfile.mkdtemp(prefix="smtui-demo-"))
    os.environ["SMTUI_HOME"] = str(home)
    # A demo has servers of its own, wherever the person's library is.
    for name in [name for name in os.environ if name.startswith("SMTUI_SERVERS_")]:
        del os.environ[name]
    try:
        yield home
    finally:
        status_of(_stop_servers)
        shutil.rmtree(home, ignore_errors=True)


async def _stop_servers() -> None:
    # Late imports, here and below, as in every command: --help loads none of them.
    from smtui import wiring
    from smtui.paths import places
    from smtui.settings import Settings

    await wiring.keeper_of(places(), Settings()).stop(now=True)


def _show() -> int:
    from smtui import settings
    from smtui.cli.screen import show
    from smtui.paths import places

    here = places()
    return show(here, settings.load(here, os.environ))


async def _prepare(home: Path, *, printing: bool) -> int:
    """Make the sounds and have them heard; prints the verdicts if no screen follows."""
    from smtui.demo.sounds import make

    folder = home / "sounds"
    err("Making the sounds ...")
    truths = await asyncio.to_thread(make, folder)
    verdicts = await _scan_and_analyse(folder, truths)
    return _print(verdicts) if printing else 0


async def _scan_and_analyse(folder: Path, truths: tuple[Truth, ...]) -> tuple[Verdict, ...]:
    """Scan, have the worker analyse, and hold what it found to the truth."""
    from smtui import settings, wiring
    from smtui.demo.verdict import judge
    from smtui.domain.question import Question
    from smtui.paths import places

    here = places()
    loaded = settings.load(here, os.environ)
    async with wiring.services(here, loaded.settings) as services:
        # A password that nobody needs to know: the resume token opens the demo.
        password = secrets.token_urlsafe(12)
        account = await services.accounts.first(_NAME, password=password)
        await services.accounts.sessions.sign_in(_NAME, password, stay=True, address="local")
        await _analyse(services, folder, account)
        window = await services.library.listing(Question(viewer=account.user_id)).window(0, 1_000)
        return judge(truths, window.samples, folder)


async def _analyse(services: Services, folder: Path, account: Account) -> None:
    from smtui.domain.analysis import Level

    async for _progress in services.scans.scan([folder], by=account):
        pass
    run_id = await services.batches.start_unheard(account, Level.ADVANCED)
    assert run_id is not None
    with click.progressbar(length=0, label="Analysing", file=sys.stderr) as bar:
        async for progress in services.batches.watch(run_id):
            bar.length = progress.total
            bar.update(progress.ended_files - bar.pos)


def _print(verdicts: tuple[Verdict, ...]) -> int:
    """Print a line for each sound and the sum; return the exit status."""
    names = [shown(verdict.name) for verdict in verdicts]
    width = max(map(len, names))
    for name, verdict in zip(names, verdicts, strict=True):
        out(f"{'ok  ' if verdict.good else 'BAD '} {name:{width}}  {verdict.words}")
    bad = sum(not verdict.good for verdict in verdicts)
    out()
    if bad:
        out(f"{bad} of {len(verdicts)} sounds were not analysed as expected.")
        return 1
    right = sum(verdict.right for verdict in verdicts)
    out(f"All {len(verdicts)} sounds analysed as expected; {right} with every claim right.")
    return 0

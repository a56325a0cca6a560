"""`smtui worker`: listens to queued sounds; started by smtui itself, in the background."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from smtui.cli.running import err
from smtui.paths import places

if TYPE_CHECKING:
    from celery import Celery

    from smtui.jobs.app import WorkLimits
    from smtui.jobs.means import Means
    from smtui.services.hearing import Hearing

# A child is given its share of the machine's memory, but never less than this, bytes.
_LEAST_MEMORY = 1 << 30


@click.command("worker")
@click.option("--private", is_flag=True, help="Work for this person's own library.")
@click.option(
    "--children", type=click.IntRange(1, 256), default=1, help="How many processes listen."
)
def worker_command(*, private: bool, children: int) -> None:
    """Listen to queued sounds.

    smtui starts its worker by itself when there is something to listen to and stops it when
    there is not; nobody needs to call this.
    """
    broker = os.environ.get("SMTUI_PRIVATE_VALKEY", "")
    if not (private and broker):
        err("smtui: There is no queue to work for. `smtui services start` starts the worker.")
        raise SystemExit(1)
    # Late imports: --help loads none of this, and the children inherit it loaded.
    from smtui.jobs.app import WorkLimits, celery_app
    from smtui.jobs.tasks import register
    from smtui.jobs.worker import run_worker

    limits = WorkLimits(children=children, child_bytes=_share_of_memory(children))
    app = celery_app(broker, broker, limits)
    register(app, _means(app, broker, limits))
    raise SystemExit(run_worker(app, limits))


def _means(app: Celery, broker: str, limits: WorkLimits) -> Means:
    """Join what the children work with; nothing is opened before they are forked."""
    from smtui.audio.recipe import RECIPE_VERSION, Recipe
    from smtui.jobs.means import Means
    from smtui.jobs.wakeups import Wakeups
    from smtui.local.locks import InUse
    from smtui.services.hearing import Documents, Hearing
    from smtui.stores.sqlite.connections import Durability
    from smtui.stores.sqlite.opening import opened
    from smtui.wiring import SystemClock

    here = places()

    @asynccontextmanager
    async def open_hearing(worker: str) -> AsyncIterator[Hearing]:
        async with opened(here.database, Durability.NORMAL) as kept:
            documents = Documents(
                accounts=kept.accounts,
                samples=kept.samples,
                analyses=kept.analyses,
                batches=kept.batches,
            )
            yield Hearing(documents, SystemClock(), worker=worker, recipe_version=RECIPE_VERSION)

    return Means(
        open_hearing=open_hearing,
        using=InUse(here).using,
        wakeups=lambda: Wakeups(app, broker),
        listener=Recipe(),
        limits=limits,
        slates=here.state,
    )


def _share_of_memory(children: int) -> int | None:
    """How much data memory a child may have, bytes; None where the system cannot limit it."""
    if sys.platform != "linux":
        return None
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_LEAST_MEMORY, whole // (2 * children))

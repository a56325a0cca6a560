"""What the commands of runs share: finding one by the beginning of its id, and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtui.domain.errors import InputInvalid, NotFound
from smtui.domain.text import shown

if TYPE_CHECKING:
    from smtui.cli.running import Opened
    from smtui.domain.batch import RunId, RunProgress

SHORT = 8
"""So many characters of an id are shown; any beginning of it that is one run's alone will do."""

ALL_RUNS = 100_000
_LONGEST_NAME = 40
_HINT = "`smtui batches` shows them."


async def run_named(box: Opened, name: str) -> RunProgress:
    """Find the run whose id begins like this; raises NotFound, or InputInvalid for several."""
    wanted = name.strip().lower()
    told = shown(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…")
    if not wanted:
        raise InputInvalid("A run has no empty id", hint=_HINT)
    runs = await box.services.batches.runs.of(box.account, ALL_RUNS)
    found = [run for run in runs if run.run_id.lower().startswith(wanted)]
    exact = [run for run in found if run.run_id.lower() == wanted]
    if not found:
        raise NotFound(f"No run {told}", hint=_HINT)
    if len(found) > 1 and not exact:
        likes = ", ".join(run.run_id[: len(wanted) + 4] for run in found[:5])
        raise InputInvalid(f"{len(found)} runs begin with {told}: {likes}", hint="Write more.")
    return (exact or found)[0]


def short(run_id: RunId) -> str:
    """Write an id as lists show it."""
    return shown(run_id[:SHORT])

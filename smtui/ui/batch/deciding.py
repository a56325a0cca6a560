"""Cancelling, resuming, retrying and clearing runs; where there is nothing to do that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smtui.domain.batch import RunId
from smtui.domain.text import counted
from smtui.ui.base_screen import Offer
from smtui.ui.batch.following import Following
from smtui.ui.workers import doing

_OLD = timedelta(days=7)
_NO_RUN = "No runs yet; a in the library analyses sounds"
_NOTHING_LEFT = "Nothing left to resume in this run"
_NOTHING_FAILED = "Nothing failed in this run"


class Deciding(Following):
    """Changes the run under the cursor."""

    def action_cancel(self) -> None:
        """Ask, and stop what has not begun."""
        standing = self.standing
        if standing is None:
            self.say(_NO_RUN)
        elif standing.progress.status.ended:
            self.say("This run has ended already")
        elif standing.progress.cancel_requested_at is not None:
            self.say("This run is stopping already; what has started is finished and kept")
        else:
            run_id = standing.progress.run_id
            self.confirm("Cancel the sounds that have not started?", lambda: self._cancel(run_id))

    @doing
    async def _cancel(self, run_id: RunId) -> None:
        count = await self.services.batches.cancel(run_id, by=self.account)
        self.say(f"Cancelled {counted(count, 'sound')}. What has started is finished and kept.")

    def action_resume(self) -> None:
        """Go on with what was left."""
        if self.standing is None:
            self.say(_NO_RUN)
        elif self.standing.progress.completed == self.standing.progress.total:
            self.say(_NOTHING_LEFT)
        else:
            self._resume(self.standing.progress.run_id)

    @doing
    async def _resume(self, run_id: RunId) -> None:
        count = await self.services.batches.resume(run_id, by=self.account)
        if count:
            self.say(f"Resumed {counted(count, 'sound')}")
            return
        now = await self.services.batches.runs.progress(run_id)
        going = now is not None and not now.status.ended
        self.say("This run goes on already" if going else _NOTHING_LEFT)

    def action_retry(self) -> None:
        """Try what failed once more."""
        if self.standing is None:
            self.say(_NO_RUN)
        elif not self.standing.progress.failed:
            self.say(_NOTHING_FAILED)
        else:
            self._retry(self.standing.progress.run_id)

    @doing
    async def _retry(self, run_id: RunId) -> None:
        run = await self.services.batches.runs.progress(run_id)
        failed = 0 if run is None else run.failed
        if await self.services.batches.retry_failed(run_id, by=self.account) is None:
            self.say(_NOTHING_FAILED)
        else:
            self.say(f"Retrying {counted(failed, 'sound')}")

    def offers(self) -> tuple[Offer, ...]:
        """Offer in the palette what has no key."""
        return (
            Offer(
                title="Clear old runs",
                help="Remove the runs that ended more than a week ago; analyses are kept.",
                begin=self._clear_old,
            ),
            Offer(
                title="Clear all finished runs",
                help="Remove all finished runs from the list; analyses are kept.",
                begin=self._clear_all,
            ),
        )

    def _clear_old(self) -> None:
        self._clear(_OLD)

    def _clear_all(self) -> None:
        question = "Remove all finished runs from the list? Analyses are kept."
        self.confirm(question, lambda: self._clear(timedelta()))

    @doing
    async def _clear(self, age: timedelta) -> None:
        before = datetime.now(UTC) - age
        count = await self.services.batches.clear(by=self.account, before=before)
        self.say(
            f"Removed {counted(count, 'run')}; analyses are kept" if count else "No run to clear"
        )

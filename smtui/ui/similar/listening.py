"""Having a sound analysed that cannot be compared yet, and searching again when it was."""

from __future__ import annotations

from smtui.domain.batch import RunId
from smtui.domain.sample import FileId
from smtui.ui.similar.comparing import Comparing
from smtui.ui.workers import doing, looking


class Listening(Comparing):
    """Starts and follows the analysis of one sound."""

    def action_analyze(self) -> None:
        """Analyse the sound under the cursor, or to the seed where that cannot be compared."""
        row = self.table.row
        file_id = None if row is None else row.file_id
        if file_id is None and self.seed is not None:
            file_id = self.seed.file_id
        if file_id is None:
            self.say("This file is not in the library. Scan its folder first (i in the library).")
        else:
            self._listen(file_id)

    @doing
    async def _listen(self, file_id: FileId) -> None:
        run = await self.services.batches.start(
            [file_id], self.options.level, by=self.account, urgent=True
        )
        self.say("Analysing")
        if self.is_attached:
            self._await_run(run, file_id)

    @looking(group="watching-heard", patient=True)
    async def _await_run(self, run_id: RunId, file_id: FileId) -> None:
        """Follow one run to its end, then search again with what it found."""
        async for progress in self.services.batches.watch(run_id):
            if progress.ended_files >= progress.total:
                break
        self.samples.pop(file_id, None)
        self.forget_seed()
        if self.answer is None:
            self.ask(self.search)
        else:
            self.ask_again()

"""The paths of sounds, for elsewhere."""

from __future__ import annotations

from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.ui.clipboard import copied
from smtui.ui.library.browser import Browser
from smtui.ui.workers import looking

# More is a file's business: `smtui list`.
_MOST_COPIED = 1_000


class CopyingPaths(Browser):
    """Copies where the marked sounds are, or the one under the cursor."""

    def action_copy(self) -> None:
        """Copy the path of each, one a line."""
        if self.targets:
            self._copy(self.targets)
        else:
            self.say("No sound selected")

    @looking(group="copy")
    async def _copy(self, targets: tuple[FileId, ...]) -> None:
        samples = await self.services.library.samples(targets[:_MOST_COPIED])
        paths = sorted(str(sample.path) for sample in samples)
        remark = await copied(self.app, "\n".join(paths))
        if len(targets) > _MOST_COPIED:
            told = f"Copied the first {_MOST_COPIED:,} of {counted(len(targets), 'path')}"
        else:
            told = f"Copied: {paths[0]}" if len(paths) == 1 else f"Copied {len(paths):,} paths"
        self.say(told + remark)

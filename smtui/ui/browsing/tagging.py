"""Tags: a person's own words on sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smtui.domain.sample import FileId
from smtui.domain.text import counted
from smtui.ui.browsing.browser import Browser
from smtui.ui.widgets.ask_line import AskLine, TagSuggester
from smtui.ui.work import doing, looking

TAGS = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """Which tags come and which go."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


def read_tags(text: str) -> TagChange:
    """Read `house, dusty, -loop`: commas between tags, a minus takes away."""
    words = [word.strip() for word in text.split(",")]
    return TagChange(
        add=tuple(word for word in words if word and not word.startswith("-")),
        remove=tuple(rest for word in words if word.startswith("-") and (rest := word[1:].strip())),
    )


class Tagging(Browser):
    """Tags the marked sounds or the one under the cursor."""

    _tagged: tuple[FileId, ...] = ()

    def action_tag(self) -> None:
        """Ask for tags."""
        if self.targets:
            self._ask_tags(self.targets)

    @looking(group="tags")
    async def _ask_tags(self, targets: tuple[FileId, ...]) -> None:
        tags = await self.services.library.tags_in_use(self.account.user_id)
        self._tagged = targets
        count = f"{len(targets):,} sounds" if len(targets) > 1 else "this sound"
        self.query_one(AskLine).ask(
            TAGS,
            f"tags for {count}",
            hint="house, dusty   -tag removes",
            suggester=TagSuggester(tuple(tags)),
        )

    def answer_tags(self, text: str) -> None:
        """Take what was typed."""
        self._save_tags(self._tagged, read_tags(text))

    @doing
    async def _save_tags(self, targets: Sequence[FileId], change: TagChange) -> None:
        changed = await self.services.library.tag(
            targets, by=self.account, add=change.add, remove=change.remove
        )
        sounds = counted(changed, "sound")
        told = ", ".join((*change.add, *(f"-{tag}" for tag in change.remove)))
        self.say(f"Tagged {sounds}: {told}" if changed else "No tags changed")
        if self.answered:
            await self.reload()

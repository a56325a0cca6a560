"""Tags: a person's own words on sounds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from smtui.domain.errors import SmtuiError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the tags are for; where the row was not known yet, the place of the row."""

    targets: tuple[FileId, ...]
    row: int


class Tagging(Browser):
    """Tags the marked sounds or the one under the cursor."""

    _wanted = _Wanted(targets=(), row=0)

    def action_tag(self) -> None:
        """Ask for tags at once: whatever the library does, letters typed now are no commands."""
        targets = self.targets
        self._wanted = _Wanted(targets=targets, row=self.table.cursor)
        count = f"{len(targets):,} sounds" if len(targets) > 1 else "this sound"
        self.query_one(AskLine).ask(
            TAGS, f"tags for {count}", hint="house, dusty   -tag takes away", suggester=None
        )
        self._suggest_tags()

    @looking(group="tags")
    async def _suggest_tags(self) -> None:
        # A line without suggestions takes tags all the same.
        with suppress(SmtuiError):
            tags = await self.services.library.tags_in_use(self.account.user_id)
            self.query_one(AskLine).suggest(TAGS, TagSuggester(tags))

    def answer_tags(self, text: str) -> None:
        """Take what was typed."""
        change = read_tags(text)
        if self._wanted.targets:
            self._save_tags(self._wanted.targets, change)
        else:
            self._save_tags_of(self._wanted.row, change)

    @doing
    async def _save_tags_of(self, row: int, change: TagChange) -> None:
        """Tag what stood in a row that was not known yet."""
        found = await self.sound_at(row)
        if found is None:
            self.say("No sound selected, nothing was tagged")
        else:
            await self._save((found,), change)

    @doing
    async def _save_tags(self, targets: Sequence[FileId], change: TagChange) -> None:
        await self._save(targets, change)

    async def _save(self, targets: Sequence[FileId], change: TagChange) -> None:
        changed = await self.services.library.tag(
            targets, by=self.account, add=change.add, remove=change.remove
        )
        sounds = counted(changed, "sound")
        told = ", ".join((*change.add, *(f"-{tag}" for tag in change.remove)))
        self.say(f"Tags of {sounds} changed: {told}" if changed else "No tags changed")
        if self.answered:
            await self.reload()

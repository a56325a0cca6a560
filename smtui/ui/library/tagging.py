"""Tags: a person's own words on sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from smtui.domain.errors import SmtuiError
from smtui.domain.sample import FileId
from smtui.domain.tagging import Retagged
from smtui.domain.text import counted
from smtui.services.library import TAGGED_AT_ONCE, TagChange, change_of
from smtui.ui.library.browser import Browser
from smtui.ui.widgets.ask_line import AskLine, TagSuggester
from smtui.ui.widgets.status_bar import StatusBar
from smtui.ui.workers import doing, looking

TAGS = "tags"


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
    _last: Retagged | None = None
    """What `u` takes back."""
    _tagging = 0
    _stops = False

    def action_tag(self) -> None:
        """Ask for tags at once: whatever the library does, letters typed now are no commands."""
        targets = self.targets
        self._wanted = _Wanted(targets=targets, row=self.table.cursor)
        count = f"{len(targets):,} sounds" if len(targets) > 1 else "this sound"
        self.query_one(AskLine).ask(
            TAGS, f"tags for {count}", hint="house, dusty   -tag removes", suggester=None
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
        change = change_of(change.add, change.remove)
        told = ", ".join((*change.add, *(f"-{tag}" for tag in change.remove)))
        done: Retagged | None = None
        handled = 0
        with self._at_work():
            async for step in self.services.library.retag(targets, change, by=self.account):
                done = step if done is None else done.joined(step)
                self._last = done if done.before else self._last
                handled = min(handled + TAGGED_AT_ONCE, len(targets))
                if not self._goes_on("tagging", handled, len(targets)):
                    break
        changed = 0 if done is None else len(done.before)
        if handled < len(targets):
            self.say(f"Stopped: {counted(changed, 'sound')} tagged; u takes that back")
        elif changed:
            self.say(f"Tagged {counted(changed, 'sound')}: {told}")
        else:
            self.say("No tags changed")
        if self.answered:
            await self.reload()

    # Taking back.

    def action_undo(self) -> None:
        """Undo the last tagging."""
        if self._last is None:
            self.say("Nothing to undo")
        else:
            retagged, self._last = self._last, None
            self._take_back(retagged)

    @doing
    async def _take_back(self, retagged: Retagged) -> None:
        changed = handled = 0
        total = len(retagged.before)
        try:
            with self._at_work():
                async for count in self.services.library.take_back(retagged, by=self.account):
                    changed += count
                    handled = min(handled + TAGGED_AT_ONCE, total)
                    if not self._goes_on("undoing", handled, total):
                        break
        finally:
            if handled < total:
                # What is as it was before is passed over the next time.
                self._last = retagged
        if handled < total:
            self.say(f"Stopped: {changed:,} of {total:,} sounds have their tags back; u goes on")
        else:
            self.say(f"Undone: the tags of {counted(changed, 'sound')} are as before")
        if self.answered:
            await self.reload()

    # Long ones.

    @property
    def is_tagging(self) -> bool:
        """Tags are being changed."""
        return self._tagging > 0

    def stop_tagging(self) -> None:
        """Stop after the step that is made now."""
        self._stops = True

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self._tagging += 1
        self._stops = False
        try:
            yield
        finally:
            self._tagging -= 1
            if self.is_mounted:
                self.query_one(StatusBar).show_deed("")

    def _goes_on(self, deed: str, handled: int, total: int) -> bool:
        """Say how far a long change is; gives whether the person lets it go on."""
        if handled < total and self.is_mounted:
            words = f"{deed} {handled:,} of {total:,}, X stops"
            self.query_one(StatusBar).show_deed(words)
        return not self._stops

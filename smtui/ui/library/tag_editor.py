"""Tags: a person's own words on sounds, put on, taken off, and taken back.

They stand apart from the screen because a change of many goes on step by step behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from smtui.domain.errors import SmtuiError
from smtui.domain.sample import FileId
from smtui.domain.tag_change import Retagged
from smtui.domain.text import counted
from smtui.services.library import TAGGED_AT_ONCE, TagChange, change_of
from smtui.ui.base_screen import BaseScreen
from smtui.ui.library.browser import Browser, Context
from smtui.ui.library.marks import Marks
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


class TagEditor:
    """Tags the marked sounds or the one under the cursor."""

    def __init__(self, context: Context, marks: Marks, browser: Browser, line: AskLine) -> None:
        self.screen: BaseScreen = browser.screen
        self._library = context.services.library
        self._account = context.account
        self._marks = marks
        self._browser = browser
        self._line = line
        self._wanted = _Wanted(targets=(), row=0)
        self._last: Retagged | None = None
        """What `u` takes back."""
        self._running = 0
        self._stops = False

    def ask(self) -> None:
        """Ask for tags at once: whatever the library does, letters typed now are no commands."""
        targets = self._marks.targets
        self._wanted = _Wanted(targets=targets, row=self._browser.table.cursor)
        count = f"{len(targets):,} sounds" if len(targets) > 1 else "this sound"
        hint = "house, dusty   -tag removes"
        self._line.ask(TAGS, f"tags for {count}", hint=hint, suggester=None)
        self._suggest()

    @looking(group="tags")
    async def _suggest(self) -> None:
        # A line without suggestions takes tags all the same.
        with suppress(SmtuiError):
            tags = await self._library.tags_in_use(self._account.user_id)
            self._line.suggest(TAGS, TagSuggester(tags))

    def answer(self, text: str) -> None:
        """Take what was typed."""
        change = read_tags(text)
        if self._wanted.targets:
            self.save(self._wanted.targets, change)
        else:
            self._save_row(self._wanted.row, change)

    @doing
    async def _save_row(self, row: int, change: TagChange) -> None:
        """Tag what stood in a row that was not known yet."""
        file_id = await self._browser.sound_at(row)
        if file_id is None:
            self.screen.say("No sound selected, nothing was tagged")
        else:
            await self._save((file_id,), change)

    @doing
    async def save(self, targets: Sequence[FileId], change: TagChange) -> None:
        """Tag sounds, some at a time."""
        await self._save(targets, change)

    async def _save(self, targets: Sequence[FileId], change: TagChange) -> None:
        change = change_of(change.add, change.remove)
        done: Retagged | None = None
        handled = 0
        with self._at_work():
            async for step in self._library.retag(targets, change, by=self._account):
                done = step if done is None else done.joined(step)
                self._last = done if done.before else self._last
                handled = min(handled + TAGGED_AT_ONCE, len(targets))
                if not self._goes_on("tagging", handled, len(targets)):
                    break
        changed = 0 if done is None else len(done.before)
        if handled < len(targets):
            self.screen.say(f"Stopped: {counted(changed, 'sound')} tagged; u takes that back")
        elif changed:
            tags = ", ".join((*change.add, *(f"-{tag}" for tag in change.remove)))
            self.screen.say(f"Tagged {counted(changed, 'sound')}: {tags}")
        else:
            self.screen.say("No tags changed")
        if self._browser.answered:
            await self._browser.reload()

    # Taking back.

    def undo(self) -> None:
        """Undo the last tagging."""
        if self._last is None:
            self.screen.say("Nothing to undo")
        else:
            retagged, self._last = self._last, None
            self._take_back(retagged)

    @doing
    async def _take_back(self, retagged: Retagged) -> None:
        changed = handled = 0
        total = len(retagged.before)
        try:
            with self._at_work():
                async for count in self._library.take_back(retagged, by=self._account):
                    changed += count
                    handled = min(handled + TAGGED_AT_ONCE, total)
                    if not self._goes_on("undoing", handled, total):
                        break
        finally:
            if handled < total:
                # What is as it was before is passed over the next time.
                self._last = retagged
        if handled < total:
            words = f"Stopped: {changed:,} of {total:,} sounds have their tags back; u goes on"
        else:
            words = f"Undone: the tags of {counted(changed, 'sound')} are as before"
        self.screen.say(words)
        if self._browser.answered:
            await self._browser.reload()

    # Long ones.

    @property
    def is_running(self) -> bool:
        """True while tags are being changed."""
        return self._running > 0

    def stop(self) -> None:
        """Stop after the step that is made now."""
        self._stops = True

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self._running += 1
        self._stops = False
        try:
            yield
        finally:
            self._running -= 1
            self._show("")

    def _goes_on(self, deed: str, handled: int, total: int) -> bool:
        """Say how far a long change is; return True if the person lets it go on."""
        if handled < total:
            self._show(f"{deed} {handled:,} of {total:,}, X stops")
        return not self._stops

    def _show(self, words: str) -> None:
        if self.screen.is_mounted:
            self.screen.query_one(StatusBar).show_deed(words)

"""Searches and filters that a person saves under a name, or asked lately."""

from __future__ import annotations

from smtui.domain.account import Account
from smtui.domain.errors import AlreadyTaken, InputInvalid
from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.domain.ports.documents import KeptSearchStore
from smtui.domain.ports.work import Clock
from smtui.domain.text import folded, shown

RECENT = 30
"""How many that were asked lately are kept of either kind."""

LONGEST_NAME = 60
_LONGEST_TEXT = 2_000


class KeptSearches:
    """Each person's are their own; nobody else sees or changes them."""

    def __init__(self, searches: KeptSearchStore, clock: Clock) -> None:
        self._searches = searches
        self._clock = clock

    async def of(self, by: Account) -> tuple[KeptSearch, ...]:
        """Return what was saved by name, then what was only asked, newest first."""
        return await self._searches.of(by.user_id)

    def at_present(self, kind: KeptKind, text: str) -> KeptSearch | None:
        """Return the line of what is asked now; None where there is none that one could type."""
        if not text.strip() or not _can_be_typed(text):
            return None
        return KeptSearch(kind=kind, text=text.strip(), used_at=self._clock.now())

    async def remember(self, kind: KeptKind, text: str, *, by: Account) -> None:
        """Remember a line that was asked; one that nobody could type again is not kept."""
        if (line := self.at_present(kind, text)) is not None:
            await self._keep(line, by)

    async def save(self, kept: KeptSearch, name: str, *, by: Account) -> KeptSearch:
        """Save a line under a name.

        Raises:
            InputInvalid: the name cannot be used.
            AlreadyTaken: another line has it.
        """
        name = " ".join(name.split())
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            raise InputInvalid(f"A name has 1 to {LONGEST_NAME} characters that can be seen")
        for other in await self.of(by):
            if (other.kind, other.text) != (kept.kind, kept.text) and (
                folded(other.name) == folded(name)
            ):
                raise AlreadyTaken(
                    f"{shown(other.name)} is saved already", hint="Choose another name."
                )
        saved = KeptSearch(kind=kept.kind, text=kept.text, name=name, used_at=self._clock.now())
        await self._keep(saved, by)
        return saved

    async def forget(self, kept: KeptSearch, *, by: Account) -> None:
        """Drop a line; one that is gone already is no mistake."""
        await self._searches.forget(kept.kind, kept.text, user_id=by.user_id)

    async def bring_back(self, kept: KeptSearch, *, by: Account) -> None:
        """Keep a line again that was dropped, as it was."""
        await self._keep(kept, by)

    async def _keep(self, kept: KeptSearch, by: Account) -> None:
        await self._searches.keep(kept, user_id=by.user_id, recent=RECENT)


def _can_be_typed(text: str) -> bool:
    return len(text) <= _LONGEST_TEXT and text.isprintable()

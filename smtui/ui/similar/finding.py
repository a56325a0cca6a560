"""Who finds: one protocol for each view of the similar screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smtui.domain.account import UserId
from smtui.domain.errors import ServerUnavailable
from smtui.domain.search import Answer, Progress, Search, Seed, View

if TYPE_CHECKING:
    from smtui.services.box import Services

LIMIT = 50
"""How many hits are shown; refine the search to see others."""

_MISSING = {
    View.ALIKE: "This set-up has no index of what sounds alike",
    View.FITS: "This set-up cannot tell yet what fits to a sound",
    View.WORDS: "This set-up cannot find sounds by words yet",
}


class Likenesses(Protocol):
    """Finds what sounds alike, and the sounds to begin with."""

    async def like(self, search: Search, *, viewer: UserId | None, limit: int = LIMIT) -> Answer:
        """Find the sounds most like the seeds, best first."""
        ...

    async def meant(self, reference: str, viewer: UserId | None) -> Seed:
        """Find the sound that a name, a path or an id means, else a file; raises NotFound."""
        ...


class Fits(Protocol):
    """Finds what stands well beside a sound."""

    async def fits(
        self, search: Search, *, viewer: UserId | None, limit: int = LIMIT, progress: Progress
    ) -> Answer:
        """Find the sounds that fit the seeds, best first."""
        ...


class Described(Protocol):
    """Finds by words."""

    async def find(
        self, search: Search, *, viewer: UserId | None, limit: int = LIMIT, progress: Progress
    ) -> Answer:
        """Find the sounds that the words describe, best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finders:
    """Who answers in which view; None where the set-up has nobody for it."""

    alike: Likenesses | None = None
    fits: Fits | None = None
    words: Described | None = None

    def has(self, view: View) -> bool:
        """Somebody answers in this view."""
        return getattr(self, view.value) is not None

    async def find(self, search: Search, *, viewer: UserId | None, progress: Progress) -> Answer:
        """Find in the view of the search; raises ServerUnavailable where nobody can."""
        if search.view is View.ALIKE and self.alike is not None:
            return await self.alike.like(search, viewer=viewer, limit=LIMIT)
        if search.view is View.FITS and self.fits is not None:
            return await self.fits.fits(search, viewer=viewer, limit=LIMIT, progress=progress)
        if search.view is View.WORDS and self.words is not None:
            return await self.words.find(search, viewer=viewer, limit=LIMIT, progress=progress)
        raise ServerUnavailable(_MISSING[search.view], hint="v goes on to the next view")

    async def meant(self, reference: str, viewer: UserId | None) -> Seed:
        """Find the sound that is meant; raises NotFound, SoundUnreadable or ServerUnavailable."""
        return await self._likenesses.meant(reference, viewer)

    @property
    def _likenesses(self) -> Likenesses:
        if self.alike is None:
            raise ServerUnavailable(_MISSING[View.ALIKE])
        return self.alike


def finders(services: Services) -> Finders:
    """Take who finds out of the box of services."""
    return Finders(alike=services.similarity, fits=services.fits, words=services.words)

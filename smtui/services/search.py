"""A search answered: by likeness, by what fits, or by words, whichever it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtui.domain.search import Answer, Progress, Search, View, unwatched

if TYPE_CHECKING:
    from smtui.domain.account import UserId
    from smtui.services.fits import Fits
    from smtui.services.similarity import Similarity
    from smtui.services.words import Words

PATIENCE = 0.5


class SoundSearch:
    """Finds sounds for screens and commands."""

    def __init__(self, similarity: Similarity, fits: Fits, words: Words) -> None:
        self._similarity = similarity
        self._fits = fits
        self._words = words

    async def find(
        self,
        search: Search,
        *,
        viewer: UserId | None,
        limit: int = 50,
        patience: float = PATIENCE,
        progress: Progress = unwatched,
    ) -> Answer:
        """Return what the view of the search finds, best first.

        Args:
            search: what is looked for.
            viewer: whose sounds, besides those that everybody sees.
            limit: how many hits at most.
            patience: how long to wait for a model to learn new descriptions, in seconds.
            progress: is told how many sounds of how many were looked at, where that takes long.

        Raises:
            InputInvalid, NotFound, QueryInvalid, SoundUnreadable: of the search and its seeds.
            ServerUnavailable, IndexUnusable: the library is too large to do without the index.
        """
        if search.view is View.FITS:
            return await self._fits.find(search, viewer=viewer, limit=limit, progress=progress)
        if search.view is View.WORDS:
            return await self._words.find(
                search, viewer=viewer, limit=limit, patience=patience, progress=progress
            )
        return await self._similarity.find(search, viewer=viewer, limit=limit)

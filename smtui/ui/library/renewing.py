"""Offering to hear anew what an older recipe has heard; nothing is renewed by itself."""

from __future__ import annotations

from smtui.domain.text import counted
from smtui.ui.base_screen import Offer
from smtui.ui.library.browser import Browser
from smtui.ui.workers import doing, looking


class Renewing(Browser):
    """Says how many sounds are of an older recipe, and has them heard when asked."""

    @looking(group="outdated", patient=True)
    async def tell_outdated(self) -> None:
        """Say once, when the library is opened, that there are some."""
        count = await self._count()
        if count:
            sounds = counted(count, "sound was", "sounds were")
            self.say(
                f"{sounds} analysed by an older version; analyse them again from the palette (:)"
            )

    def offers(self) -> tuple[Offer, ...]:
        """Offer to hear them in the palette."""
        renew = Offer(
            title="Analyse again what an older version analysed",
            help="Analyse those sounds again; your corrections are kept.",
            begin=self.renew,
        )
        return (*super().offers(), renew)

    @doing
    async def renew(self) -> None:
        """Count them, and ask before anything is begun."""
        count = await self._count()
        if not count:
            self.say("Every sound was analysed by the newest version")
            return
        sounds = counted(count, "sound was", "sounds were")
        question = f"{sounds} analysed by an older version. Analyse them again?"
        self.confirm(f"{question} Your corrections are kept.", self._renew)

    @doing
    async def _renew(self) -> None:
        version = self.services.recipe_version
        count = await self.services.batches.hear_outdated(self.account, version)
        if count:
            self.say(f"Queued {counted(count, 'sound')} for analysis")
        else:
            self.say("These are queued already")

    async def _count(self) -> int:
        return await self.services.library.outdated(
            self.account.user_id, self.services.recipe_version
        )

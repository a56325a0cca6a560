"""How a shared MongoDB is: version, rights, what is missing, how far its clock is from ours."""

from __future__ import annotations

import time
from datetime import timedelta

from smtui.domain.errors import SmtuiError
from smtui.domain.health import Condition, ServerHealth
from smtui.stores.mongo.client import MongoLine, Server, refuse_unfit
from smtui.stores.mongo.schema import examine

# Less is how two machines without NTP drift apart in a week, and harms nobody.
_SKEW = timedelta(seconds=5)
# Of a large database the opening looks for longer.
_DOUBLES_SECONDS = 2.0


class MongoHealth:
    """Looks at the server of one line, as opening the library does, and changes nothing."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def __call__(self) -> ServerHealth:
        """Ask it; failures are answers, never errors."""
        version = ""
        try:
            # The skew first: it also opens the line, which is not part of the answer's time.
            skew = await self._line.skew()
            began = time.perf_counter()
            server = await self._line.server()
            milliseconds = (time.perf_counter() - began) * 1000
            version = server.words
            refuse_unfit(server)
            trouble, hint = await self._missing(server)
        except SmtuiError as error:
            return ServerHealth(
                name="documents",
                condition=Condition.BROKEN,
                version=version,
                address=self._line.address,
                trouble=error.title,
                hint=error.hint,
            )
        if abs(skew) > _SKEW:
            trouble = skew_in_words(skew)
            hint = "Let every machine keep its clock by NTP."
        return ServerHealth(
            name="documents",
            condition=Condition.OK,
            version=version,
            address=self._line.address,
            milliseconds=milliseconds,
            trouble=trouble,
            hint=hint,
        )

    async def _missing(self, server: Server) -> tuple[str, str]:
        """Say what is not there yet, with the mend; raises for what opening would refuse."""
        found = await examine(self._line, server, seconds=_DOUBLES_SECONDS)
        if not found.number:
            return "It has no library yet", "The first `smtui` on any machine makes it."
        if found.missing:
            return (
                f"It lacks indexes of {', '.join(found.missing)}",
                "The next start of `smtui` makes them.",
            )
        return "", ""


def skew_in_words(skew: timedelta) -> str:
    """Say how far this machine's clock is from the server's, which is `skew` ahead."""
    seconds = abs(skew.total_seconds())
    amount = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"This machine's clock is {amount} {'behind' if skew > timedelta() else 'ahead of'} it"

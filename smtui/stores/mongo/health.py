"""How a shared MongoDB is: version, rights, what is missing, how far its clock is from ours."""

from __future__ import annotations

import time
from datetime import timedelta

from pymongo.errors import OperationFailure

from smtui.domain.errors import SmtuiError
from smtui.domain.health import Condition, ServerHealth
from smtui.domain.text import shown
from smtui.stores.mongo import schema
from smtui.stores.mongo.indexes import INDEXES, STATE
from smtui.stores.mongo.line import MongoLine
from smtui.stores.mongo.opening import refuse_old
from smtui.stores.mongo.troubles import is_forbidden, read_only

# Less is how two machines without NTP drift apart in a week, and harms nobody.
_SKEW = timedelta(seconds=5)


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
            version = shown(await self._line.version())
            milliseconds = (time.perf_counter() - began) * 1000
            refuse_old(version)
            trouble, hint = await self._missing()
        except SmtuiError as error:
            return ServerHealth(
                name="documents",
                condition=Condition.BROKEN,
                version=version and f"MongoDB {version}",
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
            version=f"MongoDB {version}",
            address=self._line.address,
            milliseconds=milliseconds,
            trouble=trouble,
            hint=hint,
        )

    async def _missing(self) -> tuple[str, str]:
        """Say what is not there yet, with the mend; raises for what opening would refuse."""
        number = await schema.number_there(self._line)
        schema.refuse_newer(number)
        await self._line.ask(self._may_write)
        await schema.refuse_foreign(self._line, known=number > 0)
        if not number:
            return "It has no library yet", "The first `smtui` on any machine makes it."
        lacking = await self._line.ask(self._without_indexes)
        if lacking:
            return (
                f"It lacks indexes of {', '.join(lacking)}",
                "The next start of `smtui` makes them.",
            )
        return "", ""

    async def _may_write(self) -> None:
        """Change a document that is never there, for which the right is needed all the same."""
        try:
            nobody = {"_id": "nobody"}
            await self._line.collection(STATE).update_one(nobody, {"$unset": {"seen": ""}})
        except OperationFailure as error:
            if is_forbidden(error):
                raise read_only(self._line.database.name) from error
            raise

    async def _without_indexes(self) -> tuple[str, ...]:
        """Name the collections that lack an index."""
        lacking = []
        for name, indexes in INDEXES.items():
            there = await self._line.collection(name).index_information()
            present = {tuple(tuple(field) for field in how["key"]) for how in there.values()}
            if not {index.keys for index in indexes} <= present:
                lacking.append(name)
        return tuple(lacking)


def skew_in_words(skew: timedelta) -> str:
    """Say how far this machine's clock is from the server's, which is `skew` ahead."""
    seconds = abs(skew.total_seconds())
    amount = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"This machine's clock is {amount} {'behind' if skew > timedelta() else 'ahead of'} it"

"""Which server speaks MongoDB's protocol here, and whether it may hold a library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smtui.domain.errors import StoreUnreachable
from smtui.domain.text import shown
from smtui.domain.versions import numbers
from smtui.stores.mongo.troubles import too_old

OLDEST_MONGODB = (7, 0)
OLDEST_FERRETDB = (2,)
NEEDED = "smtui needs MongoDB 7 or newer, or FerretDB 2."


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What a server says of itself.

    Attributes:
        mongodb: the version of MongoDB that it is, or behaves like.
        ferretdb: its version where it is FerretDB; empty where it is not.
    """

    mongodb: str
    ferretdb: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Server:
        """Read the answer to buildInfo."""
        return cls(mongodb=shown(str(told.get("version", ""))), ferretdb=_ferretdb(told))

    @property
    def words(self) -> str:
        """Name and version: `MongoDB 7.0.14`, `FerretDB 2.7.0`."""
        return f"FerretDB {self.ferretdb}" if self.ferretdb else f"MongoDB {self.mongodb}"


def refuse_unfit(server: Server) -> None:
    """Raise StoreUnreachable for a server that lacks what smtui needs."""
    if server.ferretdb and numbers(server.ferretdb) < OLDEST_FERRETDB:
        raise forgetful(server)
    if numbers(server.mongodb) < OLDEST_MONGODB:
        raise too_old(server.mongodb)


def forgetful(server: Server) -> StoreUnreachable:
    """Say that a server loses what two write at once: counts, claims and accounts would be wrong.

    FerretDB 1 reads a document, changes it and writes it back, with nothing between.
    """
    return StoreUnreachable(
        f"{server.words} loses changes that are made at the same time", hint=NEEDED
    )


def _ferretdb(told: Mapping[str, Any]) -> str:
    """Version 2 has a document of its own in the answer, version 1 two fields."""
    own = told.get("ferretdb")
    if own is not None:
        version = own.get("version") if isinstance(own, Mapping) else own
        return _plain(version) or "2"
    if "ferretdbVersion" in told or "ferretdbFeatures" in told:
        return _plain(told.get("ferretdbVersion")) or "1"
    return ""


def _plain(version: object) -> str:
    """Give `v1.24.2` as it is said: 1.24.2."""
    return shown(version.removeprefix("v")) if isinstance(version, str) else ""

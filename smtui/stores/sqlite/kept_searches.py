"""Searches and filters that people saved or asked lately, in SQLite: a port of its own, short."""

from __future__ import annotations

import sqlite3

from smtui.domain.account import UserId
from smtui.domain.kept_search import KeptKind, KeptSearch, ordered
from smtui.stores.sqlite.connections import Reader, Readers, Writer, reading, writing
from smtui.stores.sqlite.sample_codec import owner_number
from smtui.stores.sqlite.values import from_ms, to_ms


class SqliteKeptSearches:
    """Implements KeptSearchStore."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    @reading
    def of(self, reader: Reader, user_id: UserId) -> tuple[KeptSearch, ...]:
        rows = reader.rows(
            "SELECT k.kind, k.text, k.name, k.used_at FROM kept_searches AS k"
            " JOIN owners AS o USING (owner) WHERE o.user_id = ?",
            (user_id,),
        )
        return ordered(
            KeptSearch(kind=KeptKind(kind), text=text, name=name, used_at=from_ms(used_at))
            for kind, text, name, used_at in rows
        )

    @writing
    def keep(
        self, connection: sqlite3.Connection, kept: KeptSearch, *, user_id: UserId, recent: int
    ) -> None:
        owner = owner_number(connection, user_id)
        connection.execute(
            "INSERT INTO kept_searches (owner, kind, text, name, used_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (owner, kind, text) DO UPDATE SET"
            " name = coalesce(nullif(excluded.name, ''), name), used_at = excluded.used_at",
            (owner, kept.kind, kept.text, kept.name, to_ms(kept.used_at)),
        )
        connection.execute(
            "DELETE FROM kept_searches WHERE owner = ?1 AND kind = ?2 AND name = '' AND text NOT IN"
            " (SELECT text FROM kept_searches WHERE owner = ?1 AND kind = ?2 AND name = ''"
            " ORDER BY used_at DESC, text DESC LIMIT ?3)",
            (owner, kept.kind, recent),
        )

    @writing
    def forget(
        self, connection: sqlite3.Connection, kind: KeptKind, text: str, *, user_id: UserId
    ) -> bool:
        sql = "DELETE FROM kept_searches WHERE owner = ? AND kind = ? AND text = ?"
        owner = owner_number(connection, user_id)
        return connection.execute(sql, (owner, kind, text)).rowcount > 0

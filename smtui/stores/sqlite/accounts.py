"""People in SQLite: their accounts (`users`), and the searches that each has saved."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.kept_search import KeptKind, KeptSearch, ordered
from smtui.domain.text import folded
from smtui.stores.sqlite.connections import (
    Reader,
    Readers,
    Writer,
    reading,
    writing,
    writing_durably,
)
from smtui.stores.sqlite.sample_codec import owner_number
from smtui.stores.sqlite.values import Value, from_ms, from_ms_or_none, to_ms, to_ms_or_none

_FIELDS = (
    "user_id, email, username, hashed_password, is_active, is_verified, created_at, last_login,"
    " total_analyses, total_uploads, role, code_hash, code_expires_at"
)


class SqliteAccounts:
    """Implements AccountStore. Changes survive a power cut."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    @writing_durably
    def add(self, connection: sqlite3.Connection, account: Account) -> None:
        values = _values(account)
        for column, name in (("email_key", "This e-mail"), ("username_key", "This username")):
            sql = f"SELECT 1 FROM users WHERE {column} = ?"
            if connection.execute(sql, (values[column],)).fetchone():
                raise AlreadyTaken.at_sign_up(name)
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO users ({', '.join(values)}) VALUES ({marks})"
        connection.execute(sql, tuple(values.values()))

    async def by_id(self, user_id: UserId) -> Account | None:
        return await self._where("user_id = ?", user_id)

    async def by_login(self, login: str) -> Account | None:
        key = folded(login)
        return await self._where("username_key = ? OR email_key = ?", key, key)

    @reading
    def all(self, reader: Reader) -> tuple[Account, ...]:
        rows = reader.rows(f"SELECT {_FIELDS} FROM users ORDER BY created_at, user_id")
        return tuple(_account(row) for row in rows)

    async def set_password(self, user_id: UserId, hashed_password: str) -> bool:
        return await self._set("hashed_password = ?", user_id, hashed_password)

    async def set_active(self, user_id: UserId, *, active: bool) -> bool:
        return await self._set("is_active = ?", user_id, active)

    async def set_role(self, user_id: UserId, role: Role) -> bool:
        return await self._set("role = ?", user_id, role)

    async def set_code(self, user_id: UserId, code: OneTimeCode | None) -> bool:
        values = (None, None) if code is None else (code.hashed_code, to_ms(code.expires_at))
        return await self._set("code_hash = ?, code_expires_at = ?", user_id, *values)

    @writing_durably
    def spend_code(
        self,
        connection: sqlite3.Connection,
        user_id: UserId,
        hashed_code: str,
        hashed_password: str,
    ) -> bool:
        done = connection.execute(
            "UPDATE users SET hashed_password = ?, code_hash = NULL, code_expires_at = NULL"
            " WHERE user_id = ? AND code_hash = ?",
            (hashed_password, user_id, hashed_code),
        )
        return done.rowcount > 0

    async def signed_in(self, user_id: UserId, at: datetime) -> bool:
        return await self._set("last_login = ?", user_id, to_ms(at))

    @writing
    def count_use(
        self,
        connection: sqlite3.Connection,
        user_id: UserId,
        *,
        analyses: int = 0,
        uploads: int = 0,
    ) -> None:
        count_use(connection, user_id, analyses=analyses, uploads=uploads)

    @reading
    def _where(self, reader: Reader, condition: str, *values: Value) -> Account | None:
        row = reader.row(f"SELECT {_FIELDS} FROM users WHERE {condition}", values)
        return None if row is None else _account(row)

    @writing_durably
    def _set(
        self, connection: sqlite3.Connection, change: str, user_id: UserId, *values: Value
    ) -> bool:
        sql = f"UPDATE users SET {change} WHERE user_id = ?"
        return connection.execute(sql, (*values, user_id)).rowcount > 0


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


def count_use(
    connection: sqlite3.Connection, user_id: UserId, *, analyses: int = 0, uploads: int = 0
) -> None:
    """Add to the counters of an account, within a transaction."""
    connection.execute(
        "UPDATE users SET total_analyses = total_analyses + ?,"
        " total_uploads = total_uploads + ? WHERE user_id = ?",
        (analyses, uploads, user_id),
    )


def _values(account: Account) -> dict[str, Value]:
    return {
        "user_id": account.user_id,
        "email": account.email,
        "username": account.username,
        "hashed_password": account.hashed_password,
        "is_active": account.is_active,
        "is_verified": account.is_verified,
        "created_at": to_ms(account.created_at),
        "last_login": to_ms_or_none(account.last_login),
        "total_analyses": account.total_analyses,
        "total_uploads": account.total_uploads,
        "role": account.role,
        "code_hash": account.code.hashed_code if account.code else None,
        "code_expires_at": to_ms(account.code.expires_at) if account.code else None,
        # Accounts without an e-mail have no key and so never meet each other.
        "email_key": folded(account.email) or None,
        "username_key": folded(account.username),
    }


def _account(row: Any) -> Account:
    return Account(
        user_id=UserId(row[0]),
        email=row[1],
        username=row[2],
        hashed_password=row[3],
        is_active=bool(row[4]),
        is_verified=bool(row[5]),
        created_at=from_ms(row[6]),
        last_login=from_ms_or_none(row[7]),
        total_analyses=row[8],
        total_uploads=row[9],
        role=Role(row[10]),
        code=OneTimeCode(hashed_code=row[11], expires_at=from_ms(row[12])) if row[11] else None,
    )

"""Accounts in SQLite (`users`)."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.text import folded
from smtui.stores.sqlite.connections import Durability, Reader, Readers, Writer
from smtui.stores.sqlite.values import Value, from_ms, from_ms_or_none, to_ms, to_ms_or_none

_FIELDS = (
    "user_id, email, username, hashed_password, is_active, is_verified, created_at, last_login,"
    " total_analyses, total_uploads, role, code_hash, code_expires_at"
)


class SqliteAccounts:
    """Accounts, found by id, e-mail or username (both folded). Changes survive a power cut."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def add(self, account: Account) -> None:
        """Keep a new account; raises AlreadyTaken naming the e-mail or the username."""
        await self._writer.write(lambda connection: _add(connection, account), durability=_KEPT)

    async def by_id(self, user_id: UserId) -> Account | None:
        """Find by id."""
        return await self._found("user_id = ?", user_id)

    async def by_login(self, login: str) -> Account | None:
        """Find by e-mail or username, folded."""
        key = folded(login)
        return await self._found("username_key = ? OR email_key = ?", key, key)

    async def all(self) -> tuple[Account, ...]:
        """Every account, oldest first."""

        def read(reader: Reader) -> tuple[Account, ...]:
            rows = reader.rows(f"SELECT {_FIELDS} FROM users ORDER BY created_at, user_id")
            return tuple(_account(row) for row in rows)

        return await self._readers.read(read)

    async def set_password(self, user_id: UserId, hashed_password: str) -> bool:
        """Set the hash; False if there is no such account."""
        return await self._set("hashed_password = ?", user_id, hashed_password)

    async def set_active(self, user_id: UserId, *, active: bool) -> bool:
        """Let the account sign in, or not; False if there is no such account."""
        return await self._set("is_active = ?", user_id, active)

    async def set_role(self, user_id: UserId, role: Role) -> bool:
        """Say what the account may do; False if there is no such account."""
        return await self._set("role = ?", user_id, role)

    async def set_code(self, user_id: UserId, code: OneTimeCode | None) -> bool:
        """Keep a one-time code in place of another, or with None take it away."""
        values = (None, None) if code is None else (code.hashed_code, to_ms(code.expires_at))
        return await self._set("code_hash = ?, code_expires_at = ?", user_id, *values)

    async def spend_code(self, user_id: UserId, hashed_code: str, hashed_password: str) -> bool:
        """Set the password and take the code away, only while it is this code."""

        def spend(connection: sqlite3.Connection) -> bool:
            done = connection.execute(
                "UPDATE users SET hashed_password = ?, code_hash = NULL, code_expires_at = NULL"
                " WHERE user_id = ? AND code_hash = ?",
                (hashed_password, user_id, hashed_code),
            )
            return done.rowcount > 0

        return await self._writer.write(spend, durability=_KEPT)

    async def signed_in(self, user_id: UserId, at: datetime) -> bool:
        """Set last_login; False if there is no such account."""
        return await self._set("last_login = ?", user_id, to_ms(at))

    async def count_use(self, user_id: UserId, *, analyses: int = 0, uploads: int = 0) -> None:
        """Add to the counters, atomically."""
        await self._writer.write(
            lambda connection: count_use(connection, user_id, analyses=analyses, uploads=uploads)
        )

    async def _found(self, where: str, *parameters: Value) -> Account | None:
        def read(reader: Reader) -> Account | None:
            row = reader.row(f"SELECT {_FIELDS} FROM users WHERE {where}", parameters)
            return None if row is None else _account(row)

        return await self._readers.read(read)

    async def _set(self, change: str, user_id: UserId, *values: Value) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            sql = f"UPDATE users SET {change} WHERE user_id = ?"
            return connection.execute(sql, (*values, user_id)).rowcount > 0

        return await self._writer.write(write, durability=_KEPT)


_KEPT = Durability.FULL


def _add(connection: sqlite3.Connection, account: Account) -> None:
    # Accounts without an e-mail have no key and so never meet each other.
    email_key = folded(account.email) or None
    username_key = folded(account.username)
    for column, key, name in (
        ("email_key", email_key, "This e-mail"),
        ("username_key", username_key, "This username"),
    ):
        if connection.execute(f"SELECT 1 FROM users WHERE {column} = ?", (key,)).fetchone():
            raise AlreadyTaken(f"{name} is already in use", hint="Choose another, or sign in.")
    marks = ", ".join("?" * (_FIELDS.count(",") + 3))
    connection.execute(
        f"INSERT INTO users ({_FIELDS}, email_key, username_key) VALUES ({marks})",
        (
            account.user_id,
            account.email,
            account.username,
            account.hashed_password,
            account.is_active,
            account.is_verified,
            to_ms(account.created_at),
            to_ms_or_none(account.last_login),
            account.total_analyses,
            account.total_uploads,
            account.role,
            account.code and account.code.hashed_code,
            account.code and to_ms(account.code.expires_at),
            email_key,
            username_key,
        ),
    )


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


def count_use(
    connection: sqlite3.Connection, user_id: UserId, *, analyses: int = 0, uploads: int = 0
) -> None:
    """Add to the counters of an account, within a transaction."""
    connection.execute(
        "UPDATE users SET total_analyses = total_analyses + ?,"
        " total_uploads = total_uploads + ? WHERE user_id = ?",
        (analyses, uploads, user_id),
    )

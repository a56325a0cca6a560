"""Accounts on MongoDB (`users`), also those that another program wrote.

One port, `AccountStore`, in a file of its own; `library` alone opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.text import folded, storable
from smtui.stores.mongo.client import MongoLine
from smtui.stores.mongo.indexes import UP, USERS
from smtui.stores.mongo.values import (
    Document,
    count_in,
    cut_to_ms,
    cut_to_ms_or_none,
    mapping_in,
    text_in,
    time_in,
    time_or_none,
)

# `email` must be unique and a text that every program takes for an e-mail, also where there is
# none; example.org is reserved (RFC 2606), so that nothing is ever delivered.
_NO_EMAIL = "@no-email.example.org"


# Enough for every count that may still be under way when one is repeated.
_COUNTS_REMEMBERED = 64


class MongoAccounts:
    """Implements AccountStore."""

    def __init__(self, line: MongoLine) -> None:
        self._line = line

    async def add(self, account: Account) -> None:
        document = document_of(account)

        async def work() -> None:
            await self._refuse_taken(account)
            try:
                await self._line.collection(USERS).insert_one({**document})
            except DuplicateKeyError:
                if not await self._is_kept(document):
                    await self._refuse_taken(account)
                    # Not chained: the driver's words quote the e-mail.
                    raise AlreadyTaken(
                        "This account is already there", hint="Choose another name."
                    ) from None

        await self._line.ask(work)

    async def by_id(self, user_id: UserId) -> Account | None:
        async def work() -> Account | None:
            kept = await self._line.collection(USERS).find_one({"user_id": user_id})
            return None if kept is None else account_of(kept)

        return await self._line.ask(work)

    async def by_login(self, login: str) -> Account | None:
        async def work() -> Account | None:
            return await self._find(login, "username") or await self._find(login, "email")

        return await self._line.ask(work)

    async def all(self) -> tuple[Account, ...]:
        documents = await self._line.find(USERS, {}, sort=[("created_at", UP), ("user_id", UP)])
        return tuple(account_of(document) for document in documents)

    async def set_password(self, user_id: UserId, hashed_password: str) -> bool:
        return await self._set(user_id, {"hashed_password": hashed_password})

    async def set_active(self, user_id: UserId, *, active: bool) -> bool:
        return await self._set(user_id, {"is_active": active})

    async def set_role(self, user_id: UserId, role: Role) -> bool:
        return await self._set(user_id, {"role": role.value})

    async def set_code(self, user_id: UserId, code: OneTimeCode | None) -> bool:
        return await self._set(user_id, {"code": code and code_document(code)})

    async def spend_code(self, user_id: UserId, hashed_code: str, hashed_password: str) -> bool:
        async def work() -> bool:
            users = self._line.collection(USERS)
            spent = await users.update_one(
                {"user_id": user_id, "code.hashed_code": hashed_code},
                {"$set": {"hashed_password": hashed_password, "code": None}},
            )
            if spent.matched_count:
                return True
            # A hash has its own salt, so that nobody else can have set the very same one.
            wanted = {"user_id": user_id, "hashed_password": hashed_password, "code": None}
            return await users.find_one(wanted, ["user_id"]) is not None

        return await self._line.ask(work)

    async def signed_in(self, user_id: UserId, at: datetime) -> bool:
        return await self._set(user_id, {"last_login": cut_to_ms(at)})

    async def count_use(self, user_id: UserId, *, analyses: int = 0, uploads: int = 0) -> None:
        """Counts once, however often it is repeated."""
        count = str(uuid4())

        async def work() -> None:
            await self._line.collection(USERS).update_one(
                {"user_id": user_id, "counts": {"$ne": count}},
                {
                    "$inc": {"total_analyses": analyses, "total_uploads": uploads},
                    "$push": {"counts": {"$each": [count], "$slice": -_COUNTS_REMEMBERED}},
                },
            )

        await self._line.ask(work)

    async def _set(self, user_id: UserId, fields: Mapping[str, Any]) -> bool:
        async def work() -> bool:
            users = self._line.collection(USERS)
            done = await users.update_one({"user_id": user_id}, {"$set": dict(fields)})
            return done.matched_count > 0

        return await self._line.ask(work)

    async def _is_kept(self, document: Document) -> bool:
        """True if this very account was kept by a try whose answer was lost."""
        same = {name: document[name] for name in ("user_id", "username", "hashed_password")}
        return await self._line.collection(USERS).find_one(same, ["user_id"]) is not None

    async def _refuse_taken(self, account: Account) -> None:
        for login, field, name in (
            (account.email, "email", "This e-mail"),
            (account.username, "username", "This username"),
        ):
            other = await self._find(login, field)
            if other is not None and other.user_id != account.user_id:
                raise AlreadyTaken.at_sign_up(name)

    async def _find(self, login: str, field: str) -> Account | None:
        """Find by one field: as it is written, by its key, or by folding what has no true key."""
        key = folded(login)
        if not key:
            return None
        users = self._line.collection(USERS)
        either = {"$or": [{field: storable(login)}, {f"{field}_key": storable(key)}]}
        found = [account_of(document) for document in await users.find(either).to_list(None)]
        # Another program knows nothing of our keys, and may have changed what they were made of.
        true = [account for account in found if folded(getattr(account, field)) == key]
        if not true:
            true = await self._find_by_folding(key, field)
        exact = [account for account in true if getattr(account, field) == login]
        return min(
            exact or true, key=lambda account: (account.created_at, account.user_id), default=None
        )

    async def _find_by_folding(self, key: str, field: str) -> list[Account]:
        users = self._line.collection(USERS)
        names = await users.find({}, ["user_id", field]).to_list(None)
        ids = [
            row["_id"]
            for row in names
            if folded(email_of(row) if field == "email" else text_in(row.get(field))) == key
        ]
        if not ids:
            return []
        return [
            account_of(document)
            for document in await users.find({"_id": {"$in": ids}}).to_list(None)
        ]


def document_of(account: Account) -> Document:
    """Every field of an account."""
    document: Document = {
        "user_id": account.user_id,
        "email": storable(account.email) or f"{account.user_id}{_NO_EMAIL}",
        "username": storable(account.username),
        "hashed_password": account.hashed_password,
        "is_active": account.is_active,
        "is_verified": account.is_verified,
        "created_at": cut_to_ms(account.created_at),
        "last_login": cut_to_ms_or_none(account.last_login),
        "total_analyses": account.total_analyses,
        "total_uploads": account.total_uploads,
        "role": account.role.value,
        "code": account.code and code_document(account.code),
        "username_key": storable(folded(account.username)),
    }
    if account.email:
        document["email_key"] = storable(folded(account.email))
    return document


def account_of(document: Mapping[str, Any]) -> Account:
    """Read an account; what another program left out is as for a new one."""
    return Account(
        user_id=UserId(text_in(document.get("user_id"))),
        email=email_of(document),
        username=text_in(document.get("username")),
        hashed_password=text_in(document.get("hashed_password")),
        is_active=bool(document.get("is_active", True)),
        is_verified=document.get("is_verified") is True,
        created_at=time_in(document.get("created_at")),
        last_login=time_or_none(document.get("last_login")),
        total_analyses=count_in(document.get("total_analyses")),
        total_uploads=count_in(document.get("total_uploads")),
        role=_role_of(document.get("role")),
        code=_code_of(mapping_in(document.get("code"))),
    )


def email_of(document: Mapping[str, Any]) -> str:
    """The e-mail; empty for an account without one."""
    email = text_in(document.get("email"))
    return "" if email == f"{document.get('user_id')}{_NO_EMAIL}" else email


def code_document(code: OneTimeCode) -> Document:
    """A one-time code as it is kept."""
    return {"hashed_code": code.hashed_code, "expires_at": cut_to_ms(code.expires_at)}


def _role_of(kept: object) -> Role:
    """Without one a member; with one that is not known here, who may do least."""
    if kept is None:
        return Role.MEMBER
    return Role(kept) if isinstance(kept, str) and kept in tuple(Role) else Role.LISTENER


def _code_of(kept: Mapping[str, Any]) -> OneTimeCode | None:
    hashed_code = text_in(kept.get("hashed_code"))
    if not hashed_code:
        return None
    return OneTimeCode(hashed_code=hashed_code, expires_at=time_in(kept.get("expires_at")))

"""An account as a document of `users`, and back, also from a document of another program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.text import folded, storable
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

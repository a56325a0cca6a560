"""A person with an account, and a session in which they are signed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)

SESSION_SECONDS = 604_800


class Role(StrEnum):
    """What an account may do beyond looking at its own and the shared sounds.

    - admin: everything; the first account is one.
    - member: scan, tag, correct and queue, also what is shared.
    - listener: looks, and changes nothing that is not its own.
    """

    ADMIN = "admin"
    MEMBER = "member"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode:
    """Lets a person choose a new password once, until `expires_at`; kept as a bcrypt hash."""

    hashed_code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in; `hashed_password` is bcrypt and never shown or logged."""

    user_id: UserId
    email: str
    username: str
    hashed_password: str
    is_active: bool = True
    is_verified: bool = False
    created_at: datetime
    last_login: datetime | None = None
    total_analyses: int = 0
    total_uploads: int = 0
    role: Role = Role.MEMBER
    code: OneTimeCode | None = None

    def __repr__(self) -> str:
        return f"Account({self.username!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Signed in: whose, since when, from where. Lives 7 days from its last use."""

    session_id: SessionId
    user_id: UserId
    email: str
    created_at: datetime
    last_active: datetime
    ip_address: str

    def __repr__(self) -> str:
        return f"Session(of {self.user_id!r})"

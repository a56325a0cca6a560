"""People for tests: accounts as the store keeps them, without a password that anybody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5

from smtui.domain.account import Account, Role, UserId

FIRST_DAY = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def person(
    name: str, role: Role = Role.MEMBER, *, days: int = 0, user_id: UserId | None = None
) -> Account:
    """An active account that is so many days younger than the first one."""
    return Account(
        user_id=user_id or UserId(str(uuid5(NAMESPACE_DNS, name))),
        email=f"{name}@example.org",
        username=name,
        hashed_password="-",
        created_at=FIRST_DAY + timedelta(days=days),
        role=role,
    )

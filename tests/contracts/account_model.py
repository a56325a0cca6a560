"""Accounts as a plain dictionary: what every AccountStore is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from smtui.domain.account import Account, OneTimeCode, UserId
from smtui.domain.text import folded


def to_ms(at: datetime) -> datetime:
    """Cut a time as every store does."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass
class Model:
    accounts: dict[UserId, Account] = field(default_factory=dict)

    def taken(self, account: Account) -> str | None:
        """Which of an account's names is in use."""
        for other in self.accounts.values():
            if account.email and folded(other.email) == folded(account.email):
                return "e-mail"
        for other in self.accounts.values():
            if folded(other.username) == folded(account.username):
                return "username"
        return None

    def add(self, account: Account) -> None:
        self.accounts[account.user_id] = replace(
            account,
            created_at=to_ms(account.created_at),
            last_login=account.last_login and to_ms(account.last_login),
            code=account.code and kept(account.code),
        )

    def by_login(self, login: str) -> Account | None:
        for account in self.accounts.values():
            if folded(login) in {folded(account.username), folded(account.email) or None}:
                return account
        return None

    def all(self) -> tuple[Account, ...]:
        return tuple(sorted(self.accounts.values(), key=lambda one: (one.created_at, one.user_id)))

    def change(self, user_id: UserId, **changes: Any) -> bool:
        if user_id not in self.accounts:
            return False
        self.accounts[user_id] = replace(self.accounts[user_id], **changes)
        return True

    def spend_code(self, user_id: UserId, hashed_code: str, hashed_password: str) -> bool:
        account = self.accounts.get(user_id)
        if account is None or account.code is None or account.code.hashed_code != hashed_code:
            return False
        return self.change(user_id, hashed_password=hashed_password, code=None)

    def count_use(self, user_id: UserId, analyses: int, uploads: int) -> None:
        account = self.accounts.get(user_id)
        if account is not None:
            self.change(
                user_id,
                total_analyses=account.total_analyses + analyses,
                total_uploads=account.total_uploads + uploads,
            )


def kept(code: OneTimeCode) -> OneTimeCode:
    return replace(code, expires_at=to_ms(code.expires_at))

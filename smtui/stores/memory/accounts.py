"""What people are and keep, in memory: accounts, and the searches of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.errors import AlreadyTaken
from smtui.domain.kept_search import KeptKind, KeptSearch, ordered
from smtui.domain.storable import cut_to_ms
from smtui.domain.text import folded


class MemoryAccounts:
    """Implements AccountStore."""

    def __init__(self) -> None:
        self._accounts: dict[UserId, Account] = {}

    async def add(self, account: Account) -> None:
        others = self._accounts.values()
        if account.email and folded(account.email) in {folded(other.email) for other in others}:
            raise AlreadyTaken.at_sign_up("This e-mail")
        if folded(account.username) in {folded(other.username) for other in others}:
            raise AlreadyTaken.at_sign_up("This username")
        self._accounts[account.user_id] = account
        self._change(
            account.user_id,
            created_at=cut_to_ms(account.created_at),
            last_login=account.last_login and cut_to_ms(account.last_login),
            code=account.code and _storable_code(account.code),
        )

    async def by_id(self, user_id: UserId) -> Account | None:
        return self._accounts.get(user_id)

    async def by_login(self, login: str) -> Account | None:
        names = (
            (account, {folded(account.username), folded(account.email) or None})
            for account in self._accounts.values()
        )
        return next((account for account, keys in names if folded(login) in keys), None)

    async def all(self) -> tuple[Account, ...]:
        oldest_first = sorted(self._accounts.values(), key=lambda each: each.user_id)
        return tuple(sorted(oldest_first, key=lambda each: each.created_at))

    async def set_password(self, user_id: UserId, hashed_password: str) -> bool:
        return self._change(user_id, hashed_password=hashed_password)

    async def set_active(self, user_id: UserId, *, active: bool) -> bool:
        return self._change(user_id, is_active=active)

    async def set_role(self, user_id: UserId, role: Role) -> bool:
        return self._change(user_id, role=role)

    async def set_code(self, user_id: UserId, code: OneTimeCode | None) -> bool:
        return self._change(user_id, code=code and _storable_code(code))

    async def spend_code(self, user_id: UserId, hashed_code: str, hashed_password: str) -> bool:
        account = self._accounts.get(user_id)
        if account is None or account.code is None or account.code.hashed_code != hashed_code:
            return False
        return self._change(user_id, hashed_password=hashed_password, code=None)

    async def signed_in(self, user_id: UserId, at: datetime) -> bool:
        return self._change(user_id, last_login=cut_to_ms(at))

    async def count_use(self, user_id: UserId, *, analyses: int = 0, uploads: int = 0) -> None:
        account = self._accounts.get(user_id)
        if account is not None:
            self._change(
                user_id,
                total_analyses=account.total_analyses + analyses,
                total_uploads=account.total_uploads + uploads,
            )

    def _change(self, user_id: UserId, **changes: Any) -> bool:
        if user_id not in self._accounts:
            return False
        self._accounts[user_id] = replace(self._accounts[user_id], **changes)
        return True


def _storable_code(code: OneTimeCode) -> OneTimeCode:
    return replace(code, expires_at=cut_to_ms(code.expires_at))


class MemoryKeptSearches:
    """Implements KeptSearchStore."""

    def __init__(self) -> None:
        self._lines: dict[tuple[UserId, KeptKind, str], KeptSearch] = {}

    async def of(self, user_id: UserId) -> tuple[KeptSearch, ...]:
        return ordered(line for (owner, *_), line in self._lines.items() if owner == user_id)

    async def keep(self, kept: KeptSearch, *, user_id: UserId, recent: int) -> None:
        before = self._lines.get((user_id, kept.kind, kept.text))
        name = kept.name or (before.name if before else "")
        used_at = cut_to_ms(kept.used_at)
        self._lines[user_id, kept.kind, kept.text] = replace(kept, name=name, used_at=used_at)
        unnamed = [
            line for line in await self.of(user_id) if line.kind is kept.kind and not line.name
        ]
        for line in unnamed[recent:]:
            del self._lines[user_id, line.kind, line.text]

    async def forget(self, kind: KeptKind, text: str, *, user_id: UserId) -> bool:
        return self._lines.pop((user_id, kind, text), None) is not None

"""One-time codes: short enough to be read out on the telephone, and typed as people type."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smtui.domain.account import Account, OneTimeCode

LIFE = timedelta(days=1)

# Neither 0 and o, nor 1, i and l: twelve of these are 59 bits.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 3
_GROUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A code as it is handed to its person; only its hash is kept."""

    text: str = field(repr=False)
    username: str
    expires_at: datetime


def made() -> str:
    """Make a code of random signs, `k7wq-3mzt-hr9d`."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def bare(text: str) -> str | None:
    """Give the signs of a code however it was typed; None where the text cannot be one."""
    signs = "".join(text.casefold().replace("-", " ").split())
    whole = len(signs) == _GROUPS * _GROUP and set(signs) <= set(_SIGNS)
    return signs if whole else None


def kept_by(account: Account | None, at: datetime) -> OneTimeCode | None:
    """Give the account's code while it can be used."""
    if account is None or account.code is None or account.code.expires_at <= at:
        return None
    return account.code

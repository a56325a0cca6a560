"""Who may do what to whose: the rules alone, without stores.

What is asked: a deed of an account with a role, on what is its own, shared by all, or another's.
Looking is never asked about here; a question to the library has its viewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from smtui.domain.account import Account, Role, UserId
from smtui.domain.errors import NotAllowed


class Deed(StrEnum):
    """What somebody wants to do; the value is the verb of a refusal."""

    SCAN = "scan"
    TAG = "tag"
    ANALYZE = "queue"
    CANCEL = "cancel"
    RESUME = "resume"
    REBUILD = "rebuild"


class Whose(StrEnum):
    """Whose sounds or runs it concerns, seen from the account; shared ones are nobody's."""

    OWN = "your own"
    SHARED = "shared"
    ANOTHERS = "another person's"


_MEMBERS_MAY_ON_SHARED = frozenset({Deed.SCAN, Deed.TAG, Deed.ANALYZE})


def may(role: Role, deed: Deed, whose: Whose) -> bool:
    """Tell whether a role permits a deed.

    An admin may everything, everybody may everything with what is their own, and a member also
    scans, tags and queues what is shared. A run of nobody, and the index, are for an admin.
    """
    if role is Role.ADMIN or whose is Whose.OWN:
        return True
    shared = whose is Whose.SHARED and deed in _MEMBERS_MAY_ON_SHARED
    return role is Role.MEMBER and shared


def may_take_away(role: Role, whose: Whose) -> bool:
    """Tell whether a role permits to take sounds out of the library, or to another place in it.

    One's own, and for an admin all: what is shared is missed by everybody.
    """
    return role is Role.ADMIN or whose is Whose.OWN


def may_keep_accounts(role: Role) -> bool:
    """Tell whether a role permits to add, list, disable and enable accounts and set their roles."""
    return role is Role.ADMIN


def whose(owner: UserId | None, by: UserId) -> Whose:
    """Say whose something is for an account."""
    if owner is None:
        return Whose.SHARED
    return Whose.OWN if owner == by else Whose.ANOTHERS


def stand_in(known: Iterable[Account]) -> UserId | None:
    """Find who counts as an admin where no active account is one: the oldest active one.

    So a library that another program filled has somebody who may everything, too.
    """
    active = [one for one in known if one.is_active]
    if any(one.role is Role.ADMIN for one in active):
        return None
    oldest = min(active, key=lambda one: (one.created_at, one.user_id), default=None)
    return None if oldest is None else oldest.user_id


def in_force(account: Account, known: Iterable[Account]) -> Role:
    """Give the role that counts."""
    return Role.ADMIN if account.user_id == stand_in(known) else account.role


def refusal(role: Role, deed: Deed, whose_: Whose) -> NotAllowed:
    """Say in one sentence why not, and what could be done."""
    if deed in (Deed.CANCEL, Deed.RESUME):
        return NotAllowed("This run is not yours", hint=f"Its owner or an admin can {deed} it.")
    if deed is Deed.REBUILD:
        return NotAllowed("Only an admin rebuilds the index of all", hint="Ask one.")
    if whose_ is Whose.ANOTHERS:
        return NotAllowed(f"You cannot {deed} {whose_} sounds", hint="They or an admin can.")
    return NotAllowed(
        f"As a {role} you {deed} only your own sounds, not {whose_} ones",
        hint="An admin can make you a member.",
    )


def not_an_admin() -> NotAllowed:
    """Say that only admins keep accounts."""
    return NotAllowed("Only an admin keeps accounts", hint="Ask one, or sign in as one.")

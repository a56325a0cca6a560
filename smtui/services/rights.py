"""Who may do what to whose, and what an account may do at this moment.

The rules stand alone, without stores: a deed of an account with a role, on what is its own, shared
by all, or another's. `Rights` asks them for the present role, not the one of when somebody signed
in. Looking is never asked about here; a question to the library has its viewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from smtui.domain.account import Account, Role, UserId
from smtui.domain.errors import NotAllowed, NotSignedIn
from smtui.domain.parts import in_parts
from smtui.domain.ports.documents import AccountStore, SampleStore
from smtui.domain.sample import FileId

_SOUNDS_AT_ONCE = 1_000


class Deed(StrEnum):
    """What somebody wants to do; the value is the verb of a refusal."""

    SCAN = "scan"
    TAG = "tag"
    ANALYZE = "queue"
    CANCEL = "cancel"
    RESUME = "resume"
    REBUILD = "rebuild"


_MEMBERS_MAY_ON_SHARED = frozenset({Deed.SCAN, Deed.TAG, Deed.ANALYZE})


class Whose(StrEnum):
    """Whose sounds or runs it concerns, seen from the account; shared ones are nobody's."""

    OWN = "your own"
    SHARED = "shared"
    ANOTHERS = "another person's"


def may(role: Role, deed: Deed, whose: Whose) -> bool:
    """True if a role permits a deed.

    An admin may everything, everybody may everything with what is their own, and a member also
    scans, tags and queues what is shared. A run of nobody, and the index, are for an admin.
    """
    if role is Role.ADMIN or whose is Whose.OWN:
        return True
    shared = whose is Whose.SHARED and deed in _MEMBERS_MAY_ON_SHARED
    return role is Role.MEMBER and shared


def may_take_away(role: Role, whose: Whose) -> bool:
    """True if a role permits to take sounds out of the library, or to another place in it.

    One's own, and for an admin all: what is shared is missed by everybody.
    """
    return role is Role.ADMIN or whose is Whose.OWN


def may_keep_accounts(role: Role) -> bool:
    """True if a role permits to add, list, disable and enable accounts and set their roles."""
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
    active = [account for account in known if account.is_active]
    if any(account.role is Role.ADMIN for account in active):
        return None
    oldest = min(active, key=lambda account: (account.created_at, account.user_id), default=None)
    return None if oldest is None else oldest.user_id


def in_force(account: Account, known: Iterable[Account]) -> Role:
    """Return the role that counts."""
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


class Rights:
    """Looks up the present account and refuses what it may not do."""

    def __init__(self, accounts: AccountStore) -> None:
        self._accounts = accounts

    async def present(self, by: Account) -> Account:
        """Return the account as it is kept now; raises NotSignedIn where it was disabled."""
        account = await self._accounts.by_id(by.user_id)
        if account is None:
            raise NotSignedIn("Your account is no longer there", hint="Sign in again.")
        if not account.is_active:
            raise NotSignedIn("Your account is disabled", hint="An admin can enable it.")
        return account

    async def role(self, account: Account) -> Role:
        """Return the role that counts for a present account."""
        if account.role is Role.ADMIN:
            return account.role
        return in_force(account, await self._accounts.all())

    async def require(
        self, by: Account, deed: Deed, owners: Iterable[UserId | None] = ()
    ) -> Account:
        """Refuse a deed on what these own; gives the present account.

        Raises:
            NotAllowed: its role does not permit it.
            NotSignedIn: it was disabled meanwhile.
        """
        account = await self.present(by)
        concerned = {whose(owner, account.user_id) for owner in owners}
        if all(may(account.role, deed, relation) for relation in concerned):
            return account
        # Only now does it matter who counts as an admin, which costs a look at every account.
        role = await self.role(account)
        for relation in sorted(concerned):
            if not may(role, deed, relation):
                raise refusal(role, deed, relation)
        return account

    async def require_on(
        self, by: Account, deed: Deed, file_ids: Sequence[FileId], samples: SampleStore
    ) -> Account:
        """The same for sounds, by who owns them; ids that are no longer there do not count."""
        account = await self.present(by)
        if account.role is Role.ADMIN:
            return account
        return await self.require(account, deed, await self.owners_of(file_ids, samples))

    async def require_to_take_away(
        self, by: Account, owners: Iterable[UserId | None], *, verb: str
    ) -> Account:
        """Refuse to take away what these own; gives the present account. Raises as `require`."""
        account = await self.present(by)
        role = await self.role(account)
        if all(may_take_away(role, whose(owner, account.user_id)) for owner in owners):
            return account
        raise NotAllowed(
            f"Only an admin can {verb} shared or other people's sounds",
            hint="Ask one, or name only your own.",
        )

    async def owners_of(
        self, file_ids: Sequence[FileId], samples: SampleStore
    ) -> set[UserId | None]:
        """Who owns these sounds; ids that are no longer there do not count."""
        owners: set[UserId | None] = set()
        for part in in_parts(file_ids, _SOUNDS_AT_ONCE):
            owners.update(sample.user_id for sample in await samples.get(part))
        return owners

    async def permits(self, by: Account, deed: Deed, owner: UserId | None) -> bool:
        """True if a deed on what somebody owns would be permitted."""
        try:
            await self.require(by, deed, (owner,))
        except NotAllowed:
            return False
        return True

    async def require_admin(self, by: Account) -> Account:
        """Return the present account if it keeps accounts; raises NotAllowed."""
        account = await self.present(by)
        if not may_keep_accounts(await self.role(account)):
            raise not_an_admin()
        return account

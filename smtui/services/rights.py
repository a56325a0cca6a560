"""What an account may do at this moment: its present role, not the one of when it signed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smtui.domain.account import Account, Role, UserId
from smtui.domain.errors import NotAllowed, NotSignedIn
from smtui.domain.ports.documents import AccountStore, SampleStore
from smtui.domain.sample import FileId
from smtui.services.permissions import (
    Deed,
    in_force,
    may,
    may_keep_accounts,
    may_take_away,
    not_an_admin,
    refusal,
    whose,
)

_SOUNDS_AT_ONCE = 1_000


class Rights:
    """Looks up the present account and refuses what it may not do."""

    def __init__(self, accounts: AccountStore) -> None:
        self._accounts = accounts

    async def present(self, by: Account) -> Account:
        """Give the account as it is kept now; raises NotSignedIn where it was disabled."""
        account = await self._accounts.by_id(by.user_id)
        if account is None:
            raise NotSignedIn("Your account is no longer there", hint="Sign in again.")
        if not account.is_active:
            raise NotSignedIn("Your account is disabled", hint="An admin can enable it.")
        return account

    async def role(self, account: Account) -> Role:
        """Give the role that counts for a present account."""
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
        if all(may(account.role, deed, one) for one in concerned):
            return account
        # Only now does it matter who counts as an admin, which costs a look at every account.
        role = await self.role(account)
        for one in sorted(concerned):
            if not may(role, deed, one):
                raise refusal(role, deed, one)
        return account

    async def require_on(
        self, by: Account, deed: Deed, file_ids: Sequence[FileId], samples: SampleStore
    ) -> Account:
        """The same for sounds, by who owns them; ids that are no longer there are nobody's care."""
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
        """Who owns these sounds; ids that are no longer there are nobody's care."""
        owners: set[UserId | None] = set()
        for start in range(0, len(file_ids), _SOUNDS_AT_ONCE):
            some = await samples.get(file_ids[start : start + _SOUNDS_AT_ONCE])
            owners.update(sample.user_id for sample in some)
        return owners

    async def permits(self, by: Account, deed: Deed, owner: UserId | None) -> bool:
        """Tell whether a deed on what somebody owns would be permitted."""
        try:
            await self.require(by, deed, (owner,))
        except NotAllowed:
            return False
        return True

    async def require_admin(self, by: Account) -> Account:
        """Give the present account if it keeps accounts; raises NotAllowed."""
        account = await self.present(by)
        if not may_keep_accounts(await self.role(account)):
            raise not_an_admin()
        return account

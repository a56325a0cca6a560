"""Accounts: who there is, what each may do, and for whom the command line acts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from smtui.domain.account import Account, OneTimeCode, Role, UserId
from smtui.domain.errors import (
    AlreadyTaken,
    InputInvalid,
    NotAllowed,
    NotSignedIn,
    ServerUnavailable,
)
from smtui.domain.text import folded
from smtui.services.account_names import (
    check_password,
    checked_email,
    checked_username,
    suggested_username,
)
from smtui.services.rights import stand_in
from smtui.services.sessions import (
    CODE_LIFE,
    AccountPorts,
    NewCode,
    Sessions,
    SignedIn,
    code_signs,
    new_code,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be; without an e-mail it gets one of this machine."""

    username: str
    password: str = field(repr=False)
    email: str = ""
    role: Role = Role.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPerMinute:
    """How often in a minute somebody may try to sign in, and have a command write."""

    tries: int = 10
    commands: int = 60


class Accounts:
    """Keeps accounts, and says for whom a command acts.

    Attributes:
        sessions: who is signed in where.
    """

    def __init__(
        self,
        ports: AccountPorts,
        *,
        per_minute: AskedPerMinute | None = None,
        guarded_by_system: bool = True,
    ) -> None:
        self._per_minute = per_minute or AskedPerMinute()
        self._accounts = ports.accounts
        self._limits = ports.limits
        self._passwords = ports.passwords
        self._clock = ports.clock
        self._guarded_by_system = guarded_by_system
        self.sessions = Sessions(
            ports,
            tries_per_minute=self._per_minute.tries,
            guarded_by_system=guarded_by_system,
        )

    async def any_account(self) -> bool:
        """True if there is somebody to sign in; False means: welcome a newcomer.

        An account that the command line made for itself, and in which nobody has signed in yet,
        still waits for its person.
        """
        known = await self._accounts.all()
        return bool(known) and not self._waits_for_its_person(known)

    async def suggested_first(self) -> str:
        """Return the name that a welcome fills in: the waiting account's, else the system's."""
        known = await self._accounts.all()
        return known[0].username if self._waits_for_its_person(known) else suggested_username()

    async def first(self, username: str, *, password: str = "") -> Account:
        """Make the first account; an empty password becomes a random one that nobody knows.

        That will do only where the operating system guards the library. If the command line has
        made one already, it is this one, with this password.
        """
        name = checked_username(username)
        if not (password or self._guarded_by_system):
            raise InputInvalid(
                "The first account needs a password", hint="Others can reach this library too."
            )
        if password:
            check_password(password, guarded_by_system=self._guarded_by_system)
        known = await self._accounts.all()
        if known and not self._waits_for_its_person(known):
            raise AlreadyTaken("There is an account already", hint="Sign in with it.")
        if not known:
            return await self._make_first(
                NewAccount(username=name, password=password or secrets.token_urlsafe(32))
            )
        waiting = known[0]
        if folded(waiting.username) != folded(name):
            raise AlreadyTaken(
                f"The library belongs to {waiting.username} already",
                hint=f"Go on as {waiting.username}; `smtui user add` makes further accounts.",
            )
        if password:
            await self.set_password(waiting.username, password)
        return await self.sessions.find_account(waiting.username, None)

    async def welcome(self, username: str, *, password: str = "", address: str) -> SignedIn:
        """Make the first account and sign its person in, for this and the next starts."""
        account = await self.first(username, password=password)
        return await self.sessions.begin(account, stay=True, address=address)

    async def for_command_line(self, token: str | None = None) -> Account:
        """Find for whom a command acts: the token's account, the resumed one, or the first.

        The first only where the operating system guards the folder. Where there is none it is
        made, as the welcome would, so that a first scan needs no sign-in.
        """
        if token or not self._guarded_by_system:
            return await self.sessions.identify(token)
        known = await self._accounts.all()
        active = [account for account in known if account.is_active]
        if len(active) > 1:
            # Only then can the session matter, and only then does the server have to start.
            signed_in = await self.sessions.resume()
            return signed_in.account if signed_in else active[0]
        if known and not active:
            raise NotSignedIn(
                "Every account is disabled",
                hint=f"`smtui user enable {known[0].username}` lets it in again.",
            )
        return active[0] if active else await self._first_by_itself()

    async def command(self, by: Account) -> None:
        """Count a command that writes; raises TooManyTries with the seconds to wait."""
        try:
            await self._limits.hit(by.user_id, "general_api", limit=self._per_minute.commands)
        except ServerUnavailable:
            # Counting protects shared servers; who is known without one harms nobody.
            return

    async def add(self, new: NewAccount, *, by: Account | None = None) -> Account:
        """Make an account; the first one of all is an admin, and anybody may make it.

        Raises InputInvalid, NotAllowed, or AlreadyTaken naming what is in use.
        """
        check_password(new.password, guarded_by_system=self._guarded_by_system)
        email = checked_email(new.email) if new.email else ""
        checked = replace(new, username=checked_username(new.username), email=email)
        if not await self._accounts.all():
            return await self._make_first(checked)
        await self.sessions.require_admin(by)
        return await self._make(checked)

    async def list(self, *, by: Account | None = None) -> tuple[Account, ...]:
        """Every account, oldest first, each with the role that counts."""
        await self.sessions.require_admin(by)
        known = await self._accounts.all()
        chief = stand_in(known)
        return tuple(
            replace(account, role=Role.ADMIN) if account.user_id == chief else account
            for account in known
        )

    async def names(self, user_ids: Iterable[UserId | None]) -> Mapping[UserId, str]:
        """The user names of these accounts; those no longer there are left out."""
        found = [
            await self._accounts.by_id(user_id)
            for user_id in dict.fromkeys(user_ids)
            if user_id is not None
        ]
        return {account.user_id: account.username for account in found if account is not None}

    async def set_password(self, login: str, password: str, *, by: Account | None = None) -> None:
        """Set one's password and end all sessions of the account; a code for it is gone, too."""
        check_password(password, guarded_by_system=self._guarded_by_system)
        account = await self.sessions.find_account(login, by)
        if by is not None and not self._guarded_by_system and by.user_id != account.user_id:
            raise NotAllowed(
                f"Only {account.username} chooses this password",
                hint=f"`smtui user code {account.username}` makes a code to choose it with.",
            )
        hashed = await self._passwords.hashed(password)
        await self._accounts.set_password(account.user_id, hashed)
        await self._accounts.set_code(account.user_id, None)
        await self.sessions.end_all(account, "The password is set")

    async def code(self, login: str, *, by: Account | None = None) -> NewCode:
        """Make a code with which a new password can be chosen once, within a day.

        The password and the sessions stay as they are until then; an older code is gone.
        """
        await self.sessions.require_admin(by)
        account = await self.sessions.find_account(login, by)
        if not account.is_active:
            raise NotAllowed(
                f"The account {account.username} is disabled",
                hint=f"`smtui user enable {account.username}` lets it in again.",
            )
        text = new_code()
        hashed = await self._passwords.hashed(code_signs(text) or "")
        expires_at = self._clock.now() + CODE_LIFE
        kept = OneTimeCode(hashed_code=hashed, expires_at=expires_at)
        await self._accounts.set_code(account.user_id, kept)
        return NewCode(text=text, username=account.username, expires_at=expires_at)

    async def set_role(self, login: str, role: Role, *, by: Account | None = None) -> None:
        """Give an account another role, which counts at once on every machine."""
        await self.sessions.require_admin(by)
        account = await self.sessions.find_account(login, by)
        if role is not Role.ADMIN:
            await self._keep_an_admin(account)
        await self._accounts.set_role(account.user_id, role)

    async def disable(self, login: str, *, by: Account | None = None) -> None:
        """Let nobody sign in to the account, and end all its sessions."""
        await self.sessions.require_admin(by)
        account = await self.sessions.find_account(login, by)
        await self._keep_an_admin(account)
        await self._accounts.set_active(account.user_id, active=False)
        await self.sessions.end_all(account, "The account is disabled")

    async def enable(self, login: str, *, by: Account | None = None) -> None:
        """Let the account be signed in to again."""
        await self.sessions.require_admin(by)
        account = await self.sessions.find_account(login, by)
        await self._accounts.set_active(account.user_id, active=True)

    async def _keep_an_admin(self, leaving: Account) -> None:
        """Refuse to lose the last admin: the role would fall to whoever is the oldest."""
        if self._guarded_by_system:
            return
        known = await self._accounts.all()
        admins = {
            account.user_id for account in known if account.is_active and account.role is Role.ADMIN
        }
        if admins == {leaving.user_id} or stand_in(known) == leaving.user_id:
            raise NotAllowed(
                f"{leaving.username} is the only admin",
                hint="Make another first: `smtui user role LOGIN admin`.",
            )

    async def _first_by_itself(self) -> Account:
        try:
            return await self.first(suggested_username())
        except AlreadyTaken:  # another smtui was quicker
            return (await self._accounts.all())[0]

    async def _make_first(self, new: NewAccount) -> Account:
        """Make an admin; of two at once only the older one stays it."""
        account = await self._make(replace(new, role=Role.ADMIN))
        oldest = (await self._accounts.all())[0]
        if oldest.user_id == account.user_id:
            return account
        await self._accounts.set_role(account.user_id, Role.MEMBER)
        return replace(account, role=Role.MEMBER)

    async def _make(self, new: NewAccount) -> Account:
        if await self._accounts.by_login(new.username):
            raise AlreadyTaken(f"The user name {new.username} is already in use")
        account = Account(
            user_id=UserId(str(uuid4())),
            email=new.email or f"{new.username}@localhost",
            username=new.username,
            hashed_password=await self._passwords.hashed(new.password),
            created_at=self._clock.now(),
            role=new.role,
        )
        await self._accounts.add(account)
        return account

    def _waits_for_its_person(self, known: tuple[Account, ...]) -> bool:
        """True if the only account is one in which nobody has ever signed in.

        Never on servers: there anybody could take it over.
        """
        return self._guarded_by_system and len(known) == 1 and known[0].last_login is None

"""Accounts: who may sign in, who is signed in, and for whom the command line acts."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass, field, replace
from uuid import uuid4

from smtui.domain.account import Account, Session, SessionId, UserId
from smtui.domain.errors import (
    AlreadyTaken,
    InputInvalid,
    NotFound,
    NotSignedIn,
    ServerUnavailable,
    SignInRefused,
    StoreUnreachable,
)
from smtui.domain.ports.documents import AccountStore
from smtui.domain.ports.sessions import RateLimits, ResumeToken, SessionStore
from smtui.domain.ports.work import Clock, Passwords
from smtui.domain.text import folded, shown
from smtui.services.account_names import checked_email, checked_username, suggested_username

_log = logging.getLogger(__name__)

COMMAND_LINE = "command line"
"""Stands as the address in the sessions of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPorts:
    """What accounts are made of: the documents, and what lives for minutes or days."""

    accounts: AccountStore
    sessions: SessionStore
    limits: RateLimits
    passwords: Passwords
    resume_token: ResumeToken
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be; without an e-mail it gets one of this machine."""

    username: str
    password: str = field(repr=False)
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person and the session in which they are signed in."""

    account: Account
    session: Session


class Accounts:
    """Signing in and out, and keeping accounts."""

    def __init__(self, ports: AccountPorts, *, tries_per_minute: int = 10) -> None:
        self._accounts = ports.accounts
        self._sessions = ports.sessions
        self._limits = ports.limits
        self._passwords = ports.passwords
        self._resume_token = ports.resume_token
        self._clock = ports.clock
        self._tries_per_minute = tries_per_minute

    async def any_account(self) -> bool:
        """Tell whether there is somebody to sign in; False means: welcome a newcomer.

        An account that the command line made for itself, and in which nobody has signed in yet,
        still waits for its person.
        """
        known = await self._accounts.all()
        return bool(known) and not _waits_for_its_person(known)

    async def suggested_first(self) -> str:
        """Give the name that a welcome fills in: the waiting account's, else the system's."""
        known = await self._accounts.all()
        return known[0].username if _waits_for_its_person(known) else suggested_username()

    async def first(self, username: str, *, password: str = "") -> Account:
        """Make the first account; an empty password becomes a random one that nobody knows.

        If the command line has made one already, it is this one, with this password.
        """
        name = checked_username(username)
        known = await self._accounts.all()
        if known and not _waits_for_its_person(known):
            raise AlreadyTaken("There is an account already", hint="Sign in with it.")
        if not known:
            return await self._made(name, "", password or secrets.token_urlsafe(32))
        waiting = known[0]
        if folded(waiting.username) != folded(name):
            raise AlreadyTaken(
                f"The library belongs to {waiting.username} already",
                hint=f"Go on as {waiting.username}; `smtui user add` makes further accounts.",
            )
        if password:
            await self.set_password(waiting.username, password)
        return await self._by_login(waiting.username)

    async def welcome(self, username: str, *, password: str = "", address: str) -> SignedIn:
        """Make the first account and sign its person in, for this and the next starts."""
        account = await self.first(username, password=password)
        return await self._begin(account, stay=True, address=address)

    async def sign_in(self, login: str, password: str, *, stay: bool, address: str) -> SignedIn:
        """Sign in by e-mail or username; `stay` lets the next start continue.

        The words and the time of a refusal tell nobody whether the name is known. Raises
        SignInRefused, TooManyTries, ServerUnavailable.
        """
        account = await self._accounts.by_login(login.strip())
        for who in (address, account.user_id if account else _stranger(login)):
            await self._limits.hit(who, "auth_login", limit=self._tries_per_minute)
        hashed = account.hashed_password if account else None
        right = await self._passwords.matches(password, hashed)
        if account is None or not right or not account.is_active:
            raise SignInRefused("Wrong name or password")
        signed_in = await self._begin(account, stay=stay, address=address)
        now = await self._accounts.by_id(account.user_id)
        if now is None or not now.is_active or now.hashed_password != hashed:
            # Disabled or given another password while we were checking the old one.
            await self.sign_out(signed_in.session.session_id)
            raise SignInRefused("Wrong name or password")
        return signed_in

    async def resume(self) -> SignedIn | None:
        """Continue the session of the start before; None where it has ended."""
        session_id = await self._resume_token.read()
        if session_id is None:
            return None
        signed_in = await self.touch(session_id)
        if signed_in is None:
            await self._resume_token.remove()
        return signed_in

    async def touch(self, session_id: SessionId) -> SignedIn | None:
        """Use the session and renew its life; None when it or the account has ended."""
        session = await self._sessions.use(session_id, at=self._clock.now())
        if session is None:
            return None
        account = await self._accounts.by_id(session.user_id)
        if account is None or not account.is_active:
            await self._sessions.close(session_id)
            return None
        return SignedIn(account=account, session=session)

    async def sign_out(self, session_id: SessionId) -> None:
        """End the session, and let the next start ask for a password."""
        if await self._resume_token.read() == session_id:
            await self._resume_token.remove()
        await self._sessions.close(session_id)

    async def add(self, new: NewAccount) -> Account:
        """Make an account; raises InputInvalid, or AlreadyTaken naming what is in use."""
        if not new.password:
            raise InputInvalid("A password cannot be empty")
        email = checked_email(new.email) if new.email else ""
        return await self._made(checked_username(new.username), email, new.password)

    async def list(self) -> tuple[Account, ...]:
        """Every account, oldest first."""
        return await self._accounts.all()

    async def set_password(self, login: str, password: str) -> None:
        """Set a password and end all sessions of the account."""
        if not password:
            raise InputInvalid("A password cannot be empty")
        account = await self._by_login(login)
        hashed = await self._passwords.hashed(password)
        await self._accounts.set_password(account.user_id, hashed)
        await self._end_sessions(account, "The password is set")

    async def disable(self, login: str) -> None:
        """Let nobody sign in to the account, and end all its sessions."""
        account = await self._by_login(login)
        await self._accounts.set_active(account.user_id, active=False)
        await self._end_sessions(account, "The account is disabled")

    async def enable(self, login: str) -> None:
        """Let the account be signed in to again."""
        account = await self._by_login(login)
        await self._accounts.set_active(account.user_id, active=True)

    async def token(self, login: str) -> str:
        """Open a session for programs; it lives as long as it is used once a week."""
        account = await self._by_login(login)
        if not account.is_active:
            raise NotSignedIn(
                f"The account {account.username} is disabled",
                hint=f"`smtui user enable {account.username}` lets it in again.",
            )
        return (await self._opened(account, address=COMMAND_LINE)).session_id

    async def for_command_line(self, token: str | None = None) -> Account:
        """Find for whom a command acts: the token's account, the resumed one, or the first.

        Where there is none it is made, as the welcome would, so that a first scan needs no
        sign-in: the operating system guards the folder.
        """
        if token:
            signed_in = await self.touch(SessionId(token))
            if signed_in is None:
                raise NotSignedIn(
                    "The token in SMTUI_TOKEN has ended", hint="`smtui user token` makes another."
                )
            return signed_in.account
        known = await self._accounts.all()
        active = [account for account in known if account.is_active]
        if len(active) > 1:
            # Only then can the session matter, and only then does the server have to start.
            signed_in = await self.resume()
            return signed_in.account if signed_in else active[0]
        if known and not active:
            raise NotSignedIn(
                "Every account is disabled",
                hint=f"`smtui user enable {known[0].username}` lets it in again.",
            )
        return active[0] if active else await self._first_by_itself()

    async def _first_by_itself(self) -> Account:
        try:
            return await self.first(suggested_username())
        except AlreadyTaken:  # another smtui was quicker
            return (await self._accounts.all())[0]

    async def _made(self, username: str, email: str, password: str) -> Account:
        if await self._accounts.by_login(username):
            raise AlreadyTaken(f"The user name {username} is already in use")
        account = Account(
            user_id=UserId(str(uuid4())),
            email=email or f"{username}@localhost",
            username=username,
            hashed_password=await self._passwords.hashed(password),
            created_at=self._clock.now(),
        )
        await self._accounts.add(account)
        return account

    async def _begin(self, account: Account, *, stay: bool, address: str) -> SignedIn:
        session = await self._opened(account, address=address)
        await self._accounts.signed_in(account.user_id, session.created_at)
        try:
            if stay:
                await self._resume_token.keep(session.session_id)
            else:
                await self._resume_token.remove()
        except StoreUnreachable as error:
            # The session itself is good; only the next start will ask again.
            _log.warning("%s", error)
        return SignedIn(account=replace(account, last_login=session.created_at), session=session)

    async def _opened(self, account: Account, *, address: str) -> Session:
        now = self._clock.now()
        session = Session(
            session_id=SessionId(str(uuid4())),
            user_id=account.user_id,
            email=account.email,
            created_at=now,
            last_active=now,
            ip_address=address,
        )
        await self._sessions.open(session)
        return session

    async def _by_login(self, login: str) -> Account:
        account = await self._accounts.by_login(login.strip())
        if account is None:
            raise NotFound(f"There is no account {shown(login)}", hint="`smtui user list` has all.")
        return account

    async def _end_sessions(self, account: Account, done: str) -> None:
        try:
            await self._sessions.close_all(account.user_id)
        except ServerUnavailable as error:
            raise ServerUnavailable(
                f"{done}, but open sessions could not be ended: {error.title}", hint=error.hint
            ) from error


def _waits_for_its_person(known: tuple[Account, ...]) -> bool:
    """Tell whether the only account is one in which nobody has ever signed in."""
    return len(known) == 1 and known[0].last_login is None


def _stranger(login: str) -> str:
    """Name an unknown account in a counter's key: short, and without what was typed."""
    return hashlib.blake2b(
        folded(login.strip()).encode("utf-8", "replace"), digest_size=8
    ).hexdigest()

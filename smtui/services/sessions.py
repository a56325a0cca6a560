"""Sessions: where somebody is signed in, whether that still holds, and ending it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from uuid import uuid4

from smtui.domain.account import Account, Session, SessionId
from smtui.domain.errors import InputInvalid, NotFound, NotSignedIn, ServerUnavailable, SmtuiError
from smtui.domain.ports.documents import AccountStore
from smtui.domain.ports.sessions import RateLimits, ResumeToken, SessionStore
from smtui.domain.ports.work import Clock, Passwords
from smtui.domain.text import shown
from smtui.services.rights import Rights

LOCAL = "local"
"""The address of who sits at the machine."""

_SHORT_BYTES = 4


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
class SignedIn:
    """A person and the session in which they are signed in."""

    account: Account
    session: Session


def session_name(session_id: SessionId) -> str:
    """Name a session for lists: who knows the session itself acts as its account."""
    return hashlib.blake2b(session_id.encode(), digest_size=_SHORT_BYTES).hexdigest()


class Sessions:
    """Keeps sessions alive, lists and ends them.

    `guarded_by_system`: the operating system lets only one person at the folder, who may keep
    every account in it. Elsewhere it is asked who wants something (`by`).
    """

    def __init__(self, ports: AccountPorts, *, guarded_by_system: bool = True) -> None:
        self._accounts = ports.accounts
        self._sessions = ports.sessions
        self._limits = ports.limits
        self._passwords = ports.passwords
        self._resume_token = ports.resume_token
        self._clock = ports.clock
        self._rights = Rights(ports.accounts)
        self._guarded_by_system = guarded_by_system

    @property
    def guarded_by_system(self) -> bool:
        """The operating system guards the library: whoever gets here may keep accounts."""
        return self._guarded_by_system

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

    async def alive(self, session_id: SessionId) -> bool:
        """Tell whether the session has not ended; cheap, and does not renew it."""
        return await self._sessions.alive(session_id)

    async def why_ended(self, account: Account) -> str:
        """Say to who was signed in to this account why that has ended."""
        try:
            now = await self._accounts.by_id(account.user_id)
        except SmtuiError:
            return "Your session was ended. Sign in again."
        if now is None or not now.is_active:
            return "Your account was disabled."
        if now.hashed_password != account.hashed_password:
            return "The password was changed. Sign in with the new one."
        return "Your session was ended. Sign in again."

    async def sessions(self, login: str, *, by: Account | None = None) -> tuple[Session, ...]:
        """Where an account is signed in, the last used first; admins see any, others their own."""
        account = await self._concerned(login, by)
        return await self._sessions.of(account.user_id)

    async def present_session(self, token: str | None = None) -> SessionId | None:
        """Give the session in which this program acts: the token's, or the one that resumes."""
        return SessionId(token) if token else await self._resume_token.read()

    async def end_session(self, login: str, name: str, *, by: Account | None = None) -> None:
        """End the one session whose name in the list begins so; raises NotFound, InputInvalid."""
        wanted = name.strip().casefold()
        found = [
            session.session_id
            for session in await self.sessions(login, by=by)
            if session_name(session.session_id).startswith(wanted)
        ]
        hint = f"`smtui user sessions {shown(login)}` has all."
        if not found:
            raise NotFound(f"No session {shown(name)}", hint=hint)
        if len(found) > 1:
            raise InputInvalid(f"Several sessions begin with {shown(name)}", hint=hint)
        await self._sessions.close(found[0])

    async def end_sessions(self, login: str, *, by: Account | None = None) -> int:
        """End every session of an account; gives how many there were."""
        account = await self._concerned(login, by)
        return await self._sessions.close_all(account.user_id)

    async def _opened(self, account: Account, *, address: str) -> Session:
        # Whole seconds, as every program that reads a session has them.
        now = self._clock.now().replace(microsecond=0)
        session = Session(
            session_id=SessionId(str(uuid4())),
            user_id=account.user_id,
            email=account.email,
            created_at=now,
            last_active=now,
            ip_address=self._place(address),
        )
        await self._sessions.open(session)
        return session

    def _place(self, address: str) -> str:
        """Name where somebody is; among several machines `local` would tell nobody which."""
        if self._guarded_by_system or address != LOCAL:
            return address
        return os.uname().nodename

    async def _concerned(self, login: str, by: Account | None) -> Account:
        """Find the account, which is one's own or an admin asks; others learn nothing of it."""
        account = await self._accounts.by_login(login.strip())
        if not self._guarded_by_system:
            asking = await self._rights.present(_somebody(by))
            if account is None or account.user_id != asking.user_id:
                await self._rights.require_admin(asking)
        if account is None:
            raise NotFound(f"No account {shown(login)}", hint="`smtui user list` has all.")
        return account

    async def _require_admin(self, by: Account | None) -> None:
        if not self._guarded_by_system:
            await self._rights.require_admin(_somebody(by))

    async def _end_all(self, account: Account, done: str) -> None:
        """End every session, as the last part of something that is done already."""
        try:
            await self._sessions.close_all(account.user_id)
        except ServerUnavailable as error:
            raise ServerUnavailable(
                f"{done}, but open sessions could not be ended: {error.title}", hint=error.hint
            ) from error


def nobody_signed_in() -> NotSignedIn:
    """Say that it must be known who asks."""
    return NotSignedIn(
        "Nobody is signed in here",
        hint="Sign in first: `smtui`, or `smtui user token` for SMTUI_TOKEN.",
    )


def _somebody(by: Account | None) -> Account:
    if by is None:
        raise nobody_signed_in()
    return by

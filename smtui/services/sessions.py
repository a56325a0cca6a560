"""Who somebody is, by password, one-time code or a program's token, and where they are signed in.

The words and the time of a refusal tell nobody whether a name is known, whether it has a one-time
code, or what was wrong. A code is short enough to be read out on the telephone, and typed as people
type; only its hash is kept.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

from smtui.domain.account import Account, OneTimeCode, Session, SessionId
from smtui.domain.errors import (
    InputInvalid,
    NotFound,
    NotSignedIn,
    PasswordToChoose,
    ServerUnavailable,
    SignInRefused,
    SmtuiError,
    StoreUnreachable,
)
from smtui.domain.ports.documents import AccountStore
from smtui.domain.ports.sessions import RateLimits, ResumeToken, SessionStore
from smtui.domain.ports.work import Clock, Passwords
from smtui.domain.text import folded, shown
from smtui.services.account_names import check_password
from smtui.services.rights import Rights

LOCAL = "local"
"""The address of who sits at the machine."""
CODE_LIFE = timedelta(days=1)

# Neither 0 and o, nor 1, i and l: twelve of these are 59 bits.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 3
_GROUP = 4
_SHORT_BYTES = 4
_WRONG = "Wrong name or password"

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A code as it is handed to its person; only its hash is kept."""

    text: str = field(repr=False)
    username: str
    expires_at: datetime


class Sessions:
    """Checks who somebody is; opens sessions, keeps them alive, lists and ends them.

    `guarded_by_system`: the operating system lets only one person at the folder, who may keep
    every account in it. Elsewhere it is asked who wants something (`by`).
    """

    def __init__(
        self, ports: AccountPorts, *, tries_per_minute: int = 10, guarded_by_system: bool = True
    ) -> None:
        self._tries_per_minute = tries_per_minute
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

    async def sign_in(self, login: str, password: str, *, stay: bool, address: str) -> SignedIn:
        """Sign in by e-mail or username; `stay` lets the next start continue.

        Raises:
            SignInRefused, TooManyTries, ServerUnavailable: not signed in.
            PasswordToChoose: the password typed is a one-time code; go on with `choose_password`.
        """
        account = await self._recognise(login, password, address=address)
        return await self.begin(account, stay=stay, address=address)

    async def choose_password(
        self, login: str, code: str, password: str, *, stay: bool, address: str
    ) -> SignedIn:
        """Spend a one-time code on a new password: ends all other sessions, and signs in.

        Raises:
            InputInvalid: the password cannot be used; the code still can.
            SignInRefused, TooManyTries, ServerUnavailable: not signed in.
        """
        account = await self.spend_code(login, code, password, address=address)
        return await self.begin(account, stay=stay, address=address)

    async def spend_code(self, login: str, code: str, password: str, *, address: str) -> Account:
        """Set a new password by a one-time code, and end every session of the account."""
        check_password(password, guarded_by_system=self._guarded_by_system)
        account = await self._count_try(login, address)
        kept = usable_code(account, self._clock.now())
        signs = code_signs(code) or ""
        right = await self._passwords.matches(signs, kept.hashed_code if kept else None)
        if account is None or kept is None or not right or not account.is_active:
            raise SignInRefused("Wrong name or code")
        hashed = await self._passwords.hashed(password)
        if not await self._accounts.spend_code(account.user_id, kept.hashed_code, hashed):
            # Somebody was quicker with the same code, or an admin has made another.
            raise SignInRefused("Wrong name or code")
        await self.end_all(account, "The password is set")
        return replace(account, hashed_password=hashed, code=None)

    async def resume(self) -> SignedIn | None:
        """Continue the session of the start before; None where it has ended."""
        session_id = await self._resume_token.read_session()
        if session_id is None:
            return None
        signed_in = await self.touch(session_id)
        if signed_in is None:
            await self._resume_token.remove()
        return signed_in

    async def sign_out(self, session_id: SessionId) -> None:
        """End the session, and let the next start ask for a password."""
        if await self._resume_token.read_session() == session_id:
            await self._resume_token.remove()
        await self._sessions.close(session_id)

    async def token(self, login: str, password: str = "", *, address: str = LOCAL) -> str:
        """Open a session for programs; it lives as long as it is used once a week.

        The password is asked for where the operating system does not guard the library.
        """
        if not self._guarded_by_system:
            account = await self._recognise(login, password, address=address)
            await self._accounts.signed_in(account.user_id, self._clock.now())
            return (await self._open(account, address=address)).session_id
        account = await self.find_account(login, None)
        if not account.is_active:
            raise NotSignedIn(
                f"The account {account.username} is disabled",
                hint=f"`smtui user enable {account.username}` lets it in again.",
            )
        return (await self._open(account, address=address)).session_id

    async def identify(self, token: str | None = None) -> Account:
        """Find whose session a command has: the token's, or the one that resumes.

        Raises NotSignedIn where there is none.
        """
        signed_in = await (self.touch(SessionId(token)) if token else self.resume())
        if signed_in is None and token:
            raise NotSignedIn(
                "The token in SMTUI_TOKEN has ended", hint="`smtui user token` makes another."
            )
        if signed_in is None:
            raise nobody_signed_in()
        return signed_in.account

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
        """True if the session has not ended; cheap, and does not renew it."""
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

    async def of(self, login: str, *, by: Account | None = None) -> tuple[Session, ...]:
        """Where an account is signed in, the last used first; admins see any, others their own."""
        account = await self.find_account(login, by)
        return await self._sessions.of(account.user_id)

    async def present_session(self, token: str | None = None) -> SessionId | None:
        """Return the session in which this program acts: the token's, or the one that resumes."""
        return SessionId(token) if token else await self._resume_token.read_session()

    async def end_session(self, login: str, name: str, *, by: Account | None = None) -> None:
        """End the one session whose name in the list begins so; raises NotFound, InputInvalid."""
        wanted = name.strip().casefold()
        found = [
            session.session_id
            for session in await self.of(login, by=by)
            if session_name(session.session_id).startswith(wanted)
        ]
        hint = f"`smtui user sessions {shown(login)}` has all."
        if not found:
            raise NotFound(f"No session {shown(name)}", hint=hint)
        if len(found) > 1:
            raise InputInvalid(f"Several sessions begin with {shown(name)}", hint=hint)
        await self._sessions.close(found[0])

    async def end_sessions(self, login: str, *, by: Account | None = None) -> int:
        """End every session of an account; return how many there were."""
        account = await self.find_account(login, by)
        return await self._sessions.close_all(account.user_id)

    async def _open(self, account: Account, *, address: str) -> Session:
        # Whole seconds, as every program that reads a session has them.
        now = self._clock.now().replace(microsecond=0)
        session = Session(
            session_id=SessionId(str(uuid4())),
            user_id=account.user_id,
            email=account.email,
            created_at=now,
            last_active=now,
            ip_address=self._address(address),
        )
        await self._sessions.open(session)
        return session

    def _address(self, address: str) -> str:
        """Name where somebody is; among several machines `local` would tell nobody which."""
        if self._guarded_by_system or address != LOCAL:
            return address
        return os.uname().nodename

    async def find_account(self, login: str, by: Account | None) -> Account:
        """Find the account, which is one's own or an admin asks; others learn nothing of it."""
        account = await self._accounts.by_login(login.strip())
        if not self._guarded_by_system:
            asking = await self._rights.present(_somebody(by))
            if account is None or account.user_id != asking.user_id:
                await self._rights.require_admin(asking)
        if account is None:
            raise NotFound(f"No account {shown(login)}", hint="`smtui user list` has all.")
        return account

    async def require_admin(self, by: Account | None) -> None:
        """Refuse who keeps no accounts, where it is asked; raises NotAllowed, NotSignedIn."""
        if not self._guarded_by_system:
            await self._rights.require_admin(_somebody(by))

    async def end_all(self, account: Account, done: str) -> None:
        """End every session, as the last part of something that is done already."""
        try:
            await self._sessions.close_all(account.user_id)
        except ServerUnavailable as error:
            raise ServerUnavailable(
                f"{done}, but open sessions could not be ended: {error.title}", hint=error.hint
            ) from error

    async def _recognise(self, login: str, password: str, *, address: str) -> Account:
        """Return the account that a name and a password belong to."""
        account = await self._count_try(login, address)
        right = await self._passwords.matches(
            password, account.hashed_password if account else None
        )
        code = False
        if signs := code_signs(password):
            # Compared whoever it is and whether or not there is a code: it takes the same time.
            kept = usable_code(account, self._clock.now())
            code = await self._passwords.matches(signs, kept.hashed_code if kept else None)
        if account is None or not (right or code) or not account.is_active:
            raise SignInRefused(_WRONG)
        if not right:
            raise PasswordToChoose(
                "The one-time code is right",
                hint="`smtui user password --code` sets a new password with it.",
            )
        return account

    async def _count_try(self, login: str, address: str) -> Account | None:
        """Count a try, by account and by address; raises TooManyTries."""
        account = await self._accounts.by_login(login.strip())
        here = address if self._guarded_by_system else _place(address)
        for who in (here, account.user_id if account else _stranger(login)):
            await self._limits.hit(who, "auth_login", limit=self._tries_per_minute)
        return account

    async def begin(self, account: Account, *, stay: bool, address: str) -> SignedIn:
        """Open the session of a person who was recognised."""
        session = await self._open(account, address=address)
        await self._accounts.signed_in(account.user_id, self._clock.now())
        try:
            if stay:
                await self._resume_token.keep(session.session_id)
            else:
                await self._resume_token.remove()
        except StoreUnreachable as error:
            # The session itself is good; only the next start will ask again.
            _log.warning("%s", error)
        now = await self._accounts.by_id(account.user_id)
        if now is None or not now.is_active or now.hashed_password != account.hashed_password:
            # Disabled or given another password while we were checking the old one.
            await self.sign_out(session.session_id)
            raise SignInRefused(_WRONG)
        return SignedIn(account=now, session=session)


def session_name(session_id: SessionId) -> str:
    """Name a session for lists: who knows the session itself acts as its account."""
    return hashlib.blake2b(session_id.encode(), digest_size=_SHORT_BYTES).hexdigest()


def new_code() -> str:
    """Make a code of random signs, `k7wq-3mzt-hr9d`."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def code_signs(text: str) -> str | None:
    """Return the signs of a code however it was typed; None where the text cannot be one."""
    signs = "".join(text.casefold().replace("-", " ").split())
    whole = len(signs) == _GROUPS * _GROUP and set(signs) <= set(_SIGNS)
    return signs if whole else None


def usable_code(account: Account | None, at: datetime) -> OneTimeCode | None:
    """Return the account's code while it can be used."""
    if account is None or account.code is None or account.code.expires_at <= at:
        return None
    return account.code


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


def _place(address: str) -> str:
    """Name where somebody tries; the consoles of several machines are not one place."""
    return f"{LOCAL}@{os.uname().nodename}" if address == LOCAL else address


def _stranger(login: str) -> str:
    """Name an unknown account in a counter's key: short, and without what was typed."""
    return hashlib.blake2b(
        folded(login.strip()).encode("utf-8", "replace"), digest_size=8
    ).hexdigest()

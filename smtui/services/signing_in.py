"""Signing in and out by a person, a one-time code or a program, and whom the command line is."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace

from smtui.domain.account import Account, SessionId
from smtui.domain.errors import (
    NotSignedIn,
    PasswordToChoose,
    SignInRefused,
    StoreUnreachable,
)
from smtui.domain.text import folded
from smtui.services import one_time_codes
from smtui.services.account_names import check_password
from smtui.services.sessions import (
    LOCAL,
    AccountPorts,
    Sessions,
    SignedIn,
    nobody_signed_in,
)

_log = logging.getLogger(__name__)

_WRONG = "Wrong name or password"


class SigningIn(Sessions):
    """Checks who somebody is.

    The words and the time of a refusal tell nobody whether a name is known, whether it has a
    one-time code, or what was wrong.
    """

    def __init__(
        self, ports: AccountPorts, *, tries_per_minute: int = 10, guarded_by_system: bool = True
    ) -> None:
        super().__init__(ports, guarded_by_system=guarded_by_system)
        self._tries_per_minute = tries_per_minute

    async def sign_in(self, login: str, password: str, *, stay: bool, address: str) -> SignedIn:
        """Sign in by e-mail or username; `stay` lets the next start continue.

        Raises:
            SignInRefused, TooManyTries, ServerUnavailable: not signed in.
            PasswordToChoose: the password typed is a one-time code; go on with `choose_password`.
        """
        account = await self._recognised(login, password, address=address)
        return await self._begin(account, stay=stay, address=address)

    async def choose_password(
        self, login: str, code: str, password: str, *, stay: bool, address: str
    ) -> SignedIn:
        """Spend a one-time code on a new password: ends all other sessions, and signs in.

        Raises:
            InputInvalid: the password cannot be used; the code still can.
            SignInRefused, TooManyTries, ServerUnavailable: not signed in.
        """
        account = await self.spend_code(login, code, password, address=address)
        return await self._begin(account, stay=stay, address=address)

    async def spend_code(self, login: str, code: str, password: str, *, address: str) -> Account:
        """Set a new password by a one-time code, and end every session of the account."""
        check_password(password, guarded_by_system=self._guarded_by_system)
        account = await self._tried(login, address)
        kept = one_time_codes.kept_by(account, self._clock.now())
        signs = one_time_codes.bare(code) or ""
        right = await self._passwords.matches(signs, kept.hashed_code if kept else None)
        if account is None or kept is None or not right or not account.is_active:
            raise SignInRefused("Wrong name or code")
        hashed = await self._passwords.hashed(password)
        if not await self._accounts.spend_code(account.user_id, kept.hashed_code, hashed):
            # Somebody was quicker with the same code, or an admin has made another.
            raise SignInRefused("Wrong name or code")
        await self._end_all(account, "The password is set")
        return replace(account, hashed_password=hashed, code=None)

    async def resume(self) -> SignedIn | None:
        """Continue the session of the start before; None where it has ended."""
        session_id = await self._resume_token.read()
        if session_id is None:
            return None
        signed_in = await self.touch(session_id)
        if signed_in is None:
            await self._resume_token.remove()
        return signed_in

    async def sign_out(self, session_id: SessionId) -> None:
        """End the session, and let the next start ask for a password."""
        if await self._resume_token.read() == session_id:
            await self._resume_token.remove()
        await self._sessions.close(session_id)

    async def token(self, login: str, password: str = "", *, address: str = LOCAL) -> str:
        """Open a session for programs; it lives as long as it is used once a week.

        The password is asked for where the operating system does not guard the library.
        """
        if not self._guarded_by_system:
            account = await self._recognised(login, password, address=address)
            await self._accounts.signed_in(account.user_id, self._clock.now())
            return (await self._opened(account, address=address)).session_id
        account = await self._concerned(login, None)
        if not account.is_active:
            raise NotSignedIn(
                f"The account {account.username} is disabled",
                hint=f"`smtui user enable {account.username}` lets it in again.",
            )
        return (await self._opened(account, address=address)).session_id

    async def identified(self, token: str | None = None) -> Account:
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

    async def _recognised(self, login: str, password: str, *, address: str) -> Account:
        """Give the account that a name and a password belong to."""
        account = await self._tried(login, address)
        right = await self._passwords.matches(
            password, account.hashed_password if account else None
        )
        code = False
        if signs := one_time_codes.bare(password):
            # Compared whoever it is and whether or not there is a code: it takes the same time.
            kept = one_time_codes.kept_by(account, self._clock.now())
            code = await self._passwords.matches(signs, kept.hashed_code if kept else None)
        if account is None or not (right or code) or not account.is_active:
            raise SignInRefused(_WRONG)
        if not right:
            raise PasswordToChoose(
                "The one-time code is right",
                hint="`smtui user password --code` sets a new password with it.",
            )
        return account

    async def _tried(self, login: str, address: str) -> Account | None:
        """Count a try, by account and by address; raises TooManyTries."""
        account = await self._accounts.by_login(login.strip())
        here = address if self._guarded_by_system else _place(address)
        for who in (here, account.user_id if account else _stranger(login)):
            await self._limits.hit(who, "auth_login", limit=self._tries_per_minute)
        return account

    async def _begin(self, account: Account, *, stay: bool, address: str) -> SignedIn:
        """Open the session of a person who was recognised."""
        session = await self._opened(account, address=address)
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


def _place(address: str) -> str:
    """Name where somebody tries; the consoles of several machines are not one place."""
    return f"{LOCAL}@{os.uname().nodename}" if address == LOCAL else address


def _stranger(login: str) -> str:
    """Name an unknown account in a counter's key: short, and without what was typed."""
    return hashlib.blake2b(
        folded(login.strip()).encode("utf-8", "replace"), digest_size=8
    ).hexdigest()

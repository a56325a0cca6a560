"""One's session while screens are open: looked at often, used now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smtui.domain.drawn import drawn
from smtui.domain.errors import ServerUnavailable, SmtuiError

if TYPE_CHECKING:
    from textual.app import App

    from smtui.domain.account import Account, SessionId
    from smtui.services.accounts import Accounts, SignedIn
    from smtui.ui.attention import Attention

_log = logging.getLogger(__name__)

# A session that was ended elsewhere is seen within a second by whoever sits there.
_LOOK_SECONDS = 0.7
_USE_SECONDS = 5.0
_RESUME_SECONDS = 2.0
_TOAST_SECONDS = 10.0


class OpenSession:
    """A session that lives while it is watched."""

    def __init__(self, accounts: Accounts, signed_in: SignedIn, attention: Attention) -> None:
        self._accounts = accounts
        self._attention = attention
        self._signed_in = signed_in
        self._used_at = time.monotonic()
        self._trouble = ""

    @property
    def account(self) -> Account:
        """Who is signed in."""
        return self._signed_in.account

    @property
    def session_id(self) -> SessionId:
        """Names the session."""
        return self._signed_in.session.session_id

    @property
    def began_at(self) -> datetime:
        """When the person signed in."""
        return self._signed_in.session.created_at

    async def ended(self, app: App[Any]) -> str:
        """Wait until the session has ended; gives a sentence that says why.

        One look follows the other, so that they never pile up. A server that does not answer
        ends nothing: who is signed in goes on reading and editing while it is away, and is told
        so once.
        """
        while True:
            await self._attention.pause(_LOOK_SECONDS)
            try:
                lives = await self._lives()
            except SmtuiError as error:
                # That the documents are away is told by whoever reads them.
                if not self._trouble and isinstance(error, ServerUnavailable):
                    _tell_away(app, error)
                if str(error) != self._trouble:
                    self._trouble = str(error)
                    _log.warning("session: %s", error)
                continue
            self._trouble = ""
            if not lives:
                return await self._accounts.sessions.why_ended(self.account)

    async def _lives(self) -> bool:
        now = time.monotonic()
        if now - self._used_at < _USE_SECONDS:
            return await self._accounts.sessions.alive(self.session_id)
        self._used_at = now
        return await self._accounts.sessions.touch(self.session_id) is not None

    async def end(self) -> None:
        """Sign out."""
        try:
            await self._accounts.sessions.sign_out(self.session_id)
        except SmtuiError as error:
            # The token is gone already; the session on the server ends by itself.
            _log.warning("sign out: %s", error)


def _tell_away(app: App[Any], error: ServerUnavailable) -> None:
    app.notify(
        f"You can go on; sign-ins and analysis wait. {drawn(error.hint)}".rstrip(),
        title=drawn(error.title),
        severity="warning",
        timeout=_TOAST_SECONDS,
        markup=False,
    )


async def resumed(accounts: Accounts) -> SignedIn | None:
    """Wait until the server of the sessions answers; None where the last session has ended."""
    while True:
        await asyncio.sleep(_RESUME_SECONDS)
        try:
            return await accounts.sessions.resume()
        except SmtuiError as error:
            _log.info("resume: %s", error)

"""Who sits at the screens: the way in, the session while they are open, and the way out.

A session is looked at often and used now and then.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smtui.domain.drawn_names import drawn
from smtui.domain.errors import ServerUnavailable, SmtuiError
from smtui.ui.opening_screen import OpeningScreen
from smtui.ui.workers import all_done

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from smtui.domain.account import Account, SessionId
    from smtui.services.accounts import Accounts
    from smtui.services.box import Services
    from smtui.services.sessions import SignedIn
    from smtui.ui.activity import Activity
    from smtui.ui.app import SmtuiApp
    from smtui.ui.attention import Attention

_log = logging.getLogger(__name__)

# A session that was ended elsewhere is seen within a second by whoever sits there.
_LOOK_SECONDS = 0.7
_USE_SECONDS = 5.0
_RESUME_SECONDS = 2.0
_TOAST_SECONDS = 10.0
QUIT_GRACE = 10.0
"""For how long what a person did may take to be saved before one leaves, s."""
_SIGNED_OUT_GRACE = 0.2
_WATCHING_SESSION = "watching-session"
_WATCHING_WORK = "watching-work"
_WATCHING_PAUSE = "watching-pause"


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


class Entrance:
    """Brings a person to the library: by the session that still lives, or by the login.

    Attributes:
        services: what the screens ask.
        session: whose library is shown; None before somebody is signed in.
        activity: what runs for this person.
    """

    def __init__(self, app: SmtuiApp) -> None:
        self._app = app
        self.services: Services | None = None
        self.session: OpenSession | None = None
        self.activity: Activity | None = None

    async def enter(self, services: Services) -> None:
        """Go straight to the library where the last session still lives, else sign in."""
        self.services = services
        try:
            signed_in = await services.accounts.sessions.resume()
        except ServerUnavailable as error:
            # The form says how the servers are, and signs in as soon as they are back.
            await self.open_login(str(error))
            self._app.run_worker(self._until_resumed(services), group=_WATCHING_SESSION)
            return
        if signed_in is None:
            await self.open_login()
        else:
            await self.open_library(signed_in)

    async def _until_resumed(self, services: Services) -> None:
        """Go on in the library when the sessions can be had again."""
        signed_in = await resumed(services.accounts)
        if signed_in is not None:
            await self.open_library(signed_in)

    async def open_login(self, why: str = "") -> None:
        """Ask who comes; `why` is said above the form."""
        # Late imports: of two screens a person mostly sees one.
        from smtui.ui.account.screen import LoginScreen

        assert self.services is not None
        # In the form they would be a name and a password, and their enter signs nobody in.
        self._app.type_ahead.drop_keys()
        try:
            welcome = not await self.services.accounts.any_account()
        except SmtuiError as error:
            # Who was signed out gets the form, whatever else is away.
            welcome, why = False, why or str(error)
        options = self._app.options
        await self._go_to(LoginScreen(self.services, options, welcome=welcome, why=why))

    async def open_library(self, signed_in: SignedIn) -> None:
        """Open the library for who signed in."""
        from smtui.ui.activity import Activity
        from smtui.ui.library.screen import LibraryScreen

        assert self.services is not None
        app, services, account = self._app, self.services, signed_in.account
        self.session = session = OpenSession(services.accounts, signed_in, app.attention)
        await self._go_to(LibraryScreen(services, account, app.options, app.attention))
        self.activity = activity = Activity(app, services, session, app.options.last_seen)
        ended = self._until_signed_out(session)
        app.run_worker(ended, group=_WATCHING_SESSION, exclusive=True)
        app.run_worker(activity.keep_showing(), group=_WATCHING_WORK, exclusive=True)
        app.run_worker(activity.keep_pause(), group=_WATCHING_PAUSE, exclusive=True)

    async def _go_to(self, screen: Screen[None]) -> None:
        # The first screen of Textual's stack can be covered, not replaced.
        if isinstance(self._app.screen, OpeningScreen):
            await self._app.push_screen(screen)
        else:
            await self._app.switch_screen(screen)

    async def sign_out(self) -> None:
        """End the session and ask who comes next."""
        if self.session is None:
            return
        self._app.workers.cancel_group(self._app, _WATCHING_SESSION)
        await all_done(self._app, seconds=QUIT_GRACE)
        await self.session.end()
        await self._back_to_login()

    async def _until_signed_out(self, session: OpenSession) -> None:
        """Keep the session alive; go to the login when it was ended elsewhere."""
        why = await session.ended(self._app)
        # What was begun goes on behind the form.
        await all_done(self._app, seconds=_SIGNED_OUT_GRACE)
        await self._back_to_login(why)

    async def _back_to_login(self, why: str = "") -> None:
        self.session = self.activity = None
        for group in (_WATCHING_WORK, _WATCHING_PAUSE):
            self._app.workers.cancel_group(self._app, group)
        while len(self._app.screen_stack) > 1:
            await self._app.pop_screen()
        await self.open_login(why)


async def resumed(accounts: Accounts) -> SignedIn | None:
    """Wait until the server of the sessions answers; None where the last session has ended."""
    while True:
        await asyncio.sleep(_RESUME_SECONDS)
        try:
            return await accounts.sessions.resume()
        except SmtuiError as error:
            _log.info("resume: %s", error)

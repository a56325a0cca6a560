"""Which screens open from which: screens never meet, they post messages to this part of the app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from smtui.ui.base_screen import BaseScreen
from smtui.ui.type_ahead import TypeAhead

if TYPE_CHECKING:
    from smtui.domain.sample import FileId
    from smtui.services.box import Services
    from smtui.ui.activity import Activity
    from smtui.ui.batch.following import Following
    from smtui.ui.batch.screen import BatchScreen
    from smtui.ui.detail.screen import DetailScreen
    from smtui.ui.detail.sound import Neighbours
    from smtui.ui.kept_searches.screen import KeptScreen
    from smtui.ui.library.screen import LibraryScreen
    from smtui.ui.options import Options
    from smtui.ui.saved_searches_link import TowardsKept
    from smtui.ui.session import OpenSession
    from smtui.ui.similar.screen import SimilarScreen
    from smtui.ui.similar_link import TowardsAlike
    from smtui.ui.widgets.status_bar import StatusBar

_NEEDING_A_PERSON = {"runs", "pause"}


class Doors(TypeAhead):
    """Opens screens for who is signed in."""

    options: Options
    _services: Services | None = None
    _session: OpenSession | None = None
    _working: Activity | None = None

    def on_library_screen_sample_opened(self, message: LibraryScreen.SampleOpened) -> None:
        """Open one sound of a list."""
        self._open_sound(message.file_id, message.listing)

    def on_batch_screen_sample_opened(self, message: BatchScreen.SampleOpened) -> None:
        """Open one sound of a run."""
        self._open_sound(message.file_id, None)

    def _open_sound(self, file_id: FileId, listing: Neighbours | None) -> None:
        from smtui.ui.detail.screen import DetailScreen
        from smtui.ui.detail.sound import Looked

        assert self._services is not None
        assert self._session is not None
        looked = Looked(account=self._session.account, file_id=file_id, listing=listing)
        self.push_screen(DetailScreen(self._services, looked, self.options))

    def on_similar_screen_sample_opened(self, message: SimilarScreen.SampleOpened) -> None:
        """Open one of the sounds that were found."""
        self._open_sound(message.file_id, message.hits)

    def on_towards_kept_kept_wanted(self, message: TowardsKept.KeptWanted) -> None:
        """Open what was saved and asked lately, once: a person may have gone on meanwhile."""
        from smtui.ui.kept_searches.screen import KeptScreen
        from smtui.ui.saved_searches_link import TowardsKept

        if not isinstance(self.screen, TowardsKept):
            return
        assert self._services is not None
        assert self._session is not None
        account = self._session.account
        self.push_screen(KeptScreen(self._services, account, self.options, present=message.present))

    def on_kept_screen_chosen(self, message: KeptScreen.Chosen) -> None:
        """Ask what was chosen where the list was opened."""
        from smtui.ui.kept_searches.screen import KeptScreen
        from smtui.ui.saved_searches_link import TowardsKept

        if not isinstance(self.screen, KeptScreen):
            return
        self.screen.dismiss()
        if isinstance(self.screen, TowardsKept):
            self.screen.take_kept(message.kept)

    def on_towards_alike_alike_wanted(self, message: TowardsAlike.AlikeWanted) -> None:
        """Open the similar screen; the one that is open already goes on with another seed."""
        from smtui.ui.similar.screen import SimilarScreen

        assert self._services is not None
        assert self._session is not None
        if isinstance(self.screen, SimilarScreen):
            self.screen.begin(message.begin)
            return
        below = self.screen_stack[-2] if len(self.screen_stack) > 1 else None
        if isinstance(below, SimilarScreen):
            # It lies below a sound that was opened from it.
            below.begin(message.begin)
            self.screen.dismiss()
            return
        account = self._session.account
        self.push_screen(SimilarScreen(self._services, account, message.begin, self.options))

    def on_detail_screen_sample_shown(self, message: DetailScreen.SampleShown) -> None:
        """Take the cursor along through the list that the sound was opened from."""
        from smtui.ui.library.screen import LibraryScreen
        from smtui.ui.similar.screen import SimilarScreen

        for screen in reversed(self.screen_stack):
            if isinstance(screen, LibraryScreen | SimilarScreen):
                screen.follow(message.file_id)
                return

    def on_base_screen_asked(self, message: BaseScreen.Asked) -> None:
        """Ask, and begin what was asked about when the person says yes."""
        from smtui.ui.dialogues.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:  # noqa: FBT001 — Textual calls it
            if yes:
                message.then()

        self.push_screen(ConfirmScreen(message.question), answered)

    def on_status_bar_mounted(self, message: StatusBar.Mounted) -> None:
        """Give a new bar the present."""
        if self._working is not None:
            self._working.show(message.bar)

    async def on_following_failures_seen(self, message: Following.FailuresSeen) -> None:
        """Take note of what was looked at."""
        if self._working is not None:
            await self._working.failures_seen(message.run_id, message.failed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing of a library before somebody is signed in."""
        if action in _NEEDING_A_PERSON and self._session is None:
            return False
        return super().check_action(action, parameters)

    def action_runs(self) -> None:
        """Open the runs, or go back to them."""
        from smtui.ui.batch.screen import BatchScreen

        assert self._services is not None
        assert self._session is not None
        if isinstance(self.screen, BatchScreen):
            self.screen.show_runs()
        elif any(isinstance(screen, BatchScreen) for screen in self.screen_stack):
            # They lie below a sound that was opened from them.
            self.screen.dismiss()
        else:
            self.push_screen(BatchScreen(self._services, self._session.account, self.options))

    def action_pause(self) -> None:
        """Hold all listening on this machine, or let it go on."""
        if self._working is not None:
            self._working.turn()

    def action_help(self) -> None:
        """Show the keys of what has the focus."""
        from smtui.ui.dialogues.help import HelpScreen

        self.push_screen(HelpScreen(tuple(self.screen.active_bindings.values())))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer in the palette what has no key: what the screen can do, and signing out."""
        if self._session is None:
            return
        if isinstance(screen, BaseScreen):
            for offer in screen.offers():
                yield SystemCommand(offer.title, offer.help, offer.begin)
        yield SystemCommand(
            "Sign out", "Sign out; the next start asks you to sign in.", self.sign_out
        )

    async def sign_out(self) -> None:
        """End the session and ask who comes next."""
        raise NotImplementedError

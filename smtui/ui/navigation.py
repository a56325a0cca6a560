"""Which screens open from which: screens never meet, they post messages that are taken here.

It stands apart from the app so that no screen is imported before it is first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtui.domain.account import Account
    from smtui.domain.sample import FileId
    from smtui.services.box import Services
    from smtui.ui.app import SmtuiApp
    from smtui.ui.base_screen import BaseScreen
    from smtui.ui.batch.screen import BatchScreen
    from smtui.ui.detail.screen import DetailScreen
    from smtui.ui.detail.sound import Neighbours
    from smtui.ui.kept_searches.screen import KeptScreen
    from smtui.ui.library.screen import LibraryScreen
    from smtui.ui.screen_links import SavedWanted, SimilarLink
    from smtui.ui.session import Entrance
    from smtui.ui.similar.screen import SimilarScreen


class Navigation:
    """Opens screens for who is signed in. Each is imported when it is first opened."""

    def __init__(self, app: SmtuiApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    @property
    def _services(self) -> Services:
        assert self._entrance.services is not None
        return self._entrance.services

    @property
    def _account(self) -> Account:
        assert self._entrance.session is not None
        return self._entrance.session.account

    # Sounds.

    def open_listed(self, message: LibraryScreen.SampleOpened) -> None:
        """Open one sound of a list."""
        self._open_sound(message.file_id, message.listing)

    def open_failed(self, message: BatchScreen.SampleOpened) -> None:
        """Open one sound of a run."""
        self._open_sound(message.file_id, None)

    def open_hit(self, message: SimilarScreen.SampleOpened) -> None:
        """Open one of the sounds that were found."""
        self._open_sound(message.file_id, message.hits)

    def _open_sound(self, file_id: FileId, listing: Neighbours | None) -> None:
        from smtui.ui.detail.screen import DetailScreen

        self._app.push_screen(
            DetailScreen(
                self._services,
                self._account,
                self._app.options,
                file_id=file_id,
                listing=listing,
            )
        )

    def follow(self, message: DetailScreen.SampleShown) -> None:
        """Take the cursor along through the list that the sound was opened from."""
        from smtui.ui.library.screen import LibraryScreen
        from smtui.ui.similar.screen import SimilarScreen

        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, LibraryScreen | SimilarScreen):
                screen.follow(message.file_id)
                return

    # Searches.

    def open_saved(self, message: SavedWanted) -> None:
        """Open what was saved and asked lately, once: a person may have gone on meanwhile."""
        from smtui.ui.kept_searches.screen import KeptScreen
        from smtui.ui.screen_links import AsksSaved

        if isinstance(self._app.screen, AsksSaved):
            self._app.push_screen(
                KeptScreen(
                    self._services, self._account, self._app.options, present=message.present
                )
            )

    def ask_saved(self, message: KeptScreen.Chosen) -> None:
        """Ask what was chosen where the list was opened."""
        from smtui.ui.kept_searches.screen import KeptScreen
        from smtui.ui.screen_links import AsksSaved

        if not isinstance(self._app.screen, KeptScreen):
            return
        self._app.screen.dismiss()
        if isinstance(self._app.screen, AsksSaved):
            self._app.screen.ask_saved(message.kept)

    def open_similar(self, message: SimilarLink.Wanted) -> None:
        """Open the similar screen; the one that is open already goes on with another seed."""
        from smtui.ui.similar.screen import SimilarScreen

        app = self._app
        if isinstance(app.screen, SimilarScreen):
            app.screen.begin(message.begin)
            return
        below = app.screen_stack[-2] if len(app.screen_stack) > 1 else None
        if isinstance(below, SimilarScreen):
            # It lies below a sound that was opened from it.
            below.begin(message.begin)
            app.screen.dismiss()
            return
        app.push_screen(SimilarScreen(self._services, self._account, message.begin, app.options))

    # Over any screen.

    def open_runs(self) -> None:
        """Open the runs, or go back to them."""
        from smtui.ui.batch.screen import BatchScreen

        app = self._app
        if isinstance(app.screen, BatchScreen):
            app.screen.show_runs()
        elif any(isinstance(screen, BatchScreen) for screen in app.screen_stack):
            # They lie below a sound that was opened from them.
            app.screen.dismiss()
        else:
            app.push_screen(BatchScreen(self._services, self._account, self._app.options))

    def confirm(self, message: BaseScreen.Asked) -> None:
        """Ask, and begin what was asked about when the person says yes."""
        from smtui.ui.dialogues.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:  # noqa: FBT001 — Textual calls it
            if yes:
                message.then()

        self._app.push_screen(ConfirmScreen(message.question), answered)

    def open_help(self) -> None:
        """Show the keys of what has the focus."""
        from smtui.ui.dialogues.help import HelpScreen

        self._app.push_screen(HelpScreen(tuple(self._app.screen.active_bindings.values())))

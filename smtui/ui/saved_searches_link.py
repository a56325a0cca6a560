"""The way to what was saved or asked lately, from where it can be asked again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from smtui.domain.errors import SmtuiError
from smtui.domain.kept_search import KeptKind, KeptSearch
from smtui.ui.base_screen import BaseScreen

if TYPE_CHECKING:
    from smtui.services.box import Services

_log = logging.getLogger(__name__)


class TowardsKept(BaseScreen):
    """A screen that leads to what is kept, and asks what was chosen there."""

    services: Services

    @dataclass
    class KeptWanted(Message):
        """The person wants to see what is kept; `present` is what is asked here now."""

        present: KeptSearch | None

    def want_kept(self, kind: KeptKind, present: str) -> None:
        """Show what is kept, unless the person has gone on meanwhile."""
        if self.is_current:
            line = self.services.kept_searches.at_present(kind, present)
            self.post_message(self.KeptWanted(line))

    def take_kept(self, kept: KeptSearch) -> None:
        """Ask what was chosen."""
        raise NotImplementedError


@contextmanager
def quietly() -> Iterator[None]:
    """Remember what is asked: nobody asked for that, so a failure is no reason to disturb."""
    try:
        yield
    except SmtuiError as error:
        _log.warning("what was asked is not remembered: %s", error)

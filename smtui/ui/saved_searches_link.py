"""The way to what was saved or asked lately, from where it can be asked again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual.message import Message

from smtui.domain.errors import SmtuiError
from smtui.domain.kept_search import KeptSearch
from smtui.ui.base_screen import BaseScreen

_log = logging.getLogger(__name__)


@runtime_checkable
class AsksSaved(Protocol):
    """A screen that leads to what is saved, and asks what was chosen there."""

    def ask_saved(self, saved: KeptSearch) -> None:
        """Ask what was chosen."""
        ...


@dataclass
class SavedWanted(Message):
    """The person wants to see what is saved; `present` is what is asked here now."""

    present: KeptSearch | None


def want_saved(screen: BaseScreen, present: KeptSearch | None) -> None:
    """Show what is saved, unless the person has gone on meanwhile."""
    if screen.is_current:
        screen.post_message(SavedWanted(present))


@contextmanager
def quietly() -> Iterator[None]:
    """Remember what is asked: nobody asked for that, so a failure is no reason to disturb."""
    try:
        yield
    except SmtuiError as error:
        _log.warning("what was asked is not remembered: %s", error)

"""What every part of the detail screen shares: the sound, what was heard of it, the section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smtui.domain.account import Account, UserId
from smtui.domain.analysis import Analysis
from smtui.domain.sample import FileId, Sample
from smtui.ui.base_screen import BaseScreen
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.section import Section
from smtui.ui.options import Options

if TYPE_CHECKING:
    from smtui.services.box import Services


class Neighbours(Protocol):
    """The list that a sound was opened from."""

    async def around(self, file_id: FileId, step: int) -> Sample | None:
        """Give the sound so many rows after (or before) this one, None beyond either end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Who looks at which sound of which list."""

    account: Account
    file_id: FileId
    listing: Neighbours | None


class SoundRoom(BaseScreen):
    """A screen about one sound of a list."""

    def __init__(self, services: Services, looked: Looked, options: Options) -> None:
        super().__init__()
        self.services = services
        self.account = looked.account
        self.file_id = looked.file_id
        self.listing = looked.listing
        self.options = options
        self.sample: Sample | None = None
        self.analysis: Analysis | None = None
        self.section: Section | None = None
        self.listening = False
        self.names: Mapping[UserId, str] = {}

    @property
    def full_ink(self) -> Ink:
        """All that the terminal can show."""
        return self.options.full_ink

    @property
    def first_ink(self) -> Ink:
        """What pictures are drawn with until a key asks for more: few colours on a thin line."""
        return self.options.first_ink

    def show_known(self) -> None:
        """Show facts and claims as they are known now; the screen says how."""
        raise NotImplementedError

"""Who looks for what with whom, as the similar screen is opened."""

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.account import Account
from smtui.ui.similar.finding import Finders
from smtui.ui.similar_link import Begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Who looks, who finds, and what to begin with."""

    account: Account
    finders: Finders
    begin: Begin

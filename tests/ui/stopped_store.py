"""Documents that do not answer for a while, as behind a stopped server or a very slow line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from smtui.stores.sqlite.connections import Readers, Writer


class StoppedStore:
    """Lets nothing of the documents through while it is stopped."""

    def __init__(self) -> None:
        self._runs = asyncio.Event()
        self._runs.set()

    def stop(self) -> None:
        """Answer nothing from now on."""
        self._runs.clear()

    def go_on(self) -> None:
        """Answer all that was asked meanwhile."""
        self._runs.set()

    def stand_before(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        """Hold the calls of a method back."""
        through = getattr(owner, name)

        async def held(its: Any, work: Callable[..., Any], **how: Any) -> Any:
            await self._runs.wait()
            return await through(its, work, **how)

        monkeypatch.setattr(owner, name, held)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> StoppedStore:
    """The documents of every home in this test."""
    store = StoppedStore()
    store.stand_before(monkeypatch, Readers, "run")
    store.stand_before(monkeypatch, Writer, "write")
    return store

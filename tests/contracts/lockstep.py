"""A store beside one in memory, both taken through the same steps by hypothesis."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.contracts.document_stores import IMPLEMENTATIONS, DocumentStores

T = TypeVar("T")


class Lockstep(RuleBasedStateMachine):
    """Opens the implementation under test; rules do each step on it and on a model in memory."""

    implementation = ""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._left = AsyncExitStack()
        self.stores = self.run(self._opened())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def teardown(self) -> None:
        self.run(self._left.aclose())
        self._runner.close()

    async def _opened(self) -> DocumentStores:
        folder = self._left.enter_context(tempfile.TemporaryDirectory())
        opening = IMPLEMENTATIONS[self.implementation](Path(folder))
        return await self._left.enter_async_context(opening)


def walk(machine: type[Lockstep], implementation: str, *, examples: int, steps: int) -> None:
    """Take an implementation through so many random walks of so many steps."""
    run_state_machine_as_test(
        type(implementation, (machine,), {"implementation": implementation}),
        settings=settings(
            deadline=None,
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )

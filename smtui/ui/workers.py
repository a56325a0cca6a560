"""Work of a screen that must not block it: `looking` reads, `doing` a person's writes.

Both mark async methods of a screen, a widget, or a part of a screen that knows its `screen`;
calling such a method starts the work and gives the worker. Failures that have words for the person
are told by the screen.
Looking is exclusive within its named group: newer replaces older, and it ends with the screen.
Where the person waits for the answer it is patient: if the documents are away, it looks again
until they are back.
Doing is never exclusive and belongs to the app, which waits for it (`all_done`) before it leaves a
screen or quits, so that no page load can cancel a write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, runtime_checkable

from textual.app import App
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.worker import Worker

from smtui.domain.errors import SmtuiError, StoreUnreachable

DOING = "doing"
"""The group of the workers that write."""

_LOOK_AGAIN = 0.5


@runtime_checkable
class TellsFailures(Protocol):
    """A screen that tells the person what failed."""

    def tell(self, error: SmtuiError) -> None:
        """Show what happened and what to do."""
        ...


class OnScreen(Protocol):
    """A screen, a widget on it, or a part that was given the screen."""

    @property
    def screen(self) -> Screen[Any]:
        """The screen that its work belongs to."""
        ...


P = ParamSpec("P")
T = TypeVar("T", bound=OnScreen)

Method = Callable[Concatenate[T, P], Coroutine[Any, Any, None]]
Starter = Callable[Concatenate[T, P], Worker[None]]
_Work = Callable[[], Coroutine[Any, Any, None]]


class _Looking(Protocol):
    def __call__(self, method: Method[T, P], /) -> Starter[T, P]: ...


def looking(*, group: str, patient: bool = False) -> _Looking:
    """Mark a read: it replaces what runs in the same group of the same screen.

    A patient one may be done several times, so it must not mind what it did before it failed.
    """

    def mark(method: Method[T, P]) -> Starter[T, P]:
        def start(self: T, /, *args: P.args, **kwargs: P.kwargs) -> Worker[None]:
            screen = self.screen
            look: _Work = partial(method, self, *args, **kwargs)
            if patient:
                look = partial(_until_answered, screen, look)
            work = partial(report_failures, screen, look)
            return screen.run_worker(work, name=method.__name__, group=group, exclusive=True)

        update_wrapper(start, method)
        return start

    return mark


def doing(method: Method[T, P]) -> Starter[T, P]:
    """Mark a write: nothing cancels it, and it is waited for before leaving."""

    def start(self: T, /, *args: P.args, **kwargs: P.kwargs) -> Worker[None]:
        screen = self.screen
        work = partial(report_failures, screen, partial(method, self, *args, **kwargs))
        return screen.app.run_worker(work, name=method.__name__, group=DOING)

    update_wrapper(start, method)
    return start


async def report_failures(screen: Screen[Any], work: _Work) -> None:
    """Do work; a failure that has words for the person is told by the screen."""
    try:
        await work()
    except SmtuiError as error:
        _tell(screen, error)
    except NoMatches:
        # The widgets of a screen that was left go a moment before its work is cancelled, and
        # when all is shut down those of every screen.
        if screen.app.is_running and screen in screen.app.screen_stack:
            raise


async def all_done(app: App[Any], *, seconds: float | None = None) -> bool:
    """Wait until the writes that the person began are done; False if some are not in time."""
    waits = [
        asyncio.ensure_future(worker.wait())
        for worker in app.workers
        if worker.group == DOING and not worker.is_finished
    ]
    if not waits:
        return True
    done, late = await asyncio.wait(waits, timeout=seconds)
    for wait in done:
        # The failure itself was told where it happened.
        wait.exception()
    return not late


async def _until_answered(screen: Screen[Any], look: _Work) -> None:
    """Look until the documents answer; that they are away is told once."""
    try:
        return await look()
    except StoreUnreachable as error:
        _tell(screen, error)
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        with suppress(StoreUnreachable):
            return await look()


def _tell(screen: Screen[Any], error: SmtuiError) -> None:
    if not isinstance(screen, TellsFailures):
        raise error
    screen.tell(error)

"""Work of a screen that must not block it: `looking` reads, `doing` a person's writes.

Both mark async methods of a `Room`; calling such a method starts the work and gives the worker.
Looking is exclusive within its named group: newer replaces older, and it ends with the screen.
Where the person waits for the answer it is patient: if the documents are away, it looks again
until they are back.
Doing is never exclusive and belongs to the app, which waits for it before it quits, so that no
page load can cancel a write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial, update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from textual.css.query import NoMatches
from textual.worker import Worker

from smtui.domain.errors import SmtuiError, StoreUnreachable
from smtui.ui.room import Room
from smtui.ui.writes import DOING

P = ParamSpec("P")
R = TypeVar("R", bound=Room)

_LOOK_AGAIN = 0.5

Method = Callable[Concatenate[R, P], Coroutine[Any, Any, None]]
Starter = Callable[Concatenate[R, P], Worker[None]]


class _Looking(Protocol):
    def __call__(self, method: Method[R, P], /) -> Starter[R, P]: ...


def looking(*, group: str, patient: bool = False) -> _Looking:
    """Mark a read: it replaces what runs in the same group of the same screen.

    A patient one may be done several times, so it must not mind what it did before it failed.
    """

    def mark(method: Method[R, P]) -> Starter[R, P]:
        def start(self: R, /, *args: P.args, **kwargs: P.kwargs) -> Worker[None]:
            look = partial(method, self, *args, **kwargs)
            work = partial(told, self, partial(_answered, self, look) if patient else look)
            return self.run_worker(work, name=method.__name__, group=group, exclusive=True)

        update_wrapper(start, method)
        return start

    return mark


def doing(method: Method[R, P]) -> Starter[R, P]:
    """Mark a write: nothing cancels it, and it is waited for before leaving."""

    def start(self: R, /, *args: P.args, **kwargs: P.kwargs) -> Worker[None]:
        work = partial(told, self, partial(method, self, *args, **kwargs))
        return self.app.run_worker(work, name=method.__name__, group=DOING)

    update_wrapper(start, method)
    return start


async def _answered(room: Room, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Look until the documents answer; that they are away is told once."""
    try:
        return await look()
    except StoreUnreachable as error:
        room.tell(error)
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        with suppress(StoreUnreachable):
            return await look()


async def told(room: Room, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do work; a failure that has words for the person is told by the room."""
    try:
        await work()
    except SmtuiError as error:
        room.tell(error)
    except NoMatches:
        # The widgets of a screen that was left go a moment before its work is cancelled, and
        # when all is shut down those of every screen.
        if room.app.is_running and room in room.app.screen_stack:
            raise

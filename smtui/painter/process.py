"""The screen's side of the painter: a child process that is replaced when it is stuck or dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import replace

from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.picture import Picture, PictureRequest, packed_request, unpacked_picture
from smtui.painter import wire

_COMMAND = (sys.executable, "-P", "-m", "smtui.painter")
# Most pictures are done in less; starting a new painter costs more than waiting so long.
_GRACE_SECONDS = 0.25
_SILENCE_SECONDS = 5.0
# A cold disk and a busy machine may take long to import numpy.
_START_SECONDS = 20.0
# How a pipe tells that the other end is gone. A TimeoutError is an OSError too, but means else.
_LOST = (EOFError, ConnectionError, ValueError)


class PainterProcess:
    """Draws pictures in a child process; implements the Painter port.

    One picture is drawn at a time. The child tells every half second that it goes on; five
    seconds of silence mean that a decoder is stuck, and the child is killed. A caller that is
    cancelled no longer wants its picture: the child gets a moment to finish, then is killed.

    Requests name files as the documents do; `paths` says where those are on this machine.
    """

    def __init__(
        self, paths: PathMap | None = None, *, silence_seconds: float = _SILENCE_SECONDS
    ) -> None:
        self._paths = paths or PathMap()
        self._silence = silence_seconds
        self._turn = asyncio.Lock()
        self._child: Process | None = None
        self._answered = False
        self._closed = False
        self._drawing: set[asyncio.Task[Picture]] = set()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def paint(self, request: PictureRequest) -> Picture:
        """Draw; raises SoundUnreadable. Cancelling the caller stops the drawing."""
        if self._paths.foreign(request.path):
            raise SoundUnreadable("The file is not on this machine", code=ErrorCode.VANISHED)
        await self._turn.acquire()
        # The task frees the turn, because it may go on a moment longer than its caller.
        task = asyncio.create_task(self._drawn(request))
        self._drawing.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(_GRACE_SECONDS, task.cancel)
            raise

    async def close(self) -> None:
        """End the child; later requests are refused."""
        self._closed = True
        drawing = tuple(self._drawing)
        for task in drawing:
            task.cancel()
        await asyncio.gather(*drawing, return_exceptions=True)
        await self._kill()

    def _done(self, task: asyncio.Task[Picture]) -> None:
        self._drawing.discard(task)
        self._turn.release()
        if not task.cancelled():
            # Whoever was cancelled no longer asks how it ended.
            task.exception()

    async def _drawn(self, request: PictureRequest) -> Picture:
        was_idle = self._child is not None
        try:
            try:
                return await self._exchanged(request)
            except _LOST:
                await self._kill()
                if not was_idle:
                    raise
                # It may have died while idle, through no fault of this sound: one more try.
                return await self._exchanged(request)
        except _LOST as error:
            await self._kill()
            raise SoundUnreadable(
                "Drawing this sound failed",
                code=ErrorCode.INTERNAL,
                hint="The painter was restarted.",
            ) from error
        except TimeoutError as error:
            await self._kill()
            raise SoundUnreadable(
                "Drawing this sound took too long",
                code=ErrorCode.TIMED_OUT,
                hint="Its decoder was stuck.",
            ) from error
        except asyncio.CancelledError:
            await self._kill()
            raise

    async def _exchanged(self, request: PictureRequest) -> Picture:
        child = await self._living()
        assert child.stdin is not None
        wanted = replace(request, path=self._paths.here(request.path))
        child.stdin.write(wire.frame(wire.REQUEST, packed_request(wanted)))
        await child.stdin.drain()
        while True:
            kind, body = await self._frame(child)
            self._answered = True
            if kind == wire.PICTURE:
                return unpacked_picture(body)
            if kind == wire.UNREADABLE:
                raise wire.unpacked_error(body)

    async def _frame(self, child: Process) -> tuple[bytes, bytes]:
        assert child.stdout is not None
        patience = self._silence if self._answered else max(self._silence, _START_SECONDS)
        async with asyncio.timeout(patience):
            head = await child.stdout.readexactly(wire.LENGTH.size)
            (length,) = wire.LENGTH.unpack(head)
            if not 1 <= length <= wire.LONGEST:
                raise ConnectionError("noise on the painter's pipe")
            body = await child.stdout.readexactly(length)
        return body[:1], body[1:]

    async def _living(self) -> Process:
        """Give the child, started if there is none; one that died meanwhile is replaced."""
        if self._closed:
            raise ConnectionError("the painter is closed")
        if self._child is not None and self._child.returncode is None:
            return self._child
        self._answered = False
        # Threads of the linear algebra libraries would only get in the way of what plays audio.
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        try:
            self._child = await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={**os.environ, **quiet},
                start_new_session=True,
            )
        except OSError as error:
            raise ConnectionError("no painter could be started") from error
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

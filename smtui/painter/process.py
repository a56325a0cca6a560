"""The screen's side of the painter: a child process that is replaced when it is stuck or dies."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from dataclasses import replace

from smtui.companion import LOST, ONE_THREAD, Companion
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.picture import Picture, PictureRequest, packed_request, unpacked_picture
from smtui.painter import wire

# Most pictures are done in less; starting a new painter costs more than waiting so long.
_GRACE_SECONDS = 0.25
_SILENCE_SECONDS = 5.0
# A cold disk and a busy machine may take long to import numpy.
_START_SECONDS = 20.0


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
        self._child = Companion("smtui.painter", ONE_THREAD)
        self._answered = False

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid

    async def paint(self, request: PictureRequest) -> Picture:
        """Draw; raises SoundUnreadable. Cancelling the caller stops the drawing."""
        if self._paths.foreign(request.path):
            raise SoundUnreadable("The file is not on this machine", code=ErrorCode.VANISHED)
        await self._turn.acquire()
        # The task frees the turn, because it may go on a moment longer than its caller.
        task = self._child.begin(self._draw(request))
        task.add_done_callback(lambda _: self._turn.release())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(_GRACE_SECONDS, task.cancel)
            raise

    async def close(self) -> None:
        """End the child; later requests are refused."""
        await self._child.close()

    async def _draw(self, request: PictureRequest) -> Picture:
        was_idle = self._child.process is not None
        try:
            try:
                return await self._exchange(request)
            except LOST:
                await self._child.kill()
                if not was_idle:
                    raise
                # It may have died while idle, through no fault of this sound: one more try.
                return await self._exchange(request)
        except LOST as error:
            await self._child.kill()
            raise SoundUnreadable(
                "Drawing this sound failed",
                code=ErrorCode.INTERNAL,
                hint="The painter was restarted.",
            ) from error
        except TimeoutError as error:
            await self._child.kill()
            raise SoundUnreadable(
                "Drawing this sound took too long",
                code=ErrorCode.TIMED_OUT,
                hint="Its decoder was stuck.",
            ) from error
        except asyncio.CancelledError:
            await self._child.kill()
            raise

    async def _exchange(self, request: PictureRequest) -> Picture:
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
        """Return the child, started if there is none; one that died meanwhile is replaced."""
        child = self._child.process
        if child is None or child.returncode is not None:
            self._answered = False
            child = await self._child.start()
        return child

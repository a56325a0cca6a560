"""The painter: reads requests on standard input, draws, answers on standard output.

It ends when its standard input ends, also while it draws: a thread watches for that, so a
painter never outlives its screen.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from typing import BinaryIO

from smtui.audio.picture import draw
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.picture import packed_picture, unpacked_request
from smtui.painter import wire

_ALIVE_SECONDS = 0.5


class _Answers:
    """Writes frames; a sign of life at most every half second."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last = time.monotonic()

    def alive(self) -> None:
        """Tell that the drawing goes on."""
        if time.monotonic() - self._last > _ALIVE_SECONDS:
            self.send(wire.ALIVE)

    def send(self, kind: bytes, body: bytes = b"") -> None:
        """Write one frame now."""
        self._stream.write(wire.frame(kind, body))
        self._stream.flush()
        self._last = time.monotonic()


def _listen(stream: BinaryIO, requests: queue.SimpleQueue[bytes]) -> None:
    """Hand over requests; when the screen is gone, end at once whatever is being drawn."""
    while True:
        head = stream.read(wire.LENGTH.size)
        if len(head) < wire.LENGTH.size:
            os._exit(0)
        body = stream.read(wire.LENGTH.unpack(head)[0])
        requests.put(body[1:])


def _answer(packed: bytes, answers: _Answers) -> None:
    try:
        picture = draw(unpacked_request(packed), alive=answers.alive)
    except SoundUnreadable as error:
        answers.send(wire.UNREADABLE, wire.packed_error(error))
    except MemoryError:
        full = SoundUnreadable("Not enough memory to draw it", code=ErrorCode.OUT_OF_MEMORY)
        answers.send(wire.UNREADABLE, wire.packed_error(full))
    else:
        answers.send(wire.PICTURE, packed_picture(picture))


def main() -> None:
    """Draw until the screen is gone."""
    # Nothing else may write among the frames.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answers = _Answers(output)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    try:
        answers.send(wire.ALIVE)
        while True:
            _answer(requests.get(), answers)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()

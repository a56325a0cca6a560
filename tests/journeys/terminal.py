"""smtui in a terminal of its own: a real process, keys in, and what it draws as text."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress

# Everything that moves the cursor or changes a colour; a title ends with BEL or ST.
_CODES = re.compile(
    r"\x1b(\[[0-9;?<>=!]*[ -/]*[@-~]|[\]P_^].*?(\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78])"
)
_PATIENCE = 10.0
# How soon an end is noticed that nothing more was drawn after.
_LOOKS_AGAIN = 0.5


class Ended(Exception):
    """The process has ended; the text has what it drew last."""


class Terminal:
    """A terminal that its program believes to be real.

    Attributes:
        received: how many bytes the program has sent so far.
        first_at: when the first of them came after the last key, s; None before.
        last_at: when the last of them came, s.
    """

    def __init__(
        self, environment: Mapping[str, str], *, columns: int = 100, lines: int = 30
    ) -> None:
        self._environment = environment
        self._size = struct.pack("HHHH", lines, columns, 0, 0)
        self.received = 0
        self.first_at: float | None = None
        self.last_at = 0.0
        self._line = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._drawn = b""
        self._came = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def text(self) -> str:
        """What was drawn since the last key, piece after piece, without colours and places."""
        return _CODES.sub(" ", self._drawn.decode("utf-8", "replace"))

    def start(self) -> None:
        """Start the screens."""
        self._line, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, self._size)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "smtui"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=dict(self._environment),
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self._line, False)
        asyncio.get_running_loop().add_reader(self._line, self._read)

    def press(self, keys: str) -> float:
        """Type; what was drawn before counts no more. Gives when, s."""
        self._drawn, self.first_at = b"", None
        now = time.monotonic()
        os.write(self._line, keys.encode())
        return now

    async def draws(self, seconds: float = _PATIENCE) -> float:
        """Wait until something is drawn after the last key; gives when, s."""
        async with asyncio.timeout(seconds):
            while self.first_at is None:
                self._came.clear()
                await self._more()
        return self.first_at

    async def rests(self, quiet: float, *, seconds: float = 60.0) -> float:
        """Wait until nothing was drawn for so long; gives when the last was, s. Raises Ended."""
        begun = time.monotonic()
        while (now := time.monotonic()) < max(begun, self.last_at) + quiet:
            if now > begun + seconds:
                raise TimeoutError(f"it drew for more than {seconds:.0f} s")
            await asyncio.sleep(min(quiet, 0.02))
        self._check()
        return self.last_at

    async def sees(self, *words: str, seconds: float = _PATIENCE) -> str:
        """Wait until one of these is drawn and give it; raises TimeoutError, Ended."""
        async with asyncio.timeout(seconds):
            while True:
                self._came.clear()
                text = self.text
                for word in words:
                    if word in text:
                        return word
                await self._more()

    async def _more(self) -> None:
        """Wait for what is drawn next; also after an end that it came too early to see."""
        self._check()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), _LOOKS_AGAIN)

    def _check(self) -> None:
        if self.ended:
            raise Ended(self.text[-2000:])

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    async def leave(self) -> int:
        """Tell the program to end, as a closed window does; gives its exit status."""
        assert self._process is not None
        process = self._process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            status = await asyncio.to_thread(process.wait, _PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        asyncio.get_running_loop().remove_reader(self._line)
        os.close(self._line)
        return status

    def _read(self) -> None:
        try:
            came = os.read(self._line, 1 << 20)
            self.last_at = time.monotonic()
            self.first_at = self.last_at if self.first_at is None else self.first_at
            self.received += len(came)
            self._drawn += came
        except BlockingIOError:
            return
        except OSError:  # nobody has the other end any more
            asyncio.get_running_loop().remove_reader(self._line)
        self._came.set()

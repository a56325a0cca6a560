"""What tmux answers, for a screen that runs within it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

# The library opens only when the first is known.
_ASKED_SECONDS = 1.0
_COPIED_SECONDS = 2.0


async def answer_of(*words: str, seconds: float, given: bytes = b"") -> bytes | None:
    """Return what a command of tmux prints; None where it refuses, is not there or takes long.

    Args:
        words: the command and its arguments, which no shell reads.
        seconds: how long it may take.
        given: what it reads, as `load-buffer -` does.
    """
    try:
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(seconds):
            printed, _ = await tmux.communicate(given)
    except TimeoutError:
        with suppress(ProcessLookupError):
            tmux.kill()
        await tmux.wait()
        return None
    return printed if tmux.returncode == 0 else None


async def over_ssh() -> bool | None:
    """Return whether it is attached over SSH now, whatever it was opened by; None if unknown."""
    line = await answer_of("show-environment", "SSH_CONNECTION", seconds=_ASKED_SECONDS)
    # "-SSH_CONNECTION" says that who attached last had none.
    return None if line is None else line.startswith(b"SSH_CONNECTION=")


async def into_clipboard(text: str) -> bool:
    """Hand over a text, which tmux puts onto the clipboard outside as well; True if it took it."""
    words = ("load-buffer", "-w", "-")
    return await answer_of(*words, seconds=_COPIED_SECONDS, given=encoded(text)) is not None


def encoded(text: str) -> bytes:
    """Return the bytes of a text, which may hold a path of any bytes."""
    return text.encode(errors="surrogateescape")

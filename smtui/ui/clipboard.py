"""What lies between smtui and the person's terminal: tmux, GNU screen, and so the clipboard.

A terminal takes a text by OSC 52. tmux swallows that as it is delivered, but has a command of its
own; GNU screen takes short pieces within ESC P and draws what is longer over the screen.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from textual.app import App

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


MOST = 12_000
"""What every line has been seen to carry, in bytes as they are sent; mosh cuts the rest."""
_PIECE = 200


async def copied(app: App[Any], text: str) -> str:
    """Copy a text in the way that reaches the person's clipboard here.

    Returns:
        What has to be said about it, mostly nothing.
    """
    app._clipboard = text
    if "TMUX" in os.environ:
        if await into_clipboard(text):
            return ""
        remark = "; tmux refused it, so the terminal was asked, which it may not hear"
    else:
        remark = doubt(text)
    if app._driver is not None:
        app._driver.write(sequence(text, os.environ))
    return remark


def sequence(text: str, environment: Mapping[str, str]) -> str:
    """Return what puts a text onto the clipboard of the terminal outside."""
    sent = f"\x1b]52;c;{_encoded(text)}\x07"
    if "STY" not in environment:
        return sent
    return "".join(
        f"\x1bP{sent[place : place + _PIECE]}\x1b\\" for place in range(0, len(sent), _PIECE)
    )


def doubt(text: str) -> str:
    """Say that a long text may have been cut on its way; nobody tells."""
    long = len(_encoded(text)) > MOST
    return f"; some lines cut what is longer than {MOST:,} bytes" if long else ""


def _encoded(text: str) -> str:
    return base64.b64encode(encoded(text)).decode("ascii")

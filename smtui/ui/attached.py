"""Whether a terminal within tmux is attached over SSH now, whatever it was when it was opened."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_SECONDS = 1.0
_MOST = 4_096


async def over_ssh() -> bool | None:
    """Ask tmux; None where it does not know or does not answer."""
    try:
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            "show-environment",
            "SSH_CONNECTION",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_MOST,
        )
    except OSError:
        return None
    assert tmux.stdout is not None
    try:
        async with asyncio.timeout(_SECONDS):
            line = await tmux.stdout.readline()
            await tmux.wait()
    except (TimeoutError, ValueError):
        with suppress(ProcessLookupError):
            tmux.kill()
        await tmux.wait()
        return None
    if tmux.returncode:
        return None
    # "-SSH_CONNECTION" says that who attached last had none.
    return line.startswith(b"SSH_CONNECTION=")

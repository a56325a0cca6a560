"""A small file of a person's own: 0600, and whole or not there at all, also after a power cut."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import aiofiles


async def keep(path: Path, content: bytes) -> None:
    """Write the file beside the old one and put it in its place; raises OSError.

    What is in the way under the new file's name, a link too, is taken away rather than written
    through.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        async with aiofiles.open(fresh, "wb", opener=_open_new) as file:
            await file.write(content)
            await file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        await asyncio.to_thread(fresh.replace, path)
    except OSError:
        with suppress(OSError):
            await remove(fresh)
        raise


async def remove(path: Path) -> None:
    """Remove the file; one that is not there is fine. Raises OSError."""
    await asyncio.to_thread(path.unlink, missing_ok=True)


def _open_new(path: str, flags: int) -> int:
    with suppress(FileNotFoundError):
        Path(path).unlink()
    return os.open(path, flags | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

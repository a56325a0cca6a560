"""Files written whole or not at all, also after a power cut."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from threading import get_native_id


def write_whole(
    path: Path, content: bytes, *, mode: int | None = 0o600, synced: bool = True
) -> None:
    """Write a file beside the old one and put it in its place; raises OSError.

    What is in the way under the new file's name, a link too, is taken away rather than written
    through. A link at `path` itself gives way to the file.

    Args:
        path: where it is read.
        content: all of it.
        mode: who may read it; None for what the person's umask gives.
        synced: wait for the disk. Without, a power cut may leave it empty or the old one.
    """
    # A thread's number is no other process's either.
    fresh = path.with_name(f".{path.name}.{get_native_id()}")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(fresh, flags, 0o666 if mode is None else 0o600), "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    if synced:
        _sync_folder(path.parent)


async def write_whole_in_thread(path: Path, content: bytes, *, mode: int | None = 0o600) -> None:
    """Do the same while the loop goes on; once begun it is finished, whoever is cancelled."""
    await asyncio.to_thread(write_whole, path, content, mode=mode)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where the file system can promise that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

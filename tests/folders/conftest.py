"""Small real sound files, and the finder."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtui.folders.finder import DiskFinder


def wav(seed: int = 0, frames: int = 400) -> bytes:
    """A WAV file, 16 bit mono at 8 kHz, different for each seed."""
    samples = struct.pack(
        f"<{frames}h", *((i * 37 + seed * 101) % 2000 - 1000 for i in range(frames))
    )
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a file below the test's folder; a sound unless bytes are given."""

    def write(name: str | bytes, data: bytes | None = None, *, seed: int = 0) -> Path:
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(seed) if data is None else data)
        return path

    return write


@pytest.fixture
def finder() -> Iterator[DiskFinder]:
    finder = DiskFinder()
    yield finder
    finder.close()

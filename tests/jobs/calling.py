"""smtui called as a person calls it, on a library of its own with the real private worker."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from smtui.local.servers import PrivateServers
from smtui.paths import places

RATE = 22_050
PATIENCE = 120.0


def servers_end() -> Iterator[None]:
    """A fixture: whatever the test started in its home is ended after it."""
    here = places()
    yield
    asyncio.run(PrivateServers(here).stop(now=True))


def smtui(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smtui", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def tone(path: Path, hertz: float = 220.0, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    soundfile.write(path, wave, RATE)
    return path


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)

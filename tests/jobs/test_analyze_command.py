"""`smtui analyze` as a person calls it, with the real private worker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.local.servers import PrivateServers
from smtui.paths import places

RATE = 22_050
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    here = places()
    yield
    asyncio.run(PrivateServers(here).stop(now=True))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A scanned folder: two good sounds and a broken one."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for at, name in enumerate(("one.wav", "two.wav")):
        tone = 0.5 * np.sin(2 * np.pi * (220 + 110 * at) * np.arange(RATE) / RATE)
        soundfile.write(folder / name, tone, RATE)
    whole = (folder / "one.wav").read_bytes()
    assert smtui("scan", "--no-analyze", folder).returncode == 0
    (folder / "one.wav").write_bytes(b"RIFF....WAVE")
    (folder / "three.wav").write_bytes(whole)
    return folder


def smtui(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smtui", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_failures_are_named_and_tried_again_only_when_asked(sounds: Path):
    done = smtui("analyze", "--wait", sounds)
    assert (done.returncode, done.stdout) == (1, "1 sound heard, 1 failed.\n")
    assert "one.wav: " in done.stderr
    again = smtui("analyze", "--wait", sounds)
    assert (again.returncode, again.stdout) == (0, "There is nothing new to listen to.\n")
    retried = smtui("analyze", "--wait", "--retry", sounds)
    assert (retried.returncode, retried.stdout) == (1, "0 sounds heard, 1 failed.\n")


def test_a_path_that_is_not_in_the_library_is_named_and_the_rest_goes_on(sounds: Path):
    done = smtui("analyze", "--wait", sounds / "two.wav", sounds / "three.wav")
    assert (done.returncode, done.stdout) == (1, "1 sound heard.\n")
    assert f"{sounds / 'three.wav'} is not in the library" in done.stderr


def test_an_interrupt_leaves_the_run_going(sounds: Path):
    soundfile.write(sounds / "long.wav", np.random.default_rng(1).normal(0, 0.1, 300 * RATE), RATE)
    assert smtui("scan", "--no-analyze", sounds).returncode == 0
    waiting = subprocess.Popen(
        [sys.executable, "-m", "smtui", "analyze", "--wait", sounds / "long.wav"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert waiting.stderr is not None
    assert waiting.stderr.readline() == "0 of 1 heard\n"
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, out) == (130, "")
    assert err == "The run goes on in the background.\n"
    end = time.monotonic() + PATIENCE
    while "long.wav" not in smtui("list", "is:heard").stdout:
        assert time.monotonic() < end

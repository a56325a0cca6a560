"""`smtui bench` as a person calls it."""

from __future__ import annotations

import subprocess
import sys


def bench(*wishes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smtui", "bench", *wishes]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_the_table_says_how_fast_both_kinds_of_sound_are_heard() -> None:
    done = bench("--no-librosa")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    short, music = lines[1].split(), lines[2].split()
    assert short[:2] == ["short", "samples"]
    assert int(short[2]) >= 20
    assert music[:4] == ["3", "minutes", "of", "music"]
    assert music[4:7] == ["1", "180", "s"]
    for heard in (short, music):
        times = float(heard[-1].removesuffix("×"))
        took, seconds = float(heard[-3]), float(heard[-5])
        # What stands beside each other belongs together.
        assert abs(times * took - seconds) <= 0.02 * seconds + times * 0.006
    assert "processor time" in lines[3].lower()

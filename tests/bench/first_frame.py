"""Time to the first frame of smtui against an empty Textual app, in turns, each in a terminal.

Run as `python tests/bench/first_frame.py`. The goal is a ratio of at most 1.5.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EMPTY = "from textual.app import App\nApp().run()\n"
# What ends a frame: the terminal's synchronised update, else the last write before a pause.
_PAUSE = 0.05
_DEADLINE = 30.0


def first_frame(command: list[str], environment: dict[str, str], *, sign: bytes) -> float:
    """Start a program in a terminal of its own; gives the seconds until `sign` was drawn."""
    pid, terminal = pty.fork()
    began = time.perf_counter()
    if pid == 0:
        os.environ.update(environment)
        os.execv(command[0], command)
    seen = b""
    try:
        while time.perf_counter() - began < _DEADLINE:
            ready, _, _ = select.select([terminal], [], [], _PAUSE)
            if ready:
                seen += os.read(terminal, 65_536)
                if sign in seen:
                    return time.perf_counter() - began
        raise TimeoutError(seen[-200:])
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main() -> None:
    """Measure in turns, so that both meet the same machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        environment = {"SMTUI_HOME": f"{folder}/home", "TERM": "xterm-256color", "LINES": "24"}
        environment |= {"COLUMNS": "80", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        # The empty app draws cells of its background; smtui its word.
        programs = {
            "smtui": ([sys.executable, "-m", "smtui"], b"opening"),
            "an empty Textual app": ([sys.executable, str(script)], b"\x1b[1;1H"),
        }
        times: dict[str, list[float]] = {name: [] for name in programs}
        for number in range(rounds + 1):
            for name, (command, sign) in programs.items():
                taken = first_frame(command, environment, sign=sign)
                if number:  # the first round fills the disk's cache
                    times[name].append(taken)
        subprocess.run(
            [sys.executable, "-m", "smtui", "services", "stop"],
            env=os.environ | environment,
            check=False,
            capture_output=True,
        )
    pairs = zip(*times.values(), strict=True)
    ratio = statistics.median(ours / empty for ours, empty in pairs)
    for name, those in times.items():
        print(f"{name}: {statistics.median(those) * 1000:.0f} ms median of {rounds}")
    print(f"ratio: {ratio:.2f} (goal 1.5)")


if __name__ == "__main__":
    main()

"""How wide real terminals draw names, and whether the table agrees: `poe bench-widths`.

Each name is drawn in tmux, GNU screen, mosh and xterm, as many of them as are installed (xterm
needs Xvfb), and the terminal is asked where its cursor stands (CSI 6 n). A row is shifted where
that is not where the table believes it to be.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.cells import cell_len

from smtui.domain.drawn_names import drawn
from smtui.domain.text import shown

NAMES = (
    "kick.wav", "❤️ kick", "⚠️ loud", "1️⃣ kick", "#️⃣ hash", "🎙️", "🎛️", "🎚️", "▶️",
    "©️", "™️ ok", "☎️ ring", "✔️ done", "☀️ pad", "❄️ ice", "⭐ star", "✨ bell",
    "⚡ zap", "clap 👏🏽", "👍🏿 ok", "✊🏻 hit", "🏽 alone", "👨‍👩‍👧 choir",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿 pipes", "🇩🇪", "🇩 one", "🥁", "🎹🎸🎺", "🫨 shake", "🩷 heart", "ढोलक किक",
    "தபலா கிக்", "কো ঢোল", "ਢੋਲ", "ഡ്രം കിക്ക്", "ಡ್ರಮ್", "డ్రమ్", "සිංහල ශබ්ද",
    "ဗုံ သံ", "ស្គរ", "กลอง", "ເສຽງ", "𝄞 𝅘𝅥𝅮", "𝌀", "𝍠 rod", "☰ trigram",
    "䷀ hexagram", "㉈ circled", "漢字", "ｷｯｸﾞ", "カﾞ", "킥", "킥", "e\u0301", "か\u3099",
    "か\u309a", "a\u0487b", "x\u0359y", "שלום", "طبول", "ٱلْعَرَبِيَّة", "ܫܠܡܐ",
    "٣٤٥ kick", "№ … ½", "æøåßđłœ", "ŽluťoučkýKůň", "Ελληνικά", "Русский",
    "›‹‘’“”–—•", "𐐷𐑌",
)  # fmt: skip

PROBE = """
import json, os, re, sys, termios, tty
names = json.load(open(sys.argv[1], encoding="utf-8"))
line = os.open("/dev/tty", os.O_RDWR)
tty.setraw(line)
out, came = [], b""
for name in names:
    os.write(line, f"\\r\\x1b[2K{name}\\x1b[6n".encode())
    while not (found := re.search(rb"\\x1b\\[(\\d+);(\\d+)R", came)):
        came += os.read(line, 4096)
    out.append(int(found[2]) - 1)
    came = came[found.end():]
open(sys.argv[2] + ".part", "w").write(json.dumps(out))
os.rename(sys.argv[2] + ".part", sys.argv[2])
"""
PATIENCE = 30.0
UTF8 = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@contextmanager
def in_tmux(command: list[str]) -> Iterator[None]:
    tmux = ["tmux", "-f", os.devnull, "-L", f"widths{os.getpid()}"]
    subprocess.run([*tmux, "new", "-d", "-x", "100", "-y", "20", *command], check=True)
    yield
    subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


@contextmanager
def in_screen(command: list[str]) -> Iterator[None]:
    name = f"widths{os.getpid()}"
    subprocess.run(["screen", "-c", os.devnull, "-U", "-dmS", name, *command], check=True)
    yield
    subprocess.run(["screen", "-S", name, "-X", "quit"], check=False, capture_output=True)


@contextmanager
def in_mosh(command: list[str]) -> Iterator[None]:
    told = subprocess.run(
        ["mosh-server", "new", "-i", "127.0.0.1", "--", *command],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"MOSH CONNECT (\d+) (\S+)", told)
    assert found, told
    child, line = pty.fork()
    if child == 0:
        os.environ |= {"MOSH_KEY": found[2], "TERM": "xterm-256color"}
        os.execvp("mosh-client", ["mosh-client", "127.0.0.1", found[1]])
    # The server answers its program once a client is there and takes what is drawn.
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 100, 0, 0))
    threading.Thread(target=_take, args=(line,), daemon=True).start()
    yield
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)


def _take(line: int) -> None:
    try:
        while os.read(line, 65536):
            pass
    except OSError:
        os.close(line)


@contextmanager
def in_xterm(command: list[str]) -> Iterator[None]:
    number = f":{90 + os.getpid() % 100}"
    shown_on = subprocess.Popen(["Xvfb", number, "-screen", "0", "900x500x8"], stderr=-3)
    time.sleep(1)
    xterm = subprocess.Popen(["xterm", "-u8", "-e", *command], env=os.environ | {"DISPLAY": number})
    yield
    for process in (xterm, shown_on):
        process.terminate()
        process.wait()


TERMINALS: dict[str, tuple[Callable[[list[str]], object], tuple[str, ...]]] = {
    "tmux": (in_tmux, ("tmux",)),
    "screen": (in_screen, ("screen",)),
    "mosh": (in_mosh, ("mosh-server", "mosh-client")),
    "xterm": (in_xterm, ("xterm", "Xvfb")),
}


def widths(terminal: str, names: list[str]) -> list[int]:
    """Ask one terminal."""
    opened, _ = TERMINALS[terminal]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "names.json", Path(folder) / "widths.json"
        probe = Path(folder) / "probe.py"
        asked.write_text(json.dumps(names), "utf-8")
        probe.write_text(PROBE, "utf-8")
        command = [sys.executable, str(probe), str(asked), str(answered)]
        with opened(command):  # type: ignore[attr-defined]
            end = time.monotonic() + PATIENCE
            while not answered.exists():
                assert time.monotonic() < end, f"{terminal} does not answer"
                time.sleep(0.05)
        found: list[int] = json.loads(answered.read_text())
    return found


def main() -> None:
    """Print for each terminal which names shift their row, as they are and as they are drawn."""
    os.environ |= UTF8
    shifted = 0
    for terminal, (_, programs) in TERMINALS.items():
        if not all(map(shutil.which, programs)):
            print(f"{terminal:8} not installed")
            continue
        for way, manner in (("as it is", shown), ("drawn", drawn)):
            names = [manner(name) for name in NAMES]
            found = widths(terminal, names)
            wrong = [
                f"{name} {width} instead of {cell_len(name)}"
                for name, width in zip(names, found, strict=True)
                if width != cell_len(name)
            ]
            print(f"{terminal:8} {way:9} {len(wrong):2} of {len(names)} shifted")
            if manner is drawn:
                shifted += len(wrong)
                print("".join(f"  {one}\n" for one in wrong), end="")
    raise SystemExit(1 if shifted else 0)


if __name__ == "__main__":
    main()

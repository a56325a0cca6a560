"""Copies reach the clipboard outside, by what lies between, and say so only where they may."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from smtui.ui.clipboard import MOST, doubt, into_clipboard, sequence
from tests.ui.screen_home import Home, OpenApp, Sound, press, told

# Takes what comes as tmux does, and says how it was called.
TMUX = """#!/bin/sh
echo "$@" > "$0.args"
cat > "$0.taken"
exit {status}
"""


def tmux(folder: Path, monkeypatch: pytest.MonkeyPatch, *, status: int) -> Path:
    program = folder / "tmux"
    program.write_text(TMUX.format(status=status))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    return program


def taken(program: Path) -> tuple[str, str]:
    """What tmux was asked, and what it was given."""
    return Path(f"{program}.args").read_text(), Path(f"{program}.taken").read_text("utf-8")


def sent_by(text: str) -> str:
    """What a terminal makes of a bare OSC 52."""
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", text)
    assert found, text
    return base64.b64decode(found[1]).decode()


def test_a_copy_is_taken_whole_by_a_terminal() -> None:
    assert sent_by(sequence("/srv/kick ü.wav", {"TERM": "xterm"})) == "/srv/kick ü.wav"


def test_gnu_screen_gets_pieces_that_it_does_not_draw_over_the_screen() -> None:
    pieces = sequence("k" * 3_000, {"STY": "1.pts"}).split("\x1b\\")
    assert pieces.pop() == ""
    assert all(piece.startswith("\x1bP") and len(piece) <= 202 for piece in pieces)
    assert sent_by("".join(piece.removeprefix("\x1bP") for piece in pieces)) == "k" * 3_000


def test_a_copy_that_mosh_would_cut_is_not_called_whole() -> None:
    assert doubt("k" * (MOST * 3 // 4)) == ""
    assert "12,000 bytes" in doubt("k" * (MOST * 3 // 4 + 3))


async def test_tmux_is_handed_the_text_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmux(tmp_path, monkeypatch, status=0)
    assert await into_clipboard("-w $(kick) ü\n")
    assert taken(program) == ("load-buffer -w -\n", "-w $(kick) ü\n")


async def test_a_copy_that_tmux_refused_is_not_told_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(Sound(name="kick.wav"))
    tmux(tmp_path, monkeypatch, status=1)
    async with open_app() as pilot:
        await press(pilot, "y")
        assert "tmux refused it" in told(pilot.app)[-1]


async def test_the_path_is_copied_in_the_library_and_the_sound_screen(
    home: Home, open_app: OpenApp
) -> None:
    await home.sign_up()
    await home.add(Sound(name="a.wav"), Sound(name="b.wav"))
    async with open_app() as pilot:
        await press(pilot, "y")
        assert pilot.app.clipboard == "/srv/pack/a.wav"
        assert told(pilot.app)[-1] == "Copied: /srv/pack/a.wav"
        await press(pilot, "m", "m", "y")
        assert pilot.app.clipboard == "/srv/pack/a.wav\n/srv/pack/b.wav"
        assert told(pilot.app)[-1] == "Copied 2 paths"
        await press(pilot, "escape", "g", "enter", "J", "y")
        assert pilot.app.clipboard == "/srv/pack/b.wav"

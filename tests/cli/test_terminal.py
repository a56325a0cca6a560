"""What smtui believes of a terminal, by what the terminal says of itself."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping

import pytest

from smtui.cli.terminal import TRUE_COLOUR, colours_of, dumb, only_ascii

UTF8 = {"LANG": "de_DE.UTF-8"}
KNOWN = {"xterm": 16, "linux": 16, "vt220": 2, "screen": 16, "rxvt": 16, "konsole": 16}


def colours(**environment: str) -> int:
    return colours_of(environment, KNOWN.get)


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "screen", "STY": "1.pts"},
        {"TERM": "screen"},
        {"TERM": "xterm", "STY": "1.pts"},
    ],
)
def test_gnu_screen_is_not_sent_colours_that_it_takes_for_blinking(
    environment: dict[str, str],
) -> None:
    assert colours(COLORTERM="truecolor", **environment) == 16


def test_gnu_screen_with_256_colours_keeps_them() -> None:
    assert colours(TERM="screen-256color", STY="1.pts", COLORTERM="truecolor") == 256
    assert colours(TERM="screen.xterm-256color", COLORTERM="24bit") == 256


def test_tmux_keeps_true_colour_also_within_screen_and_under_its_old_name() -> None:
    inside = {"TMUX": "/tmp/tmux-0/default,1,0", "COLORTERM": "truecolor"}
    assert colours(TERM="tmux-256color", **inside) == TRUE_COLOUR
    assert colours(TERM="screen", STY="1.pts", **inside) == TRUE_COLOUR


@pytest.mark.parametrize(
    "terminal",
    ["xterm-kitty", "foot", "foot-extra", "xterm-ghostty", "ghostty", "alacritty", "wezterm"],
)
def test_a_terminal_that_this_machine_has_not_heard_of_gets_its_picture_in_256_colours(
    terminal: str,
) -> None:
    assert colours(TERM=terminal, SSH_CONNECTION="1 2 3 4") == 256


def test_what_terminfo_knows_counts_where_the_name_says_nothing() -> None:
    assert colours(TERM="xterm") == 16
    assert colours(TERM="vt220") == 2
    assert colours(TERM="konsole") == 256
    assert colours(TERM="never-heard-of") == 16
    assert colours_of({"TERM": "new-one"}, lambda terminal: TRUE_COLOUR) == TRUE_COLOUR


def test_the_systems_own_terminfo_is_asked() -> None:
    script = "from smtui.cli.terminal import colours_by_terminfo as c; print(c('xterm-256color'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"256\n"
    script = script.replace("xterm-256color", "no-such-terminal")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"None\n"


def test_no_color_means_none_whatever_the_terminal_has() -> None:
    assert colours(TERM="xterm-256color", COLORTERM="truecolor", NO_COLOR="1") == 2
    assert colours(TERM="xterm-256color", NO_COLOR="") == 256


def test_the_linux_console_draws_with_what_its_fonts_have() -> None:
    assert only_ascii(UTF8 | {"TERM": "linux"})
    assert only_ascii({"TERM": "xterm", "LANG": "C"})
    assert not only_ascii(UTF8 | {"TERM": "xterm"})


@pytest.mark.parametrize("kind", ["dumb", "", None])
def test_a_shell_in_an_editor_gets_one_sentence_instead_of_escape_codes(kind: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    if kind is not None:
        environment["TERM"] = kind
    assert dumb(environment)
    status, drawn = in_terminal(environment)
    assert status == 1
    assert b"\x1b" not in drawn
    assert b"the screen needs a terminal that can move its cursor" in drawn
    assert b"`smtui list`" in drawn


def in_terminal(environment: Mapping[str, str]) -> tuple[int, bytes]:
    line, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "smtui"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=dict(environment),
        start_new_session=True,
    )
    os.close(theirs)
    drawn = b""
    while True:
        try:
            piece = os.read(line, 65536)
        except OSError:  # nobody has the other end any more
            break
        drawn += piece
    os.close(line)
    return process.wait(), drawn

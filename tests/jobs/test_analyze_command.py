"""`smtui analyze` as a person calls it, with the real private worker."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from smtui.audio import recipe_version
from smtui.cli.app import app
from tests.jobs.calling import PATIENCE, RATE, servers_end, smtui, wait_until

_servers_end = pytest.fixture(autouse=True)(servers_end)


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


def test_failures_are_named_and_tried_again_only_when_asked(sounds: Path):
    done = smtui("analyze", "--wait", sounds)
    assert (done.returncode, done.stdout) == (1, "1 sound analysed, 1 failed.\n")
    assert "one.wav: " in done.stderr
    again = smtui("analyze", "--wait", sounds)
    assert (again.returncode, again.stdout) == (0, "Nothing new to analyse.\n")
    retried = smtui("analyze", "--wait", "--retry", sounds)
    assert (retried.returncode, retried.stdout) == (1, "0 sounds analysed, 1 failed.\n")


def test_a_path_that_is_not_in_the_library_is_named_and_the_rest_goes_on(sounds: Path):
    done = smtui("analyze", "--wait", sounds / "two.wav", sounds / "three.wav")
    assert (done.returncode, done.stdout) == (1, "1 sound analysed.\n")
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
    assert waiting.stderr.readline() == "0 of 1 analysed\n"
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, out) == (130, "")
    assert re.fullmatch(
        r"The run goes on in the background; `smtui cancel [0-9a-f]{8}` stops it.\n", err
    )
    wait_until(lambda: "long.wav" in smtui("list", "is:heard").stdout)


def test_a_filter_says_what_to_listen_to(sounds: Path):
    (sounds / "three.wav").unlink()
    done = smtui("analyze", "--wait", "two")
    assert (done.returncode, done.stdout) == (0, "1 sound analysed.\n")
    assert smtui("list", "is:heard").stdout.count("\n") == 1
    again = smtui("analyze", "--wait", "two", "not:is:loop")
    assert again.stdout == "Nothing new to analyse.\n"
    rest = smtui("analyze", "--wait", "-two")
    assert (rest.returncode, rest.stdout) == (1, "0 sounds analysed, 1 failed.\n")
    retried = smtui("analyze", "--wait", "--retry", "is:failed")
    assert (retried.returncode, retried.stdout) == (1, "0 sounds analysed, 1 failed.\n")


def test_what_an_older_smtui_heard_is_heard_again_only_when_asked(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
):
    assert smtui("analyze", "--wait", "two").returncode == 0
    assert smtui("analyze", "--older").stdout == "Nothing was analysed by an older smtui.\n"
    assert smtui("pause").returncode == 0
    # As if the recipe had been changed since.
    monkeypatch.setattr(recipe_version, "RECIPE_VERSION", recipe_version.RECIPE_VERSION + 1)
    runner = CliRunner()
    assert runner.invoke(app, ["analyze", "two"]).stdout == "Nothing new to analyse.\n"
    done = runner.invoke(app, ["analyze", "--older"])
    assert done.stdout == "1 sound to be analysed in the background.\n"
    # The worker that still runs hears by the recipe before, and leaves it to one that is newer.
    with closing(
        sqlite3.connect(next(Path(os.environ["SMTUI_HOME"]).rglob("library.sqlite3")))
    ) as kept:
        wanted = kept.execute("SELECT recipe_version FROM batch_jobs ORDER BY batch").fetchall()
    assert wanted == [(None,), (recipe_version.RECIPE_VERSION,)]
    again = runner.invoke(app, ["analyze", "--older", "two"])
    assert again.stdout == ("Nothing new to analyse; the current run continues.\n")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["bpm:fast"], 1, "^"),
        (["--older=3"], 2, "--older"),
        (["--waitt"], 2, "--wait"),
        (["--level", "deep"], 2, "deep"),
        (["kick", "/"], 1, "places or a filter"),
        (["/nowhere/at/all"], 1, "is not in the library"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_queued(words: list[str], status: int, said: str):
    done = smtui("analyze", *words)
    assert (done.returncode, done.stdout) in (
        (status, ""),
        (status, "Nothing new to analyse.\n"),
    )
    assert said in done.stderr
    assert "Traceback" not in done.stderr

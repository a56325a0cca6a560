"""`smtui duplicates`, as somebody calls it who tidies up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from smtui.demo import instruments as play
from tests.cli.test_library_commands import scan, smtui

RATE = 44_100


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop", "--now")


def test_a_group_is_a_line_that_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    crash = 0.7 * play.crash(RATE)
    soundfile.write(folder / "crash.wav", crash, RATE)
    soundfile.write(folder / "crash quiet.wav", crash / 2, RATE)
    soundfile.write(folder / "crash.flac", crash, RATE)
    soundfile.write(folder / "hat.wav", 0.7 * play.hat(RATE), RATE)
    shutil.copyfile(folder / "hat.wav", folder / "hat again.wav")
    scan(folder)
    early = smtui("duplicates")
    assert early.stdout == f"{folder}/hat.wav: {folder}/hat again.wav (same bytes)\n"
    assert "5 not analysed yet" in early.stderr
    assert smtui("analyze", "--wait").returncode == 0
    done = smtui("duplicates")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert second == f"{folder}/hat.wav: {folder}/hat again.wav (same bytes)"
    for words in ("6.0 dB quieter", "re-encoded"):
        assert words in first
    assert done.stderr == "5 sounds compared, 3 copies in 2 groups.\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("crash quiet.wav", "crash.flac", "crash.wav", "hat again.wav", "hat.wav")
    ]
    (line,) = smtui("duplicates", "--json", "again|hat.wav").stdout.splitlines()
    group = json.loads(line)
    assert group["path"] == f"{folder}/hat.wav"
    assert [copy["reason"] for copy in group["copies"]] == ["same bytes"]
    none = smtui("duplicates", "crash", "format:flac")
    assert (none.stdout, none.stderr) == ("", "1 sound compared, no duplicates found.\n")


def test_a_mistake_is_told_before_anything_is_opened() -> None:
    mistake = smtui("duplicates", "bpm:fast")
    assert mistake.returncode == 1
    assert "is not a tempo" in mistake.stderr
    assert smtui("duplicates", "--jsn").returncode == 2

"""`smtui scan`, `list` and `folders`, as a person or a program calls them."""

from __future__ import annotations

import base64
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def put(path: Path, seed: int = 0, frames: int = 400) -> Path:
    """Write a WAV file, 16 bit mono at 8 kHz, different for each seed."""
    values = ((i * 37 + seed * 101) % 2000 - 1000 for i in range(frames))
    samples = struct.pack(f"<{frames}h", *values)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def smtui(*words: str | Path | bytes) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smtui", *words]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop", "--now")


def scan(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return smtui("scan", "--no-analyze", *words)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    put(folder / "drums/kick.wav", 1)
    put(folder / "drums/SNARE.WAV", 2, frames=800)
    put(folder / "bass", 3, frames=16_000)
    return folder


def test_a_scan_reports_and_the_library_is_listed(sounds: Path) -> None:
    assert smtui("list").stdout == ""
    done = scan(sounds)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 sounds: 3 added.\n", "")
    lines = smtui("list", "--sort", "length").stdout.splitlines()
    assert [Path(line.split("\t")[0]).name for line in lines] == ["kick.wav", "SNARE.WAV", "bass"]
    found = smtui("list", "in:drums", "-snare").stdout
    assert found.split("\t")[0] == f"{sounds}/drums/kick.wav"
    assert smtui("list", "in:drums", "not:snare").stdout == found
    assert scan().stdout == "3 sounds: 3 unchanged.\n"


def test_a_sound_as_json_has_its_path_and_when_it_was_heard(sounds: Path) -> None:
    scan(sounds)
    (line,) = smtui("list", "--json", "kick").stdout.splitlines()
    fields = json.loads(line)
    assert fields["path"] == f"{sounds}/drums/kick.wav"
    assert fields["analyzed_at"] is None
    assert (fields["sample_rate"], fields["channels"], fields["format"]) == (8000, 1, "wav")


def test_awkward_names_stay_on_their_line(tmp_path: Path) -> None:
    names = [b"new\nline.wav", b"\x1b[31m.wav", b"[red].wav", b"tab\t.wav", b"caf\xe9.wav"]
    for seed, name in enumerate(names):
        put(tmp_path / "awkward" / os.fsdecode(name), seed)
    (tmp_path / "awkward" / "text\n\x1b.wav").write_text("no sound")
    done = scan(tmp_path / "awkward")
    assert done.stdout == "6 sounds: 5 added.\n"
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 2
    lines = smtui("list").stdout.splitlines()
    assert len(lines) == 5
    assert not any("\x1b" in line for line in lines)
    assert {line.count("\t") for line in lines} == {6}
    objects = [json.loads(line) for line in smtui("list", "--json").stdout.splitlines()]
    raw = [
        base64.b64decode(each["path_bytes"]) if each["path_bytes"] else os.fsencode(each["path"])
        for each in objects
    ]
    assert sorted(path.rpartition(b"/")[2] for path in raw) == sorted(names)
    assert len(smtui("list", b"caf\xe9").stdout.splitlines()) == 1


def test_only_a_folder_that_was_named_and_cannot_be_read_fails(
    sounds: Path, tmp_path: Path
) -> None:
    (sounds / "list.wav").write_text("bread, milk")
    done = scan(sounds, tmp_path / "nowhere")
    assert done.returncode == 1
    assert f"{tmp_path}/nowhere: Not found" in done.stderr
    assert f"{sounds}/list.wav: The file is not a sound in a known format" in done.stderr
    sounds.rename(tmp_path / "away")
    again = scan()
    assert again.returncode == 0
    assert f"{sounds}: Not found" in again.stderr
    assert len(smtui("list", "not:is:missing").stdout.splitlines()) == 3


def test_folders_are_shown_and_forgotten(sounds: Path) -> None:
    assert "No folder was scanned yet" in smtui("folders").stdout
    assert scan().returncode == 1
    scan(sounds)
    assert "3 sounds  " in smtui("folders").stdout
    (line,) = smtui("folders", "--json").stdout.splitlines()
    assert (json.loads(line)["path"], json.loads(line)["sounds"]) == (str(sounds), 3)
    assert smtui("folders", "forget", sounds).returncode == 0
    assert smtui("folders", "forget", sounds).returncode == 1
    assert smtui("folders", "--json").stdout == ""
    assert len(smtui("list").stdout.splitlines()) == 3


def test_a_mistake_in_a_filter_is_pointed_at() -> None:
    done = smtui("list", "kick", "bpm:fast")
    assert done.returncode == 1
    assert done.stderr.splitlines()[:2] == ["  kick bpm:fast", "           ^^^^"]
    assert "A tempo looks like" in done.stderr


def test_a_misspelt_option_is_no_filter_that_finds_nothing() -> None:
    asked = smtui("list", "-loop", "--revers")
    assert asked.returncode == 2
    assert asked.stdout == ""
    assert "--revers" in asked.stderr
    assert "Did you mean" in asked.stderr


def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path) -> None:
    for seed in range(300):
        put(tmp_path / "many" / f"{'long name ' * 20}{seed}.wav", seed)
    scan(tmp_path / "many")
    command = f'"{sys.executable}" -m smtui list --json'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_ctrl_c_says_what_is_kept_and_the_next_scan_goes_on(tmp_path: Path) -> None:
    for seed in range(1_500):
        put(tmp_path / "many" / f"{seed}.wav", seed)
    command = [sys.executable, "-m", "smtui", "scan", "--no-analyze", str(tmp_path / "many")]
    scanning = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while scanning.poll() is None and not smtui("list", "--limit", "1").stdout:
        pass
    scanning.send_signal(signal.SIGINT)
    _, told = scanning.communicate(timeout=60)
    if scanning.returncode == 0:
        pytest.skip("the scan was done before it could be stopped")
    assert scanning.returncode == 130
    assert "Scan again to go on" in told
    kept = len(smtui("list").stdout.splitlines())
    assert 0 < kept < 1_500
    assert scan().stdout == f"1,500 sounds: {1_500 - kept:,} added, {kept:,} unchanged.\n"


def test_a_list_of_unreadable_files_says_why_and_claims_no_length(sounds: Path) -> None:
    (sounds / "broken.wav").write_text("no sound")
    scan(sounds)
    (line,) = smtui("list", "is:unreadable").stdout.splitlines()
    reason = "The file is not a sound in a known format"
    assert line.split("\t") == [f"{sounds}/broken.wav", *["-"] * 5, "", reason]
    assert all(line.count("\t") == 6 for line in smtui("list").stdout.splitlines())

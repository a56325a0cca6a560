"""The same way by commands: scan, analyze, list, inspect, services, as a script would."""

from __future__ import annotations

import json
from pathlib import Path

from smtui.demo.sounds import Truth
from tests.journeys.conftest import Smtui
from tests.journeys.machine import Machine


def test_a_script_scans_listens_and_lists(smtui: Smtui, pack: Path, truths: tuple[Truth, ...]):
    scanned = smtui("scan", "--no-analyze", pack)
    assert scanned.returncode == 0, scanned.stderr
    waited = smtui("analyze", "--wait")
    # The broken file is named with its reason.
    assert "broken transfer.flac: The sound breaks off" in waited.stderr
    assert waited.returncode == 1

    listed = smtui("list", "--json")
    assert listed.returncode == 0, listed.stderr
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert len(rows) == len(truths)
    heard = {Path(row["path"]).name: row for row in rows}
    for truth in truths:
        if truth.tempo is not None and not truth.broken:
            assert abs(heard[str(truth.filename)]["tempo"] - truth.tempo) < 1

    kicks = smtui("list", "kind:kick", "not:loop")
    assert "kick deep.wav" in kicks.stdout
    assert "hat open" not in kicks.stdout

    checked = smtui("services", "check", "--json")
    assert checked.returncode == 0, checked.stdout
    answers = map(json.loads, checked.stdout.splitlines())
    health = {row["name"]: row for row in answers if "name" in row}
    assert {health[name]["condition"] for name in ("documents", "sessions", "workers")} == {"ok"}


def test_what_runs_for_a_person_alone_is_shown_and_stopped(embedded: Machine, pack: Path):
    # Embedded only: shared servers are neither shown as processes nor stopped by smtui.
    smtui = embedded.smtui
    assert smtui("scan", pack).returncode == 0
    # What the scan has queued is waited for: the worker that it has called is only starting.
    assert "broken transfer.flac: The sound breaks off" in smtui("analyze", "--wait").stderr
    status = smtui("services", "status", "--json")
    running = {row["name"]: row for row in map(json.loads, status.stdout.splitlines())}
    assert running["valkey"]["pid"]
    assert smtui("services", "stop").returncode == 0
    for row in map(json.loads, smtui("services", "status", "--json").stdout.splitlines()):
        assert row["state"] == "stopped"


def test_a_second_scan_finds_nothing_new_and_a_moved_file_keeps_its_tags(
    smtui: Smtui, tmp_path: Path, pack: Path
):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.wav").write_bytes((pack / "kick deep.wav").read_bytes())
    assert "1 added" in smtui("scan", "--no-analyze", folder).stdout
    assert "1 unchanged" in smtui("scan", "--no-analyze", folder).stdout
    (folder / "a.wav").rename(folder / "b.wav")
    assert "1 moved" in smtui("scan", "--no-analyze", folder).stdout
    rows = [json.loads(line) for line in smtui("list", "--json").stdout.splitlines()]
    assert [Path(row["path"]).name for row in rows] == ["b.wav"]


def test_every_mistake_is_one_sentence(smtui: Smtui, tmp_path: Path):
    for arguments in (
        ["list", "bpm:fast"],
        ["scan", tmp_path / "not there"],
        ["inspect", tmp_path / "not there.wav"],
        ["user", "password", "nobody", "--password-stdin"],
    ):
        told = smtui(*arguments, given="secret\n")
        assert told.returncode == 1, arguments
        sentences = [line for line in told.stderr.splitlines() if ": " in line]
        assert len(sentences) == 1, told.stderr
        assert "Traceback" not in told.stderr

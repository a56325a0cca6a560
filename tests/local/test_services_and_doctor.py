"""`smtui services` and `smtui doctor` as a person calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from smtui.domain.health import Verdict
from smtui.local import self_test
from smtui.paths import Places
from tests.local.private_home import Private, home_of_its_own

private = pytest.fixture(home_of_its_own)


def smtui(private: Private, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | {"SMTUI_HOME": str(private.places.data.parent)} | variables
    return subprocess.run(
        [sys.executable, "-m", "smtui", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def objects(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["name"]: one for one in found}


def test_services_start_show_and_stop(private: Private) -> None:
    assert {
        one["state"] for one in objects(smtui(private, "services", "status", "--json")).values()
    } == {"stopped"}
    started = smtui(private, "services", "start")
    assert started.returncode == 0, started.stderr
    assert [line.split()[:2] for line in started.stdout.splitlines()] == [
        ["NAME", "STATE"],
        ["keeper", "running"],
        ["valkey", "running"],
        ["chroma", "stopped"],
        ["worker", "running"],
        ["watcher", "stopped"],
    ]
    shown = objects(smtui(private, "services", "status", "--json"))
    for name in ("keeper", "valkey", "worker"):
        assert psutil.Process(shown[name]["pid"]).is_running()
        assert shown[name]["memory"] > 100_000
        assert shown[name]["since"].endswith("+00:00")
    assert shown["valkey"]["address"] == private.files.valkey_url
    stopped = smtui(private, "services", "stop")
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
    assert not private.all_running()


def test_the_doctor_finds_a_well_machine_well_and_leaves_it_as_it_was(private: Private) -> None:
    done = smtui(private, "doctor", "--json", LC_ALL="C.UTF-8", TERM="xterm-256color")
    assert done.returncode == 0, done.stdout + done.stderr
    found = objects(done)
    assert list(found) == [
        *("python", "settings", "locale", "colours", "terminal", "sqlite", "disk", "folders"),
        *("file system", "copying", "logging out", "valkey", "chroma", "worker"),
    ]
    for name in (
        "sqlite",
        "settings",
        "locale",
        "colours",
        "folders",
        "valkey",
        "chroma",
        "worker",
    ):
        assert found[name]["verdict"] == "ok", found[name]
    assert found["terminal"]["verdict"] == "attention"
    assert found["terminal"]["mend"]
    assert not private.all_running()


def test_the_doctor_leaves_running_what_ran(private: Private) -> None:
    smtui(private, "services", "start")
    pid = private.pid("valkey")
    assert smtui(private, "doctor").returncode == 0
    assert private.pid("valkey") == pid
    # Nobody had asked for it.
    assert private.pid("chroma") is None


def test_the_doctor_names_a_home_that_cannot_be_used(private: Private) -> None:
    private.places.data.parent.write_text("a file where the folder should be")
    done = smtui(private, "doctor", LC_ALL="POSIX")
    assert done.returncode == 1
    assert done.stderr == ""
    text = done.stdout
    assert "BROKEN  folders" in text
    assert "SMTUI_HOME names another folder to use." in text
    assert "Fix the folders first." in text
    assert "export LANG=C.UTF-8" in text


def test_the_doctor_names_a_setting_that_cannot_be_used(private: Private) -> None:
    line = {"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}
    found = objects(smtui(private, "doctor", "--json", SMTUI_WORK_NICE="very", **line))
    assert "`ssh -C`" in found["line"]["seen"]
    assert found["settings"]["verdict"] == "broken"
    assert "SMTUI_WORK_NICE" in found["settings"]["seen"]
    assert found["valkey"]["verdict"] == "ok"


def test_a_network_file_system_is_told_by_its_mount() -> None:
    kind = self_test.file_system_of(Path("/proc/self"))
    if sys.platform == "linux":
        assert kind == "proc"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "SMBFS"])
def test_a_data_folder_on_a_network_is_broken(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "file_system_of", lambda folder: kind)
    places = Places(data=tmp_path, state=tmp_path, config=tmp_path)
    check = self_test.file_system(places)
    assert check.verdict is Verdict.BROKEN
    assert "SMTUI_HOME" in check.mend

"""`smtui watch` with the real keeper: what is written into a folder is in the library soon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from smtui.cli.app import app
from smtui.local.processes import Record
from smtui.local.servers import PrivateServers
from smtui.local.setup import Files
from smtui.paths import places
from tests.jobs.calling import servers_end, smtui, tone, wait_until

_servers_end = pytest.fixture(autouse=True)(servers_end)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def called(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["watch", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def heard() -> list[str]:
    lines = smtui("list", "--json", "is:heard").stdout.splitlines()
    return sorted(json.loads(line)["filename"] for line in lines)


def pid(name: str) -> int | None:
    record = Record.load(Files(places=places()).record(name))
    return record.pid if record is not None and record.alive() else None


def test_a_file_written_slowly_is_taken_in_once_and_heard(drop: Path, tmp_path: Path):
    assert smtui("watch", drop).stdout == f"{drop} is watched.\n"
    wait_until(lambda: called()[1] == f"{drop}: watched\n")
    whole = tone(tmp_path / "made.wav", seconds=3.0).read_bytes()
    with (drop / "slow.wav").open("wb") as file:
        for start in range(0, len(whole), len(whole) // 5):
            file.write(whole[start : start + len(whole) // 5])
            file.flush()
            time.sleep(0.5)
    wait_until(lambda: heard() == ["slow.wav"])
    (batch,) = [json.loads(line) for line in smtui("batches", "--json").stdout.splitlines()]
    assert (batch["total_files"], batch["failed"]) == (1, 0), "it was not heard half written"
    killed = pid("watcher")
    assert killed
    os.kill(killed, signal.SIGKILL)
    tone(drop / "meanwhile.wav", 330.0)
    wait_until(lambda: heard() == ["meanwhile.wav", "slow.wav"])
    assert called("--stop", drop)[1] == (
        f"{drop} is no longer watched; its sounds stay in the library.\n"
    )
    assert pid("watcher") is None
    assert heard() == ["meanwhile.wav", "slow.wav"]


def test_the_other_servers_rest_while_folders_are_watched(
    drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SMTUI_SERVICES_IDLE_SECONDS", "25")
    assert smtui("watch", drop).returncode == 0
    tone(drop / "one.wav")
    wait_until(lambda: pid("worker"))
    wait_until(lambda: heard() == ["one.wav"])
    wait_until(lambda: pid("worker") is None and pid("valkey") is None)
    assert pid("watcher")
    assert pid("keeper")
    tone(drop / "two.wav", 330.0)
    wait_until(lambda: heard() == ["one.wav", "two.wav"])
    assert smtui("watch", "--stop", "--all").returncode == 0
    wait_until(lambda: pid("keeper") is None)


def test_folders_that_cannot_be_watched_are_one_sentence(drop: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    odd = tmp_path / os.fsdecode(b"k\xfe")
    odd.mkdir()
    for words, said in (
        ([tmp_path / "nowhere"], "is not there"),
        ([tmp_path / "file"], "is not a folder"),
        ([odd], "not UTF-8"),
        ([drop, tmp_path], f"{drop} lies in {tmp_path}"),
        (["--all"], "--all goes with --stop"),
        (["--stop"], "Which one?"),
        (["--stop", "--all", drop], "not both"),
        (["--stop", drop], "was not watched."),
    ):
        status, out, err = called(*words)
        assert (status, out) == (1, "")
        assert said in err
        assert err.count("\n") == 1
    assert called() == (0, "No folders are watched: smtui watch FOLDER\n", "")
    assert called("--stop", "--all") == (0, "No folder was watched.\n", "")
    assert not places().settings_file.exists()
    assert pid("keeper") is None


def test_folders_named_by_a_variable_are_changed_there(drop: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SMTUI_WATCH_FOLDERS", str(drop))
    status, _, err = called("--stop", "--all")
    assert status == 1
    assert err.startswith("smtui: SMTUI_WATCH_FOLDERS says which folders are watched here.")


async def test_a_watcher_without_folders_is_let_go_by_the_keeper(drop: Path):
    here = places()
    servers = PrivateServers(here)
    async with servers.using():
        await servers.watcher()
        async with asyncio.timeout(60):
            while pid("watcher"):  # noqa: ASYNC110 - a process, not an event
                await asyncio.sleep(0.05)
        states = {one.name: one.state for one in await servers.status()}
    assert states["watcher"] == "stopped"

"""What commands say where the private servers cannot be started, or nobody works on a run."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtui.domain.batch import State
from smtui.local.servers import PrivateServers
from smtui.paths import places
from tests.jobs.calling import PATIENCE, servers_end, smtui, tone

FEW_FILES = 24


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SMTUI_HOME", str(tmp_path / "home"))
    yield from servers_end()


def limited(limit: int, value: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Call smtui where a limit of the system is low."""
    return subprocess.run(
        [sys.executable, "-m", "smtui", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
    )


def test_waiting_for_a_run_ends_where_its_queue_cannot_start(tmp_path: Path) -> None:
    tone(tmp_path / "sounds" / "one.wav")
    assert smtui("scan", tmp_path / "sounds").returncode == 0
    assert smtui("services", "stop", "--now").returncode == 0
    done = limited(resource.RLIMIT_NOFILE, FEW_FILES, "analyze", "--wait")
    assert done.returncode == 1
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("smtui:")]
    assert "ulimit -n" in sentence
    assert "The run is saved" in sentence
    assert ".." not in sentence
    # Its own limit was that keeper's, too.
    smtui("services", "stop", "--now")
    assert smtui("analyze", "--wait").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="no other system limits address space")
@pytest.mark.parametrize("megabytes", [250, 350, 500])
@pytest.mark.parametrize("command", ["scan", "inspect", "worker"])
def test_too_little_memory_is_said_as_that(tmp_path: Path, command: str, megabytes: int) -> None:
    tone(tmp_path / "sounds" / "one.wav")
    named = {"scan": [tmp_path / "sounds"], "inspect": [tmp_path / "sounds/one.wav"]}
    words = named.get(command, ["--private"])
    done = limited(resource.RLIMIT_AS, megabytes * 1_000_000, command, *words)
    assert done.returncode == 1
    assert done.stderr.startswith(f"smtui: Not enough memory: this shell's limit is {megabytes} MB")
    assert "ulimit -v" in done.stderr


@pytest.mark.parametrize("words", [("analyze",), ("resume",)])
async def test_a_run_whose_worker_was_stopped_goes_on_when_asked(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    for number in range(40):
        tone(tmp_path / "sounds" / f"{number}.wav", 200 + number, seconds=3)
    assert smtui("scan", tmp_path / "sounds").returncode == 0
    (run,) = smtui("batches").stdout.splitlines()[1:] or [""]
    if not run:
        smtui("analyze")
        (run,) = smtui("batches").stdout.splitlines()[1:]
    assert smtui("services", "stop", "--now").returncode == 0
    (run,) = smtui("batches").stdout.splitlines()[1:]
    if State.COMPLETED.value in run:
        pytest.skip("the run was done before its worker could be stopped")
    name = run.split()[0]
    assert smtui(*words, *([name] if words == ("resume",) else [])).returncode == 0
    servers = {one.name: one for one in await PrivateServers(places()).status()}
    assert servers["worker"].pid

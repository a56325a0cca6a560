"""`smtui batches`, `cancel`, `resume`, `retry`, `pause`: a person in a shell, a script in cron."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smtui import wiring
from smtui.cli.app import app
from smtui.cli.runs import run_named
from smtui.cli.runtime import Opened
from smtui.domain.analysis import Level
from smtui.domain.errors import InputInvalid
from smtui.paths import places
from smtui.settings import load
from tests.jobs.calling import servers_end, smtui, tone, wait_until

FIELDS = {
    *("batch_id", "user_id", "status", "total_files", "completed", "failed", "cancelled"),
    *("file_ids", "results", "created_at", "updated_at", "run_id", "level"),
    *("cancel_requested_at", "started_at", "finished_at"),
}

_servers_end = pytest.fixture(autouse=True)(servers_end)


@pytest.fixture
def paused(tmp_path: Path) -> Path:
    """A library of four sounds, one of them broken since the scan, on a machine that is paused."""
    folder = tmp_path / "sounds"
    for at in range(4):
        tone(folder / f"tone{at}.wav", 220.0 + at)
    assert smtui("scan", "--no-analyze", folder).returncode == 0
    (folder / "tone3.wav").write_bytes(b"RIFF....WAVE")
    assert smtui("pause").stdout == (
        "Analysis is paused on this machine until `smtui resume-all`.\n"
    )
    return folder


def batches(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in smtui("batches", "--json", *words).stdout.splitlines()]


def test_a_run_from_its_beginning_to_its_end(paused: Path):
    begun = smtui("analyze")
    assert begun.stdout == "4 sounds to be analysed in the background.\n"
    assert "Waiting: Analysis is paused on this machine until" in begun.stderr
    (waiting,) = batches()
    assert set(waiting) == FIELDS
    assert (waiting["status"], waiting["total_files"], waiting["results"]) == ("pending", 4, {})
    run = waiting["run_id"][:6]
    shown = smtui("batches")
    assert re.search(rf"^{run}.* pending +0/4 +0 +4 ", shown.stdout, re.MULTILINE)
    assert shown.stderr.startswith("Analysis is paused on this machine")
    assert smtui("resume", run).stdout.endswith("goes on already.\n")

    assert "is cancelled: 4 sounds not begun." in smtui("cancel", run).stdout
    for _ in range(2):
        again = smtui("cancel", run)
        assert (again.returncode, again.stderr) == (0, "")
        assert again.stdout.endswith("has ended: nothing to cancel.\n")
    assert smtui("cancel", "all").stdout == "Nothing is being analysed.\n"
    assert batches(run)[0]["status"] == "cancelled"

    assert "goes on with 4 sounds." in smtui("resume", run).stdout
    assert smtui("resume", run).stdout.endswith("goes on already.\n")
    assert smtui("resume-all").stdout == "Analysis resumed on this machine.\n"
    assert smtui("resume-all").stdout == "This machine was not paused.\n"
    wait_until(lambda: batches(run)[0]["finished_at"])
    (ended,) = batches(run)
    assert (ended["status"], ended["completed"], ended["failed"]) == ("completed", 3, 1)
    assert sorted(one["status"] for one in ended["results"].values()) == [
        *["completed"] * 3,
        "failed",
    ]
    assert set(ended["results"]) == set(ended["file_ids"])

    failures = smtui("batches", run, "--failures").stdout
    path, code, reason = failures.rstrip("\n").split("\t")
    assert path == str(paused / "tone3.wav")
    assert code
    assert reason
    assert "nothing to go on with. `smtui retry`" in smtui("resume", run).stdout
    tone(paused / "tone3.wav", 500)
    assert smtui("scan", "--no-analyze", paused).returncode == 0
    assert "retries 1 sound." in smtui("retry", run).stdout
    wait_until(lambda: batches(run)[0]["finished_at"])
    assert batches(run)[0]["completed"] == 4
    assert "Nothing has failed" in smtui("retry", run).stdout


def test_a_pause_ends_by_itself_and_the_run_goes_on(paused: Path):
    smtui("analyze")
    assert re.match(
        r"Analysis is paused on this machine until \d\d:\d\d\.$",
        smtui("pause", "--for", "2s").stdout,
    ) or smtui("resume-all")
    wait_until(lambda: batches()[0]["finished_at"])


@pytest.mark.parametrize("command", ["batches", "cancel", "resume", "retry"])
@pytest.mark.parametrize("name", ["ffff", " ", "../..", "\x1b[31m", "x" * 5_000])
def test_a_run_that_is_not_there_is_one_sentence(command: str, name: str):
    done = CliRunner().invoke(app, [command, name])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 200
    assert done.stderr.rstrip("\n").isprintable()


async def test_a_beginning_that_several_runs_share_is_refused(tmp_path: Path):
    here = places()
    async with wiring.services(here, load(here).settings) as services:
        anna = await services.accounts.for_command_line(None)
        await services.pauses.pause()
        async for _ in services.scans.scan([tone(tmp_path / "one.wav").parent], by=anna):
            pass
        (sound,) = await services.batches.known([tmp_path / "one.wav"], viewer=anna.user_id)
        assert sound is not None
        # Of seventeen ids two begin with the same of sixteen digits.
        ids = [await services.batches.start([sound], Level.BASIC, by=anna) for _ in range(17)]
        first = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
        box = Opened(services=services, account=anna, settings=load(here).settings)
        with pytest.raises(InputInvalid, match=f"runs begin with {first}: "):
            await run_named(box, first)
        assert (await run_named(box, ids[3])).run_id == ids[3]
        assert (await run_named(box, f" {ids[3][:20].upper()}")).run_id == ids[3]


def test_nonsense_to_pause_for_changes_nothing():
    for length in ("soon", "-1h", "0s", "99999999999999h", ""):
        done = CliRunner().invoke(app, ["pause", "--for", length])
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
    assert not places().pause.exists()


def test_a_state_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch):
    # A file in the folder's place refuses also those who may do everything.
    places().state.parent.mkdir(parents=True, exist_ok=True)
    places().state.write_text("")
    done = smtui("pause")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("smtui: Your pause of the analysis cannot be kept. ")
    places().state.unlink()


def test_wrong_quiet_hours_are_said_and_right_ones_are_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SMTUI_WORK_QUIET", "at night")
    said = smtui("settings")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        "smtui: work.quiet (SMTUI_WORK_QUIET) should be written as 22:00-07:00, "
        "several with commas between\n"
    )
    monkeypatch.setenv("SMTUI_WORK_QUIET", "22:00-07:00, 12:30-13:30")
    assert re.search(r"^work\.quiet +22:00-07:00, 12:30-13:30 ", smtui("settings").stdout, re.M)

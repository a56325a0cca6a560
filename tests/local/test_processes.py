"""Processes, records, logs and locks: what must hold whenever somebody is killed."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from smtui.domain.errors import ServerUnavailable
from smtui.local.locks import FileLock, InUse
from smtui.local.processes import Launch, Record, start, start_mark
from smtui.local.refusals import cannot_use
from smtui.local.setup import Files, Manners, Setup, Versions
from smtui.log_files import copy_aside, last_line, open_log
from smtui.paths import Places
from tests.local.private_home import until


def session_niceness(pid: int) -> int:
    return int(Path(f"/proc/{pid}/autogroup").read_text("ascii").split()[-1])


def launch(folder: Path, *words: str) -> Launch:
    environment = dict(os.environ)
    return Launch(command=words, environment=environment, folder=folder, log=folder / "its.log")


async def test_a_program_runs_in_a_session_of_its_own_and_is_written_down(tmp_path: Path) -> None:
    running = start(launch(tmp_path, "sleep", "60"), record=tmp_path / "its.json")
    try:
        record = Record.load(tmp_path / "its.json")
        assert record == running.record
        assert record.alive()
        assert os.getsid(record.pid) == record.pid
        await until(lambda: psutil.Process(record.pid).cmdline() == ["sleep", "60"])
    finally:
        running.end_group()
    assert await running.gone(seconds=10)
    assert not record.alive()


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no groups by session here")
async def test_a_polite_program_stands_back_as_a_session_too(tmp_path: Path) -> None:
    polite = replace(launch(tmp_path, "sleep", "60"), nice=10)
    running = start(polite, record=tmp_path / "its.json")
    try:
        assert psutil.Process(running.record.pid).nice() == 10
        assert session_niceness(running.record.pid) == 10
    finally:
        running.end_group()
    assert await running.gone(seconds=10)


def test_what_cannot_be_written_down_is_not_started(tmp_path: Path) -> None:
    made = tmp_path / "made"
    before = psutil.Process().children()
    with pytest.raises(FileNotFoundError):
        start(launch(tmp_path, "touch", str(made)), record=tmp_path / "nowhere" / "its.json")
    assert psutil.Process().children() == before
    assert not made.exists()


def test_a_later_process_of_the_same_number_is_another() -> None:
    mine = start_mark(os.getpid())
    assert mine == start_mark(os.getpid())
    assert Record(pid=os.getpid(), mark=f"{mine}0", since=0.0).alive() is False


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": 1}', '{"home": {}, "x": 2}', '{"home": 3}']
)
def test_a_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "its.json").write_text(text)
    assert Record.load(tmp_path / "its.json") is None


def test_a_long_log_is_put_aside_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "its.log"
    log = open_log(path)
    for number in range(7):
        os.write(log, f"word {number}\n".encode() * 3)
        copy_aside(path, longest=10)
    os.write(log, b"last\n")
    os.close(log)
    assert path.read_text() == "last\n"
    aside = sorted(tmp_path.glob("its.log.*"))
    assert [file.name for file in aside] == [f"its.log.{number}" for number in (1, 2, 3, 4)]
    assert [file.read_text().split()[1] for file in aside] == ["6", "5", "4", "3"]
    assert last_line(path) == "last"
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_the_last_line_is_looked_for_after_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "its.log"
    path.write_text("old\n")
    size = path.stat().st_size
    assert last_line(path, since=size) == ""
    with path.open("a") as log:
        log.write("first\nreason\n\n")
    assert last_line(path, since=size) == "reason"


async def test_users_share_and_the_keeper_is_alone(tmp_path: Path) -> None:
    places = Places(data=tmp_path, state=tmp_path, config=tmp_path)
    path = Files(places=places).in_use
    one, two = InUse(places), InUse(places)
    async with one.using():
        with two.working():
            async with one.using():
                assert FileLock.take(path, exclusive=True) is None
            assert FileLock.take(path, exclusive=True) is None
        assert FileLock.take(path, exclusive=True) is None
    keeper = FileLock.take(path, exclusive=True)
    assert keeper
    arriving = asyncio.create_task(_used(two))
    done, _ = await asyncio.wait({arriving}, timeout=0.1)
    assert not done
    keeper.release()
    assert await arriving == "used"


async def _used(in_use: InUse) -> str:
    async with in_use.using():
        return "used"


async def test_who_waits_too_long_for_the_end_is_told(tmp_path: Path) -> None:
    places = Places(data=tmp_path, state=tmp_path, config=tmp_path)
    keeper = FileLock.take(Files(places=places).in_use, exclusive=True)
    assert keeper
    with pytest.raises(ServerUnavailable, match="do not come to an end"):
        await _used(InUse(places, patience_seconds=0))
    keeper.release()


def test_a_lock_ends_with_its_process_and_is_not_inherited(tmp_path: Path) -> None:
    path = tmp_path / "its.lock"
    lock = FileLock.take(path, exclusive=True)
    assert lock
    running = start(launch(tmp_path, "sleep", "60"), record=tmp_path / "its.json")
    lock.release()
    again = FileLock.take(path, exclusive=True)
    assert again
    again.release()
    running.end_group()
    assert asyncio.run(running.gone(seconds=10))


def test_a_thrown_away_lock_file_is_noticed(tmp_path: Path) -> None:
    lock = FileLock.take(tmp_path / "its.lock", exclusive=True)
    assert lock
    assert lock.still_there()
    (tmp_path / "its.lock").rename(tmp_path / "other")
    assert not lock.still_there()
    (tmp_path / "its.lock").touch()
    assert not lock.still_there()
    lock.release()


@pytest.mark.parametrize(
    ("number", "title"),
    [
        (errno.ENOSPC, "The disk with /there is full"),
        (errno.EROFS, "/there is on a read-only file system"),
        (errno.EACCES, "smtui may not write in /there"),
        (errno.EIO, f"/there cannot be used: {os.strerror(errno.EIO)}"),
    ],
)
def test_a_refusal_is_one_sentence_with_a_hint(number: int, title: str) -> None:
    refusal = cannot_use(Path("/there"), OSError(number, os.strerror(number)))
    assert refusal.title == title
    assert refusal.hint


def test_a_setup_survives_its_journey_with_awkward_names() -> None:
    base = Path(os.fsdecode(b"/home/\xff\n'\"$x"))
    places = Places(data=base / "data", state=base / "state", config=base / "config")
    setup = Setup(places=places, versions=Versions(smtui="1.2"), manners=Manners(children=2))
    assert Setup.from_json(setup.to_json()) == setup
    assert setup.environment()["SMTUI_HOME"] == str(base)


def test_versions_are_compared_as_numbers() -> None:
    order = [
        Versions(smtui=name, protocol=protocol).order
        for name, protocol in (("0.9.1", 1), ("0.10.0", 1), ("0.10.0", 2), ("1.0rc1", 1))
    ]
    assert order == sorted(set(order))
    assert Versions(smtui="1.0rc1").order == Versions(smtui="1.0.0").order
    assert Versions.from_fields({"smtui": "2.0", "protocol": 7, "later": True}).protocol == 7


def test_half_the_cores_at_least_one_listen() -> None:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    assert Manners().processes() == max(1, cores // 2)
    assert Manners(children=7).processes() == 7

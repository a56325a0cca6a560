"""A copied home is a home of its own; a linked one is the same; a moved one takes nothing along."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtui.local.locks import FileLock
from smtui.local.processes import Home, Record, start_mark
from tests.local.private_home import Private, home_of_its_own, until

private = pytest.fixture(home_of_its_own)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Private]:
    """Another home, not yet there."""
    home = home_of_its_own(tmp_path / "other")
    made = next(home)
    made.places.state.parent.parent.mkdir()
    yield made
    for _ in home:
        pass


def base(private: Private) -> Path:
    return private.places.state.parent


def copied(home: Path, to: Path, how: str) -> None:
    """As people do it: what is no file (the sockets) is copied as such."""
    subprocess.run(["cp", how, home, to], check=True)


async def states(private: Private) -> set[str]:
    return {one.state for one in await private.servers().status()}


async def running(private: Private) -> dict[str, int]:
    for name in ("valkey", "chroma", "worker"):
        await getattr(private.servers(), name)()
    await private.worker_listens()
    pids = {name: private.pid(name) for name in ("keeper", "valkey", "chroma", "worker")}
    return {name: pid for name, pid in pids.items() if pid is not None}


async def test_a_copied_home_never_shows_or_stops_the_servers_of_the_original(
    private: Private, other: Private
) -> None:
    pids = await running(private)
    copied(base(private), base(other), "-r")
    assert await states(other) == {"stopped"}
    await other.servers().stop(now=True)
    assert {name: private.pid(name) for name in pids} == pids


async def test_a_copied_home_queues_into_servers_of_its_own(
    private: Private, other: Private
) -> None:
    pids = await running(private)
    copied(base(private), base(other), "-a")
    mine = await running(other)
    assert not set(mine.values()) & set(pids.values())
    assert await other.servers().valkey() != await private.servers().valkey()
    await other.servers().stop(now=True)
    assert {name: private.pid(name) for name in pids} == pids


async def test_a_copy_by_hard_links_has_locks_of_its_own(private: Private, other: Private) -> None:
    pids = await running(private)
    copied(base(private), base(other), "-al")
    mine = await running(other)
    assert not set(mine.values()) & set(pids.values())
    assert {name: private.pid(name) for name in pids} == pids


async def test_a_link_to_a_home_leads_to_the_same_servers(private: Private, other: Private) -> None:
    pids = await running(private)
    base(other).symlink_to(base(private))
    assert await running(other) == pids
    await other.servers().stop(now=True)
    await until(lambda: not private.all_running())


async def test_a_link_to_a_home_stops_what_a_killed_keeper_left(
    private: Private, other: Private
) -> None:
    await running(private)
    private.kill("keeper")
    base(other).symlink_to(base(private))
    await other.servers().stop(now=True)
    await until(lambda: not private.all_running())


async def test_a_moved_home_begins_anew_at_its_new_place(private: Private, other: Private) -> None:
    pids = await running(private)
    base(private).rename(base(other))
    moved = await running(other)
    assert not set(moved.values()) & set(pids.values())
    await until(lambda: not any(start_mark(pid) for pid in pids.values()))
    assert not base(private).exists()


async def test_a_moved_home_adopts_nothing_that_works_at_the_old_place(
    private: Private, other: Private
) -> None:
    pids = await running(private)
    private.kill("keeper")
    base(private).rename(base(other))
    moved = await running(other)
    assert not set(moved.values()) & set(pids.values())
    assert not any(start_mark(pid) for pid in pids.values())
    assert not base(private).exists()


async def test_a_home_put_back_from_its_copy_is_not_taken_for_what_ran_before(
    private: Private,
) -> None:
    pids = await running(private)
    base(private).rename(base(private).with_name("old"))
    copied(base(private).with_name("old"), base(private), "-r")
    again = await running(private)
    assert not set(again.values()) & set(pids.values())


def test_a_record_counts_only_in_the_folder_it_was_written_in(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    record = Record(pid=os.getpid(), mark="", since=0.0, home=Home.of(first))
    record.write(first / "its.json")
    shutil.copytree(first, second)
    assert Record.load(first / "its.json") == record
    assert Record.load(second / "its.json") is None
    first.rename(tmp_path / "third")
    moved = Record.load(tmp_path / "third" / "its.json")
    assert moved is not None
    assert moved.home.has_moved


def test_a_lock_file_with_two_names_is_no_lock_of_both(tmp_path: Path) -> None:
    (tmp_path / "a.lock").touch()
    mine = FileLock.take(tmp_path / "a.lock", exclusive=True)
    assert mine is not None
    os.link(tmp_path / "a.lock", tmp_path / "b.lock")
    other = FileLock.take(tmp_path / "b.lock", exclusive=True)
    assert other is not None
    assert mine.still_there()
    assert other.still_there()
    assert FileLock.take(tmp_path / "a.lock", exclusive=True) is None
    mine.release()
    other.release()

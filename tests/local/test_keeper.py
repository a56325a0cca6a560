"""The keeper with real processes: on demand, restart, adoption, idle, races, versions, the end."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import redis

from smtui.domain.errors import ServerUnavailable
from smtui.local.locks import InUse
from smtui.local.setup import Versions
from tests.local.private_home import MINE, Private, home_of_its_own, until, until_answer

private = pytest.fixture(home_of_its_own)


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=5)


async def states(private: Private) -> dict[str, str]:
    return {one.name: one.state for one in await private.servers().status()}


async def test_nothing_runs_until_it_is_needed(private: Private) -> None:
    servers = private.servers()
    async with servers.using():
        assert set((await states(private)).values()) == {"stopped"}
        assert not private.all_running()


async def test_valkey_starts_when_first_asked_for_and_alone(private: Private) -> None:
    url = await private.servers().valkey()
    assert client(url).ping()
    assert await states(private) == {
        "keeper": "running",
        "valkey": "running",
        "chroma": "stopped",
        "worker": "stopped",
        "watcher": "stopped",
    }


async def test_valkey_is_reached_by_its_owner_only_and_keeps_every_write(private: Private) -> None:
    url = await private.servers().valkey()
    told = client(url).config_get("*")
    assert told["port"] == "0"
    assert told["appendonly"] == "yes"
    assert told["maxmemory-policy"] == "noeviction"
    assert told["requirepass"] == ""
    for socket in (private.files.valkey_socket, private.files.keeper_socket):
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    for file in private.places.state.iterdir():
        assert not file.stat().st_mode & 0o077, file


async def test_the_worker_is_told_where_valkey_is_and_stands_back(private: Private) -> None:
    servers = private.servers(children=3)
    await servers.worker()
    url = await servers.valkey()
    log = private.files.log("worker")
    await private.worker_listens()
    assert log.read_text() == f"listening {url} --children 3\n"
    pid = private.pid("worker") or 0
    process = psutil.Process(pid)
    assert process.nice() == 10
    assert process.environ()["OMP_NUM_THREADS"] == "1"
    assert process.environ()["SMTUI_HOME"] == str(private.places.data.parent)
    assert os.getsid(pid) == pid
    if sys.platform == "linux":
        assert process.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE


async def test_a_killed_valkey_comes_back_with_all_that_it_acknowledged(private: Private) -> None:
    url = await private.servers().valkey()
    acknowledged = 0
    killed = None
    with client(url) as valkey:
        try:
            while acknowledged < 100_000:
                valkey.rpush("kept", acknowledged)
                acknowledged += 1
                if acknowledged == 500:
                    killed = private.kill("valkey")
        except redis.ConnectionError:
            pass
    assert killed
    await until(lambda: private.pid("valkey") not in (None, killed))
    url = await private.servers().valkey()
    kept = [int(number) for number in client(url).lrange("kept", 0, -1)]
    # The one under way when it died may be there too: it was never answered.
    assert kept[:acknowledged] == list(range(acknowledged))
    assert len(kept) <= acknowledged + 1


async def test_a_killed_worker_comes_back(private: Private) -> None:
    await private.servers().worker()
    killed = private.kill("worker")
    await until(lambda: private.pid("worker") not in (None, killed))


async def test_a_killed_keeper_leaves_servers_that_the_next_one_adopts(private: Private) -> None:
    servers = private.servers()
    url = await servers.valkey()
    await servers.worker()
    await servers.chroma()
    client(url).set("kept", "yes")
    before = {name: private.pid(name) for name in ("valkey", "worker", "chroma")}
    keeper = private.kill("keeper")
    await until(lambda: not psutil.pid_exists(keeper) or private.pid("keeper") is None)
    assert client(await servers.valkey()).get("kept") == b"yes"
    assert await states(private) == dict.fromkeys(
        ("keeper", "valkey", "chroma", "worker"), "running"
    ) | {"watcher": "stopped"}
    assert {name: private.pid(name) for name in before} == before
    # Adopted means cared for: it comes back when it dies.
    killed = private.kill("valkey")
    await until(lambda: private.pid("valkey") not in (None, killed))
    await servers.stop()
    assert not private.all_running()


async def test_a_server_that_went_silent_is_replaced_after_the_keeper_was_killed(
    private: Private,
) -> None:
    servers = private.servers()
    await servers.valkey()
    silent = private.pid("valkey")
    assert silent is not None
    os.kill(silent, signal.SIGSTOP)
    private.kill("keeper")
    stopped = psutil.Process(silent)
    asking = asyncio.create_task(servers.valkey())
    # It cannot hear SIGTERM while it is stopped.
    await until(lambda: signal.SIGTERM in pending(stopped.pid))
    os.kill(silent, signal.SIGCONT)
    assert client(await asking).ping()
    assert private.pid("valkey") != silent


def pending(pid: int) -> set[int]:
    """Signals that wait for a process, from /proc."""
    if sys.platform != "linux":
        return {signal.SIGTERM}
    with Path(f"/proc/{pid}/status").open() as status:
        mask = next(int(line.split()[1], 16) for line in status if line.startswith("ShdPnd"))
    return {number for number in range(1, 65) if mask & 1 << (number - 1)}


async def test_all_stops_when_nobody_uses_it(private: Private) -> None:
    servers = private.servers(idle_seconds=0.5)
    async with servers.using():
        client(await servers.valkey()).set("kept", "yes")
        await servers.worker()
        await private.worker_listens()
    await until(lambda: not private.all_running())
    assert "ended in order" in private.files.log("worker").read_text()
    assert client(await servers.valkey()).get("kept") == b"yes"


async def test_who_uses_it_keeps_it_from_stopping(private: Private) -> None:
    servers = private.servers(idle_seconds=0.2)
    other = InUse(private.places)
    async with servers.using():
        await servers.valkey()
        with other.working():
            pass
        pid = private.pid("valkey")
        with pytest.raises(ServerUnavailable, match="in use"):
            await private.servers().stop()
        for _ in range(3):
            # Each answer comes after another look at who uses it.
            await asyncio.sleep(1)
            assert private.pid("valkey") == pid
    await until(lambda: not private.all_running())


async def test_stop_now_does_not_wait_for_users_and_loses_nothing(private: Private) -> None:
    servers = private.servers()
    async with servers.using():
        client(await servers.valkey()).set("kept", "yes")
        await private.servers().stop(now=True)
        assert not private.all_running()
        assert client(await servers.valkey()).get("kept") == b"yes"


SCRIPT = """
import asyncio, sys
from pathlib import Path
from smtui.local.servers import PrivateServers
from smtui.local.setup import Manners, Versions
from smtui.paths import Places
base = Path(sys.argv[1])
places = Places(data=base / "data", state=base / "state", config=base / "config")
servers = PrivateServers(places, Manners(), versions=Versions(smtui="1.2.0", schema=3))
print(asyncio.run(servers.valkey()))
"""


async def test_ten_programs_at_once_get_one_keeper_and_one_valkey(private: Private) -> None:
    home = str(private.places.data.parent)
    callers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, home, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(10)
    ]
    answers = {(await caller.communicate())[0].decode().strip() for caller in callers}
    assert answers == {private.files.valkey_url}
    running = sorted(process.pid for process in private.all_running())
    assert running == sorted([private.pid("keeper") or 0, private.pid("valkey") or 0])
    assert private.files.log("keeper").read_text().count("Valkey started") == 1


async def test_a_newer_smtui_replaces_the_keeper_and_valkey_goes_on(private: Private) -> None:
    old = private.servers()
    await old.worker()
    await private.worker_listens()
    before = {name: private.pid(name) for name in ("keeper", "valkey", "worker")}
    async with old.using():
        newer = private.servers(versions=replace(MINE, smtui="1.10.0"))
        with client(await old.valkey()) as valkey:
            valkey.set("kept", "yes")
            await newer.worker()
            assert valkey.get("kept") == b"yes"
    after = {name: private.pid(name) for name in before}
    assert after["valkey"] == before["valkey"]
    assert after["keeper"] not in (None, before["keeper"])
    assert after["worker"] not in (None, before["worker"])
    assert "ended in order" in private.files.log("worker").read_text()


@pytest.mark.parametrize(
    "newer", [replace(MINE, smtui="1.2.1"), replace(MINE, schema=4), replace(MINE, protocol=99)]
)
async def test_an_older_smtui_is_refused_with_a_sentence(private: Private, newer: Versions) -> None:
    await private.servers(versions=newer).valkey()
    with pytest.raises(ServerUnavailable) as refused:
        await private.servers().valkey()
    assert str(refused.value) == (
        f"A newer smtui, {newer.smtui}, looks after the private servers; this one is 1.2.0. "
        "Close it and wait, or use the newer one here too."
    )
    assert private.pid("valkey")


async def test_sigterm_ends_the_worker_before_valkey_and_keeps_the_data(private: Private) -> None:
    servers = private.servers()
    client(await servers.valkey()).set("kept", "yes")
    await servers.worker()
    await private.worker_listens()
    os.kill(private.pid("keeper") or 0, signal.SIGTERM)
    await until(lambda: not private.all_running())
    assert "stopped watcher, worker, chroma, valkey" in private.files.log("keeper").read_text()
    assert "ended in order" in private.files.log("worker").read_text()
    assert client(await servers.valkey()).get("kept") == b"yes"


async def test_stop_ends_what_a_killed_keeper_left(private: Private) -> None:
    servers = private.servers()
    await servers.worker()
    private.kill("keeper")
    await until_answer(
        lambda: states(private),
        {
            "keeper": "stopped",
            "valkey": "running",
            "chroma": "stopped",
            "worker": "running",
            "watcher": "stopped",
        },
    )
    await servers.stop()
    assert not private.all_running()


async def test_stop_where_nothing_ever_ran_is_quiet_and_makes_nothing(private: Private) -> None:
    await private.servers().stop()
    assert not private.places.data.parent.exists()


async def test_a_hung_keeper_is_ended_by_stop_now(private: Private) -> None:
    servers = private.servers()
    await servers.valkey()
    os.kill(private.pid("keeper") or 0, signal.SIGSTOP)
    assert (await states(private))["keeper"] == "failed"
    await servers.stop(now=True)
    assert not private.all_running()


async def test_a_thrown_away_folder_takes_its_processes_along(private: Private) -> None:
    servers = private.servers()
    await servers.worker()
    private.places.data.parent.rename(private.places.data.parent.with_name("elsewhere"))
    await until(lambda: not private.all_running())

"""Private servers where something is in the way: each trouble is one sentence."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from smtui.domain.errors import ServerUnavailable
from smtui.local import chroma, valkey
from smtui.local.processes import Record, start_mark
from smtui.local.server_kinds import Look
from smtui.local.setup import Setup, Versions
from tests.local.private_home import Private, home_of_its_own, until

private = pytest.fixture(home_of_its_own)


async def test_a_worker_that_cannot_start_is_named_with_its_last_words(private: Private) -> None:
    servers = private.servers(worker=(sys.executable, "-c", "raise SystemExit('no ears')"))
    await servers.worker()

    async def told() -> str:
        try:
            await servers.worker()
        except ServerUnavailable as error:
            return error.title
        return ""

    end = asyncio.get_running_loop().time() + 20
    while not (title := await told()):
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.05)
    assert title == "The worker has ended by itself: no ears"
    status = {one.name: one for one in await servers.status()}
    assert status["worker"].state == "failed"
    assert status["worker"].reason == title


async def test_a_valkey_that_cannot_start_is_named_with_its_last_words(private: Private) -> None:
    private.places.prepare()
    aof = private.places.valkey_data / "appendonlydir"
    aof.mkdir(parents=True)
    (aof / "appendonly.aof.manifest").write_text("nonsense\n")
    servers = private.servers()
    with pytest.raises(ServerUnavailable, match=r"^Valkey ended as it started: .+") as refused:
        await servers.valkey()
    assert refused.value.hint
    # Mended, it starts at once.
    (aof / "appendonly.aof.manifest").unlink()
    assert await servers.valkey() == private.files.valkey_url


async def test_a_home_that_cannot_be_written_is_one_sentence(private: Private) -> None:
    private.places.data.parent.write_text("a file where the folder should be")
    with pytest.raises(ServerUnavailable) as refused:
        await private.servers().valkey()
    assert str(private.places.data.parent) in refused.value.title
    assert refused.value.hint
    await private.servers().stop()


async def test_a_long_path_gets_its_sockets_elsewhere(tmp_path: Path) -> None:
    long = Private(tmp_path / ("n" * 120))
    servers = long.servers()
    try:
        url = await servers.valkey()
        assert not long.files.valkey_socket.is_relative_to(tmp_path)
        assert await valkey.ask(long.files.valkey_socket, "PING") == b"PONG"
        assert url == long.files.valkey_url
    finally:
        await servers.stop()
    assert not long.places.sockets.exists()
    assert not long.all_running()


async def test_a_path_with_spaces_and_signs_is_no_trouble(tmp_path: Path) -> None:
    import redis.asyncio

    awkward = Private(tmp_path / "it's 100% [red] ?x#y")
    servers = awkward.servers()
    try:
        async with redis.asyncio.Redis.from_url(await servers.valkey()) as client:
            assert await client.ping()
        await servers.worker()
        await servers.chroma()
    finally:
        await servers.stop()
    assert not awkward.all_running()


async def test_chroma_is_ours_and_comes_back_at_its_port_with_its_data(private: Private) -> None:
    servers = private.servers()
    host, port = await servers.chroma()
    assert host == "127.0.0.1"
    pid = private.pid("chroma")
    assert pid
    assert chroma.listens(pid, port)
    record = private.files.record("chroma")
    assert record.stat().st_mode & 0o777 == 0o600
    assert json.loads(record.read_text())["address"] == f"127.0.0.1:{port}"
    assert list(private.places.chroma_data.iterdir())
    private.kill("chroma")
    await until(lambda: private.pid("chroma") not in (None, pid))
    assert await servers.chroma() == (host, port)


async def test_a_stranger_at_the_port_is_not_taken_for_chroma(private: Private) -> None:
    """Something that speaks as Chroma does, but is not the process that was started."""

    async def heartbeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\n\r\n{"nanosecond heartbeat": 1}')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(heartbeat, "127.0.0.1", 0, family=socket.AF_INET)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    kind = chroma.Chroma(Setup(places=private.places, versions=Versions(smtui="1")))
    looks = [
        await kind.look(Record(pid=pid, mark=start_mark(pid) or "", since=0.0, address=address))
        for pid in (os.getpid(), os.getppid())
    ]
    assert looks == [Look.READY, Look.SILENT]
    server.close()
    assert chroma.Chroma.launch(kind, Record(pid=1, mark="", since=0.0, address="127.0.0.1:1"))


async def test_without_a_server_program_the_package_is_named(
    private: Private, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(ServerUnavailable) as refused:
        valkey.program()
    assert refused.value.title == "No Valkey on this machine"
    assert "valkey or redis-server" in refused.value.hint


async def test_a_program_on_the_path_serves_where_the_wheel_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "redis-server"
    other.symlink_to(valkey.program())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    assert valkey.program() == other


def test_the_keeper_loads_nothing_heavy() -> None:
    code = "import sys, smtui.local.keeper; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = "redis celery sqlite3 numpy chromadb psutil click pydantic importlib.metadata textual"
    assert not set(heavy.split()) & set(done.stdout.split())

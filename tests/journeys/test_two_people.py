"""Two people, a listener and two machines: one library, roles, tags, sessions and paths."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from smtui.ui.account.screen import LoginScreen
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.library.screen import LibraryScreen
from tests.journeys.machine import PASSWORD, Machine, SharedServers, enter, working
from tests.ui.screen_home import press, seen, told, until


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Anna's machine in the attic, Bert's and Lena's beside the disk in the cellar."""

    attic: Machine
    cellar: Machine
    porch: Machine
    mounted_in_attic: Path
    mounted_in_cellar: Path


@pytest.fixture
def studio(servers: SharedServers, tmp_path: Path) -> Iterator[Studio]:
    """One library for three homes; the same disk is mounted at two places, in turn."""
    attic, cellar = tmp_path / "Volumes" / "Sounds", tmp_path / "mnt" / "sounds"
    cellar.parent.mkdir()
    mapped = {"SMTUI_PATHS_MAP": f"{attic}={cellar}"}
    with servers.library() as variables:
        yield Studio(
            attic=Machine(tmp_path / "attic", variables | {"SMTUI_WORK_SCAN_AS": "shared"}),
            cellar=Machine(tmp_path / "cellar", variables | mapped),
            porch=Machine(tmp_path / "porch", variables | mapped),
            mounted_in_attic=attic,
            mounted_in_cellar=cellar,
        )


@asynccontextmanager
async def screen_of(machine: Machine, name: str) -> AsyncIterator[Pilot[None]]:
    """Somebody's open screen, signed in."""
    app = machine.app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await enter(pilot, name)
        yield pilot


def added(studio: Studio, name: str, role: str) -> None:
    done = studio.attic.smtui(
        "user", "add", name, "--role", role, "--password-stdin", given=f"{PASSWORD}\n"
    )
    assert done.returncode == 0, done.stderr


async def sees_only(pilot: Pilot[None], name: str) -> None:
    """Filter for one sound, and see it."""
    await press(pilot, "slash", *name, "enter")
    await until(lambda: "1 of 27" in seen(pilot.app) and name in seen(pilot.app))


async def test_one_library_for_two_people_a_listener_and_two_machines(
    studio: Studio, pack: Path
) -> None:
    shutil.copytree(pack, studio.mounted_in_attic)
    async with AsyncExitStack() as opened:
        anna = await opened.enter_async_context(screen_of(studio.attic, "anna"))
        studio.attic.act_as("anna")
        added(studio, "bert", "member")
        added(studio, "lena", "listener")

        # The admin's machine takes sounds in for everybody; nobody listens to them yet.
        await press(anna, "i")
        assert "for everybody" in seen(anna.app)
        await anna.press("ctrl+u", *str(studio.mounted_in_attic), "enter")
        await until(lambda: "27 of 27" in seen(anna.app))
        await until(lambda: "No worker is running" in seen(anna.app))

        # The disk is carried to the cellar, where it has another name.
        studio.mounted_in_attic.rename(studio.mounted_in_cellar)
        bert = await opened.enter_async_context(screen_of(studio.cellar, "bert"))
        await until(lambda: "27 of 27" in seen(bert.app))
        opened.enter_context(working(studio.cellar.worker("cellar")))
        await until(lambda: "1 failed" in seen(anna.app), seconds=60)
        await sees_only(bert, f"in:{studio.mounted_in_cellar} house drums")
        await until(lambda: "124.0" in seen(bert.app), seconds=60)
        await press(bert, "enter")
        await until(lambda: isinstance(bert.app.screen, DetailScreen))
        await until(lambda: "▀" in seen(bert.app) and "the file is gone" not in seen(bert.app))
        await press(bert, "escape")

        # What one tags the other sees, with who did it.
        await press(bert, "t", *"dusty", "enter")
        await sees_only(anna, "house drums")
        await until(lambda: "dusty" in seen(anna.app))
        await press(anna, "enter")
        await until(lambda: "tags dusty  bert 20" in seen(anna.app))
        await press(anna, "escape")

        # A listener looks, and changes nothing that is not her own.
        lena = await opened.enter_async_context(screen_of(studio.porch, "lena"))
        await sees_only(lena, "house drums")
        await press(lena, "t", *"loud", "enter")
        await until(lambda: any("As a listener you tag only" in words for words in told(lena.app)))

        await disabled(studio, bert)
        assert isinstance(lena.app.screen, LibraryScreen), "others stay where they are"
    tags = studio.attic.smtui("list", "house drums", "--json").stdout
    assert json.loads(tags)["tags"] == ["dusty"]


async def disabled(studio: Studio, bert: Pilot[None]) -> None:
    """Bert's commands and his open screen work until the admin says otherwise."""
    cellar = studio.cellar
    cellar.act_as("bert")
    assert cellar.smtui("list", "tag:dusty").returncode == 0
    refused = cellar.smtui("user", "disable", "anna")
    assert "Only an admin keeps accounts" in refused.stderr
    assert isinstance(bert.app.screen, LibraryScreen)

    done = studio.attic.smtui("user", "disable", "bert")
    assert done.returncode == 0, done.stderr
    await until(lambda: isinstance(bert.app.screen, LoginScreen))
    await until(lambda: "Your account was disabled." in seen(bert.app))
    assert "The token in SMTUI_TOKEN has ended" in cellar.smtui("list").stderr
    await press(bert, *"bert", "enter")
    await press(bert, *PASSWORD, "enter")
    await until(lambda: "Wrong name or password" in seen(bert.app))

    enabled = studio.attic.smtui("user", "enable", "bert")
    assert enabled.returncode == 0, enabled.stderr
    await press(bert, *PASSWORD, "enter")
    await until(lambda: isinstance(bert.app.screen, LibraryScreen))

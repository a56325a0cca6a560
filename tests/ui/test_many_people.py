"""Several people in one library: what each sees, may do, and is told."""

from __future__ import annotations

import struct
from datetime import timedelta
from pathlib import Path

import pytest

from smtui.domain.account import Role
from smtui.domain.question import Question
from smtui.domain.sample import Mark
from smtui.ui.detail.screen import DetailScreen
from smtui.ui.options import Options
from tests.retagging import change_tags
from tests.ui.screen_home import NOW, Home, OpenApp, Sound, press, seen, told, until

SHARED = Sound(name="b_shared.wav", tags=("house",), shared=True)
OWN = Sound(name="a_own.wav", tags=("mine",))


async def studio(home: Home, role: Role) -> None:
    """Anna's own sound, a shared one that she tagged, and Bert, who stays signed in."""
    await home.sign_up("anna")
    await home.add(OWN, SHARED)
    bert = await home.join("bert", role)
    home.user_id = bert
    await home.add(Sound(name="c_berts.wav"))


async def tags_of(home: Home, name: str) -> tuple[str, ...]:
    (sample,) = await home.kept.samples.get([home.files[name]])
    return sample.tags


async def test_one_sees_ones_own_and_the_shared_sounds(home: Home, open_app: OpenApp) -> None:
    await studio(home, Role.MEMBER)
    async with open_app() as pilot:
        assert "2 of 2" in seen(pilot.app)
        assert "b_shared.wav" in seen(pilot.app)
        assert "a_own.wav" not in seen(pilot.app)


async def test_a_listener_is_told_why_a_shared_sound_stays_as_it_is(
    home: Home, open_app: OpenApp
) -> None:
    await studio(home, Role.LISTENER)
    async with open_app() as pilot:
        app = pilot.app
        await press(pilot, "t")
        await press(pilot, *"dusty", "enter")
        assert any("As a listener you tag only your own sounds" in words for words in told(app))
        await press(pilot, "a")
        assert any("As a listener you queue only your own" in words for words in told(app))
        assert await tags_of(home, "b_shared.wav") == ("house",)
        await press(pilot, "j", "t")
        await press(pilot, *"dusty", "enter")
        assert await tags_of(home, "c_berts.wav") == ("dusty",)
        await press(pilot, "a")
        assert await home.kept.batches.runs(user_id=home.user_id, limit=9) != ()


async def test_a_role_given_meanwhile_counts_at_once(home: Home, open_app: OpenApp) -> None:
    await studio(home, Role.LISTENER)
    async with open_app() as pilot:
        assert home.services is not None
        await home.services.accounts.set_role("bert", Role.MEMBER)
        await press(pilot, "t")
        await press(pilot, *"dusty", "enter")
        assert await tags_of(home, "b_shared.wav") == ("house", "dusty")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_shared_sound_says_who_tagged_it_and_when(
    home: Home, open_app: OpenApp, size: tuple[int, int]
) -> None:
    await studio(home, Role.MEMBER)
    async with open_app(size) as pilot:
        gone = Mark(by=None, at=NOW - timedelta(days=1))
        await change_tags(home.kept.samples, [home.files["b_shared.wav"]], mark=gone, add=["old"])
        await press(pilot, "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await until(lambda: "anna 2025-03-01" in seen(pilot.app))
        if size[0] > 80:
            assert " old        somebody 2025-02-28" in seen(pilot.app)
            assert " house      anna 2025-03-01" in seen(pilot.app)


async def test_who_tagged_ones_own_sound_oneself_is_not_told(home: Home, open_app: OpenApp) -> None:
    await home.sign_up("anna")
    await home.add(OWN)
    async with open_app((120, 40)) as pilot:
        await press(pilot, "enter")
        await until(lambda: "mine" in seen(pilot.app))
        assert "2025-03-01" not in seen(pilot.app)


async def test_what_is_scanned_for_everybody_is_nobodys(
    home: Home, open_app: OpenApp, tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", 800) + bytes(range(200)) * 4
    (pack / "kick.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    await home.sign_up("anna")
    async with open_app(options=Options(scan_shared=True)) as pilot:
        await press(pilot, "i")
        assert "scan folder for everybody" in seen(pilot.app)
        await press(pilot, "ctrl+u", *str(pack), "enter")
        await until(lambda: "kick.wav" in seen(pilot.app))
        page = await home.kept.samples.page(Question(viewer=None), limit=9)
        assert [sample.user_id for sample in page.samples] == [None]

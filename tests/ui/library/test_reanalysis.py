"""What an older recipe has heard is told and offered, and renewed by nobody but the person."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from smtui.domain.batch import RunProgress
from tests.ui.screen_home import Home, OpenApp, Sound, heard, press, seen, told, until


@pytest.fixture
async def library(home: Home) -> Home:
    """Two sounds of an older recipe, one of the present one, one never heard."""
    home.recipe_version = 3
    await home.sign_up()
    await home.add(
        Sound(name="old.wav", heard=heard(recipe_version=1)),
        Sound(name="older.wav", heard=heard(recipe_version=2, level="basic"), shared=True),
        Sound(name="present.wav", heard=heard(recipe_version=3)),
        Sound(name="never.wav"),
    )
    return home


async def runs(home: Home) -> tuple[RunProgress, ...]:
    return await home.kept.batches.runs(user_id=home.user_id, limit=9)


async def renew(pilot: Pilot[None]) -> None:
    await press(pilot, "colon", *"analyse again")
    await until(lambda: "your corrections are kept" in seen(pilot.app))
    await press(pilot, "down", "enter")


async def test_an_older_recipe_is_told_of_and_nothing_is_renewed_by_itself(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        words = (
            "2 sounds were analysed by an older version; analyse them again from the palette (:)"
        )
        assert words in told(pilot.app)
        assert await runs(library) == ()


async def test_they_are_heard_anew_when_the_person_says_yes(
    library: Home, open_app: OpenApp
) -> None:
    async with open_app() as pilot:
        app = pilot.app
        await renew(pilot)
        await until(
            lambda: "2 sounds were analysed by an older version. Analyse them again?" in seen(app)
        )
        await press(pilot, "escape")
        assert await runs(library) == ()
        await renew(pilot)
        await until(lambda: "Analyse them again?" in seen(app))
        await press(pilot, "enter")
        await until(lambda: "Queued 2 sounds for analysis" in told(app))
        assert sorted((run.level.value, run.total) for run in await runs(library)) == [
            ("advanced", 1),
            ("basic", 1),
        ]
        await renew(pilot)
        await until(lambda: "Analyse them again?" in seen(app))
        await press(pilot, "enter")
        await until(lambda: "These are queued already" in told(app))


async def test_where_all_is_of_the_newest_recipe_that_is_said(
    library: Home, open_app: OpenApp
) -> None:
    library.recipe_version = 1
    async with open_app() as pilot:
        assert not any("older recipe" in words for words in told(pilot.app))
        await renew(pilot)
        await until(lambda: "Every sound was analysed by the newest version" in told(pilot.app))

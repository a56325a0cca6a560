"""The watched folders in the settings file: written in, all else left as the person wrote it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from smtui.domain.errors import SettingInvalid
from smtui.paths import Places, places
from smtui.settings import load
from smtui.settings.watched_folders import with_watched, write_watched

HOSTILE = ['/a "b" \\c', "/tab\there", "/del\x7f", "/ü 🎧", "/]\n[work]"]


@pytest.fixture
def here(tmp_path: Path) -> Places:
    found = places({"SMTUI_HOME": str(tmp_path)})
    found.prepare()
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[watch]\nfolders = [\n    "/a",\n]\n'),
        (
            "# mine\n[work]\nnice = 3",
            '# mine\n[work]\nnice = 3\n\n[watch]\nfolders = [\n    "/a",\n]\n',
        ),
        (
            "[watch] # here\n# old\nfolders = ['/x', # one\n  '/]',\n] # two\n[work]\nnice = 3\n",
            '[watch] # here\n# old\nfolders = [\n    "/a",\n]\n[work]\nnice = 3\n',
        ),
        ("[watch]", '[watch]\nfolders = [\n    "/a",\n]\n'),
        ("[watch]\n[work]\n", '[watch]\nfolders = [\n    "/a",\n]\n[work]\n'),
    ],
)
def test_only_the_folders_change(before: str, after: str) -> None:
    assert with_watched(before, ["/a"]) == after


def test_any_name_comes_back_as_it_was(here: Places) -> None:
    write_watched(here, HOSTILE)
    assert load(here, {}).settings.watch.folders == tuple(HOSTILE)
    write_watched(here, [])
    assert load(here, {}).settings.watch.folders == ()


@pytest.mark.parametrize(
    "text",
    [
        "watch = {folders = ['/x']}\n",
        "watch.folders = ['/x']\n",
        "[look]\ntheme = '''\n[watch]\n'''\n",
        "watch = 3\n",
        "[watch\n",
    ],
)
def test_what_cannot_be_changed_safely_is_left_to_the_person(here: Places, text: str) -> None:
    here.settings_file.write_text(text)
    with pytest.raises(SettingInvalid, match="will not change"):
        write_watched(here, ["/a"])
    assert here.settings_file.read_text() == text
    assert [file.name for file in here.config.iterdir()] == ["smtui.toml"]


def test_a_link_stays_a_link_and_the_mode_stays(here: Places, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("")
    kept.chmod(0o640)
    here.settings_file.symlink_to(kept)
    write_watched(here, ["/a"])
    assert here.settings_file.is_symlink()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert "/a" in kept.read_text()


def test_folders_may_come_from_a_variable(here: Places) -> None:
    loaded = load(here, {"SMTUI_WATCH_FOLDERS": "/a:/b c:"})
    assert loaded.settings.watch.folders == ("/a", "/b c")


@pytest.mark.parametrize("text", ['["a"]', '["~/a"]', '[""]', '["/a", 3]', '"/a"', "3"])
def test_folders_that_make_no_sense_are_one_sentence(here: Places, text: str) -> None:
    here.settings_file.write_text(f"[watch]\nfolders = {text}\n")
    with pytest.raises(SettingInvalid, match=r"watch\.folders") as refused:
        load(here, {})
    assert "\n" not in str(refused.value)

"""The setting that says how folders of the library are called on this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from smtui.domain.errors import SettingInvalid
from smtui.paths import Places, places
from smtui.settings import Settings, load


@pytest.fixture
def here(tmp_path: Path) -> Places:
    made = places({"SMTUI_HOME": str(tmp_path)})
    made.prepare()
    return made


def loaded(here: Places, **variables: str) -> Settings:
    return load(here, variables).settings


@pytest.mark.parametrize(
    "text",
    [
        '[paths]\nmap = {"/mnt/samples" = "/Volumes/samples"}\n',
        '[paths.map]\n"/mnt/samples" = "/Volumes/samples/"\n',
    ],
)
def test_the_file_maps_folders(here: Places, text: str) -> None:
    here.settings_file.write_text(text)
    assert loaded(here).paths.here.here(Path("/mnt/samples/a")) == Path("/Volumes/samples/a")


@pytest.mark.parametrize(
    "text", ["/mnt/samples=/Volumes/samples", '{"/mnt/samples": "/Volumes/samples"}']
)
def test_a_variable_maps_folders_and_wins(here: Places, text: str) -> None:
    here.settings_file.write_text('[paths]\nmap = {"/mnt/samples" = "/elsewhere"}\n')
    paths = loaded(here, SMTUI_PATHS_MAP=text).paths
    assert paths.map == {"/mnt/samples": "/Volumes/samples"}


def test_a_variable_may_hold_bytes_that_are_not_utf8(here: Places) -> None:
    text = os.fsdecode(b"/mnt/s=/Volumes/\xff")
    paths = loaded(here, SMTUI_PATHS_MAP=text, SMTUI_WORK_NICE="3").paths
    assert os.fsencode(paths.here.here(Path("/mnt/s/a"))) == b"/Volumes/\xff/a"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/mnt/samples", 'written as /mnt/samples=/Volumes/samples, or as JSON: {"/mnt/samples"'),
        ("{", "paths.map (SMTUI_PATHS_MAP) is not valid JSON"),
        ('{"/a": 1}', "paths.map (SMTUI_PATHS_MAP) should be a table of folders"),
        ("samples=/x", "but samples does not begin with /"),
        ('{"/a": "/x", "/b": "/x"}', "puts /a and /b at the same place, /x"),
    ],
)
def test_a_mistake_is_told_with_its_place(here: Places, text: str, sentence: str) -> None:
    with pytest.raises(SettingInvalid, match="SMTUI_PATHS_MAP") as raised:
        loaded(here, SMTUI_PATHS_MAP=text)
    assert sentence in str(raised.value)


def test_a_machine_has_the_name_that_it_was_given(here: Places) -> None:
    assert loaded(here).paths.name == socket.gethostname()
    assert loaded(here, SMTUI_PATHS_MACHINE="studio-b").paths.name == "studio-b"

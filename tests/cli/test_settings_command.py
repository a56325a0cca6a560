"""`smtui settings` as a person or a script calls it."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from smtui.cli.commands.settings import settings_command
from smtui.paths import places


def test_every_setting_is_shown_with_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    here = places()
    here.prepare()
    here.settings_file.write_text("[look]\ntheme = 'light'\n", encoding="utf-8")
    monkeypatch.setenv("SMTUI_WORK_NICE", "5")
    shown = CliRunner().invoke(settings_command)
    assert shown.exit_code == 0
    assert re.search(r"^look\.theme +light +settings file ", shown.stdout, re.MULTILINE)
    assert re.search(r"^work\.nice +5 +SMTUI_WORK_NICE ", shown.stdout, re.MULTILINE)
    assert re.search(r"^limits\.auth_login +10 +default ", shown.stdout, re.MULTILINE)
    assert str(here.settings_file) in shown.stdout


def test_a_script_gets_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTUI_KEYS_LIBRARY_SCAN", "z")
    said = json.loads(CliRunner().invoke(settings_command, ["--json"]).stdout)
    assert said["settings"]["keys.library.scan"] == {
        "value": "z",
        "from": "SMTUI_KEYS_LIBRARY_SCAN",
    }
    assert said["settings"]["work.children"] == {"value": None, "from": "default"}
    assert said["paths"]["state"] == str(places().state)


def test_a_mistake_is_said_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTUI_WORK_NICE", "99")
    said = CliRunner().invoke(settings_command)
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.count("\n") == 1
    assert "work.nice (SMTUI_WORK_NICE) is '99'" in said.stderr

"""`smtui doctor --share`: nothing of who, where and with which password gets into the report."""

from __future__ import annotations

import json
import logging
import os
import socket
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from smtui import logs, settings, wiring
from smtui.cli.app import app
from smtui.paths import places
from smtui.services.accounts import NewAccount
from tests.cli.shared_servers import Shared, shared

__all__ = ["shared"]

PLANTED = {
    "SMTUI_TOKEN": "9b2e6a5c-7f51-4d7e-9f0e-5a1b2c3d4e5f",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIplanted",
    "SSH_CONNECTION": "203.0.113.77 50022 198.51.100.9 22",
    "HOSTNAME": "attic-planted",
    "USER": "plantedperson",
    "SMTUI_PATHS_MACHINE": "planted-machine",
    "SMTUI_LOOK_THEME": "light",
}
WORDS = (
    *(word for name, word in PLANTED.items() if name not in ("SMTUI_LOOK_THEME", "SSH_CONNECTION")),
    *("203.0.113.77", "198.51.100.9", "192.0.2.14", "2001:db8::99"),
    *("geheim", "anna.planted", "planted@example.org", "other@example.net", "127.0.0.1"),
    *("old.planted.example", "planted-host", "Client Planted", "planted song", "oldpassword"),
    *("5f0e6a5c-7f51-4d7e-9f0e-5a1b2c3d4e5f", "planted"),
)
SAID = (
    "services: Nothing listens at old.planted.example:27017",
    "MongoDB at planted-host:27017 does not answer",
    "at mongodb://anna:oldpassword@old.planted.example/x?password=oldpassword",
    "from 192.0.2.14 and 2001:db8::99, session:5f0e6a5c-7f51-4d7e-9f0e-5a1b2c3d4e5f",
    "other@example.net could not open /mnt/samples/Client Planted/planted song.wav: denied",
    "'planted song.wav' has no beat",
    "password=oldpassword",
)


@pytest.fixture
def plantation(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Secrets in settings, environment, logs, documents, folders and the token file."""
    home = tmp_path / "home" / "plantedperson"
    home.mkdir(parents=True)
    variables = PLANTED | shared.variables(f"smtui-planted-{uuid4().hex}")
    variables |= {"HOME": str(home), "SMTUI_HOME": str(home / "smtui"), "LC_ALL": "C.UTF-8"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    here = places()
    here.prepare()
    here.settings_file.write_text(
        '[paths]\nmap = { "/mnt/Client Planted" = "/Volumes/planted" }\n', encoding="utf-8"
    )
    here.resume_token.write_text(json.dumps({"session_id": "5f0e6a5c-planted-token"}))
    for name in ("keeper.log", "worker.log"):
        (here.state / name).write_text("\n".join(SAID))
    # As the log of a release that took out less.
    here.log.write_text(
        "\n".join(f"2026-11-22T20:19:58.123+00:00 1 INFO smtui: {one}" for one in SAID)
    )
    return variables


async def test_nothing_private_gets_into_the_report(
    plantation: dict[str, str], shared: Shared, tmp_path: Path
) -> None:
    here = places()
    async with wiring.services(here, settings.load(here).settings) as services:
        await services.accounts.add(
            NewAccount(username="annaplanted", email="planted@example.org", password="long enough")
        )
    logging.getLogger("smtui").warning("%s", " ".join(SAID))
    logs.stop()
    loaded = settings.load(here)
    checks = await wiring.trials(here, loaded.settings)
    from smtui.cli.commands import doctor

    path = await doctor.write_report(here, loaded, checks)
    text = path.read_text("utf-8")
    assert path.parent == tmp_path
    assert path.stat().st_mode & 0o777 == 0o600
    told = [word for word in WORDS if word.lower() in text.lower()]
    assert not told
    for word in (shared.redis.password, shared.redis.url(2), str(tmp_path), socket.gethostname()):
        assert word not in text
    for kept in ("MongoDB 7", "Valkey ", "look.theme = light", "textual ", "INFO smtui", "LC_ALL"):
        assert kept in text, kept


def test_the_command_names_the_file(
    plantation: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner().invoke(app, ["doctor", "--share"])
    said = done.stdout.rstrip().rpartition("The report is in ")[2]
    assert Path(said).parent == tmp_path
    assert Path(said).is_file()
    as_json = CliRunner().invoke(app, ["doctor", "--share", "--json"])
    assert Path(json.loads(as_json.stdout.splitlines()[-1])["report"]).is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(
    plantation: dict[str, str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    done = CliRunner().invoke(app, ["doctor", "--share"])
    tmp_path.chmod(0o700)
    assert done.exit_code == 1
    assert "may not write" in done.stderr

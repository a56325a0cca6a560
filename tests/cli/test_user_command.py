"""`smtui user` as a person or a script calls it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator

import pytest

SMTUI = (sys.executable, "-m", "smtui")


def smtui(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SMTUI, *arguments], input=given, capture_output=True, text=True)


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop")


def add(name: str, *more: str) -> subprocess.CompletedProcess[str]:
    return smtui("user", "add", name, *more, "--password-stdin", given="kick drum\n")


def test_accounts_are_made_and_listed_without_their_hashes() -> None:
    assert add("anna").returncode == 0
    assert add("bert", "--email", "bert@example.org").returncode == 0
    table = smtui("user", "list").stdout
    assert re.search(r"^anna +anna@localhost +admin +active +never$", table, re.MULTILINE)
    listed = [json.loads(line) for line in smtui("user", "list", "--json").stdout.splitlines()]
    assert [one["username"] for one in listed] == ["anna", "bert"]
    assert "hashed_password" not in listed[0]
    assert "$2b$" not in table + json.dumps(listed)


def test_a_name_that_is_taken_is_said_in_one_sentence() -> None:
    add("anna")
    again = add("Anna")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "smtui: The user name Anna is already in use\n"


def test_a_name_that_cannot_be_used_is_said_before_the_password_is_asked() -> None:
    refused = smtui("user", "add", "jo\x1b")
    assert refused.returncode == 1
    assert "3 to 50 letters and digits" in refused.stderr
    assert "\x1b" not in refused.stderr


def test_without_a_terminal_the_password_is_not_waited_for() -> None:
    refused = smtui("user", "add", "anna")
    assert refused.returncode == 1
    assert "--password-stdin" in refused.stderr


def test_disabled_accounts_are_shown_and_enabled_again() -> None:
    add("anna")
    assert smtui("user", "disable", "anna").returncode == 0
    assert "disabled" in smtui("user", "list").stdout
    assert smtui("user", "token", "anna").returncode == 1
    assert smtui("user", "enable", "anna").returncode == 0
    assert "disabled" not in smtui("user", "list").stdout


def test_a_token_stands_alone_on_standard_output() -> None:
    add("anna")
    made = smtui("user", "token", "anna")
    assert re.fullmatch(r"[0-9a-f-]{36}\n", made.stdout)
    assert "SMTUI_TOKEN" in made.stderr


def test_somebody_unknown_is_said() -> None:
    unknown = smtui("user", "password", "no\x1body", "--password-stdin", given="x\n")
    assert unknown.returncode == 1
    assert r"No account no\x1body" in unknown.stderr


def test_a_typed_password_is_asked_twice_and_never_shown() -> None:
    add("anna")
    own, theirs = pty.openpty()
    command = subprocess.Popen(
        [*SMTUI, "user", "password", "anna"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = _until(own, "Password:")
    os.write(own, b"snare drum\n")
    seen += _until(own, "Again:")
    os.write(own, b"snare drum\n")
    seen += _until(own, "sessions have ended")
    assert command.wait() == 0
    os.close(own)
    assert "snare" not in seen


def _until(terminal: int, words: str) -> str:
    seen = ""
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], 20)
        assert ready, seen
        seen += os.read(terminal, 4096).decode()
    return seen

"""`smtui user` where the library is on servers: whoever acts must be known, and may what it may."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smtui.domain.account import Role
from smtui.services.accounts import Accounts, NewAccount
from smtui.services.sessions import AccountPorts
from smtui.stores.bcrypt_passwords import BcryptPasswords
from smtui.stores.mongo.library import opened
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink
from smtui.stores.redis.sessions import RedisSessions
from smtui.stores.resume_file import ResumeFile
from smtui.wiring import SystemClock
from tests.servers.valkey_server import ValkeyServer

Smtui = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def smtui(mongo_url: str, valkey: ValkeyServer, request: pytest.FixtureRequest) -> Smtui:
    """Run a command on a machine of the studio, as whoever has the token."""
    # Every test comes from elsewhere, so that none uses up the tries of another.
    place = f"{request.node.name} 50000 10.0.0.1 22"

    def run(
        *arguments: str, given: str = "", token: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        servers = {
            "SMTUI_SERVERS_MONGO_URL": mongo_url,
            "SMTUI_SERVERS_REDIS_URL": f"unix://{valkey.socket}?db=0",
            # Nothing here asks for what sounds alike.
            "SMTUI_SERVERS_CHROMA_URL": "http://127.0.0.1:9",
            "SMTUI_TOKEN": token,
            "SSH_CONNECTION": place,
        }
        return subprocess.run(
            [sys.executable, "-m", "smtui", *arguments],
            input=given,
            capture_output=True,
            text=True,
            env=os.environ | servers | more,
        )

    return run


@pytest.fixture
async def tokens(mongo_url: str, link: RedisLink, tmp_path: Path) -> dict[str, str]:
    """Three people, and a token of each."""
    roles = {"anna": Role.ADMIN, "bert": Role.MEMBER, "lena": Role.LISTENER}
    async with opened(mongo_url) as documents:
        ports = AccountPorts(
            accounts=documents.accounts,
            sessions=RedisSessions(link),
            limits=RedisLimits(link),
            passwords=BcryptPasswords(rounds=4),
            resume_token=ResumeFile(tmp_path / "resume.json"),
            clock=SystemClock(),
        )
        # As it is without servers: nobody need be asked.
        accounts = Accounts(ports)
        for name, role in roles.items():
            await accounts.add(NewAccount(username=name, password=f"{name}-of-a-drum", role=role))
        return {name: await accounts.sessions.token(name) for name in roles}


def test_without_a_session_one_sentence_says_how_to_get_one(smtui: Smtui) -> None:
    for command in (("list",), ("user", "list"), ("folders",), ("user", "disable", "anna")):
        refused = smtui(*command)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            "smtui: Nobody is signed in here. "
            "Sign in first: `smtui`, or `smtui user token` for SMTUI_TOKEN.\n"
        )


def test_only_an_admin_keeps_accounts(smtui: Smtui, tokens: dict[str, str]) -> None:
    table = smtui("user", "list", token=tokens["anna"]).stdout
    assert re.findall(r"^(\w+) .* (admin|member|listener) ", table, re.MULTILINE) == [
        ("anna", "admin"),
        ("bert", "member"),
        ("lena", "listener"),
    ]
    for command in (("user", "list"), ("user", "code", "anna"), ("user", "role", "bert", "admin")):
        refused = smtui(*command, token=tokens["bert"])
        assert refused.returncode == 1
        assert "Only an admin keeps accounts." in refused.stderr
    command = ("user", "add", "carl", "--password-stdin")
    assert "Nobody is signed in here." in smtui(*command, given="carl-of-a-drum\n").stderr
    assert smtui(*command, given="carl-of-a-drum\n", token=tokens["anna"]).returncode == 0
    assert "carl" in smtui("user", "list", token=tokens["anna"]).stdout


def test_with_nobody_there_anybody_makes_the_first_account(smtui: Smtui) -> None:
    first = smtui("user", "add", "anna", "--password-stdin", given="kick-of-a-drum\n")
    assert first.stdout == "anna (anna@localhost) can sign in, as an admin.\n"
    second = smtui("user", "add", "bert", "--password-stdin", given="snare-of-a-drum\n")
    assert "Nobody is signed in here." in second.stderr
    token = smtui("user", "token", "anna", "--password-stdin", given="kick-of-a-drum\n")
    assert re.fullmatch(r"[0-9a-f-]{36}\n", token.stdout)


def test_a_token_wants_the_right_password(smtui: Smtui, tokens: dict[str, str]) -> None:
    refused = smtui("user", "token", "anna", "--password-stdin", given="bert-of-a-drum\n")
    assert (refused.stdout, refused.stderr) == ("", "smtui: Wrong name or password\n")


def test_a_one_time_code_from_an_admin_sets_a_new_password_once(
    smtui: Smtui, tokens: dict[str, str]
) -> None:
    code = smtui("user", "code", "bert", token=tokens["anna"])
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}\n", code.stdout)
    assert "It is shown only now." in code.stderr
    # Until it is used the session holds.
    assert smtui("list", token=tokens["bert"]).returncode == 0
    given = f"{code.stdout}snare-of-a-drum\n"
    set_ = smtui("user", "password", "bert", "--code-stdin", given=given)
    assert set_.returncode == 0, set_.stderr
    assert "has ended" in smtui("list", token=tokens["bert"]).stderr
    again = smtui("user", "password", "bert", "--code-stdin", given=given)
    assert again.stderr == "smtui: Wrong name or code\n"
    made = smtui("user", "token", "bert", "--password-stdin", given="snare-of-a-drum\n")
    assert made.returncode == 0


def test_sessions_are_listed_and_ended(smtui: Smtui, tokens: dict[str, str]) -> None:
    bert = tokens["bert"]
    smtui("user", "token", "bert", "--password-stdin", given="bert-of-a-drum\n")
    table = smtui("user", "sessions", token=bert).stdout
    rows = [line.split() for line in table.splitlines()[1:]]
    assert len(rows) == 2
    (other,) = [row[0] for row in rows if row[-1] != "one"]
    assert bert not in table
    assert smtui("user", "sign-out", "bert", other, token=bert).returncode == 0
    assert len(smtui("user", "sessions", "bert", token=tokens["anna"]).stdout.splitlines()) == 2
    assert smtui("user", "sign-out", "bert", "--all", token=tokens["anna"]).returncode == 0
    assert "has ended" in smtui("list", token=bert).stderr


def one_sound(folder: Path) -> None:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", 800) + bytes(range(200)) * 4
    folder.mkdir()
    (folder / "kick.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_shared_sounds_are_seen_by_all_and_taken_in_by_no_listener(
    smtui: Smtui, tokens: dict[str, str], tmp_path: Path
) -> None:
    one_sound(tmp_path / "pack")
    command = ("scan", "--shared", "--no-analyze", str(tmp_path / "pack"))
    refused = smtui(*command, token=tokens["lena"])
    assert refused.returncode == 1
    assert "As a listener you scan only your own sounds" in refused.stderr
    assert smtui(*command, token=tokens["bert"]).stdout == "1 sound: 1 added.\n"
    for name in tokens:
        assert "kick.wav" in smtui("list", token=tokens[name]).stdout
    assert "Nothing new" in smtui("analyze", token=tokens["lena"]).stdout


def test_who_scans_or_queues_while_no_worker_listens_does_not_wait_in_vain(
    smtui: Smtui, tokens: dict[str, str], tmp_path: Path
) -> None:
    one_sound(tmp_path / "pack")
    sound = str(tmp_path / "pack/kick.wav")
    for command in (("scan", str(tmp_path / "pack")), ("analyze", sound)):
        done = smtui(*command, token=tokens["bert"])
        assert done.returncode == 0
        assert "1 sound to be analysed in the background." in done.stdout
        assert "Waiting: No worker is running. Start one with `smtui worker`" in done.stderr


def test_commands_that_write_are_limited_and_reading_is_not(
    smtui: Smtui, tokens: dict[str, str]
) -> None:
    def write() -> subprocess.CompletedProcess[str]:
        command = ("user", "enable", "bert")
        return smtui(*command, token=tokens["anna"], SMTUI_LIMITS_GENERAL_API="4")

    assert 1 in [write().returncode for _ in range(5)]
    assert re.search(r"Too many tries\. Wait \d+ s\.", write().stderr)
    assert smtui("user", "list", token=tokens["anna"]).returncode == 0

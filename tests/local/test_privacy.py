"""Texts made safe to post: what is known and what only looks private goes, the rest stays."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.wiring.privacy import Private

KNOWN = Private(
    secrets=("p%40ssw0rd", "hidden"),
    names=("anna", "Anna Müller", "attic", "db.studio.lan", "am@studio.example"),
    places={"/home/anna": "~", "/home/anna/.local/share/smtui": "<data>", "/opt/venv": "<python>"},
)
HASH = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"


@pytest.mark.parametrize(
    ("said", "shared"),
    [
        ("12.3 GB free for /home/anna/.local/share/smtui", "12.3 GB free for <data>"),
        (
            "folders: /home/anna/.local/share/smtui, /home/anna/My Own Sounds",
            "folders: <data>, <path>",
        ),
        ("Anna wrote to bert@example.org", "<name> wrote to <e-mail>"),
        ("AM@Studio.example asked", "<e-mail> asked"),
        ("Nothing listens at db.studio.lan:27017", "Nothing listens at <name>:27017"),
        ("The name old.studio.com is not known here", "The name <name> is not known here"),
        ("MongoDB at other-host:27017 is away", "MongoDB at <address> is away"),
        (
            "from 10.1.2.3:51234 and 2001:db8::7 and fe80::1%eth0",
            "from <address> and <address> and <address>",
        ),
        ("redis://:hidden@h:6379/0 and p@ssw0rd", "<address> and <secret>"),
        ("the password was hidden", "the password was <secret>"),
        ("SMTUI_TOKEN=0b7e now", "SMTUI_TOKEN=<secret> now"),
        (f"account has {HASH}", "account has <hash>"),
        ("session:0b7eb7ee-aaaa-4bbb-8ccc-0123456789ab ended", "session:<id> ended"),
        ("cannot open /mnt/Client Name/kick one.wav: denied", "cannot open <path>"),
        ("kick-loud.WAV cannot be heard", "<file> cannot be heard"),
        ("there is no 'my secret song'", "there is no <text>"),
        (
            '  File "/opt/venv/lib/python3.11/site-packages/redis/client.py", line 3, in ask',
            '  File "lib/python3.11/site-packages/redis/client.py", line 3, in ask',
        ),
        ('  File "/srv/anna/x.py", line 3, in ask', '  File "<path>", line 3, in ask'),
        ("key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "key <token>"),
    ],
)
def test_what_is_private_is_taken_out(said: str, shared: str) -> None:
    assert KNOWN.hidden_in(said) == shared


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-22T20:19:58.123+00:00 4711 INFO smtui.ui.app: it began at 20:19:58",
        "Valkey 9.1.2, after 283 ms",
        "redis.exceptions.ConnectionError: Error 111",
        "Set LANG to a UTF-8 locale, for instance `export LANG=C.UTF-8`.",
        "xterm-256color, 80 x 24",
        "keeper.log and/or worker.log tell more",
        "Python 3.11.7 on Linux x86_64",
        "work.nice = 5",
    ],
)
def test_what_helps_and_harms_nobody_stays(said: str) -> None:
    assert KNOWN.hidden_in(said) == said


@given(
    secret=st.text(st.characters(exclude_categories=("C", "Z")), min_size=6), encoded=st.booleans()
)
def test_a_known_secret_is_taken_out_wherever_it_stands(secret: str, encoded: bool) -> None:
    written = quote(secret, safe="")
    shared = Private(secrets=(written,)).hidden_in(f"x{secret}y and {written}")
    assert written not in shared or written in "x<secret>y and <secret>"
    assert secret not in shared or secret in "x<secret>y and <secret>"

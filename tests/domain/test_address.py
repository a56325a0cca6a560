"""Addresses as they may be shown: no password comes through, however odd it is."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.domain.address import redacted, without_passwords


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:hidden@host:6379/2", "redis://***@host:6379/2"),
        ("rediss://anna:hidden@host", "rediss://***@host"),
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:hid@den:9@host:6379/2", "redis://***@host:6379/2"),
        ("redis://:hid/den?x#y@host/2", "redis://***@host/2"),
        ("redis://:hid%2Fden%40@[::1]:6379/2", "redis://***@[::1]:6379/2"),
        ("redis://host/2?password=hidden", "redis://host/2"),
        ("redis://host?db=3&password=hidden", "redis://host?db=3"),
        ("redis://:hidden", "redis://***"),
        ("redis://anna:hidden", "redis://***"),
        ("unix:///run/valkey.sock?db=0", "unix:///run/valkey.sock?db=0"),
        ("unix://:hidden@/run/valkey.sock?db=0", "unix://***@/run/valkey.sock?db=0"),
        (
            "mongodb://a:hidden@h1:1,h2:2/samplemind?authSource=x",
            "mongodb://***@h1:1,h2:2/samplemind",
        ),
        ("mongodb://h/?tlsCertificateKeyFilePassword=hidden", "mongodb://h/"),
        ("mongodb+srv://a:hidden@cluster.example.org", "mongodb+srv://***@cluster.example.org"),
        ("https://a:hidden@chroma.example.org:8002", "https://***@chroma.example.org:8002"),
        ("hidden", "***"),
        ("", "***"),
        ("hid den://x", "***"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redacted(url) == shown
    assert "hidden" not in redacted(url)


@given(password=st.text(min_size=1), encoded=st.booleans())
def test_no_password_comes_through(password: str, encoded: bool) -> None:
    secret = f"S3cr{password}3t"
    written = quote(secret.encode("utf-8", "surrogatepass"), safe="") if encoded else secret
    for url in (f"redis://:{written}@[fe80::1]:6379/2", f"mongodb://anna:{written}@host/db"):
        shown = redacted(url)
        assert "S3cr" not in shown
        assert "3t" not in shown
        assert shown.startswith(url.partition("://")[0])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("at redis://anna:hidden@host:1/0 now", "at redis://***@host:1/0 now"),
        ("'redis://:hid/d@en:x@host:1/0', and a@b", "'redis://***@host:1/0', and a@b"),
        (
            "see https://example.org/a and me@example.org",
            "see https://example.org/a and me@example.org",
        ),
        ("redis://h/0?password=hidden&db=1", "redis://h/0?password=***&db=1"),
        (
            "mongodb://h/?authMechanismProperties=T:hidden",
            "mongodb://h/?authMechanismProperties=***",
        ),
    ],
)
def test_a_text_loses_the_passwords_in_its_addresses(said: str, shown: str) -> None:
    assert without_passwords(said) == shown

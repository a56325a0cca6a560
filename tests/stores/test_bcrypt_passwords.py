"""Passwords: bcrypt as other programs know it."""

from __future__ import annotations

import bcrypt
import pytest

from smtui.domain.errors import InputInvalid
from smtui.stores.bcrypt_passwords import BcryptPasswords

FEW = BcryptPasswords(rounds=4)


async def test_a_hash_is_bcrypt_of_12_rounds_that_others_can_check() -> None:
    hashed = await BcryptPasswords().hashed("söund")
    assert hashed.startswith("$2b$12$")
    assert len(hashed) == 60
    assert bcrypt.checkpw("söund".encode(), hashed.encode())


async def test_two_hashes_of_one_password_differ_and_both_match() -> None:
    one, two = await FEW.hashed("kick"), await FEW.hashed("kick")
    assert one != two
    assert await FEW.matches("kick", one)
    assert await FEW.matches("kick", two)
    assert not await FEW.matches("kicK", one)


async def test_a_hash_made_by_another_program_matches() -> None:
    theirs = bcrypt.hashpw(b"snare", bcrypt.gensalt(4)).decode()
    assert await FEW.matches("snare", theirs)


async def test_more_than_72_bytes_cannot_be_set() -> None:
    assert await FEW.matches("x" * 72, await FEW.hashed("x" * 72))
    with pytest.raises(InputInvalid, match="72 bytes"):
        await FEW.hashed("ü" * 37)


async def test_a_longer_password_set_by_another_program_still_matches() -> None:
    """Programs before us cut at 72 bytes without a word."""
    theirs = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert await FEW.matches("x" * 90, theirs)


async def test_nobody_has_a_password() -> None:
    for password in ("", "kick", "x" * 90):
        assert not await FEW.matches(password, None)


@pytest.mark.parametrize("rubbish", ["", "plain", "$2b$12$short", "ü" * 60])
async def test_what_is_no_hash_matches_nothing(rubbish: str) -> None:
    assert not await FEW.matches("plain", rubbish)


async def test_bytes_that_are_not_utf8_can_be_typed() -> None:
    typed = b"caf\xe9".decode("utf-8", errors="surrogateescape")
    assert await FEW.matches(typed, await FEW.hashed(typed))

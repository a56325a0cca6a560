"""The resume token's file: whole or not at all, and the owner's alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtui.domain.account import SessionId
from smtui.domain.errors import StoreUnreachable
from smtui.stores.resume_file import ResumeFile


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_what_is_kept_is_read_by_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "resume.json"
    await ResumeFile(path).keep(SessionId("one"))
    await ResumeFile(path).keep(SessionId("two"))
    assert await ResumeFile(path).read_session() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["resume.json"]


async def test_it_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await ResumeFile(tmp_path / "resume.json").keep(SessionId("one"))
    finally:
        os.umask(before)
    assert (tmp_path / "resume.json").stat().st_mode & 0o777 == 0o600


async def test_removed_it_is_gone_and_removing_again_is_fine(tmp_path: Path) -> None:
    token = ResumeFile(tmp_path / "resume.json")
    await token.keep(SessionId("one"))
    await token.remove()
    await token.remove()
    assert await token.read_session() is None


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"[1]", b'{"session_id": 3}', b'{"session_id": ""}', b"\xff"]
)
async def test_a_broken_file_is_no_token(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "resume.json"
    path.write_bytes(rubbish)
    path.chmod(0o600)
    assert await ResumeFile(path).read_session() is None


async def test_a_file_that_others_can_read_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "resume.json"
    await ResumeFile(path).keep(SessionId("one"))
    path.chmod(0o644)
    assert await ResumeFile(path).read_session() is None


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    await ResumeFile(tmp_path / "real.json").keep(SessionId("one"))
    (tmp_path / "resume.json").symlink_to(tmp_path / "real.json")
    assert await ResumeFile(tmp_path / "resume.json").read_session() is None
    await ResumeFile(tmp_path / "resume.json").keep(SessionId("two"))
    assert await ResumeFile(tmp_path / "real.json").read_session() == "one"


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="next start"):
        await ResumeFile(tmp_path / "gone" / "resume.json").keep(SessionId("one"))

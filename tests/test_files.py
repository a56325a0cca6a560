"""A file that smtui writes is the old one or the new one, whole, and its owner's."""

from __future__ import annotations

from pathlib import Path
from threading import get_native_id

import pytest

from smtui.files import write_whole, write_whole_in_thread


def test_a_link_in_the_way_is_taken_away_and_not_written_through(tmp_path: Path) -> None:
    others = tmp_path / "others.txt"
    others.write_text("theirs")
    (tmp_path / f".mine.txt.{get_native_id()}").symlink_to(others)
    write_whole(tmp_path / "mine.txt", b"mine")
    assert others.read_text() == "theirs"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "kept.json"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_is_its_owners_unless_a_person_asked_for_it(tmp_path: Path) -> None:
    await write_whole_in_thread(tmp_path / "token", b"secret")
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    await write_whole_in_thread(tmp_path / "hits.csv", b"path", mode=None)
    (tmp_path / "plain.csv").write_bytes(b"path")
    of_umask = (tmp_path / "plain.csv").stat().st_mode
    assert (tmp_path / "hits.csv").stat().st_mode == of_umask
    write_whole(tmp_path / "settings.toml", b"", mode=0o664)
    assert (tmp_path / "settings.toml").stat().st_mode & 0o777 == 0o664

"""Half a download is no sound of the library, whatever program is at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtui.domain.unfinished_files import unfinished, unfinished_folder
from smtui.folders.walk import walk_folder

UNFINISHED = """loop.wav.part|loop.wav.PART|Unconfirmed 1234.crdownload|loop.wav.crdownload
loop (1).wav.crdownload|.syncthing.loop.wav.tmp|~syncthing~loop.wav.tmp|.loop.wav.Xa81Kq
loop.wav.!qB|loop.wav.!ut|loop.wav.bc!|loop.wav.filepart|loop.wav.partial|loop.wav.download|loop.wav.opdownload
loop.wav.aria2|loop.wav.tmp|loop.tmp|loop.wav.temp|loop.wav.fdmdownload|loop.wav.part-Frag12
loop.wav.dtapart|loop.wav.td|loop.flac.metadata_edit|.com.google.Chrome.aB3dEf|.in.loop.wav.
.goutputstream-4XK2M1|loop.wav.!sync|loop.wav.1a2b3c4d.partial|.fuse_hidden0000000300000001
loop.wav.tmp12345|.nfs00000000012a3b4c00000001|.unison.loop.wav.82a.unison.tmp"""
FINISHED = """loop.wav
.hidden.wav|part.wav|Part 1.wav|tmp.wav|download.wav|a.part.wav|loop.wav.part.wav
crdownload|kick.tmp.wav|.kick|kick|Unconfirmed 1.wav|loop.format|loop.partly|temp|~loop.wav
loop.studio|2.part two.wav|.ssh.wav|Synthcing.wav|kick.aiff|loop~.wav|in.loop.wav|b.td.flac"""


@pytest.mark.parametrize("name", UNFINISHED.replace("\n", "|").split("|"))
def test_an_unfinished_file_is_known_by_its_name(name: str) -> None:
    assert unfinished(name.encode())


@pytest.mark.parametrize("name", FINISHED.replace("\n", "|").split("|"))
def test_a_finished_file_is_never_taken_for_one(name: str) -> None:
    assert not unfinished(name.encode())


def test_a_name_that_is_not_utf_8_is_no_trouble() -> None:
    assert unfinished(b"caf\xe9\n.wav.part")
    assert not unfinished(b"caf\xe9\n.wav")


def test_what_lies_beside_says_that_a_download_goes_on() -> None:
    assert unfinished(b"x.wav", beside={b"x.wav", b"x.wav.aria2"})
    assert unfinished(b"x.wav", beside={b"x.wav", b"x.wav.part"})
    assert not unfinished(b"y.wav", beside={b"x.wav", b"x.wav.aria2"})


def test_a_browsers_folder_is_known() -> None:
    assert unfinished_folder(b"loop.wav.download")
    assert not unfinished_folder(b"My.Download")
    assert not unfinished_folder(b"download")


def put(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"RIFF\0\0\0\0WAVE")


def test_a_walk_leaves_them_out_and_counts_them(tmp_path: Path) -> None:
    names = (
        "a.wav",
        "a2.wav.part",
        "b.wav",
        "b.wav.aria2",
        "c.wav.download/c.wav",
        ".d.wav.Ab12Cd",
    )
    for name in names:
        put(tmp_path / name)
    steps = list(walk_folder(bytes(tmp_path)))
    assert [one.path.name for step in steps for one in step.candidates] == ["a.wav"]
    assert sum(step.unfinished for step in steps) == 5
    assert sum(step.ignored for step in steps) == 0


def test_a_person_may_take_them_in(tmp_path: Path) -> None:
    put(tmp_path / "kept.tmp")
    put(tmp_path / "other.part")
    (tmp_path / ".smtuiignore").write_text("!*.tmp\n")
    (step,) = walk_folder(bytes(tmp_path))
    assert [one.path.name for one in step.candidates] == ["kept.tmp"]
    assert step.unfinished == 1

"""Which files a scan takes for sounds, what it leaves out, and what it reads of each."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.domain.sample import FoundFile
from smtui.domain.scan import Unreadable, Walked
from smtui.folders.finder import DiskFinder

Put = Callable[..., Path]


class Met:
    """Everything that a walk met."""

    def __init__(self, steps: list[Walked]) -> None:
        self.candidates = [each for step in steps for each in step.candidates]
        self.unreadable = [each for step in steps for each in step.unreadable]
        self.ignored = sum(step.ignored for step in steps)

    def names(self, root: Path) -> list[str]:
        return [each.file_path.removeprefix(f"{root}/") for each in self.candidates]


async def met(finder: DiskFinder, root: Path) -> Met:
    return Met([step async for step in finder.walk(root)])


async def read_one(finder: DiskFinder, path: Path) -> FoundFile | Unreadable:
    (candidate,) = (await met(finder, path)).candidates
    (found,) = await finder.read_files([candidate])
    return found


async def test_sounds_are_found_by_content_in_a_steady_order(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    for name in ["b/KICK.WAV", "b/no ending", "a.wav", "b/a/x.Aif", "B/z.flac"]:
        put(name)
    put("b/notes.txt", b"RIFF is a nice word")
    put("b/film.avi", b"RIFF\0\0\0\0AVI LIST")
    put("empty", b"")
    walk = await met(finder, tmp_path)
    assert walk.names(tmp_path) == ["a.wav", "B/z.flac", "b/KICK.WAV", "b/no ending", "b/a/x.Aif"]
    assert walk.ignored == 3
    assert walk.unreadable == []


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF", "W64", "RF64", "AU"])
async def test_every_readable_format_is_known_without_an_ending(
    finder: DiskFinder, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "sound"
    tone = np.sin(np.arange(22_050) * 0.1).astype(np.float32) / 2
    soundfile.write(path, np.stack([tone, tone], axis=1), 44_100, format=form)
    found = await read_one(finder, path)
    assert isinstance(found, FoundFile)
    assert (found.sample_rate, found.channels) == (44_100, 2)
    assert found.duration == pytest.approx(0.5, abs=0.06)
    assert found.format == {"W64": "w64", "RF64": "wav"}.get(form, form.lower())


async def test_text_in_utf16_is_no_mp3(finder: DiskFinder, put: Put, tmp_path: Path) -> None:
    put("letter", "Dear all, the kicks are done.".encode("utf-16") * 40)
    put("picture", b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(500))
    assert (await met(finder, tmp_path)).candidates == []


async def test_what_is_read_of_a_file(finder: DiskFinder, put: Put) -> None:
    path = put("x.wav")
    found = await read_one(finder, path)
    assert isinstance(found, FoundFile)
    assert found.file_hash == hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    assert (found.file_size, found.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert (found.sample_rate, found.channels, found.format) == (8000, 1, "wav")
    assert found.duration == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("text.wav", b"this is a shopping list\n" * 50, "unsupported"),
        ("text.mp3", b"this is a shopping list\n" * 50, "unsupported"),
        ("empty.wav", b"", "empty"),
        ("head.wav", b"RIFF\x24\0\0\0WAVE", "unreadable"),
        ("song.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100), "unreadable"),
    ],
)
async def test_a_sound_in_name_only_is_told_with_its_reason(
    finder: DiskFinder, put: Put, name: str, data: bytes, code: str
) -> None:
    found = await read_one(finder, put(name, data))
    assert isinstance(found, Unreadable)
    assert found.file_path.endswith(name)
    assert found.error
    assert found.code in (
        {code} if code != "unreadable" else {"unreadable", "unsupported", "empty"}
    )


async def test_shadows_bins_and_hidden_folders_are_left_out(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    for name in [
        "._kick.wav",
        "__MACOSX/kick.wav",
        ".git/kick.wav",
        ".Trash-1000/files/kick.wav",
        "$RECYCLE.BIN/kick.wav",
        "in/.cache/kick.wav",
    ]:
        put(name)
    put(".kick.wav")
    put("Trash Drums/kick.wav")
    assert (await met(finder, tmp_path)).names(tmp_path) == [".kick.wav", "Trash Drums/kick.wav"]


async def test_a_hidden_folder_is_walked_when_it_is_what_was_asked_for(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    put(".sounds/kick.wav")
    root = tmp_path / ".sounds"
    assert (await met(finder, root)).names(root) == ["kick.wav"]


async def test_an_ignore_file_speaks_for_its_folder(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    put(".smtuiignore", b"# renders\n*.aif\n/old/\nstems/**/dry_*\n!keep.aif\nx[0-2].wav\n")
    put("sub/.smtuiignore", b"loop?.wav\n!.hid/\n")
    kept = ["a.wav", "keep.aif", "x3.wav", "sub/loop10.wav", "sub/old/a.wav", "sub/.hid/a.wav"]
    kept += ["loop1.wav", "stems/wet_1.wav"]
    for name in kept:
        put(name)
    for name in ["b.aif", "old/a.wav", "stems/a/b/dry_1.wav", "stems/dry_2.wav", "sub/c.aif"]:
        put(name)
    for name in ["sub/loop1.wav", "x1.wav"]:
        put(name)
    assert sorted((await met(finder, tmp_path)).names(tmp_path)) == sorted(kept)


async def test_a_loop_of_links_ends_and_each_place_is_met_once(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    put("in/drums/kick.wav")
    put("out/snare.wav")
    root = tmp_path / "in"
    (root / "drums/loop").symlink_to(root)
    (root / "a link to drums").symlink_to(root / "drums")
    (root / "outside").symlink_to(tmp_path / "out")
    (root / "again").symlink_to(tmp_path / "out")
    (root / "kick again.wav").symlink_to(root / "drums/kick.wav")
    (root / "one.wav").symlink_to(tmp_path / "out/snare.wav")
    walk = await met(finder, root)
    assert walk.names(root) == ["one.wav", "drums/kick.wav", "again/snare.wav"]
    assert walk.unreadable == []


async def test_a_link_to_nowhere_is_told_only_if_it_claims_to_be_a_sound(
    finder: DiskFinder, tmp_path: Path
) -> None:
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    walk = await met(finder, tmp_path)
    assert [(each.file_path, each.code) for each in walk.unreadable] == [
        (f"{tmp_path}/gone.wav", "vanished")
    ]


async def test_pipes_and_sockets_are_never_opened(
    finder: DiskFinder, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.wav")
        put("kick.wav")
        walk = await met(finder, tmp_path)
    assert walk.names(tmp_path) == ["kick.wav"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
async def test_a_folder_without_permission_is_told_and_the_rest_is_walked(
    finder: DiskFinder, put: Put, tmp_path: Path
) -> None:
    closed = put("closed/kick.wav").parent
    put("open/kick.wav")
    closed.chmod(0)
    try:
        walk = await met(finder, tmp_path)
    finally:
        closed.chmod(0o700)
    assert walk.names(tmp_path) == ["open/kick.wav"]
    assert [(each.file_path, each.code) for each in walk.unreadable] == [
        (f"{closed}", "no_permission")
    ]


async def test_a_root_that_is_not_there_is_told_by_its_own_path(
    finder: DiskFinder, tmp_path: Path
) -> None:
    walk = await met(finder, tmp_path / "away")
    assert [(each.file_path, each.code) for each in walk.unreadable] == [
        (f"{tmp_path}/away", "vanished")
    ]
    assert not await finder.present(tmp_path / "away")


@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.wav",
        b"\x1b[31mred.wav",
        b"[red]kick[/].wav",
        b"caf\xe9.wav",
        b"k" * 251 + b".wav",
    ],
)
async def test_awkward_names_are_found_and_opened(
    finder: DiskFinder, put: Put, tmp_path: Path, name: bytes
) -> None:
    put(b"awkward/" + name)
    (candidate,) = (await met(finder, tmp_path)).candidates
    (found,) = await finder.read_files([candidate])
    assert isinstance(found, FoundFile)
    assert os.fsencode(candidate.path).endswith(name)
    assert await finder.exists(candidate.path)
    found.file_path.encode("utf-8")
    kept = found.path_bytes
    assert (kept is None) == (name.decode("utf-8", "replace").encode() == name)
    assert kept is None or kept.endswith(name)


async def test_a_file_deleted_before_it_is_read_is_told(finder: DiskFinder, put: Put) -> None:
    path = put("kick.wav")
    (candidate,) = (await met(finder, path)).candidates
    path.unlink()
    (found,) = await finder.read_files([candidate])
    assert isinstance(found, Unreadable)
    assert found.code == "vanished"
    assert not await finder.exists(path)

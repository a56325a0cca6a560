"""Moved packs and renamed folders keep their tags; a drive that is away keeps its sounds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from smtui.domain.sample import Mark, Sample
from smtui.folders.finder import DiskFinder
from smtui.folders.mounts import keeps_numbers, remains_of
from smtui.services.documents import Documents
from smtui.services.scans import Scans
from tests.retagging import change_tags
from tests.services.test_scans import (
    ANNA,
    NOON,
    clock,
    counts,
    documents,
    finder,
    put,
    rows,
    scan,
    scans,
)

__all__ = ["clock", "documents", "finder", "scans"]


async def tagged(documents: Documents) -> dict[str, Sample]:
    """Tag every sound with its present name; gives the sounds by path."""
    for sample in (await rows(documents)).values():
        mark = Mark(by=ANNA.user_id, at=NOON)
        await change_tags(documents.samples, [sample.file_id], mark=mark, add=[sample.filename])
    return await rows(documents)


async def tags(documents: Documents, below: Path) -> dict[str, tuple[str, ...]]:
    """The tags of the sounds below a folder, by their path in it."""
    found = {Path(path): sample.tags for path, sample in (await rows(documents)).items()}
    return {
        str(path.relative_to(below)): of for path, of in found.items() if path.is_relative_to(below)
    }


def pack(folder: Path, count: int = 3) -> Path:
    for seed in range(count):
        put(folder / f"k{seed}.wav", seed)
    return folder


def retag(path: Path, words: str) -> None:
    """Put a title behind the samples of a WAV file, as a tagger does: into a new file."""
    info = (
        b"INFOINAM" + len(words).to_bytes(4, "little") + words.encode() + b"\0" * (len(words) % 2)
    )
    body = path.read_bytes() + b"LIST" + len(info).to_bytes(4, "little") + info
    fresh = path.with_name("fresh")
    fresh.write_bytes(body[:4] + (len(body) - 8).to_bytes(4, "little") + body[8:])
    fresh.replace(path)


async def test_a_pack_moved_into_another_scanned_folder_keeps_its_tags(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    downloads = pack(tmp_path / "Downloads/PackA")
    samples = pack(tmp_path / "Samples/Own", 1).parent
    put(samples / "Own/own.wav", 99)
    (samples / "Own/k0.wav").unlink()
    await scan(scans, downloads, samples)
    before = await tagged(documents)
    downloads.rename(samples / "PackA")
    assert counts(await scan(scans, samples)) == {"moved": 3, "unchanged": 1}
    after = await tags(documents, tmp_path)
    assert after == {
        "Samples/Own/own.wav": ("own.wav",),
        **{f"Samples/PackA/k{seed}.wav": (f"k{seed}.wav",) for seed in range(3)},
    }
    ids = {sample.filename: (sample.file_id, sample.uploaded_at) for sample in before.values()}
    for sample in (await rows(documents)).values():
        assert (sample.file_id, sample.uploaded_at) == ids[sample.filename]
    assert [folder.path for folder in await scans.folders(ANNA.user_id)] == [samples]


@pytest.mark.parametrize("deep", ["", "Music", "Music/Packs"])
async def test_a_renamed_root_keeps_its_tags(
    scans: Scans, documents: Documents, tmp_path: Path, deep: str
) -> None:
    top = tmp_path / "top"
    root = pack(top / "Music/Packs/A")
    await scan(scans, root)
    await tagged(documents)
    renamed = top / deep / "New" if deep else tmp_path / "New"
    ((top / deep / "A") if deep == "Music/Packs" else top if not deep else top / deep).rename(
        renamed if deep != "Music" else top / "Musik"
    )
    new = {"": tmp_path / "New/Music/Packs/A", "Music": top / "Musik/Packs/A"}.get(deep, renamed)
    assert counts(await scan(scans, new)) == {"moved": 3}
    assert await tags(documents, new) == {f"k{n}.wav": (f"k{n}.wav",) for n in range(3)}
    assert len(await rows(documents)) == 3


@pytest.mark.parametrize("copy", [shutil.copy, shutil.copy2])
async def test_a_drive_that_is_away_loses_nothing_to_a_copy_of_it(
    scans: Scans, documents: Documents, tmp_path: Path, copy
) -> None:
    drive = pack(tmp_path / "drive/pack").parent
    await scan(scans, drive)
    await tagged(documents)
    (tmp_path / "home").mkdir()
    for file in sorted((drive / "pack").iterdir()):
        copy(file, tmp_path / "home")
    drive.rename(tmp_path / "in a drawer")
    assert counts(await scan(scans, tmp_path / "home")) == {"added": 3}
    assert set((await tags(documents, tmp_path / "home")).values()) == {()}
    # Back, and nothing was lost or doubled.
    (tmp_path / "in a drawer").rename(drive)
    assert counts(await scan(scans, drive)) == {"unchanged": 3}
    assert await tags(documents, drive) == {f"pack/k{n}.wav": (f"k{n}.wav",) for n in range(3)}
    assert len(await rows(documents)) == 6


async def test_of_copies_of_one_sound_the_renamed_one_keeps_its_tags(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    put(folder / "z.wav", 1)
    await scan(scans, folder)
    await tagged(documents)
    shutil.copy2(folder / "z.wav", folder / "a copy.wav")
    (folder / "z.wav").rename(folder / "renamed.wav")
    assert counts(await scan(scans, folder)) == {"added": 1, "moved": 1}
    assert await tags(documents, folder) == {"a copy.wav": (), "renamed.wav": ("z.wav",)}


async def test_doubles_that_are_moved_together_each_keep_their_own_tags(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    names = ("b.wav", "a.wav", "c.wav")
    for name in names:
        put(tmp_path / "one" / name, 5)
    await scan(scans, tmp_path / "one")
    await tagged(documents)
    (tmp_path / "one").rename(tmp_path / "two")
    assert counts(await scan(scans, tmp_path / "two")) == {"moved": 3}
    assert await tags(documents, tmp_path / "two") == {name: (name,) for name in names}


async def test_a_file_moved_and_retagged_is_the_same_sound(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = pack(tmp_path / "a")
    await scan(scans, folder)
    before = await tagged(documents)
    (folder / "sub").mkdir()
    for number in range(3):
        (folder / f"k{number}.wav").rename(folder / f"sub/k{number}.wav")
        retag(folder / f"sub/k{number}.wav", f"title {number}")
    assert counts(await scan(scans, folder)) == {"moved": 3}
    assert await tags(documents, folder) == {f"sub/k{n}.wav": (f"k{n}.wav",) for n in range(3)}
    after = await rows(documents)
    assert {one.file_id for one in after.values()} == {one.file_id for one in before.values()}
    hashes = {one.file_hash for one in before.values()}
    assert not hashes & {one.file_hash for one in after.values()}


async def test_a_file_renamed_by_its_new_tags_is_the_same_sound(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = pack(tmp_path / "a")
    await scan(scans, folder)
    await tagged(documents)
    (folder / "k1.wav").rename(folder / "Anna - Kick.wav")
    retag(folder / "Anna - Kick.wav", "Kick")
    assert counts(await scan(scans, folder)) == {"moved": 1, "unchanged": 2}
    assert (await tags(documents, folder))["Anna - Kick.wav"] == ("k1.wav",)


async def test_of_sounds_with_the_same_samples_only_that_of_the_same_name_is_followed(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    for name in ("x.wav", "y.wav"):
        put(folder / name, 1)
        retag(folder / name, name)
    await scan(scans, folder)
    await tagged(documents)
    (folder / "sub").mkdir()
    (folder / "x.wav").rename(folder / "sub/x.wav")
    (folder / "y.wav").rename(folder / "sub/another.wav")
    for name in ("x.wav", "another.wav"):
        retag(folder / "sub" / name, f"{name} anew")
    assert counts(await scan(scans, folder)) == {"added": 1, "moved": 1, "missing": 1}
    found = await tags(documents, folder / "sub")
    assert found == {"x.wav": ("x.wav",), "another.wav": ()}


async def test_a_retagged_copy_takes_nothing_from_its_original(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = pack(tmp_path / "a", 1)
    await scan(scans, folder)
    await tagged(documents)
    shutil.copy2(folder / "k0.wav", folder / "copy.wav")
    retag(folder / "copy.wav", "a copy")
    assert counts(await scan(scans, folder)) == {"added": 1, "unchanged": 1}
    assert await tags(documents, folder) == {"k0.wav": ("k0.wav",), "copy.wav": ()}


async def test_tags_changed_with_the_time_put_back_are_seen(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    path = put(tmp_path / "a/x.wav", 1)
    await scan(scans, tmp_path / "a")
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert counts(await scan(scans, tmp_path / "a")) == {"changed": 1}
    assert counts(await scan(scans, tmp_path / "a")) == {"unchanged": 1}


async def test_a_file_whose_rights_changed_is_looked_at_once(
    scans: Scans, documents: Documents, tmp_path: Path, finder: DiskFinder, monkeypatch
) -> None:
    path = put(tmp_path / "a/x.wav", 1)
    await scan(scans, tmp_path / "a")
    read: list[str] = []
    really = finder.read_files

    async def counted(candidates):
        read.extend(one.file_path for one in candidates)
        return await really(candidates)

    monkeypatch.setattr(finder, "read_files", counted)
    path.chmod(0o600)
    for _ in range(3):
        assert counts(await scan(scans, tmp_path / "a")) == {"unchanged": 1}
    assert read == [str(path)]


def test_below_a_place_of_drives_nobody_can_tell() -> None:
    for place in ("/media/anna/USB/x.wav", "/run/media/anna/USB/a/x.wav", "/Volumes/NAS/x.wav"):
        assert not remains_of(Path(place)).can_tell
    assert not remains_of(Path("/no such folder of the root/x.wav")).can_tell


def test_the_last_folder_that_is_there_tells(tmp_path: Path) -> None:
    remains = remains_of(tmp_path / "a/b/c.wav")
    assert (remains.can_tell, remains.empty) == (True, True)
    assert remains.changed_ns == tmp_path.stat().st_mtime_ns
    assert remains.device == tmp_path.stat().st_dev


def test_some_file_systems_number_files_afresh(tmp_path: Path) -> None:
    lines = "36 35 8:1 / /media/usb rw shared:1 - exfat /dev/sda1 rw\n"
    lines += "37 35 8:2 / /home rw - ext4 /dev/sda2 rw\n38 35 8:3 / /x rw - fuse.sshfs a rw\n"
    (tmp_path / "mountinfo").write_text(lines)
    kinds = [keeps_numbers(os.makedev(8, n), mounted=tmp_path / "mountinfo") for n in (1, 2, 3, 4)]
    assert kinds == [False, True, False, True]


async def test_where_files_have_no_numbers_a_renamed_root_is_known_by_name_and_time(
    scans: Scans, documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smtui.folders.finder.keeps_numbers", lambda device: False)
    root = pack(tmp_path / "a")
    await scan(scans, root)
    await tagged(documents)
    root.rename(tmp_path / "b")
    assert counts(await scan(scans, tmp_path / "b")) == {"moved": 3}
    # An older time tells a copy made by hand.
    copied = tmp_path / "c"
    shutil.copytree(tmp_path / "b", copied, copy_function=shutil.copy)
    for file in copied.iterdir():
        os.utime(file, ns=(1, 1))
    (tmp_path / "b").rename(tmp_path / "in a drawer")
    assert counts(await scan(scans, copied)) == {"added": 3}

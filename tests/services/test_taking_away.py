"""Sounds forgotten and relocated: what goes, what stays, and who may."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from smtui.domain.account import Account, Role
from smtui.domain.errors import InputInvalid, NotAllowed
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.services.documents import Documents
from smtui.services.library import Library
from smtui.services.rights import Rights
from smtui.services.scans import Scans
from tests.services.people import person
from tests.services.test_moves import clock, documents, finder, pack, retag, scans, tags
from tests.services.test_scans import ANNA, StandingClock, counts, put, rows, scan

__all__ = ["clock", "documents", "finder", "scans"]

BERT = person("bert", Role.MEMBER)
ROOT = person("root", Role.ADMIN)


@pytest.fixture
def library(documents: Documents, clock: StandingClock) -> Library:
    return Library(documents.samples, Rights(documents.accounts), clock)


async def taken_in(scans: Scans, folder: Path, *, by: Account, shared: bool = False) -> None:
    async for _ in scans.scan([folder], by=by, shared=shared):
        pass


async def ids(documents: Documents, viewer: Account) -> list[FileId]:
    page = await documents.samples.page(Question(viewer=viewer.user_id), limit=100)
    return [sample.file_id for sample in page.samples]


async def tagged(library: Library, documents: Documents, by: Account = ANNA) -> None:
    for sample in (await rows(documents)).values():
        await library.tag([sample.file_id], by=by, add=[sample.filename])


async def test_what_is_forgotten_leaves_no_trace_and_its_file_stays(
    scans: Scans, documents: Documents, library: Library, tmp_path: Path
) -> None:
    folder = pack(tmp_path / "a")
    await scan(scans, folder)
    await tagged(library, documents)
    gone, *left = await ids(documents, ANNA)
    assert await library.forget([gone, FileId("nobody")], by=ANNA) == 1
    assert await ids(documents, ANNA) == left
    assert await documents.samples.get([gone]) == ()
    assert len(await library.tags_in_use(ANNA.user_id)) == 2
    assert len(list(folder.iterdir())) == 3
    assert counts(await scan(scans, folder)) == {"added": 1, "unchanged": 2}


async def test_one_forgets_ones_own_and_an_admin_what_is_shared(
    scans: Scans, documents: Documents, library: Library, tmp_path: Path
) -> None:
    await documents.accounts.set_role(ANNA.user_id, Role.MEMBER)
    await documents.accounts.add(BERT)
    await documents.accounts.add(ROOT)
    await taken_in(scans, pack(tmp_path / "own", 1), by=BERT)
    await taken_in(scans, pack(tmp_path / "all", 1), by=BERT, shared=True)
    both = await ids(documents, BERT)
    with pytest.raises(NotAllowed, match="Only an admin can forget shared"):
        await library.forget(both, by=BERT)
    with pytest.raises(NotAllowed):
        await library.forget(both, by=ANNA)
    assert await ids(documents, BERT) == both
    (shared,) = await ids(documents, ROOT)
    (own,) = set(both) - {shared}
    assert await library.forget([own], by=BERT) == 1
    assert await library.forget([shared], by=ROOT) == 1


async def test_a_renamed_drive_keeps_everything_at_its_new_place(
    scans: Scans, documents: Documents, library: Library, tmp_path: Path
) -> None:
    drive = pack(tmp_path / "USB/pack").parent
    put(drive / os.fsdecode(b"caf\xe9.wav"), 9)
    await scan(scans, drive)
    await tagged(library, documents)
    before = {one.file_id: one.tags for one in (await rows(documents)).values()}
    # Another drive, as far as anybody can tell: nothing of it has the numbers of the old one.
    shutil.copytree(drive, tmp_path / "Backup")
    shutil.rmtree(drive)
    relocation = scans.relocation(drive, tmp_path / "Backup", by=ANNA)
    plan = await relocation.plan()
    assert (len(plan.moves), plan.lacking, plan.staying, plan.taken) == (4, 0, 0, 0)
    assert all(path.startswith(str(drive)) for path in await rows(documents))
    assert await relocation.carry_out(plan) == 4
    after = await rows(documents)
    assert {one.file_id: one.tags for one in after.values()} == before
    assert all(one.path.is_file() for one in after.values())
    assert [one.path for one in await scans.folders(ANNA.user_id)] == [tmp_path / "Backup"]
    assert counts(await scan(scans)) == {"unchanged": 4}


async def test_what_a_scan_put_at_the_new_place_gives_way_unless_it_was_tagged(
    scans: Scans, documents: Documents, library: Library, tmp_path: Path
) -> None:
    old, new = pack(tmp_path / "old"), tmp_path / "new"
    await scan(scans, old)
    await tagged(library, documents)
    shutil.copytree(old, new)
    shutil.rmtree(old)
    await scan(scans, new)
    mine = (await rows(documents))[f"{new}/k2.wav"]
    await library.tag([mine.file_id], by=ANNA, add=["new"])
    relocation = scans.relocation(old, new, by=ANNA)
    plan = await relocation.plan()
    assert (len(plan.moves), len(plan.doubles), plan.taken) == (2, 2, 1)
    await relocation.carry_out(plan)
    assert await tags(documents, new) == {
        "k0.wav": ("k0.wav",), "k1.wav": ("k1.wav",), "k2.wav": ("new",),
    }  # fmt: skip
    assert list(await tags(documents, old)) == ["k2.wav"]


async def test_what_is_not_there_or_another_sound_is_told_and_left(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    old, new = pack(tmp_path / "old", 5), tmp_path / "new"
    await scan(scans, old)
    shutil.copytree(old, new)
    (new / "k0.wav").unlink()
    os.utime(put(new / "k1.wav", 77), ns=(2, 2))
    os.utime(new / "k2.wav", ns=(1, 1))
    retag(new / "k3.wav", "a title")
    for number in range(4):
        (old / f"k{number}.wav").unlink()
    plan = await scans.relocation(old, new, by=ANNA).plan()
    moved = sorted(found.filename for _, found in plan.moves)
    assert (moved, plan.lacking, plan.staying) == (["k2.wav", "k3.wav"], 2, 1)
    assert set(plan.examples) == {f"{old}/k0.wav", f"{old}/k1.wav"}


async def test_a_relocation_that_makes_no_sense_is_refused(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    old = pack(tmp_path / "old")
    await scan(scans, old)
    (tmp_path / "new").mkdir()
    for first, second, words in (
        (old, old, "the same"),
        (old, old / "in", "lies in the other"),
        (tmp_path / "unknown", tmp_path / "new", "has nothing below"),
        (old, tmp_path / "nowhere", "No folder"),
    ):
        with pytest.raises(InputInvalid, match=words):
            await scans.relocation(first, second, by=ANNA).plan()


async def test_a_member_relocates_no_shared_sounds(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    await documents.accounts.add(ROOT)
    await documents.accounts.add(BERT)
    (tmp_path / "new").mkdir()
    with pytest.raises(NotAllowed, match="relocate shared"):
        await scans.relocation(tmp_path / "old", tmp_path / "new", by=BERT, shared=True).plan()


async def test_half_a_download_of_an_older_scan_is_not_missed_for_ever(
    scans: Scans, documents: Documents, library: Library, tmp_path: Path, monkeypatch
) -> None:
    folder = pack(tmp_path / "a", 1)
    put(folder / "x.wav.part", 8)
    put(folder / "y.wav.part", 9)
    with monkeypatch.context() as older:
        older.setattr("smtui.folders.walk.unfinished", lambda name, beside=(): False)
        await scan(scans, folder)
    half = (await rows(documents))[f"{folder}/y.wav.part"]
    await library.tag([half.file_id], by=ANNA, add=["mine"])
    (folder / "x.wav.part").unlink()
    (folder / "y.wav.part").unlink()
    assert counts(await scan(scans, folder)) == {"unchanged": 1, "missing": 1}
    assert set(await tags(documents, folder)) == {"k0.wav", "y.wav.part"}


async def test_a_scan_says_what_vanished_and_what_came_back(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = pack(tmp_path / "a")
    (folder / "notes.txt").write_text("no sound")
    await scan(scans, folder)
    (folder / "k0.wav").rename(tmp_path / "k0.wav")
    (folder / "k1.wav").rename(tmp_path / "k1.wav")
    report = await scan(scans, folder)
    assert (report.missing, report.vanished, report.not_sounds) == (2, 2, 1)
    (tmp_path / "k0.wav").rename(folder / "k0.wav")
    report = await scan(scans, folder)
    assert (report.missing, report.vanished, report.returned) == (1, 0, 1)

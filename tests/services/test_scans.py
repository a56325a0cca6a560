"""Scans: real folders into a real library, moved, changed, gone, back, stopped half-way."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smtui.domain.account import Role
from smtui.domain.errors import InputInvalid, NotAllowed, ServerUnavailable, TooManyTries
from smtui.domain.question import Question
from smtui.domain.sample import Mark, Sample
from smtui.domain.scan import ScanProgress
from smtui.folders.finder import DiskFinder
from smtui.services.documents import Documents
from smtui.services.rights import Rights
from smtui.services.scans import Intents, Scans, apart
from smtui.stores.memory import memory_documents
from smtui.stores.redis.limits import RedisLimits
from smtui.stores.redis.link import RedisLink
from tests.retagging import change_tags
from tests.servers.valkey_server import running
from tests.services.people import person

ANNA = person("anna")
NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


class StandingClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


def put(path: Path, seed: int = 0) -> Path:
    """Write a WAV file, 16 bit mono at 8 kHz, different for each seed."""
    values = ((i * 37 + seed * 101) % 2000 - 1000 for i in range(400))
    samples = struct.pack("<400h", *values)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(samples)) + samples
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.fixture
async def documents() -> Documents:
    found = memory_documents()
    await found.accounts.add(ANNA)
    return found


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def finder() -> Iterator[DiskFinder]:
    finder = DiskFinder()
    yield finder
    finder.close()


@pytest.fixture
def scans(documents: Documents, finder: DiskFinder, clock: StandingClock) -> Scans:
    return Scans(documents.samples, finder, clock, rights=Rights(documents.accounts))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    put(folder / "drums/kick.wav", 1)
    put(folder / "drums/SNARE.WAV", 2)
    put(folder / "bass", 3)
    return folder


async def scan(scans: Scans, *roots: Path) -> ScanProgress:
    async with aclosing(scans.scan(roots, by=ANNA)) as steps:
        seen = [step async for step in steps]
    assert seen[-1].done
    assert seen[-1].handled == seen[-1].seen
    return seen[-1]


async def rows(documents: Documents) -> dict[str, Sample]:
    page = await documents.samples.page(Question(viewer=ANNA.user_id), limit=5_000)
    return {sample.file_path: sample for sample in page.samples}


def counts(report: ScanProgress) -> dict[str, int]:
    names = ["added", "changed", "moved", "unchanged", "missing", "unreadable_count"]
    return {name: value for name in names if (value := getattr(report, name))}


async def test_sounds_come_into_the_library_once(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    assert counts(await scan(scans, sounds)) == {"added": 3}
    found = await rows(documents)
    assert sorted(found) == [
        f"{sounds}/bass",
        f"{sounds}/drums/SNARE.WAV",
        f"{sounds}/drums/kick.wav",
    ]
    assert {sample.uploaded_at for sample in found.values()} == {NOON}
    assert counts(await scan(scans, sounds)) == {"unchanged": 3}
    assert await rows(documents) == found


async def test_the_folders_are_remembered_and_scanned_again_without_being_named(
    scans: Scans, sounds: Path, clock: StandingClock, tmp_path: Path
) -> None:
    await scan(scans, sounds)
    (folder,) = await scans.folders(ANNA.user_id)
    assert (folder.path, folder.scanned_at) == (sounds, NOON)
    put(sounds / "new.wav", 9)
    clock.at += timedelta(hours=1)
    assert counts(await scan(scans)) == {"added": 1, "unchanged": 3}
    assert (await scans.folders(ANNA.user_id))[0].scanned_at == clock.at
    assert await scans.forget(sounds, by=ANNA)
    assert await scans.folders(ANNA.user_id) == ()
    assert not await scans.forget(sounds, by=ANNA)
    with pytest.raises(InputInvalid, match="No folder"):
        await scan(scans)


async def test_a_single_file_is_taken_in_without_remembering_a_folder(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    assert counts(await scan(scans, sounds / "bass")) == {"added": 1}
    assert list(await rows(documents)) == [f"{sounds}/bass"]
    assert await scans.folders(ANNA.user_id) == ()


async def test_a_moved_file_keeps_its_row_and_tags(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    await scan(scans, sounds)
    kick = (await rows(documents))[f"{sounds}/drums/kick.wav"]
    await change_tags(
        documents.samples, [kick.file_id], mark=Mark(by=ANNA.user_id, at=NOON), add=["mine"]
    )
    (sounds / "drums").rename(sounds / "beats")
    assert counts(await scan(scans, sounds)) == {"moved": 2, "unchanged": 1}
    moved = (await rows(documents))[f"{sounds}/beats/kick.wav"]
    assert (moved.file_id, moved.tags) == (kick.file_id, ("mine",))
    assert len(await rows(documents)) == 3


async def test_a_copy_is_a_sound_of_its_own(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    await scan(scans, sounds)
    shutil.copy(sounds / "bass", sounds / "bass copy")
    assert counts(await scan(scans, sounds)) == {"added": 1, "unchanged": 3}
    found = await rows(documents)
    assert found[f"{sounds}/bass"].file_hash == found[f"{sounds}/bass copy"].file_hash


async def test_of_two_copies_of_a_lost_file_one_takes_its_row(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    await scan(scans, sounds)
    shutil.copy(sounds / "bass", sounds / "bass 1")
    (sounds / "bass").rename(sounds / "bass 2")
    assert counts(await scan(scans, sounds)) == {"added": 1, "moved": 1, "unchanged": 2}
    assert len(await rows(documents)) == 4


async def test_a_copy_takes_nothing_from_a_drive_that_is_away(
    scans: Scans, documents: Documents, sounds: Path, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    put(drive / "pad.wav", 7)
    await scan(scans, drive)
    before = (await rows(documents))[f"{drive}/pad.wav"]
    shutil.copy(drive / "pad.wav", sounds / "pad.wav")
    drive.rename(tmp_path / "in a drawer")
    assert counts(await scan(scans, sounds)) == {"added": 4}
    report = await scan(scans)
    assert counts(report) == {"unchanged": 4, "unreadable_count": 1}
    assert [(each.file_path, each.code) for each in report.unreadable] == [(f"{drive}", "vanished")]
    assert (await rows(documents))[f"{drive}/pad.wav"] == before
    (tmp_path / "in a drawer").rename(drive)
    assert counts(await scan(scans, drive)) == {"unchanged": 1}


async def test_a_file_moved_between_two_scanned_folders_keeps_its_row(
    scans: Scans, documents: Documents, sounds: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    put(other / "x.wav", 8)
    await scan(scans, sounds, other)
    bass = (await rows(documents))[f"{sounds}/bass"]
    (sounds / "bass").rename(other / "bass")
    assert counts(await scan(scans, other)) == {"moved": 1, "unchanged": 1}
    assert (await rows(documents))[f"{other}/bass"].file_id == bass.file_id


async def test_a_changed_file_keeps_its_row_and_a_touched_one_is_unchanged(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    await scan(scans, sounds)
    before = await rows(documents)
    put(sounds / "bass", 44)
    os.utime(sounds / "bass", ns=(1, 1))
    os.utime(sounds / "drums/kick.wav", ns=(2, 2))
    assert counts(await scan(scans, sounds)) == {"changed": 1, "unchanged": 2}
    after = await rows(documents)
    assert after[f"{sounds}/bass"].file_id == before[f"{sounds}/bass"].file_id
    assert after[f"{sounds}/bass"].file_hash != before[f"{sounds}/bass"].file_hash
    assert after[f"{sounds}/drums/kick.wav"].mtime_ns == 2


async def test_a_vanished_file_is_marked_never_deleted_and_may_come_back(
    scans: Scans, documents: Documents, sounds: Path, clock: StandingClock, tmp_path: Path
) -> None:
    await scan(scans, sounds)
    before = (await rows(documents))[f"{sounds}/bass"]
    (sounds / "bass").rename(tmp_path / "away")
    assert counts(await scan(scans, sounds)) == {"unchanged": 2, "missing": 1}
    clock.at += timedelta(days=1)
    assert counts(await scan(scans, sounds)) == {"unchanged": 2, "missing": 1}
    assert (await rows(documents))[f"{sounds}/bass"].missing_since == NOON
    (tmp_path / "away").rename(sounds / "bass")
    assert counts(await scan(scans, sounds)) == {"unchanged": 3}
    assert (await rows(documents))[f"{sounds}/bass"] == before


async def test_a_file_that_is_now_left_out_is_not_missing(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    await scan(scans, sounds)
    (sounds / ".smtuiignore").write_text("drums/\n")
    assert counts(await scan(scans, sounds)) == {"unchanged": 1}
    assert {sample.missing_since for sample in (await rows(documents)).values()} == {None}


async def test_a_neighbour_with_a_longer_name_is_not_below(
    scans: Scans, documents: Documents, sounds: Path, tmp_path: Path
) -> None:
    put(tmp_path / "sounds 2/x.wav", 5)
    await scan(scans, sounds, tmp_path / "sounds 2")
    (tmp_path / "sounds 2/x.wav").unlink()
    assert counts(await scan(scans, sounds)) == {"unchanged": 3}


async def test_what_cannot_be_read_is_told_and_the_rest_comes_in(
    scans: Scans, documents: Documents, sounds: Path
) -> None:
    (sounds / "list.wav").write_text("bread, milk")
    (sounds / "empty.aif").touch()
    report = await scan(scans, sounds)
    assert counts(report) == {"added": 3, "unreadable_count": 2}
    assert [(Path(each.file_path).name, each.code) for each in report.unreadable] == [
        ("empty.aif", "empty"),
        ("list.wav", "unsupported"),
    ]
    assert len(await rows(documents)) == 3


async def test_awkward_names_come_in_move_and_stay_one_row(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    folder = tmp_path / "awkward"
    names = [b"new\nline.wav", b"\x1b[31m.wav", b"[red].wav", b"caf\xe9.wav", b"k" * 251 + b".wav"]
    for seed, name in enumerate(names):
        put(folder / os.fsdecode(name), seed)
    assert counts(await scan(scans, folder)) == {"added": 5}
    assert counts(await scan(scans, folder)) == {"unchanged": 5}
    found = (await rows(documents)).values()
    assert sorted(os.fsencode(sample.path.name) for sample in found) == sorted(names)
    folder.rename(tmp_path / os.fsdecode(b"f\xf6lder"))
    assert counts(await scan(scans, tmp_path / os.fsdecode(b"f\xf6lder"))) == {"moved": 5}


async def test_a_scan_that_was_stopped_goes_on(
    documents: Documents, clock: StandingClock, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    for seed in range(2_000):
        put(many / f"{seed:04}.wav", seed)
    finder = DiskFinder(threads=1)
    scans = Scans(documents.samples, finder, clock, rights=Rights(documents.accounts))

    async def stopped() -> None:
        async with aclosing(scans.scan([many], by=ANNA)) as steps:
            async for step in steps:
                if step.added:
                    asyncio.current_task().cancel()  # type: ignore[union-attr]

    with pytest.raises(asyncio.CancelledError):
        await stopped()
    begun = len(await rows(documents))
    assert 0 < begun < 2_000
    assert [folder.path for folder in await scans.folders(ANNA.user_id)] == [many]
    assert counts(await scan(scans)) == {"added": 2_000 - begun, "unchanged": begun}
    finder.close()


async def test_scans_are_limited_and_counted_with_the_account(
    documents: Documents, finder: DiskFinder, clock: StandingClock, sounds: Path
) -> None:
    with running() as server:
        link = RedisLink(server.address)
        intents = Intents(accounts=documents.accounts, limits=RedisLimits(link), per_minute=2)
        rights = Rights(documents.accounts)
        scans = Scans(documents.samples, finder, clock, rights=rights, intents=intents)
        await scan(scans, sounds)
        await scan(scans, sounds)
        with pytest.raises(TooManyTries):
            await scan(scans, sounds)
        await link.close()
    assert await documents.accounts.by_id(ANNA.user_id) == replace(ANNA, total_uploads=3)


async def test_a_scan_needs_no_server(
    documents: Documents, finder: DiskFinder, clock: StandingClock, sounds: Path
) -> None:
    async def nowhere() -> str:
        raise ServerUnavailable("Valkey is away")

    intents = Intents(limits=RedisLimits(RedisLink(nowhere)))
    rights = Rights(documents.accounts)
    scans = Scans(documents.samples, finder, clock, rights=rights, intents=intents)
    assert counts(await scan(scans, sounds)) == {"added": 3}


def test_a_folder_within_another_is_scanned_once(tmp_path: Path) -> None:
    inner, beside = tmp_path / "a/b", tmp_path / "a b"
    assert apart([inner, tmp_path / "a", beside, tmp_path / "c/../a"]) == [tmp_path / "a", beside]


async def test_a_scan_of_many_files_lets_the_loop_live(
    scans: Scans, documents: Documents, tmp_path: Path
) -> None:
    """The screen in the same process is asked for frames all the while."""
    many = tmp_path / "many"
    for seed in range(400):
        put(many / f"{seed % 20}/{seed:03}.wav", seed)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.ensure_future(beat())
    try:
        report = await scan(scans, many)
    finally:
        beating.cancel()
    assert counts(report) == {"added": 400}
    assert beats > 400


async def test_shared_sounds_are_nobodys_and_seen_by_all(
    documents: Documents, finder: DiskFinder, clock: StandingClock, sounds: Path
) -> None:
    lena = person("lena", Role.LISTENER, days=1)
    await documents.accounts.add(lena)
    intents = Intents(accounts=documents.accounts)
    scans = Scans(
        documents.samples, finder, clock, rights=Rights(documents.accounts), intents=intents
    )
    with pytest.raises(NotAllowed, match="As a listener you scan only your own"):
        async with aclosing(scans.scan([sounds], by=lena, shared=True)) as steps:
            await anext(steps)
    assert await scans.folders(None) == ()
    async with aclosing(scans.scan([sounds], by=ANNA, shared=True)) as steps:
        seen = [step async for step in steps]
    assert seen[-1].added == 3
    page = await documents.samples.page(Question(viewer=lena.user_id), limit=10)
    assert [sample.user_id for sample in page.samples] == [None] * 3
    kept = await documents.accounts.by_id(ANNA.user_id)
    assert kept is not None
    assert kept.total_uploads == 3
    assert [folder.path for folder in await scans.folders(None)] == [sounds]
    assert await scans.folders(ANNA.user_id) == ()
    with pytest.raises(NotAllowed):
        await scans.forget(sounds, by=lena, shared=True)
    assert await scans.forget(sounds, by=ANNA, shared=True)
    async with aclosing(scans.scan([sounds], by=lena)) as steps:
        assert [step async for step in steps][-1].added == 3

"""One library on two machines that call its folders otherwise: scans, moves, what is missing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from smtui.domain.account import Account, Role, UserId
from smtui.domain.path_map import PathMap
from smtui.domain.question import Question
from smtui.domain.sample import Sample
from smtui.domain.scan import ScanProgress
from smtui.folders.finder import DiskFinder
from smtui.services.rights import Rights
from smtui.services.scans import Scans
from smtui.stores.sqlite.connections import Durability
from smtui.stores.sqlite.library import Documents, opened
from smtui.wiring import SystemClock

ANNA = Account(
    user_id=UserId("0d2ec5a9-1b8b-4a41-9d0b-6b3d2f1ab001"),
    email="anna@example.org",
    username="anna",
    hashed_password="-",
    created_at=SystemClock().now(),
    role=Role.ADMIN,
)


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with opened(tmp_path / "library.sqlite3", Durability.NORMAL) as found:
        await found.accounts.add(ANNA)
        yield found


@pytest.fixture
def mac(tmp_path: Path) -> PathMap:
    """A machine that has the share of the documents, `/mnt/nas`, below the test's folder."""
    return PathMap(prefixes={"/mnt/nas": f"{tmp_path}/Volumes/nas"})


async def scan(documents: Documents, paths: PathMap, *roots: Path) -> ScanProgress:
    finder = DiskFinder(paths)
    scans = Scans(documents.samples, finder, SystemClock(), rights=Rights(documents.accounts))
    async with aclosing(scans.scan(roots, by=ANNA)) as steps:
        async for step in steps:
            last = step
    finder.close()
    return last


async def rows(documents: Documents) -> dict[str, Sample]:
    page = await documents.samples.page(Question(viewer=ANNA.user_id), limit=100)
    return {sample.file_path: sample for sample in page.samples}


async def test_a_scan_keeps_what_it_finds_under_the_librarys_names(
    documents: Documents, mac: PathMap, put: Callable[..., Path], tmp_path: Path
) -> None:
    put("Volumes/nas/drums/kick.wav", seed=1)
    put(b"Volumes/nas/drums/sn\xffre.wav", seed=2)
    put("own/bass.wav", seed=3)
    report = await scan(documents, mac, tmp_path / "Volumes/nas", tmp_path / "own")
    assert report.added == 3
    known = await rows(documents)
    assert set(known) == {
        "/mnt/nas/drums/kick.wav",
        "/mnt/nas/drums/sn\\xffre.wav",
        f"{tmp_path}/own/bass.wav",
    }
    odd = known["/mnt/nas/drums/sn\\xffre.wav"]
    assert odd.path_bytes == b"/mnt/nas/drums/sn\xffre.wav"
    assert mac.here(odd.path).is_file()
    folders = await documents.samples.folders(user_id=ANNA.user_id)
    assert [folder.folder_path for folder in folders] == ["/mnt/nas", f"{tmp_path}/own"]


async def test_the_same_share_is_scanned_from_everywhere_without_new_rows(
    documents: Documents, mac: PathMap, put: Callable[..., Path], tmp_path: Path
) -> None:
    put("Volumes/nas/kick.wav")
    await scan(documents, mac, tmp_path / "Volumes/nas")
    before = await rows(documents)
    linux = PathMap(prefixes={"/mnt/nas": f"{tmp_path}/srv"})
    (tmp_path / "Volumes/nas").rename(tmp_path / "srv")
    report = await scan(documents, linux)
    assert (report.unchanged, report.added, report.missing) == (1, 0, 0)
    assert await rows(documents) == before


async def test_a_share_that_is_not_mounted_here_keeps_its_sounds(
    documents: Documents, mac: PathMap, put: Callable[..., Path], tmp_path: Path
) -> None:
    put("Volumes/nas/kick.wav")
    await scan(documents, mac, tmp_path / "Volumes/nas")
    put("own/kick.wav")
    elsewhere = PathMap(prefixes={"/mnt/nas": f"{tmp_path}/not-mounted"})
    report = await scan(documents, elsewhere, tmp_path / "own")
    assert (report.added, report.moved) == (1, 0), "a copy is not a move from an absent drive"
    report = await scan(documents, elsewhere)
    assert (report.missing, report.unreadable_count) == (0, 1)
    assert report.unreadable[0].file_path == f"{tmp_path}/not-mounted"
    assert (await rows(documents))["/mnt/nas/kick.wav"].missing_since is None


async def test_moves_and_losses_are_seen_under_other_names_too(
    documents: Documents, mac: PathMap, put: Callable[..., Path], tmp_path: Path
) -> None:
    nas = tmp_path / "Volumes/nas"
    put("Volumes/nas/a/kick.wav", seed=1)
    put("Volumes/nas/a/hat.wav", seed=2)
    await scan(documents, mac, nas)
    (nas / "b").mkdir()
    (nas / "a/kick.wav").rename(nas / "b/kick.wav")
    (nas / "a/hat.wav").unlink()
    report = await scan(documents, mac, nas)
    assert (report.moved, report.missing) == (1, 1)
    known = await rows(documents)
    assert set(known) == {"/mnt/nas/b/kick.wav", "/mnt/nas/a/hat.wav"}
    assert known["/mnt/nas/a/hat.wav"].missing_since is not None


async def test_a_folder_may_be_named_as_the_library_has_it(
    documents: Documents, mac: PathMap, put: Callable[..., Path]
) -> None:
    put("Volumes/nas/kick.wav")
    assert (await scan(documents, mac, Path("/mnt/nas"))).added == 1
    finder = DiskFinder(mac)
    scans = Scans(documents.samples, finder, SystemClock(), rights=Rights(documents.accounts))
    assert await scans.forget(Path("/mnt/nas"), by=ANNA)
    finder.close()


async def test_what_only_another_machine_has_is_never_taken_for_ones_own(
    documents: Documents, put: Callable[..., Path], tmp_path: Path
) -> None:
    here = put("data/kick.wav", seed=1).parent
    await scan(documents, PathMap(), here)
    # On another machine the share of the library lies where the first one has a disk of its own.
    other = PathMap(prefixes={"/mnt/nas": str(here)})
    put("data/kick.wav", seed=2)
    report = await scan(documents, other)
    assert (report.changed, report.missing, report.unreadable_count) == (0, 0, 1)
    assert (await scan(documents, other, here)).added == 1
    assert set(await rows(documents)) == {f"{here}/kick.wav", "/mnt/nas/kick.wav"}


async def test_places_that_the_library_would_mistake_are_left_out(
    documents: Documents, put: Callable[..., Path], tmp_path: Path
) -> None:
    put("nas/drums/kick.wav", seed=1)
    put("nas/bass.wav", seed=2)
    put("fast/kick.wav", seed=3)
    paths = PathMap(prefixes={"/mnt/nas": f"{tmp_path}/nas", "/mnt/nas/drums": f"{tmp_path}/fast"})
    report = await scan(documents, paths, tmp_path / "nas", tmp_path / "fast")
    assert (report.added, report.ignored) == (2, 1)
    assert set(await rows(documents)) == {"/mnt/nas/bass.wav", "/mnt/nas/drums/kick.wav"}


async def test_what_cannot_be_read_is_named_as_this_machine_calls_it(
    documents: Documents, mac: PathMap, put: Callable[..., Path], tmp_path: Path
) -> None:
    put("Volumes/nas/empty.wav", b"")
    report = await scan(documents, mac, tmp_path / "Volumes/nas")
    (unreadable,) = report.unreadable
    assert unreadable.file_path == os.fspath(tmp_path / "Volumes/nas/empty.wav")

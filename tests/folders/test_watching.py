"""A watched folder: what is dropped in is told once, when it has stopped growing."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from smtui.domain.errors import StoreUnreachable
from smtui.folders import watched_folder
from smtui.folders.finder import DiskFinder
from smtui.folders.watched_folder import AWAY, SETTLED_SECONDS, WATCHED, Found, WatchedFolder

PATIENCE = 60.0
WAVE = b"RIFF$\x00\x00\x00WAVEfmt "


class Watched:
    """One folder that is watched, and what was told of it."""

    def __init__(self, root: Path, network: str = "") -> None:
        self.found: list[str] = []
        self.looks = 0
        self.words: list[str] = []
        self.refusals: list[StoreUnreachable] = []
        self.folder = WatchedFolder(
            root=root,
            finder=DiskFinder(threads=1),
            take=self._take,
            say=lambda _, words: self.words.append(words),
            network_of=lambda _: network,
        )

    async def _take(self, found: Found) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.looks += found.whole
        self.found += [str(one.path.relative_to(found.root)) for one in found.candidates]

    async def until(self, *names: str) -> None:
        """Wait until these were told, and look that no others were."""
        await _until(lambda: set(names) <= set(self.found))
        assert sorted(self.found) == sorted(names)

    async def said(self, words: str) -> None:
        await _until(lambda: self.words and self.words[-1].startswith(words))

    async def looked(self, times: int = 1) -> None:
        """Wait until all of the folder was looked through so often."""
        await _until(lambda: self.looks >= times)


async def _until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def watched(root: Path, network: str = "") -> AsyncIterator[Watched]:
    made = Watched(root, network)
    task = asyncio.create_task(made.folder.keep())
    try:
        yield made
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def put(path: Path, *, old: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(WAVE)
    if old:
        os.utime(path, (1_600_000_000, 1_600_000_000))


async def test_what_was_there_before_and_what_comes_is_told_once(drop: Path):
    put(drop / "old.wav", old=True)
    async with watched(drop) as seen:
        await seen.until("old.wav")
        put(drop / "new.wav")
        put(drop / "deep" / "er" / "new.wav")
        await seen.until("old.wav", "new.wav", "deep/er/new.wav")


async def test_a_file_is_told_only_when_it_has_stopped_growing(drop: Path):
    async with watched(drop) as seen:
        await seen.looked()
        with (drop / "slow.wav").open("wb") as file:
            file.write(WAVE)
            for _ in range(6):
                file.write(b"\0" * 1_000)
                file.flush()
                await asyncio.sleep(SETTLED_SECONDS / 4)
                assert not seen.found
        await seen.until("slow.wav")


async def test_a_folder_that_is_moved_in_is_told_whole(drop: Path, tmp_path: Path):
    for name in ("a.wav", "in/b.wav"):
        put(tmp_path / "pack" / name, old=True)
    async with watched(drop) as seen:
        await seen.looked()
        shutil.move(tmp_path / "pack", drop / "pack")
        await seen.until("pack/a.wav", "pack/in/b.wav")


async def test_what_a_scan_leaves_out_is_left_out(drop: Path):
    (drop / ".smtuiignore").write_text("*.tmp.wav\nrenders/\n")
    async with watched(drop) as seen:
        await seen.looked()
        for name in ("._a.wav", ".git/b.wav", "c.tmp.wav", "in/renders/d.wav", "notes.txt"):
            put(drop / name)
        (drop / "notes.txt").write_text("no sound")
        put(drop / "last.wav")
        await seen.until("last.wav")


async def test_a_name_that_is_not_utf_8_ends_nothing(drop: Path):
    raw = os.fsdecode(b"k\xfe.wav")
    async with watched(drop) as seen:
        await seen.looked()
        put(drop / raw)
        await seen.until(raw)
        put(drop / "after.wav")
        await seen.until(raw, "after.wav")


async def test_a_folder_that_goes_is_watched_again_when_it_is_back(drop: Path, tmp_path: Path):
    async with watched(drop) as seen:
        await seen.said(WATCHED)
        shutil.move(drop, tmp_path / "away")
        await seen.said(AWAY)
        put(tmp_path / "away" / "meanwhile.wav", old=True)
        shutil.move(tmp_path / "away", drop)
        await seen.until("meanwhile.wav")
        assert seen.words == [WATCHED, AWAY, WATCHED]


async def test_a_folder_that_was_never_there_is_waited_for(tmp_path: Path):
    async with watched(tmp_path / "later") as seen:
        await seen.said(AWAY)
        put(tmp_path / "later" / "one.wav", old=True)
        await seen.until("one.wav")


async def test_a_network_folder_is_looked_through_and_says_so(drop: Path):
    async with watched(drop, network="nfs4") as seen:
        await seen.said("on a network (nfs4): looked through every few seconds")
        # Its clock may be another: old by ours says nothing.
        put(drop / "one.wav", old=True)
        await seen.until("one.wav")


async def test_the_systems_limit_is_one_sentence_and_the_folder_is_watched_all_the_same(
    drop: Path, monkeypatch: pytest.MonkeyPatch
):
    steps = watched_folder._steps

    def limited(root: Path, *, polling: bool):
        if not polling:
            raise OSError("OS file watch limit reached. about [/drop]")
        return steps(root, polling=polling)

    monkeypatch.setattr(watched_folder, "_steps", limited)
    async with watched(drop) as seen:
        await seen.said("looked through every few seconds: this system watches no more folders")
        put(drop / "one.wav")
        await seen.until("one.wav")


async def test_a_library_that_cannot_be_written_loses_nothing(
    drop: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watched_folder, "_TROUBLE_SECONDS", 0.05)
    async with watched(drop) as seen:
        await seen.looked()
        seen.refusals.append(StoreUnreachable("The disk is full"))
        put(drop / "one.wav", old=True)
        await seen.until("one.wav")
        assert "waiting: The disk is full" in seen.words
        assert seen.words[-1] == WATCHED


async def test_of_thousands_at_once_none_is_lost(drop: Path):
    async with watched(drop) as seen:
        await seen.looked()
        names = [f"{at // 100}/{at}.wav" for at in range(2_000)]
        for name in names:
            put(drop / name)
        await _until(lambda: set(seen.found) >= set(names))
        assert set(seen.found) == set(names)

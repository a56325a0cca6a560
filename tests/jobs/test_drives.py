"""A drive that is pulled out while its sounds are heard, and one that is full."""

from __future__ import annotations

from smtui.domain.analysis import Level
from tests.jobs.conftest import Bench


async def test_what_a_pulled_drive_took_along_is_heard_when_it_is_back(bench: Bench) -> None:
    drive, elsewhere = bench.folder / "drive", bench.folder / "pulled"
    ids = await bench.sounds(*(f"drive/slow-{at}.wav" for at in range(30)))
    run_id = await bench.start(ids)
    bench.work()
    await bench.until(lambda: bench.heard().total() >= 3)
    drive.rename(elsewhere)
    # As a system leaves it: the folder of the mount, with nothing in it.
    drive.mkdir()
    progress = await bench.ended(run_id)
    heard = progress.completed
    assert 0 < heard < 30
    assert progress.failed == 30 - heard
    assert set((await bench.codes(run_id)).values()) == {"vanished"}

    drive.rmdir()
    elsewhere.rename(drive)
    owner = await bench.stores.accounts.by_id(bench.owner)
    again = await bench.batches.start_unheard(owner, Level.BASIC, retry=True)
    assert again is not None
    progress = await bench.ended(again)
    assert (progress.total, progress.completed) == (30 - heard, 30 - heard)
    assert [file_id for file_id in ids if (await bench.sample(file_id)).trouble] == []
    # Only the one that was being heard when the drive went is begun twice.
    assert bench.heard().total() <= 31

"""What a file may take: seconds of the processor, however long others keep it waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtui.domain.analysis import Level
from smtui.jobs.app import WorkLimits
from smtui.jobs.limits import Allowance, Patience
from tests.jobs.conftest import Bench
from tests.jobs.test_poison import children_lost


class Machine:
    """A clock of the wall and one of a thread that a test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = self.used = 0.0
        monkeypatch.setattr("time.monotonic", lambda: self.wall)

    def run(self, patience: Patience, seconds: int, *, share: float) -> bool:
        """Look every second while a thread gets this share of a processor."""
        for _ in range(seconds):
            self.wall += 1
            self.used += share
            if patience.ended():
                return True
        return False


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def patience_of(machine: Machine) -> Patience:
    allowance = Allowance(processor=30, wall=600, still=60)
    return Patience(allowance, lambda: machine.used)


def test_a_sound_has_its_seconds_also_where_others_take_the_processors(machine: Machine) -> None:
    assert not machine.run(patience_of(machine), 290, share=0.1)
    assert machine.run(patience_of(machine), 310, share=0.1)


def test_a_sound_that_gets_hardly_anything_of_a_processor_is_not_taken_for_stuck(
    machine: Machine,
) -> None:
    assert not machine.run(patience_of(machine), 590, share=0.02)
    assert machine.run(patience_of(machine), 610, share=0.02)


def test_a_read_that_does_not_come_back_ends_long_before_the_last_limit(machine: Machine) -> None:
    assert not machine.run(patience_of(machine), 59, share=0.0005)
    assert machine.run(patience_of(machine), 62, share=0.0005)


def test_a_process_that_was_stopped_for_an_hour_goes_on_where_it_was(machine: Machine) -> None:
    patience = Patience(Allowance(processor=30, wall=7200, still=60), lambda: machine.used)
    assert not machine.run(patience, 10, share=0.5)
    machine.wall += 3600
    assert not machine.run(patience, 40, share=0.5)


def test_the_wall_counts_many_times_less_than_the_processor() -> None:
    limits = WorkLimits()
    allowance = limits.allowance(20_000, 0.2)
    assert allowance.processor == limits.seconds_for(20_000, 0.2)
    assert allowance.wall >= 10 * allowance.processor
    assert allowance.on_the_wall.processor == allowance.wall


async def test_a_sound_that_waits_for_a_busy_machine_is_heard(bench: Bench) -> None:
    run_id = await bench.start(await bench.sounds("waits.wav"))
    bench.work(file_seconds=0.8)
    assert (await bench.ended(run_id)).completed == 1


async def test_a_sound_that_computes_without_end_reaches_its_limit(bench: Bench) -> None:
    run_id = await bench.start(await bench.sounds("busy.wav", "after.wav"))
    bench.work(file_seconds=0.5)
    assert (await bench.ended(run_id)).completed == 1
    assert await bench.codes(run_id) == {"busy.wav": "timed_out"}
    assert children_lost(bench) == 0


async def test_what_a_level_loads_is_not_the_first_sounds_time(bench: Bench) -> None:
    (bench.folder / "heard.log.slow-start").touch()
    run_id = await bench.start(await bench.sounds("tone0.wav", "tone1.wav"))
    bench.work(file_seconds=0.4)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (2, 0)


async def test_a_child_that_could_not_load_what_it_needs_is_replaced_and_nothing_fails(
    bench: Bench,
) -> None:
    (bench.folder / "heard.log.broken-start").touch()
    run_id = await bench.start(await bench.sounds("tone0.wav", "tone1.wav"))
    bench.work(lease_seconds=600)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (2, 0)
    assert children_lost(bench) == 1


async def test_a_child_whose_import_was_cut_off_is_replaced(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libraries"
    library.mkdir()
    (library / "slow_library.py").write_text("while True: sum(range(1000))\n")
    monkeypatch.setenv("PYTHONPATH", str(library))
    run_id = await bench.start(await bench.sounds("imports.wav", "after.wav"))
    bench.work(file_seconds=0.5, chunk_seconds=20)
    progress = await bench.ended(run_id)
    assert (progress.completed, progress.failed) == (1, 1)
    assert await bench.codes(run_id) == {"imports.wav": "timed_out"}
    assert children_lost(bench) == 1


async def test_a_sound_that_was_heard_does_not_fail_for_a_closer_listening_that_did(
    bench: Bench,
) -> None:
    ids = await bench.sounds("deepens.wav")
    bench.work(file_seconds=0.5)
    await bench.ended(await bench.start(ids))
    run_id = await bench.start(ids, level=Level.ADVANCED)
    assert (await bench.ended(run_id)).failed == 1
    assert await bench.codes(run_id) == {"deepens.wav": "timed_out"}
    sample = await bench.sample(ids[0])
    assert sample.trouble is None
    assert sample.heard is not None
    assert sample.heard.level == Level.BASIC


async def test_a_heard_sound_that_is_damaged_later_is_flagged(bench: Bench) -> None:
    (file_id,) = ids = await bench.sounds("tone0.wav")
    bench.work()
    await bench.ended(await bench.start(ids))
    (bench.folder / "tone0.wav").write_bytes(b"RIFF")
    assert (await bench.ended(await bench.start(ids, level=Level.ADVANCED))).failed == 1
    assert (await bench.sample(file_id)).trouble is not None

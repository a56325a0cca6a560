"""Pausing this machine: one file says it, whoever looks, whatever runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smtui.domain.errors import InputInvalid, StoreUnreachable
from smtui.domain.pause import Pause, QuietHours
from smtui.services.pauses import Pauses
from smtui.stores.pause_file import PauseFile

NIGHT = datetime(2026, 1, 11, 3, 0).astimezone(UTC)


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.moment = NIGHT

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pauses(tmp_path: Path, clock: Clock) -> Callable[..., Pauses]:
    """Another process of this machine, each time."""
    file = tmp_path / "state" / "pause.json"
    return lambda hours="": Pauses(PauseFile(file), clock, QuietHours.of_text(hours))


async def test_a_pause_holds_for_every_process_until_somebody_resumes(pauses):
    assert await pauses().present() is None
    assert await pauses().resume() is False
    await pauses().pause()
    await pauses().pause()
    assert await pauses().present() == Pause()
    assert await pauses().resume() is True
    assert await pauses().resume() is False
    assert await pauses().present() is None


async def test_a_pause_for_a_time_ends_by_itself(pauses, clock: Clock):
    until = NIGHT + timedelta(hours=2)
    await pauses().pause(until)
    assert await pauses().present() == Pause(until=until)
    clock.moment = until
    assert await pauses().present() is None
    with pytest.raises(InputInvalid):
        await pauses().pause(until)


async def test_quiet_hours_can_be_broken_until_they_end(pauses, clock: Clock):
    service = pauses("22:00-07:00")
    morning = NIGHT + timedelta(hours=4)
    assert await service.present() == Pause(until=morning, quiet_hours=True)
    assert await service.resume() is True
    assert await service.present() is None
    clock.moment = NIGHT + timedelta(days=1)
    quiet = await service.present()
    assert quiet is not None
    assert quiet.quiet_hours, "the next night is quiet again"


async def test_who_watches_is_told_the_present_and_every_change(pauses):
    watching = pauses().watch()
    assert await anext(watching) is None
    await pauses().pause()
    assert await anext(watching) == Pause()
    await pauses().resume()
    assert await anext(watching) is None
    await watching.aclose()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"pause": true, "until": 1e99}', b"\xff" * 9])
async def test_what_cannot_be_read_is_a_pause_that_can_be_ended(pauses, tmp_path: Path, text):
    file = tmp_path / "state" / "pause.json"
    file.parent.mkdir()
    file.write_bytes(text)
    assert await pauses().present() == Pause()
    assert await pauses().resume() is True
    assert await pauses().present() is None


async def test_a_full_disk_is_said_and_leaves_what_was_said_before(tmp_path: Path, clock: Clock):
    # Linux's own disk that is always full.
    full = Pauses(PauseFile(Path("/dev/full/pause.json")), clock)
    with pytest.raises(StoreUnreachable, match="cannot be kept"):
        await full.pause()


async def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(pauses, tmp_path: Path):
    await pauses().pause(NIGHT + timedelta(hours=1))
    (file,) = (tmp_path / "state").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["pause"] is True

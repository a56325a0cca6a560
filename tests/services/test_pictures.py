"""Pictures on a real painter and a real Valkey: drawn once, kept for a day, remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from redis.asyncio import Redis

from smtui.audio.recipe import listen
from smtui.domain.analysis import Level
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import Picture, PictureRequest, View
from smtui.painter.process import PainterProcess
from smtui.services.pictures import Pictures
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.servers.valkey_server import ValkeyServer

RATE = 44_100


@pytest.fixture
async def pictures(link: RedisLink) -> AsyncIterator[Pictures]:
    pictures = Pictures(PainterProcess(), RedisCache(link))
    yield pictures
    await pictures.close()


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A second of 300 Hz, then a second of 3,000 Hz, the second half as loud."""
    t = np.arange(RATE) / RATE
    halves = [np.sin(2 * np.pi * 300 * t), 0.5 * np.sin(2 * np.pi * 3_000 * t)]
    path = tmp_path / "sweep.wav"
    soundfile.write(path, np.concatenate(halves), RATE)
    return path


def wanted(path: Path) -> PictureRequest:
    return PictureRequest(path=path, view=View.SPECTROGRAM, width=40, height=30)


def loudest_rows(picture: Picture) -> list[int]:
    grid = np.frombuffer(picture.levels, np.uint8).reshape(picture.height, picture.width)
    return [int(grid[:, column].argmax()) for column in (10, 30)]


async def test_a_picture_survives_its_file_and_its_service(
    pictures: Pictures, link: RedisLink, sweep: Path
) -> None:
    first = await pictures.picture(wanted(sweep), file_hash="a1")
    await asyncio.to_thread(sweep.unlink)
    assert await pictures.picture(wanted(sweep), file_hash="a1") == first
    await pictures.close()
    later = Pictures(PainterProcess(), RedisCache(link))
    assert await later.picture(wanted(sweep), file_hash="a1") == first
    await later.close()


async def test_pictures_are_cached_for_a_day_by_what_is_in_the_file(
    pictures: Pictures, valkey: ValkeyServer, sweep: Path
) -> None:
    await pictures.picture(wanted(sweep), file_hash="b2")
    await pictures.picture(replace(wanted(sweep), range_db=60.0), file_hash="b2")
    await pictures.close()
    client = Redis(unix_socket_path=str(valkey.socket))
    keys = [key async for key in client.scan_iter("cache:pictures:b2:*")]
    assert len(keys) == 2
    assert 86_000 < await client.ttl(keys[0]) <= 86_400
    await client.aclose()


async def test_without_a_hash_nothing_is_kept(pictures: Pictures, sweep: Path) -> None:
    await pictures.picture(wanted(sweep), file_hash=None)
    await asyncio.to_thread(sweep.unlink)
    with pytest.raises(SoundUnreadable) as told:
        await pictures.picture(wanted(sweep), file_hash=None)
    assert told.value.code == "vanished"


async def test_a_damaged_cache_entry_is_drawn_anew(
    pictures: Pictures, link: RedisLink, valkey: ValkeyServer, sweep: Path
) -> None:
    first = await pictures.picture(wanted(sweep), file_hash="c3")
    await pictures.close()
    client = Redis(unix_socket_path=str(valkey.socket))
    async for key in client.scan_iter("cache:pictures:c3:*"):
        await client.set(key, b"noise")
    await client.aclose()
    later = Pictures(PainterProcess(), RedisCache(link))
    assert await later.picture(wanted(sweep), file_hash="c3") == first
    await later.close()


async def test_where_the_file_is_gone_the_stored_slices_are_drawn(
    pictures: Pictures, sweep: Path
) -> None:
    heard = await asyncio.to_thread(listen, sweep, level=Level.ADVANCED)
    true = await pictures.picture(replace(wanted(sweep), high_hz=11_025.0), file_hash=None)
    await asyncio.to_thread(sweep.unlink)
    drawn = await pictures.picture(wanted(sweep), file_hash=None, heard=heard)
    assert drawn.from_slices
    assert not true.from_slices
    assert (drawn.width, drawn.height, len(drawn.levels)) == (40, 30, 1200)
    assert drawn.peak_db == pytest.approx(0, abs=1.5)
    # Thirteen coefficients tell an outline: the place is near, not exact.
    for near, exact in zip(loudest_rows(drawn), loudest_rows(true), strict=True):
        assert abs(near - exact) <= 4
    wave = replace(wanted(sweep), view=View.WAVEFORM, height=2)
    outline = await pictures.picture(wave, file_hash=None, heard=heard)
    highs = outline.levels[outline.width :]
    assert highs[10] - 128 == pytest.approx(127, abs=6)
    assert highs[30] - 128 == pytest.approx(63, abs=6)


async def test_a_sound_heard_only_at_the_basic_level_has_no_slices(
    pictures: Pictures, sweep: Path
) -> None:
    heard = await asyncio.to_thread(listen, sweep, level=Level.BASIC)
    await asyncio.to_thread(sweep.unlink)
    with pytest.raises(SoundUnreadable):
        await pictures.picture(wanted(sweep), file_hash=None, heard=heard)


class Counted:
    """A painter with a count of what was begun and what was stopped."""

    def __init__(self, painter: PainterProcess) -> None:
        self._painter = painter
        self.begun: asyncio.Queue[PictureRequest] = asyncio.Queue()
        self.stopped = 0
        self.close = painter.close

    async def paint(self, request: PictureRequest) -> Picture:
        self.begun.put_nowait(request)
        try:
            return await self._painter.paint(request)
        except asyncio.CancelledError:
            self.stopped += 1
            raise


@pytest.fixture
def painter() -> Counted:
    return Counted(PainterProcess())


@pytest.fixture
async def counted(painter: Counted, link: RedisLink) -> AsyncIterator[Pictures]:
    pictures = Pictures(painter, RedisCache(link))
    yield pictures
    await pictures.close()


async def test_what_many_ask_for_at_once_is_drawn_once(
    counted: Pictures, painter: Counted, sweep: Path
) -> None:
    asked = [counted.picture(wanted(sweep), file_hash="d4") for _ in range(20)]
    drawn = await asyncio.gather(*asked)
    assert {len(picture.levels) for picture in drawn} == {1200}
    assert painter.begun.qsize() == 1


async def test_the_others_have_their_picture_when_the_first_leaves(
    counted: Pictures, painter: Counted, sweep: Path
) -> None:
    asked = [asyncio.create_task(counted.picture(wanted(sweep), file_hash="e5")) for _ in range(3)]
    await painter.begun.get()
    asked[0].cancel()
    for picture in await asyncio.gather(*asked[1:]):
        assert len(picture.levels) == 1200
    assert painter.begun.empty()
    assert painter.stopped == 0


async def test_drawing_stops_when_the_last_leaves(
    counted: Pictures, painter: Counted, sweep: Path
) -> None:
    asked = [asyncio.create_task(counted.picture(wanted(sweep), file_hash="f6")) for _ in range(2)]
    await painter.begun.get()
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)
    later = await counted.picture(wanted(sweep), file_hash="f6")
    assert len(later.levels) == 1200
    assert painter.stopped == 1


async def test_the_same_bytes_at_a_path_that_is_gone_do_not_hide_those_that_are_there(
    counted: Pictures, sweep: Path
) -> None:
    gone = counted.picture(wanted(sweep.with_name("gone.wav")), file_hash="a7")
    there = counted.picture(wanted(sweep), file_hash="a7")
    first, second = await asyncio.gather(gone, there, return_exceptions=True)
    assert isinstance(first, SoundUnreadable)
    assert isinstance(second, Picture)

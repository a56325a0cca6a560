"""The painter as a screen uses it: real child processes, real files, real signals."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from smtui.domain.errors import SoundUnreadable
from smtui.domain.path_map import PathMap
from smtui.domain.picture import PictureRequest, View
from smtui.painter.process import PainterProcess


@pytest.fixture
async def painter() -> AsyncIterator[PainterProcess]:
    process = PainterProcess(silence_seconds=1.0)
    yield process
    await process.close()


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "tone.wav"
    soundfile.write(path, np.sin(np.arange(44_100) * 0.1), 44_100)
    return path


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "long.wav"
    noise = np.random.default_rng(1).normal(0, 0.1, 48_000 * 60)
    with soundfile.SoundFile(path, "w", 48_000, 1) as file:
        for _ in range(20):
            file.write(noise)
    return path


def wanted(path: Path, view: View = View.SPECTROGRAM) -> PictureRequest:
    return PictureRequest(path=path, view=view, width=80, height=40)


def pid_of(painter: PainterProcess) -> int:
    assert painter.pid is not None
    return painter.pid


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)


async def test_a_picture_comes_back_at_the_asked_size(painter: PainterProcess, tone: Path) -> None:
    picture = await painter.paint(wanted(tone))
    assert (picture.width, picture.height, len(picture.levels)) == (80, 40, 3200)
    assert picture.duration == pytest.approx(1.0)
    waveform = await painter.paint(wanted(tone, View.WAVEFORM))
    assert min(waveform.levels) == 1
    assert max(waveform.levels) == 255


@pytest.fixture
def awkward(tone: Path, tmp_path: Path) -> Path:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n[red]\x1b.wav"))
    path.write_bytes(tone.read_bytes())
    return path


async def test_names_that_are_not_utf8_are_opened(painter: PainterProcess, awkward: Path) -> None:
    assert (await painter.paint(wanted(awkward))).duration == pytest.approx(1.0)


async def test_what_is_no_sound_is_told_and_the_child_lives_on(
    painter: PainterProcess, tone: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("no sound at all")
    with pytest.raises(SoundUnreadable) as told:
        await painter.paint(wanted(tmp_path / "text.wav"))
    assert told.value.code == "unsupported"
    first = painter.pid
    with pytest.raises(SoundUnreadable) as told:
        await painter.paint(wanted(tmp_path / "gone.wav"))
    assert told.value.code == "vanished"
    assert (await painter.paint(wanted(tone))).width == 80
    assert painter.pid == first


async def test_a_stuck_decoder_is_given_up_and_the_next_picture_comes(
    painter: PainterProcess, tone: Path
) -> None:
    await painter.paint(wanted(tone))
    stuck = pid_of(painter)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(SoundUnreadable) as told:
        await painter.paint(wanted(tone))
    assert told.value.code == "timed_out"
    assert not psutil.pid_exists(stuck)
    assert (await painter.paint(wanted(tone))).width == 80


async def test_a_crash_while_drawing_is_told_and_the_next_picture_comes(
    tone: Path, tmp_path: Path
) -> None:
    painter = PainterProcess(silence_seconds=30)
    await painter.paint(wanted(tone))
    # The first child dies under the sound; so does the one that tries again.
    os.kill(pid_of(painter), signal.SIGSTOP)
    drawing = asyncio.create_task(painter.paint(wanted(tone)))
    killed = pid_of(painter)
    await asyncio.sleep(0)
    os.kill(killed, signal.SIGKILL)
    await until(lambda: painter.pid not in (None, killed) or drawing.done())
    os.kill(pid_of(painter), signal.SIGKILL)
    with pytest.raises(SoundUnreadable) as told:
        await drawing
    assert told.value.code == "internal"
    assert (await painter.paint(wanted(tone))).width == 80
    await painter.close()


async def test_a_child_that_died_while_idle_is_replaced_unseen(
    painter: PainterProcess, tone: Path
) -> None:
    await painter.paint(wanted(tone))
    psutil.Process(painter.pid).kill()
    assert (await painter.paint(wanted(tone))).width == 80


async def test_nothing_is_left_of_a_closed_painter_and_nothing_begins(
    painter: PainterProcess, tone: Path
) -> None:
    await painter.paint(wanted(tone))
    child = pid_of(painter)
    await painter.close()
    assert not psutil.pid_exists(child)
    with pytest.raises(SoundUnreadable):
        await painter.paint(wanted(tone))
    assert painter.pid is None


async def test_a_person_who_moves_on_does_not_wait_for_the_picture_before(
    painter: PainterProcess, tone: Path, long: Path
) -> None:
    await painter.paint(wanted(tone))
    drawing = asyncio.create_task(painter.paint(wanted(long)))
    await asyncio.sleep(0.05)
    drawing.cancel()
    assert (await painter.paint(wanted(tone))).duration == pytest.approx(1.0)
    with pytest.raises(asyncio.CancelledError):
        await drawing


async def test_a_long_sound_comes_coarse_first_and_then_fine(
    painter: PainterProcess, long: Path
) -> None:
    request = PictureRequest(
        path=long, view=View.SPECTROGRAM, width=60, height=20, coarse=True, log=False
    )
    coarse = await painter.paint(request)
    assert coarse.coarse
    assert coarse.duration == pytest.approx(1200)
    fine = await painter.paint(wanted(long))
    assert not fine.coarse


async def test_ctrl_c_in_the_terminal_does_not_reach_the_painter(
    painter: PainterProcess, tone: Path
) -> None:
    await painter.paint(wanted(tone))
    assert os.getsid(pid_of(painter)) == painter.pid


_ORPHAN = """
import asyncio, os, sys
from pathlib import Path
from smtui.domain.path_map import PathMap
from smtui.domain.picture import PictureRequest, View
from smtui.painter.process import PainterProcess
async def main():
    painter = PainterProcess()
    path = Path(sys.argv[1])
    asyncio.create_task(
        painter.paint(PictureRequest(path=path, view=View.SPECTROGRAM, width=80, height=40)))
    while painter.pid is None:
        await asyncio.sleep(0.01)
    print(painter.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_painter_ends_with_its_screen_also_while_it_draws(long: Path) -> None:
    command = [sys.executable, "-c", _ORPHAN, str(long)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as screen:
        assert screen.stdout is not None
        pid = int(screen.stdout.readline())
        screen.kill()
    asyncio.run(until(lambda: _is_gone(pid)))


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_screens_side_loads_no_numpy() -> None:
    code = "import sys, smtui.painter.process; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


async def test_a_file_is_drawn_from_where_this_machine_has_it(tone: Path) -> None:
    mapped = PainterProcess(PathMap(prefixes={"/mnt/nas": str(tone.parent)}))
    try:
        picture = await mapped.paint(wanted(Path("/mnt/nas", tone.name)))
        assert picture.duration == pytest.approx(1.0)
        with pytest.raises(SoundUnreadable) as raised:
            await mapped.paint(wanted(tone))
        assert raised.value.code == "vanished", "here that folder is the library's /mnt/nas"
    finally:
        await mapped.close()

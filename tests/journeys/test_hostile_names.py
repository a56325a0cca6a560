"""Names that try to break out: inert wherever they are shown, and opened all the same."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.ui.detail.screen import DetailScreen
from smtui.ui.draw.axes import hertz_at
from smtui.ui.widgets.spectrogram import Spectrogram
from tests.journeys.conftest import Smtui
from tests.journeys.machine import Machine, enter
from tests.ui.screen_home import press, seen, settle, told, until

RATE = 22_050
NAMES = (
    b"new\nline.wav",
    b"esc\x1b[31mred\x1b]0;title\x07.wav",
    b"[red]markup[bold].wav",
    b"[@click=app.quit]link.wav",
    b"w" * 251 + b".wav",
    b"latin \xe9\xff.wav",
    b"lone \xed\xa0\x80 surrogate.wav",
    b"c1 \xc2\x9b31m.wav",
    b"tab\tand\rreturn.wav",
    b"back\\slash\\xe9.wav",
    b"-rf.wav",
    "rtl \u202evaw.exe.wav".encode(),
    "עברית.wav".encode(),
    "family 👩\u200d👩\u200d👧 🎹.wav".encode(),
    "stacked e\u0301\u0301\u0301\u0301 o\u0308.wav".encode(),
    "你好世界.wav".encode(),
)
TRUNCATED = b"cut\x1b[2J[b]\xff.wav"
TEXT = b"text\n\x1b[1m\xff.wav"


def hertz_of(name: bytes) -> float:
    """Each sound has a tone of its own, so that one sees which file was opened."""
    return 300.0 * 1.2 ** NAMES.index(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose own name is no better."""
    made = tmp_path / os.fsdecode(b"pack\n[b]\xff\x1b[2J")
    made.mkdir()
    plain = tmp_path / "plain"
    for name in (*NAMES, TRUNCATED):
        hertz = hertz_of(name) if name in NAMES else 200.0
        tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(RATE // 2) / RATE)
        soundfile.write(plain, tone, RATE, format="FLAC" if name is TRUNCATED else "WAV")
        plain.rename(made / os.fsdecode(name))
    cut = made / os.fsdecode(TRUNCATED)
    cut.write_bytes(cut.read_bytes()[:-2000])
    (made / os.fsdecode(TEXT)).write_text("bread, milk")
    return made


def is_inert(text: str) -> bool:
    """Nothing in it moves a cursor, changes a colour or turns the line round.

    A left-to-right mark behind Hebrew or Arabic is ours: it keeps the columns in their place.
    """
    return all(line.isprintable() for line in text.translate({9: " ", 0x200E: None}).split("\n"))


def raw_name(row: dict[str, str]) -> bytes:
    kept = row["path_bytes"]
    return (base64.b64decode(kept) if kept else os.fsencode(row["path"])).rpartition(b"/")[2]


def test_every_command_shows_them_inert_and_hears_them(smtui: Smtui, folder: Path) -> None:
    scanned = smtui("scan", "--no-analyze", folder)
    assert f"{len(NAMES) + 1} added" in scanned.stdout
    assert "text\\n\\x1b[1m\\xff.wav: The file is not a sound in a known format" in scanned.stderr
    waited = smtui("analyze", "--wait")
    assert "cut\\x1b[2J[b]\\xff.wav: The sound breaks off after" in waited.stderr
    listed = smtui("list")
    assert {line.count("\t") for line in listed.stdout.splitlines()} == {6}
    folders = smtui("folders")
    assert "pack\\n[b]\\xff\\x1b[2J" in folders.stdout
    # A script gets the bytes, whatever they are, and every sound was heard.
    rows = [json.loads(line) for line in smtui("list", "--json").stdout.splitlines()]
    assert {raw_name(row) for row in rows if row["analyzed_at"]} == set(NAMES)

    paths = [folder / os.fsdecode(name) for name in (*NAMES, TRUNCATED)]
    inspected = smtui("inspect", *paths)
    assert inspected.stdout.count(" mono ") == len(NAMES)
    assert "breaks off" in inspected.stderr
    objects = [json.loads(line) for line in smtui("inspect", "--json", *paths).stdout.splitlines()]
    assert [bool(each.get("error")) for each in objects] == [False] * len(NAMES) + [True]
    for done in (scanned, waited, listed, folders, inspected):
        assert is_inert(done.stdout)
        assert is_inert(done.stderr)


async def test_every_screen_shows_them_inert_and_draws_the_right_sound(
    machine: Machine, smtui: Smtui, folder: Path
) -> None:
    smtui("scan", "--no-analyze", folder)
    smtui("analyze", "--wait")
    app = machine.app()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await enter(pilot)
        await until(lambda: f"{len(NAMES) + 1} of {len(NAMES) + 1}" in seen(app))
        for _ in range(len(NAMES) + 1):
            assert is_inert(seen(app))
            await press(pilot, "j")
        await press(pilot, "slash", *"[red]markup", "enter")
        await until(lambda: "1 of 17" in seen(app))
        assert "[red]markup[bold].wav" in seen(app)
        await press(pilot, "escape")
        await press(pilot, "home")
        await press(pilot, "i")
        await pilot.press("ctrl+u", *str(folder.parent), "enter")
        # What a scan could not read is told in a toast.
        await until(lambda: any("1 unreadable" in words for words in told(app)))
        assert is_inert(seen(app))
        await press(pilot, "enter")
        met = set()
        for _ in range(len(NAMES) + 1):
            await settle(app)
            assert is_inert(seen(app))
            assert isinstance(app.screen, DetailScreen), seen(app)
            assert app.screen.sound.sample is not None
            name = os.fsencode(app.screen.sound.sample.path).rpartition(b"/")[2]
            met.add(name)
            if name in NAMES:
                assert loudest_hertz(app.screen) == pytest.approx(hertz_of(name), rel=0.15)
            await press(pilot, "J")
        assert met == {*NAMES, TRUNCATED}


def loudest_hertz(screen: DetailScreen) -> float:
    """Where the brightest row of the picture is."""
    picture = screen.query_one(Spectrogram).picture
    assert picture is not None
    rows = np.frombuffer(picture.levels, np.uint8).reshape(picture.height, picture.width)
    return hertz_at(picture, int(rows.mean(axis=1).argmax()), picture.height)

"""`smtui check`, as somebody calls it who prepares a pack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cli.test_library_commands import scan, smtui

RATE = 44_100


def hit(seconds: float = 0.5, level: float = 0.5) -> Any:
    """A struck tone that dies away, ending without a click."""
    time = np.arange(round(seconds * RATE)) / RATE
    return level * np.sin(2 * np.pi * 180 * time) * np.exp(-12 * time)


def clicks(tempo: float, beats: int) -> Any:
    """A loop of struck tones, every first of four higher."""
    length = round(60 / tempo * RATE)
    loop = np.zeros(length * beats)
    for beat in range(beats):
        time = np.arange(length) / RATE
        pitch = 900 if beat % 4 == 0 else 600
        loop[beat * length :][:length] = 0.5 * np.sin(2 * np.pi * pitch * time) * np.exp(-40 * time)
    return loop


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop", "--now")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack in which nearly everything is wrong once."""
    folder = tmp_path / "pack"
    folder.mkdir()

    def put(name: str, values: Any, subtype: str = "PCM_24") -> None:
        soundfile.write(folder / name, values, RATE, subtype=subtype)

    put("bits.wav", np.rint(hit() * 2**15) / 2**15)
    put("clipped.wav", np.clip(4 * hit(), -1, 1))
    put("good.wav", hit())
    put("head.wav", np.concatenate((np.zeros(RATE // 5), hit())))
    put("loop_90bpm.wav", clicks(120, 16))
    put("offset.wav", hit() + 0.05)
    put("tail.wav", np.concatenate((hit(), np.zeros(2 * RATE))))
    shutil.copyfile(folder / "good.wav", folder / "twin.wav")
    (folder / "void.wav").write_bytes(b"")
    return folder


EXPECTED = {
    "bits.wav": {"bits"},
    "clipped.wav": {"clipped", "peak"},
    "head.wav": {"head"},
    "loop_90bpm.wav": {"tempo"},
    "tail.wav": {"tail"},
    "twin.wav": {"duplicate"},
    "void.wav": {"unreadable"},
}


def flaws(lines: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines.splitlines():
        one = json.loads(line)
        found.setdefault(Path(one["path"]).name, set()).add(one["finding"])
    return found


def test_a_folder_is_checked_without_a_library(pack: Path) -> None:
    done = smtui("check", "--json", pack)
    assert done.returncode == 1, done.stderr
    found = flaws(done.stdout)
    # How long an offset rings decides where silence begins.
    assert "dc" in found.pop("offset.wav")
    assert found == EXPECTED


def test_people_read_a_line_for_each_finding_below_its_file(pack: Path) -> None:
    done = smtui("check", pack / "good.wav", pack / "twin.wav", pack / "bits.wav")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{pack}/twin.wav",
        f"  It is the same as {pack}/good.wav",
        f"{pack}/bits.wav",
        "  Only 16 of its 24 bits are used",
        "3 sounds checked, 2 findings in 2 of them.",
    ]
    good = smtui("check", pack / "good.wav")
    assert (good.returncode, good.stdout) == (0, "1 sound checked, nothing found.\n")
    strict = smtui("check", "--peak", "-12", pack / "good.wav")
    assert strict.returncode == 1
    assert "over -12" in strict.stdout


def test_the_library_is_checked_by_what_a_filter_finds(pack: Path) -> None:
    (pack / "void.wav").unlink()
    scan(pack)
    # Nothing was heard yet, so it is listened to now.
    unheard = smtui("check", "--json")
    assert unheard.returncode == 1, unheard.stderr
    assert smtui("analyze", "--wait").returncode == 0
    heard = smtui("check", "--json")
    assert flaws(heard.stdout) == flaws(unheard.stdout)
    assert {name: found for name, found in flaws(heard.stdout).items() if name in EXPECTED} == {
        name: found for name, found in EXPECTED.items() if name != "void.wav"
    }
    (loop,) = smtui("list", "is:disagree").stdout.splitlines()
    assert Path(loop.split("\t")[0]).name == "loop_90bpm.wav"
    only = smtui("check", "is:disagree")
    assert only.stdout.splitlines()[1:] == [
        "  The name says 90 BPM, analysed as 120.0 BPM",
        "1 sound checked, 1 finding in 1 of them.",
    ]
    assert [smtui("check", word).returncode for word in ("good", "clipped:>0", "bits:16")] == [
        *(0, 1, 1),
    ]
    (said,) = smtui("list", "--json", "is:disagree").stdout.splitlines()
    fields = json.loads(said)
    assert fields["said"] == {"tempo": 90.0, "key": None, "mode": None}
    assert fields["bits_used"] == 24
    assert [each["relation"] for each in fields["disagrees"]] == ["other"]


def test_what_is_mistyped_is_told_before_anything_is_listened_to(pack: Path) -> None:
    nowhere = smtui("check", pack / "nope.wav")
    assert (nowhere.returncode, nowhere.stdout.splitlines()[1]) == (1, "  Not found")
    mistake = smtui("check", "bpm:fast")
    assert mistake.returncode == 1
    assert "is not a tempo" in mistake.stderr
    assert smtui("check", "--pek", "-1").returncode == 2

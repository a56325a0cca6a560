"""Broken files end in a result or a sentence: no crash, no hang, nothing on the terminal."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audio.hearing_process import HearingProcess
from tests.audio.mutations import broken_sounds, good_sounds

SECONDS = 10.0
_BAD = ("CRASH", "HANG", "ERROR")


@pytest.fixture(scope="module")
def hearing() -> Iterator[HearingProcess]:
    with HearingProcess() as process:
        yield process


def test_good_files_of_every_format_are_heard(hearing: HearingProcess, tmp_path: Path) -> None:
    for name, data in good_sounds().items():
        path = tmp_path / name
        path.write_bytes(data)
        assert hearing.told(path, seconds=60) == "heard", name


def test_every_way_to_break_a_file_ends_in_a_result_or_a_sentence(
    hearing: HearingProcess, tmp_path: Path
) -> None:
    """One of each format and way; `poe bad-input` does thousands."""
    told = {}
    for name, data in broken_sounds(130, seed=2):
        path = tmp_path / name
        path.write_bytes(data)
        told[name] = hearing.told(path, seconds=SECONDS)
    assert {name: what for name, what in told.items() if what.startswith(_BAD)} == {}
    assert hearing.complaints() == ""
    # Neither all heard nor all refused: both are tried.
    assert 20 <= list(told.values()).count("heard") <= 110


def test_a_header_that_claims_a_hundred_hours_is_refused_before_anything_is_made_of_it(
    tmp_path: Path,
) -> None:
    """36 bits of a FLAC's header say how many samples it has."""
    data = bytearray(good_sounds()["16.flac"])
    (packed,) = struct.unpack(">Q", data[18:26])
    claimed = 100 * 3_600 * 44_100
    data[18:26] = struct.pack(">Q", packed >> 36 << 36 | claimed)
    path = tmp_path / "long.flac"
    path.write_bytes(data)
    script = (
        "import resource, sys; from pathlib import Path; from smtui.audio.recipe import listen;"
        "from smtui.domain.analysis import Level; from smtui.domain.errors import SoundUnreadable;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: listen(Path(sys.argv[1]), level=Level.ADVANCED)\n"
        "except SoundUnreadable as error:"
        " print(error.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    code, grown = done.stdout.split()
    assert code in ("unreadable", "too_long")
    unit = 1 if sys.platform == "darwin" else 1_024
    assert int(grown) * unit < 10_000_000


def test_the_same_seed_breaks_files_the_same_way() -> None:
    """But for Ogg and floats, whose headers hold a random number and the time."""

    def broken(seed: int) -> dict[str, bytes]:
        made = dict(broken_sounds(60, seed=seed))
        return {name: data for name, data in made.items() if "flac" in name or "16.wav" in name}

    assert broken(3) == broken(3) != broken(4)

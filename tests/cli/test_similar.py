"""`smtui similar` and `smtui index`, as a person or a program calls them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.paths import places
from tests.cli.test_library_commands import smtui

RATE = 22_050


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop", "--now")


def tone(path: Path, hertz: float, *, seconds: float = 0.5, noise: float = 0.0) -> Path:
    at = np.arange(int(RATE * seconds)) / RATE
    wave = np.sin(2 * np.pi * hertz * at) * np.exp(-6 * at)
    wave = (1 - noise) * wave + noise * np.random.default_rng(int(hertz)).uniform(-1, 1, len(at))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * wave, RATE)
    return path


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    for number in range(4):
        tone(folder / f"low/low_{number}.wav", 60 + number)
        tone(folder / f"noise/noise_{number}.wav", 60 + number, noise=0.95)
    for words in (("scan", "--no-analyze", folder), ("analyze", "--wait")):
        done = smtui(*words)
        assert done.returncode == 0, done.stderr
    return folder


def paths(*words: str | Path) -> list[str]:
    done = smtui("similar", "--json", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["path"] for line in done.stdout.splitlines()]


def test_what_sounds_alike_is_found_and_kept_to_what_was_asked(
    sounds: Path, tmp_path: Path
) -> None:
    found = paths("low_0")
    assert len(found) == 7
    assert {Path(one).parent.name for one in found[:3]} == {"low"}
    assert paths(sounds / "low/low_0.wav") == found
    assert len(paths("low_0", "--limit", "2")) == 2
    assert {Path(one).parent.name for one in paths("low_0", "--filter", "in:noise")} == {"noise"}
    assert len(paths("low_0", "--per-folder", "1")) == 2
    unlike = paths("low_0", "--unlike", "low_1", "--like", "noise_1")
    assert Path(unlike[0]).parent.name == "noise"
    assert not {"low_0.wav", "low_1.wav", "noise_1.wav"} & {Path(one).name for one in unlike}
    outside = tone(tmp_path / "elsewhere/-odd.wav", 61)
    assert Path(paths(outside)[0]).parent.name == "low"
    (first, *_) = smtui("similar", "low_0", "--json").stdout.splitlines()
    told = json.loads(first)
    assert set(told["aspects"]) == {"timbre", "rhythm", "tonality", "envelope"}
    assert told["analysis_level"] == "advanced"
    line = smtui("similar", "low_0").stdout.splitlines()[0]
    assert f"  {found[0]}: " in line


def test_every_hit_says_why_it_was_found(sounds: Path, tmp_path: Path) -> None:
    outside = tone(tmp_path / "elsewhere/fifth.wav", 90)
    for seed in ("low_0", outside):
        told = [json.loads(line) for line in smtui("similar", seed, "--json").stdout.splitlines()]
        assert list(told[0])[:4] == ["path", "score", "aspects", "why"]
        assert all(one["why"] for one in told)
        whys = {Path(one["path"]).parent.name: one["why"] for one in told}
        assert "noisier" in whys["noise"]
    said = smtui("similar", outside, "--limit", "1").stdout
    assert said.rstrip().endswith(f": {told[0]['why']}")


def test_a_whole_search_is_one_argument_or_several(sounds: Path, tmp_path: Path) -> None:
    line = "like low_0 timbre=3 tonality=0 -noise_1 in:low pack<=2"
    found = paths(line)
    assert {Path(one).parent.name for one in found} == {"low"}
    assert len(found) == 2
    assert paths(*line.split()) == found
    assert paths("low_0", "timbre=3", "tonality=0", "-noise_1", "in:low", "pack<=2") == found
    options = ("--weights", "timbre=3,tonality=0", "--unlike", "noise_1", "--filter", "in:low")
    assert paths("low_0", *options, "--per-folder", "2") == found
    # Options add to a search, or win over it.
    assert paths(line, "--per-folder", "3") == paths(line.replace("pack<=2", "pack<=3"))
    assert paths(line, "--filter", "low_3") == [str(sounds / "low/low_3.wav")]
    assert len(paths("like low_0", "--like", "low_1", "--unlike", "low_2")) == 5
    assert paths("fits low_0") == paths("low_0", "--fits") == paths("like low_0", "--fits")
    words = smtui("find", "noise", "--json").stdout.splitlines()
    assert paths("words noise") == [json.loads(one)["path"] for one in words]
    outside = tone(tmp_path / "else where/a tone.wav", 61.3)
    assert paths(f'like "{outside}" in:low') == paths("like", str(outside), "in:low")
    assert len(paths(f'like "{outside}" in:low')) == 4


def test_a_name_is_a_name_even_where_it_begins_like_a_search(sounds: Path) -> None:
    tone(sounds / "like kick 1.wav", 70)
    for words in (("scan", "--no-analyze", sounds), ("analyze", "--wait")):
        assert smtui(*words).returncode == 0
    assert len(paths("like kick 1")) == 8
    assert len(paths("like kick 1.wav")) == 8
    assert len(paths("--", "like kick 1.wav")) == 8
    assert len(paths('like "like kick 1" pack<=1')) == 2
    done = smtui("similar", "kick 2 timbre=3")
    assert "No sound called kick 2 timbre=3" in done.stderr
    assert "A whole search begins with like, fits or words" in done.stderr


@pytest.mark.parametrize(
    ("words", "place", "said"),
    [
        (("like low_0 timber=3",), "timber", "No aspect timber"),
        (("low_0", "timber=3"), "timber", "No aspect timber"),
        (("like low_0 bpm:fast",), "fast", "is not a tempo"),
        (("words",), "words", "No words to look for"),
    ],
)
def test_a_mistake_in_a_search_is_pointed_at(words: tuple[str, ...], place: str, said: str) -> None:
    done = smtui("similar", *words)
    assert (done.returncode, done.stdout) == (1, "")
    text, marks, sentence = done.stderr.splitlines()
    assert text[marks.index("^") : marks.rindex("^") + 1] == place
    assert said in sentence


def test_a_misspelt_option_is_no_sound() -> None:
    done = smtui("similar", "low_0", "--limits", "3")
    assert done.returncode == 2
    assert "--limit" in done.stderr


def test_the_index_fills_itself_and_can_be_made_anew(sounds: Path) -> None:
    end = time.monotonic() + 30
    while True:
        told = json.loads(smtui("index", "status", "--json").stdout)
        if told["indexed"] == told["heard"] == 8:
            break
        assert time.monotonic() < end, told
    done = smtui("index", "rebuild")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8 sounds are in the index")
    assert smtui("index", "status").stdout == ("All 8 analysed sounds are in the index.\n")


def test_an_index_of_nothing_is_not_called_complete() -> None:
    done = smtui("index", "status")
    assert done.stdout == "No sound has been analysed yet, so the index is empty.\n"
    assert done.returncode == 0


def _header_lost(files: Path) -> None:
    smtui("services", "stop", "--now")
    with files.joinpath("chroma.sqlite3").open("r+b") as database:
        database.write(b"x" * 4_096)


def _pages_lost(files: Path) -> None:
    smtui("services", "stop", "--now")
    database = files / "chroma.sqlite3"
    # The schema, at the beginning, stays; the server starts.
    whole = database.stat().st_size
    with database.open("r+b") as opened:
        opened.seek(4_096)
        opened.write(b"x" * (whole - 4_096))


def _all_lost_while_it_runs(files: Path) -> None:
    shutil.rmtree(files)


@pytest.mark.parametrize("harm", [_header_lost, _pages_lost, _all_lost_while_it_runs])
def test_an_index_whose_files_are_damaged_is_told_and_made_anew_by_one_command(
    sounds: Path, harm: Callable[[Path], None]
) -> None:
    assert smtui("index", "rebuild").returncode == 0
    harm(places().chroma_data)
    found = smtui("similar", "low_0")
    assert (found.returncode, len(found.stdout.splitlines())) == (0, 7)
    if harm is not _all_lost_while_it_runs:
        told = smtui("index", "status")
        assert told.returncode == 1
        assert "damaged" in told.stderr
        assert "`smtui index rebuild` makes" in told.stderr
    done = smtui("index", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "its files are made again" in done.stderr
    assert done.stdout.startswith("8 sounds are in the index")
    told = smtui("index", "status")
    assert told.stdout == "All 8 analysed sounds are in the index.\n"


def test_a_person_is_told_how_far_likeness_can_be_trusted(sounds: Path) -> None:
    told = json.loads(smtui("index", "check", "--json").stdout)
    assert told["compared"] == 8
    assert told["nearest"]["re-encoded"]["asked"] == 8
    assert 0 <= told["nearest"]["second half"]["timbre"] <= 1
    assert told["nearest"]["re-encoded"]["all"] >= 0.5
    assert "re-encoded" in smtui("index", "check", "--sample", "2").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing_like_it",), "No sound called nothing_like_it"),
        (("x", "--weights", "timbre=9"), "The weight of timbre goes from 0 to 5"),
        (("x", "--weights", "colour=1"), "No aspect called colour"),
        (("x", "--weights", "timbre"), "timbre is no weight"),
        (("x", "--weights", "timbre=nan"), "The weight of timbre"),
        (("x", "--filter", "bpm:fast"), "bpm"),
        (("like " + "x" * 5_000,), "No sound called xxx"),
    ],
)
def test_what_cannot_be_searched_for_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = smtui("similar", *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_no_sound_is_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("no sound")
    done = smtui("similar", text)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1

"""`smtui find` and `smtui words`, as somebody calls them who has a sound in mind."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from smtui.demo import instruments as play
from tests.cli.test_library_commands import scan, smtui

RATE = 44_100


@pytest.fixture(autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    smtui("services", "stop", "--now")


def test_sounds_are_found_by_what_is_said_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    for name in ("kick", "hat", "crash", "snare"):
        soundfile.write(folder / f"{name[:1]}.wav", 0.7 * getattr(play, name)(RATE), RATE)
    scan(folder)
    early = smtui("find", "hi-hat")
    assert (early.returncode, early.stdout) == (0, "")
    assert "4 sounds were not analysed yet." in early.stderr
    assert smtui("analyze", "--wait").returncode == 0
    done = smtui("find", "crisp hi-hat, no tail", "--limit", "1")
    assert done.returncode == 0, done.stderr
    line, description = done.stdout.splitlines()
    assert line.endswith(f"{folder}/h.wav")
    assert "hi-hat hit" in description
    first = json.loads(smtui("find", "--json", "ringing cymbal").stdout.splitlines()[0])
    assert first["path"] == f"{folder}/c.wav"
    assert 0 < first["score"] <= 1
    assert "cymbal" in first["description"]
    assert smtui("find", "hit", "--filter", "kind:snare").stdout.count(".wav") == 1


def test_mistakes_are_told_in_one_sentence() -> None:
    assert "is not a tempo" in smtui("find", "kick", "--filter", "bpm:fast").stderr
    assert smtui("find").returncode == 2


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None, reason="the extra is installed"
)
def test_without_the_extra_it_is_said_what_to_do() -> None:
    nothing = smtui("find", "purple")
    assert nothing.returncode == 1
    assert '"purple" says nothing about a sound' in nothing.stderr
    assert "Matched word for word" in smtui("find", "kick").stderr
    for command in ("status", "fetch"):
        done = smtui("words", command)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "pip install -e '.[text]'" in done.stderr


def test_what_fits_is_told_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    for name in ("kick", "hat", "tom"):
        soundfile.write(folder / f"{name}.wav", 0.7 * getattr(play, name)(RATE), RATE)
    scan(folder)
    assert smtui("analyze", "--wait").returncode == 0
    done = smtui("similar", "kick", "--fits")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.endswith(f"{folder}/hat.wav: leaves the low band free")
    assert f"{folder}/tom.wav" in second
    told = json.loads(smtui("similar", "kick", "--fits", "--json").stdout.splitlines()[0])
    assert told["path"] == f"{folder}/hat.wav"
    assert told["why"] == "leaves the low band free"

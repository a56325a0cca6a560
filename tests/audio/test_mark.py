"""The mark of the samples: the same whatever the tags say, another for other samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen import id3

from smtui.audio.mark import audio_mark

# mutagen is written without types.
FRAMES: Any = id3
RATE = 44_100


def noise(seed: int, frames: int = 50_000, channels: int = 1) -> np.ndarray:
    dice = np.random.default_rng(seed)
    return dice.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "aiff"])
def test_tags_do_not_change_the_mark(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    soundfile.write(path, noise(1), RATE)
    before, size = audio_mark(path), path.stat().st_size
    tags = mutagen.File(path, easy=kind != "aiff")
    if tags.tags is None:
        tags.add_tags()
    if kind == "aiff":
        tags.tags.add(FRAMES.TIT2(text="a title " * 100))
    else:
        tags["title"] = "a title " * 100
    tags.save()
    assert path.stat().st_size != size
    assert audio_mark(path) == before != ""


def test_other_samples_have_another_mark(tmp_path: Path) -> None:
    marks = set()
    for number, wave in enumerate(
        (noise(1), noise(2), noise(1, 49_999), noise(1, channels=2), np.roll(noise(1), 1))
    ):
        soundfile.write(tmp_path / f"{number}.wav", wave, RATE)
        marks.add(audio_mark(tmp_path / f"{number}.wav"))
    assert len(marks) == 5


def test_stems_that_begin_silent_are_told_apart(tmp_path: Path) -> None:
    marks = set()
    for seed in range(3):
        wave = np.concatenate([np.zeros((100_000, 1), np.float32), noise(seed)])
        soundfile.write(tmp_path / f"{seed}.wav", wave, RATE)
        marks.add(audio_mark(tmp_path / f"{seed}.wav"))
    assert len(marks) == 3


def test_silence_and_what_is_no_sound_have_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(5_000_000), RATE)
    (tmp_path / "text.wav").write_text("no sound")
    assert audio_mark(tmp_path / "silent.wav") == audio_mark(tmp_path / "text.wav") == ""
    assert audio_mark(tmp_path / "not there.wav") == ""


def test_a_hit_of_a_few_samples_has_one(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hit.wav", noise(1, 3), RATE)
    assert audio_mark(tmp_path / "hit.wav")

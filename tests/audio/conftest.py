"""Sounds that the tests make themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.demo.sounds import Truth, make
from tests.audio.sounds_made import Written


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Truth, ...]]:
    """The demo's sounds, and what is true of them."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, make(folder)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write samples of shape (n,) or (n, channels) to a file and give its path."""

    def write(
        samples: np.ndarray, *, rate: int = 44_100, name: str = "sound.wav", subtype: str = "FLOAT"
    ) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate, subtype=subtype)
        return path

    return write

"""The bits that a sound uses, whatever its file has room for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.audio.recipe import listen
from smtui.domain.analysis import Level

RATE = 44_100


def noise(bits: int, seconds: float = 6.0) -> np.ndarray:
    """Stereo noise, every value a whole number of steps of that many bits."""
    steps = 2.0 ** (bits - 1)
    values = np.random.default_rng(5).uniform(-0.6, 0.6, (int(seconds * RATE), 2))
    return np.rint(values * steps) / steps


@pytest.mark.parametrize(
    ("subtype", "form", "bits", "used"),
    [
        ("PCM_24", "wav", 16, 16),
        ("PCM_24", "wav", 24, 24),
        ("PCM_24", "flac", 20, 20),
        ("PCM_16", "wav", 16, 16),
        ("PCM_16", "wav", 8, 8),
        ("PCM_16", "flac", 12, 12),
        ("PCM_U8", "wav", 8, 8),
        ("PCM_32", "wav", 24, 24),
        ("FLOAT", "wav", 16, 16),
        ("PCM_32", "wav", 31, 32),
    ],
)
def test_low_bits_that_are_never_used_do_not_count(
    tmp_path: Path, subtype: str, form: str, bits: int, used: int
) -> None:
    path = tmp_path / f"noise.{form}"
    soundfile.write(path, noise(bits), RATE, subtype=subtype)
    heard = listen(path, level=Level.BASIC)
    assert heard.bits_used == used


def test_one_sample_at_the_end_tells_of_the_true_depth(tmp_path: Path) -> None:
    values = noise(16)
    values[-1, 1] = 1 / 2**23
    path = tmp_path / "late.wav"
    soundfile.write(path, values, RATE, subtype="PCM_24")
    assert listen(path, level=Level.BASIC).bits_used == 24


def test_silence_and_lossy_formats_claim_nothing_of_their_own(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE, subtype="PCM_24")
    assert listen(tmp_path / "silence.wav", level=Level.BASIC).bits_used == 24
    soundfile.write(tmp_path / "noise.ogg", noise(16), RATE)
    assert listen(tmp_path / "noise.ogg", level=Level.BASIC).bits_used is None

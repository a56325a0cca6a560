"""`smtui bench`: how fast this machine listens, beside what one would write with librosa."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from smtui.cli.terminal import out

_MUSIC_SECONDS = 180.0
_RATE = 44_100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Sounds heard one after the other: how many, how long, and the processor time, s."""

    files: int
    seconds: float
    took: float

    @property
    def times(self) -> float:
        """How many seconds of sound in a second."""
        return self.seconds / max(self.took, 1e-9)


@click.command("bench")
@click.option("--librosa/--no-librosa", default=True, help="Also time a plain librosa pipeline.")
def bench_command(*, librosa: bool) -> None:
    """Make sounds, analyse them in one process, and print how fast that went.

    Short samples and three minutes of music, at level advanced. Beside it, on the same files,
    stands a plain librosa pipeline: tempo, onsets, MFCC, chroma, spectral features. Both are
    warm: what is loaded and compiled at the first sounds is not counted. Nothing is kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        samples, music = made(Path(folder))
        rows = [("short samples", samples), ("3 minutes of music", [music])]
        out(f"{'':20}{'files':>6}{'audio':>9}{'smtui':>18}{'librosa':>18}{'ratio':>8}")
        for name, paths in rows:
            ours = timed(heard_by_smtui, paths, warm=samples[0])
            theirs = timed(heard_by_librosa, paths, warm=samples[0]) if librosa else None
            out(row(name, ours, theirs))
    out("Processor time of one process, so other work on this machine hardly matters.")


def row(name: str, ours: Pass, theirs: Pass | None) -> str:
    """One line of the table."""
    line = f"{name:20}{ours.files:>6}{ours.seconds:>7.0f} s{_speed(ours):>18}"
    if theirs is None:
        return line
    return f"{line}{_speed(theirs):>18}{ours.times / theirs.times:>7.1f}×"


def _speed(heard: Pass) -> str:
    return f"{heard.took:.2f} s {heard.times:5.0f}×"


def made(folder: Path) -> tuple[list[Path], Path]:
    """Write short samples, and music out of the same ones; tell where they are."""
    # Late imports, here and below: `smtui bench --help` loads nothing heavy.
    import numpy as np
    import soundfile
    import soxr

    from smtui.demo.sounds import make

    samples = [folder / truth.filename for truth in make(folder) if not truth.broken]
    parts = []
    for path in samples:
        wave, rate = read_whole(path)
        stereo = np.repeat(wave, 2, axis=1)[:, :2]
        parts.append(stereo if rate == _RATE else soxr.resample(stereo, rate, _RATE))
    once = np.concatenate(parts)
    count = round(_MUSIC_SECONDS * _RATE)
    music = folder / "music.flac"
    soundfile.write(music, np.tile(once, (count // len(once) + 1, 1))[:count], _RATE)
    return samples, music


def timed(hear: Callable[[Path], float], paths: Sequence[Path], *, warm: Path) -> Pass:
    """Hear every file once, after one that is not counted."""
    hear(warm)
    began = time.process_time()
    seconds = sum(hear(path) for path in paths)
    return Pass(files=len(paths), seconds=seconds, took=time.process_time() - began)


def heard_by_smtui(path: Path) -> float:
    """Hear a file at level advanced; its length in s."""
    from smtui.audio.recipe import listen
    from smtui.domain.analysis import Level

    return listen(path, level=Level.ADVANCED).duration


def heard_by_librosa(path: Path) -> float:
    """Do what one would write with librosa in an afternoon; the length in s."""
    import warnings

    import librosa

    wave, rate = read_whole(path)
    mono = wave.mean(axis=1)
    with warnings.catch_warnings():
        # It complains of sounds that are shorter than its window.
        warnings.simplefilter("ignore")
        librosa.beat.beat_track(y=mono, sr=rate)
        librosa.onset.onset_detect(y=mono, sr=rate)
        librosa.feature.mfcc(y=mono, sr=rate, n_mfcc=13)
        librosa.feature.chroma_cqt(y=mono, sr=rate)
        for feature in ("centroid", "rolloff", "bandwidth", "flatness"):
            options = {} if feature == "flatness" else {"sr": rate}
            getattr(librosa.feature, f"spectral_{feature}")(y=mono, **options)
        librosa.feature.rms(y=mono)
    return len(mono) / float(rate)


def read_whole(path: Path) -> tuple[Any, int]:
    """Decode a whole file by descriptor, because any bytes may be in its name."""
    import soundfile

    with path.open("rb") as file:
        wave, rate = soundfile.read(file.fileno(), dtype="float32", always_2d=True, closefd=False)
    return wave, int(rate)

"""How fast and how right sounds are heard, against librosa in the same run: one table.

    python -m tests.bench.listen [FOLDER…] [--no-librosa] [--hour]

Speed is told for short samples and for music, both synthesised, and for every folder; what is
right for the synthesised samples, and for every folder with a `truth.json` that gives to file
names what is true of them: tempo, key and mode, meter (beats in a bar), kind. Processor time of
one warm process. `--hour` tells also the memory for an hour of sound.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from smtui.audio.recipe import listen
from smtui.cli.commands.bench import heard_by_librosa, heard_by_smtui, made, read_whole, row, timed
from smtui.demo.sounds import make
from smtui.domain.analysis import KEY_NAMES, Level, Measurement
from smtui.domain.errors import SoundUnreadable

Truths = dict[str, dict[str, Any]]
_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
_SURE = 0.8
_KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
_SCORES = (
    "tempo within 1 BPM",
    "tempo within 4 %",
    "tempo, octaves forgiven",
    "tempo or an alternative",
    "no tempo where none",
    "key (MIREX)",
    "metre",
    "kind",
    "of claims >= .8, right",
)


def mirex(key: str | None, mode: str | None, truth: dict[str, Any]) -> float:
    """1 for the key, .5 a fifth off, .3 its relative, .2 its parallel."""
    if key is None:
        return 0.0
    true = truth["key"]
    off = (KEY_NAMES.index(key) - (true if isinstance(true, int) else KEY_NAMES.index(true))) % 12
    if mode == truth["mode"]:
        return {0: 1.0, 5: 0.5, 7: 0.5}.get(off, 0.0)
    relative = 9 if mode == "minor" else 3
    return {relative: 0.3, 0: 0.2}.get(off, 0.0)


def near(tempo: float | None, true: float | None, share: float) -> bool:
    """Whether a tempo is within a share of the true one."""
    return tempo is not None and true is not None and abs(tempo - true) <= share * true


def told_by_librosa(path: Path) -> Measurement:
    """Tempo by its beat tracker, key by the mean of its chroma and Krumhansl's profiles."""
    import warnings

    import librosa

    channels, rate = read_whole(path)
    wave = channels.mean(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tempo = float(np.atleast_1d(librosa.beat.beat_track(y=wave, sr=rate)[0])[0])
        chroma = librosa.feature.chroma_cqt(y=wave, sr=rate).mean(axis=1)
    fits = {
        (KEY_NAMES[tonic], mode): np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]
        for mode, profile in _KRUMHANSL.items()
        for tonic in range(12)
    }
    key, mode = max(fits, key=lambda name: np.nan_to_num(fits[name]))
    return Measurement(
        level=Level.BASIC,
        recipe_version=0,
        file_hash="",
        duration=len(wave) / rate,
        processing_time=0.0,
        tempo=tempo or None,
        key=key,
        mode=mode,
    )


def scored(heard: Measurement, truth: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Give what is right of one sound, by the names of _SCORES."""
    sure: list[tuple[float, bool]] = []
    if "tempo" in truth:
        right = near(heard.tempo, truth["tempo"], 0.04)
        yield from tempo_scores(heard, truth["tempo"])
        if heard.tempo is not None:
            sure.append((heard.claims.tempo_confidence, right))
    if truth.get("key") is not None:
        score = mirex(heard.key, heard.mode, truth)
        yield _SCORES[5], score
        if heard.key is not None:
            sure.append((heard.claims.key_confidence, score == 1))
    if truth.get("meter"):
        meter = heard.time_signature
        yield _SCORES[6], meter is not None and meter[0] == truth["meter"]
    if truth.get("kind"):
        yield _SCORES[7], heard.kind == truth["kind"]
        sure.append((heard.kind_confidence, heard.kind == truth["kind"]))
    yield from ((_SCORES[8], right) for confidence, right in sure if confidence >= _SURE)


def tempo_scores(heard: Measurement, true: float | None) -> Iterator[tuple[str, float]]:
    """Give what is right of the tempo; `true` is None where there is none."""
    if true is None:
        yield _SCORES[4], heard.tempo is None
        return
    alternatives = [claim.tempo for claim in heard.claims.tempo_alternatives[:2]]
    octaves = [true * factor for factor in (1 / 3, 1 / 2, 1, 2, 3)]
    yield _SCORES[0], heard.tempo is not None and abs(heard.tempo - true) <= 1
    yield _SCORES[1], near(heard.tempo, true, 0.04)
    yield _SCORES[2], any(near(heard.tempo, each, 0.04) for each in octaves)
    yield _SCORES[3], any(near(each, true, 0.04) for each in (heard.tempo, *alternatives))


def accuracy(
    tell: Callable[[Path], Measurement], folder: Path, truths: Truths
) -> dict[str, list[float]]:
    """Score every file of a folder that has a truth."""
    scores: dict[str, list[float]] = {name: [] for name in _SCORES}
    for name, truth in truths.items():
        try:
            heard = tell(folder / name)
        except (SoundUnreadable, soundfile.SoundFileError) as error:
            print(f"{name}: {error}")
            continue
        for what, score in scored(heard, truth):
            scores[what].append(float(score))
    return scores


def print_accuracy(name: str, folder: Path, truths: Truths, *, librosa: bool) -> None:
    """One line for each claim that has a truth: right shares of smtui and librosa, and how many."""
    ours = accuracy(lambda path: listen(path, level=Level.ADVANCED), folder, truths)
    theirs = accuracy(told_by_librosa, folder, truths) if librosa else {}
    print(f"\n{name + ': right':40}{'sounds':>7}{'smtui':>8}{'librosa':>9}")
    for what in _SCORES:
        if not ours[what]:
            continue
        comparable = theirs.get(what) and what in _SCORES[:6]
        beside = f"{np.mean(theirs[what]):9.3f}" if comparable else ""
        print(f"  {what:38}{len(ours[what]):>7}{np.mean(ours[what]):8.3f}{beside}")


def print_memory(folder: Path) -> None:
    """The highest memory of a process that hears an hour of stereo music."""
    path = folder / "hour.flac"
    minute = 0.1 * np.random.default_rng(1).standard_normal((60 * 44_100, 2))
    minute *= np.abs(np.sin(np.arange(len(minute)) * (np.pi * 2 / 44_100)))[:, None]
    with soundfile.SoundFile(path, "w", 44_100, 2) as file:
        for _ in range(60):
            file.write(minute)
    command = [sys.executable, "-m", "tests.bench.listen", "--peak-of", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"\nmemory for one hour of stereo: {done.stdout.strip()}")


def print_peak(path: Path) -> None:
    """Hear one file, and tell the time and the process's highest memory."""
    heard = listen(path, level=Level.ADVANCED)
    unit = 1 if sys.platform == "darwin" else 1_024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"{peak / 1e6:.0f} MB, {heard.duration / heard.processing_time:.0f} × real time")


def readable(folder: Path) -> list[Path]:
    """The sounds below a folder that can be heard."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]
    kept = []
    for path in paths:
        try:
            listen(path, level=Level.BASIC)
        except SoundUnreadable as error:
            print(f"{path.name}: {error}")
        else:
            kept.append(path)
    return kept


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--no-librosa", dest="librosa", action="store_false")
    parser.add_argument("--hour", action="store_true")
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    if wishes.peak_of:
        print_peak(wishes.peak_of)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        samples, music = made(folder)
        rows = [("short samples", samples), ("3 minutes of music", [music])]
        rows += [(path.name[:20], readable(path)) for path in wishes.folders]
        print(f"{'':20}{'files':>6}{'audio':>9}{'smtui':>18}{'librosa':>18}{'ratio':>8}")
        for name, paths in rows:
            ours = timed(heard_by_smtui, paths, warm=samples[0])
            theirs = timed(heard_by_librosa, paths, warm=samples[0]) if wishes.librosa else None
            print(row(name, ours, theirs))
        truths = {str(truth.filename): asdict(truth) for truth in make(folder) if not truth.broken}
        print_accuracy("short samples", folder, truths, librosa=wishes.librosa)
        for given in wishes.folders:
            if (given / "truth.json").exists():
                known: Truths = json.loads((given / "truth.json").read_text())
                print_accuracy(given.name, given, known, librosa=wishes.librosa)
        if wishes.hour:
            print_memory(folder)


if __name__ == "__main__":
    main()

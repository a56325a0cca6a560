"""Cold `smtui inspect FILE` against a plain librosa script on the same file.

    python tests/bench/inspect_cold.py [FILE] [--pairs N]

Both start as new processes, turn about, so that whatever else the machine does hits both. Prints
the median of the paired ratios; the goal is at most 0.3.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

GOAL = 0.3

BASELINE = """
import sys
import librosa
y, sr = librosa.load(sys.argv[1], sr=None)
tempo, beats = librosa.beat.beat_track(y=y, sr=sr)
mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13)
chroma = librosa.feature.chroma_cqt(y=y, sr=sr)
centroid = librosa.feature.spectral_centroid(y=y, sr=sr)
print(tempo, mfcc.shape, chroma.shape, centroid.mean())
"""


def loop(folder: Path) -> Path:
    """Write eight seconds of a beat with a chord, in stereo."""
    rate, seconds = 44_100, 8.0
    t = np.arange(round(rate * seconds)) / rate
    chord = sum(np.sin(2 * np.pi * hertz * t) for hertz in (220.0, 261.63, 329.63)) / 12
    beat = t % 0.5
    kick = np.sin(2 * np.pi * 60 * beat) * np.exp(-12 * beat)
    hat = np.random.default_rng(1).normal(0, 0.2, len(t)) * np.exp(-60 * ((t + 0.25) % 0.5))
    path = folder / "loop.wav"
    soundfile.write(path, np.stack([chord + kick * 0.6 + hat, chord + kick * 0.6], axis=1), rate)
    return path


def seconds_of(command: list[str]) -> float:
    """Run a command to its end and give how long it took in s."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Run the pairs and print each, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--pairs", type=int, default=7)
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(wishes.file or loop(Path(folder)))
        ours = [sys.executable, "-m", "smtui", "inspect", path]
        theirs = [sys.executable, "-c", BASELINE, path]
        # Once each unmeasured: bytecode is written, and numba fills its cache where it has one.
        seconds_of(ours), seconds_of(theirs)
        pairs = [(seconds_of(ours), seconds_of(theirs)) for _ in range(wishes.pairs)]
    for ours_took, theirs_took in pairs:
        print(f"inspect {ours_took:.2f} s   librosa {theirs_took:.2f} s")
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"median ratio {ratio:.3f} (goal at most {GOAL})")


if __name__ == "__main__":
    main()

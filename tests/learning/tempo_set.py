"""Makes the sounds that tempo is learned from, and keeps what the ears gave of them.

Sounds themselves are not kept. A set is a folder of small files, one for each kind and seed, so
that making it can be interrupted and continued.
"""

from __future__ import annotations

import argparse
import pickle
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from smtui.audio.frames import Frames
from tests.learning.beatless_truth import Sources
from tests.learning.heard import ears_of
from tests.learning.tempo_truth import Truth, examples
from tests.truth.render import soundfonts

KINDS = ("drums", "found", "music", "band", "piece", "none")
_SUFFIXES = (".flac", ".wav")
_REPEATED = r"^loop|beat|robot|phone"
_KEPT = ("rms", "flatness", "centroid", "chroma", "bands", "strength")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A sound as the ears gave it, with its truth; durations and silences in seconds."""

    frames: Frames
    head: float
    tail: float
    duration: float
    truth: Truth
    name: str


def make(folder: Path, kind: str, seeds: range, sources: Sources) -> None:
    """Make the sounds of these seeds that are not there yet, on two processes."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        (folder, kind, seed, sources)
        for seed in seeds
        if not (folder / f"{kind}_{seed}.pkl").exists()
    ]
    with ProcessPoolExecutor(2) as processes:
        list(processes.map(_make, wanted, chunksize=4))


def one_shots(folder: Path, *, learned: bool) -> tuple[Path, ...]:
    """Files of a folder that are no loops by their names: those to learn from, or the others."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES]
    return tuple(
        path
        for path in paths
        if not re.search(_REPEATED, path.stem)
        and (zlib.crc32(path.stem.encode()) % 3 != 0) is learned
    )


def _make(wanted: tuple[Path, str, int, Sources]) -> None:
    folder, kind, seed, sources = wanted
    kept = [
        _packed(example.wave, example.rate, example.truth, f"{kind} {seed} {number}")
        for number, example in enumerate(examples(kind, str(seed), sources))
    ]
    path = folder / f"{kind}_{seed}.pkl"
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(kept))
    part.rename(path)


def paths_of(folder: Path, kind: str) -> list[Path]:
    """The files of a kind, by seed."""
    return sorted(folder.glob(f"{kind}_*.pkl"), key=lambda path: int(path.stem.split("_")[1]))


def read(path: Path) -> Iterator[Heard]:
    """Read what was made of one seed."""
    for kept in pickle.loads(path.read_bytes()):
        yield _unpacked(kept)


def _packed(wave: Any, rate: int, truth: Truth, name: str) -> dict[str, Any]:
    ears = ears_of(wave, rate)
    kept: dict[str, Any] = {column: getattr(ears.frames, column) for column in _KEPT}
    return kept | {
        "head": ears.levels.silence_head,
        "tail": ears.levels.silence_tail,
        "duration": ears.duration,
        "truth": {each.name: getattr(truth, each.name) for each in fields(Truth)},
        "name": name,
    }


def _unpacked(kept: dict[str, Any]) -> Heard:
    nothing = np.zeros(0, dtype=np.float32)
    columns = {each.name: kept.get(each.name, nothing) for each in fields(Frames)}
    return Heard(
        frames=Frames(**columns),
        head=kept["head"],
        tail=kept["tail"],
        duration=kept["duration"],
        truth=Truth(**kept["truth"]),
        name=kept["name"],
    )


def main() -> None:
    """Make a set: `python -m tests.learning.tempo_set FOLDER --seeds 0 400 --kinds drums`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 400))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--samples", type=Path, help="a folder of sounds in the public domain")
    parser.add_argument("--others", action="store_true", help="those not to be learned from")
    asked = parser.parse_args()
    samples = one_shots(asked.samples, learned=not asked.others) if asked.samples else ()
    sources = Sources(fonts=soundfonts(), samples=samples)
    for kind in asked.kinds:
        make(asked.folder, kind, range(*asked.seeds), sources)


if __name__ == "__main__":
    main()

"""Descriptors of many known sounds, kept in one file between makings: names, kinds, sources.

Run `python -m tests.learning.kinds_set OUT --seed 1 --made 60 --soundfont FILE --samples FOLDER`.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smtui.audio.descriptors import describe
from tests.learning import kinds_truth as truth
from tests.learning import material_changes
from tests.learning.described import heard_material
from tests.truth.render import Player

_QUIETEST = 1e-4
_AS_IT_IS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class KindsSet:
    """Descriptors (n, d) and of each sound the finer name, the kind and the source."""

    inputs: npt.NDArray[np.float32]
    names: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How often each sound is taken: changed as sound, and each of these also as material."""

    sound: int = 1
    material: int = 0


def gathered(sounds: Iterable[truth.Known], seed: int, turns: Turns) -> KindsSet:
    """Describe sounds, each several times, changed at random but for some."""
    rows: list[tuple[npt.NDArray[np.float32], str, str, str]] = []
    for place, known in enumerate(sounds):
        if np.abs(known.wave).max(initial=0) < _QUIETEST:
            continue
        for turn in range(turns.sound):
            chance = random.Random(f"{seed} {place} {turn}")
            plain = chance.random() < _AS_IT_IS if turns.sound == 1 else turn == 0
            sound = known if plain else truth.changed(known, chance)
            material = heard_material(sound.wave, sound.rate)
            noise = np.random.default_rng((seed, place, turn))
            more = (material_changes.changed(noise, material) for _ in range(turns.material))
            told = [describe(each) for each in (material, *more)]
            rows += [(t.all, known.name, known.kind, known.source) for t in told if t is not None]
    return KindsSet(
        inputs=np.array([row[0] for row in rows], dtype=np.float32),
        names=np.array([row[1] for row in rows]),
        kinds=np.array([row[2] for row in rows]),
        sources=np.array([row[3] for row in rows]),
    )


def save(path: Path, known: KindsSet) -> None:
    """Keep a set."""
    np.savez(path, inputs=known.inputs, names=known.names, kinds=known.kinds, sources=known.sources)


def load(paths: Iterable[Path]) -> KindsSet:
    """Read sets and join them."""
    kept = [np.load(path, allow_pickle=False) for path in paths]
    fields = ("inputs", "names", "kinds", "sources")
    return KindsSet(**{name: np.concatenate([one[name] for one in kept]) for name in fields})


def main() -> None:
    """Make one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--made", type=int, default=0, help="of each synthesised sound")
    parser.add_argument("--acoustic", type=int, default=0, help="of each sound of skin and metal")
    parser.add_argument("--bare", type=int, default=0, help="of each unfiltered tone")
    parser.add_argument("--music", type=int, default=0, help="loops; a quarter as many pieces")
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--samples", type=Path, help="a folder of sounds in the public domain")
    parser.add_argument("--times", type=int, default=1, help="each sound, changed")
    parser.add_argument("--more", type=int, default=0, help="of each time, changed as material")
    asked = parser.parse_args()
    turns = Turns(sound=asked.times, material=asked.more)
    save(asked.out, gathered(_sounds(asked), asked.seed, turns))


def _sounds(asked: argparse.Namespace) -> Iterator[truth.Known]:
    player = Player(soundfont=asked.soundfont) if asked.soundfont else None
    parts: list[Iterable[truth.Known]] = [truth.made(asked.seed, asked.made)]
    parts.append(truth.acoustic(asked.seed, asked.acoustic))
    parts.append(truth.bare(asked.seed, asked.bare))
    if asked.music:
        parts.append(truth.loops(player, asked.seed, asked.music))
        parts.append(truth.pieces(player, asked.seed, asked.music // 4))
        parts.append(truth.textures(asked.seed, asked.music // 4))
    elif player is not None:
        parts += [truth.struck(player, asked.seed), truth.played(player, asked.seed)]
    if asked.samples:
        parts.append(truth.given(asked.samples))
    return itertools.chain(*parts)


if __name__ == "__main__":
    main()

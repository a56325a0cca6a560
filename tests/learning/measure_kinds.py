"""Measures kind and likeness as the recipe gives them, on sounds named by their kind.

Run `python -m tests.learning.measure_kinds --kits FOLDER [--kit NAME…] --samples FOLDER`.
Likeness is measured leave-one-out: for each sound all others are ranked by the cosine of their
embeddings, and those of the same finer name are right.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from smtui.audio.recipe import listen
from smtui.domain.analysis import Level, Measurement
from smtui.domain.embedding import BLOCKS
from tests.learning.drumkits import known_sounds
from tests.learning.kinds_truth import Known, given

Floats = npt.NDArray[np.float64]
_SURE = 0.8


def heard(sounds: Iterable[Known]) -> list[tuple[Known, Measurement]]:
    """Hear sounds as files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        found = []
        for known in sounds:
            soundfile.write(path, known.wave, known.rate, subtype="FLOAT")
            found.append((known, listen(path, level=Level.ADVANCED)))
    return found


def ranked(vectors: Floats, names: list[str]) -> tuple[float, float, float]:
    """P@1, P@10 (of as many as there are) and mean average precision."""
    labels = np.array(names)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    sums = []
    for place, row in enumerate(likeness):
        right = (labels == labels[place])[np.argsort(-row)[:-1]]
        hits = np.flatnonzero(right)
        if len(hits):
            precision = (np.arange(len(hits)) + 1) / (hits + 1)
            sums.append((right[0], right[: min(10, len(hits))].mean(), precision.mean()))
    one, ten, mean = np.mean(sums, axis=0)
    return float(one), float(ten), float(mean)


def _next(measured: Measurement) -> tuple[str, ...]:
    """The likeliest other kind."""
    return tuple(each.kind for each in measured.claims.kind_alternatives[:1])


def told(pairs: list[tuple[Known, Measurement]]) -> None:
    """Print the figures."""
    right = [known.kind == measured.kind for known, measured in pairs]
    sure = [known.kind == m.kind for known, m in pairs if m.kind_confidence >= _SURE]
    either = [known.kind in (m.kind, *_next(m)) for known, m in pairs]
    print(f"{len(pairs)} sounds: top-1 {np.mean(right):.3f}, top-2 {np.mean(either):.3f}", end="; ")
    print(f"{len(sure)} claims at ≥ {_SURE}, {np.mean(sure or [False]):.3f} right")
    for kind, count in Counter(known.kind for known, _ in pairs).most_common():
        wrong = Counter(m.kind for k, m in pairs if k.kind == kind != m.kind)
        print(f"  {kind:11s} {count:4d}", wrong.most_common(5))
    whole = np.array([m.embedding for _, m in pairs])
    names, kinds = [k.name for k, _ in pairs], [k.kind for k, _ in pairs]
    parts = [("whole", whole), *((b.name, whole[:, b.span]) for b in BLOCKS)]
    for name, vectors in parts:
        figures = [f"{one:.3f}" for one in (*ranked(vectors, names), *ranked(vectors, kinds))]
        print(f"  {name:9s} finer P@1 P@10 mAP", *figures[:3], " by kind", *figures[3:])


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kits", type=Path)
    parser.add_argument("--kit", action="append", help="only this one of the kits; may be repeated")
    parser.add_argument("--samples", type=Path)
    asked = parser.parse_args()
    named = known_sounds(asked.kits) if asked.kits else iter(())
    kits = heard(one for one in named if not asked.kit or one.source in asked.kit)
    samples = heard(given(asked.samples)) if asked.samples else []
    for pairs in (kits, samples, kits + samples if kits and samples else []):
        if pairs:
            told(pairs)


if __name__ == "__main__":
    main()

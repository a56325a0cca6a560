"""Learns the embedding's axes: writes smtui/audio/tables/embedding.npz.

Run `python -m tests.learning.learn_embedding SET…` after `learn_kinds` on the same sets:
principal axes of the descriptors, weighed as for learning kinds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from smtui.domain.embedding import ENVELOPE, TIMBRE
from tests.learning.kinds_set import KindsSet, load
from tests.learning.learn_kinds import TABLES, normal, packed, weights_of

Floats = npt.NDArray[np.float32]
_ENVELOPE_DESCRIPTORS = 67
_AXES = 128
_EVENED = 0.25
"""Axes are divided by their variance to this power: ½ would make all alike, 0 none."""


def axes_of(inputs: Floats, weights: Floats, count: int) -> tuple[Floats, Floats]:
    """Principal axes (d, count) and what their coordinates are divided by."""
    spread = (inputs * weights[:, None]).T @ inputs / weights.sum()
    variance, axes = np.linalg.eigh(spread)
    order = np.argsort(-variance)[:count]
    return axes[:, order], np.maximum(variance[order], 1e-6) ** _EVENED


def statistics_of(known: KindsSet, kinds: dict[str, Any]) -> dict[str, Any]:
    """What the table keeps."""
    inputs = normal(known.inputs, kinds["mean"], kinds["deviation"])
    weights = weights_of(known)
    learned = kinds["middle"].size + kinds["names"].size
    room = min(_AXES, TIMBRE.absent - TIMBRE.start - learned)
    axes, spread = axes_of(inputs, weights, room)
    shape = inputs[:, -_ENVELOPE_DESCRIPTORS:]
    room = min(_ENVELOPE_DESCRIPTORS, ENVELOPE.absent - ENVELOPE.start)
    own, even = axes_of(shape, weights, room)
    return packed("axes", axes / spread) | packed("envelope_axes", own / even)


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    asked = parser.parse_args()
    with np.load(TABLES / "kinds.npz", allow_pickle=False) as kept:
        kinds = dict(kept)
    np.savez_compressed(TABLES / "embedding.npz", **statistics_of(load(asked.sets), kinds))


if __name__ == "__main__":
    main()

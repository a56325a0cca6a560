"""Where a longer sound changes, and which of its parts are alike.

Boundaries are where a checkerboard along the diagonal of the self-similarity fits best
(J. Foote, Automatic audio segmentation using a measure of audio novelty, ICME 2000). Parts are
then joined under one letter while their mean likeness, measured against that within each of
them, is high. Plain numpy: the matrix has at most some hundred rows.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import FRAMES_PER_SECOND, Frames
from smtui.domain.analysis import Segment

Floats = npt.NDArray[np.float64]

_SHORTEST = 8.0
"""s; a shorter sound is not cut."""
_UNIT = 0.5
_MOST_UNITS = 600
_REACH_SECONDS = 4.0
_LEAST_NOVELTY = 0.25
_ALIKE = 0.75
_MOST_LETTERS = 26


def segments_of(frames: Frames, beats: tuple[float, ...], duration: float) -> tuple[Segment, ...]:
    """Cut a sound of at least eight seconds into parts; boundaries fall on beats if it has any."""
    if duration < _SHORTEST:
        return ()
    edges = _edges(beats, duration)
    if len(edges) < 6:
        return ()
    features = _features(frames, edges)
    likeness = features @ features.T
    reach = max(2, round(_REACH_SECONDS / float(np.median(np.diff(edges)))))
    cuts = [0, *_cuts(likeness, reach), len(edges) - 1]
    letters = _letters(likeness, cuts)
    told: list[Segment] = []
    for (start, end), letter in zip(pairwise(cuts), letters, strict=True):
        name = chr(ord("A") + letter % _MOST_LETTERS)
        begins = told.pop().start if told and told[-1].letter == name else float(edges[start])
        told.append(Segment(start=round(begins, 3), end=round(float(edges[end]), 3), letter=name))
    return tuple(told)


def _edges(beats: tuple[float, ...], duration: float) -> Floats:
    """Where units begin and end: beats, or half seconds, fewer of them in a long sound."""
    inner = np.array(beats) if len(beats) >= 8 else np.arange(_UNIT, duration, _UNIT)
    inner = inner[:: 1 + len(inner) // _MOST_UNITS]
    inner = inner[(inner > _UNIT / 2) & (inner < duration - _UNIT / 2)]
    return np.concatenate(([0.0], inner, [duration]))


def _features(frames: Frames, edges: Floats) -> Floats:
    """What each unit sounds like, as rows of unit length: half timbre, half harmony."""
    count = len(frames.rms)
    starts = np.minimum((edges[:-1] * FRAMES_PER_SECOND).astype(np.int64), count - 1)
    lengths = np.maximum(1, np.diff(np.append(starts, count)))[:, None]
    timbre = np.add.reduceat(frames.mfcc, starts, axis=0, dtype=np.float64) / lengths
    harmony = np.add.reduceat(np.sqrt(frames.chroma), starts, axis=0, dtype=np.float64) / lengths
    harmony -= harmony.mean(axis=1, keepdims=True)
    # The first coefficient is loudness in decibels: it counts, but not more than the others.
    spread = np.maximum(timbre.std(axis=0), 2.0)
    blocks = ((timbre - timbre.mean(axis=0)) / spread, harmony)
    rows = [
        block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-9) for block in blocks
    ]
    return np.asarray(np.concatenate(rows, axis=1) / np.sqrt(2))


def _cuts(likeness: Floats, reach: int) -> list[int]:
    """Units at which something new begins."""
    count = len(likeness)
    ramp = np.exp(-0.5 * ((np.arange(-reach, reach) + 0.5) / (0.6 * reach)) ** 2)
    signs = np.sign(np.arange(-reach, reach) + 0.5)
    checkers = np.outer(ramp * signs, ramp * signs)
    checkers /= np.abs(checkers).sum()
    padded = np.pad(likeness, reach, mode="reflect" if count > reach else "edge")
    novelty = np.array(
        [(padded[at : at + 2 * reach, at : at + 2 * reach] * checkers).sum() for at in range(count)]
    )
    novelty = 2 * np.maximum(0, novelty)
    cuts: list[int] = []
    for at in np.argsort(-novelty):
        if novelty[at] < _LEAST_NOVELTY:
            break
        apart = all(abs(int(at) - cut) >= reach for cut in cuts)
        if apart and reach // 2 <= at <= count - reach // 2:
            cuts.append(int(at))
    return sorted(cuts)


def _letters(likeness: Floats, cuts: list[int]) -> list[int]:
    """Number the parts; a part gets the number of an earlier one that is like it."""
    parts = [slice(start, end) for start, end in pairwise(cuts)]
    letters: list[int] = []
    for number, part in enumerate(parts):
        within = likeness[part, part].mean()
        best, nearest = _ALIKE, None
        for other, before in enumerate(parts[:number]):
            both = np.sqrt(max(within * likeness[before, before].mean(), 1e-9))
            alike = float(likeness[part, before].mean() / both)
            if alike > best:
                best, nearest = alike, letters[other]
        letters.append(max(letters, default=-1) + 1 if nearest is None else nearest)
    return letters

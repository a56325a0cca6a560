"""What speaks for a kind, in short sentences for a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import Array

_NOISY, _PURE = 0.1, 0.004
_MOST_KINDS = 3
_WORTH_SAYING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a person can check by ear.

    Attributes:
        envelope: (n,) highest magnitude in each millisecond.
        shares: (6,) of the power between BAND_EDGES_HZ, together 1.
        flatness: 0 for tones to 1 for noise.
        strokes: how often it is struck.
        note: its one steady note, if it has one.
    """

    envelope: Array
    shares: npt.NDArray[np.float64]
    flatness: float
    strokes: int
    note: str | None
    is_loop: bool


def evidence_of(ranked: list[tuple[str, float]], measures: Measures) -> tuple[str, ...]:
    """Tell the likeliest kinds and the measures that tell kinds apart."""
    likely = [
        f"{kind} {share:.0%}" for kind, share in ranked[:_MOST_KINDS] if share >= _WORTH_SAYING
    ]
    attack, decay = _attack_and_decay(measures.envelope)
    low, high = measures.shares[:2].sum(), measures.shares[4:].sum()
    return (
        "sounds like " + ", ".join(likely),
        *(("goes round in whole bars: a loop",) if measures.is_loop else ()),
        f"loudest {attack} ms after the onset, 20 dB lower after {decay} ms more",
        f"{low:.0%} of the power below 150 Hz, {high:.0%} above 2 kHz",
        f"{_manner(measures)}, {_strokes(measures.strokes)}",
    )


def _manner(measures: Measures) -> str:
    if measures.note is not None:
        return f"one steady note, {measures.note}"
    if measures.flatness > _NOISY:
        return "mostly noise"
    return "mostly tones" if measures.flatness < _PURE else "tones and noise"


def _strokes(count: int) -> str:
    return "struck once" if count == 1 else f"struck {count} times" if count else "not struck"


def _attack_and_decay(envelope: Array) -> tuple[int, int]:
    """From the onset to near the peak, and from there until it stays 20 dB lower, ms."""
    peak = float(envelope.max())
    start = int(np.argmax(envelope > 0.1 * peak))
    near = int(np.argmax(envelope >= 0.7 * peak))
    loud = np.flatnonzero(envelope > 0.1 * peak)
    return near - start, int(loud[-1]) - near

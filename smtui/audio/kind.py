"""What kind of sound it is, as a claim: what the learned network says, where rhythm is silent.

A loop is what goes round in whole bars, and a long piece with a beat or with harmony is music;
neither can be told from the timbre of an opening, so both are left to rhythm and tonality.

It stands alone beside `tempo` and `tonality`: each makes one claim, and the recipe joins them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smtui.audio.descriptors import Descriptors, describe
from smtui.audio.features import Features
from smtui.audio.frames import Array
from smtui.audio.networks import Answer, ask_network
from smtui.domain.analysis import KindClaim

_LONGEST_ONE_SHOT = 15.0
_LEAST_LIKELY = 0.2
_LEAST_ALTERNATIVE = 0.001
_MOST_ALTERNATIVES = 3
_BY_RHYTHM = ("loop", "music")
_NOISY, _PURE = 0.1, 0.004
_MOST_KINDS = 3
_WORTH_SAYING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKind:
    """The kind of a sound.

    Attributes:
        kind: None where nothing sounds or nothing is likely.
        confidence: how likely the kind is right, 0 to 1; 0 without kind.
        alternatives: other kinds, best first.
        evidence: short sentences that say why.
        answered: the descriptors and what the network said of them, None where nothing sounds.
    """

    kind: str | None = None
    confidence: float = 0.0
    alternatives: tuple[KindClaim, ...] = ()
    evidence: tuple[str, ...] = ()
    answered: tuple[Descriptors, Answer] | None = None


def name_kind(features: Features) -> NamedKind:
    """Name the kind of a sound, and how sure that is."""
    descriptors = describe(features.material)
    if features.levels.true_peak_dbtp is None or descriptors is None:
        return NamedKind(evidence=("nothing sounds",))
    answer = ask_network(descriptors.all)
    ranked = _rank(features, answer)
    (kind, likely), *others = ranked
    sure = likely >= _LEAST_LIKELY
    return NamedKind(
        kind=kind if sure else None,
        confidence=round(likely, 3) if sure else 0.0,
        alternatives=tuple(
            KindClaim(kind=other, confidence=round(share, 3))
            for other, share in others[:_MOST_ALTERNATIVES]
            if sure and share >= _LEAST_ALTERNATIVE
        ),
        evidence=_evidence(ranked, _measures(features, len(descriptors.strokes))),
        answered=(descriptors, answer),
    )


def _rank(features: Features, answer: Answer) -> list[tuple[str, float]]:
    """Kinds and how likely they are, the best first; what rhythm claims leaves the rest less."""
    others = [(kind, share) for kind, share in answer.by_kind().items() if kind not in _BY_RHYTHM]
    if features.rhythm.is_loop:
        first, sure = "loop", max(0.5, features.rhythm.confidence)
    elif features.duration > _LONGEST_ONE_SHOT and _has_order(features):
        first, sure = "music", 0.4 + 0.5 * _has_order(features)
    else:
        return others
    left = (1 - sure) / max(sum(share for _, share in others), _LEAST_ALTERNATIVE)
    return [(first, sure), *((kind, left * share) for kind, share in others)]


def _has_order(features: Features) -> float:
    """How sure a beat or a harmony is, 0 for neither."""
    return max(features.rhythm.confidence, features.tonality.confidence)


def _measures(features: Features, strokes: int) -> _Measures:
    power = features.frames.bands.sum(axis=0, dtype=np.float64)
    note = features.note
    return _Measures(
        envelope=features.material.envelope,
        shares=power / max(float(power.sum()), 1e-20),
        flatness=features.material.flatness,
        strokes=strokes,
        note=note.name if note is not None and note.is_root else None,
        is_loop=features.rhythm.is_loop,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
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


def _evidence(ranked: list[tuple[str, float]], measures: _Measures) -> tuple[str, ...]:
    """The likeliest kinds, and the measures that tell kinds apart, for a person."""
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


def _manner(measures: _Measures) -> str:
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

"""What kind of sound it is, as a claim: what the learned network says, where rhythm is silent.

A loop is what goes round in whole bars, and a long piece with a beat or with harmony is music;
neither can be told from the timbre of an opening, so both are left to rhythm and tonality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.descriptors import Descriptors, Material, describe
from smtui.audio.frames import Frames
from smtui.audio.kind_evidence import Measures, evidence_of
from smtui.audio.kinds_network import Answer, answer
from smtui.audio.levels import Levels
from smtui.audio.tempo import Rhythm
from smtui.audio.tonality import Note, Tonality
from smtui.domain.analysis import KindClaim

_LONGEST_ONE_SHOT = 15.0
_LEAST_LIKELY = 0.2
_LEAST_ALTERNATIVE = 0.001
_MOST_ALTERNATIVES = 3
_BY_RHYTHM = ("loop", "music")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Everything that was heard before the kind is asked."""

    frames: Frames
    levels: Levels
    rhythm: Rhythm
    tonality: Tonality
    note: Note | None
    material: Material
    duration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The kind of a sound.

    Attributes:
        kind: None where nothing sounds or nothing is likely.
        confidence: how likely the kind is right, 0 to 1; 0 without kind.
        alternatives: other kinds, best first.
        evidence: short sentences that say why.
        told: the descriptors and what the network said of them, None where nothing sounds.
    """

    kind: str | None = None
    confidence: float = 0.0
    alternatives: tuple[KindClaim, ...] = ()
    evidence: tuple[str, ...] = ()
    told: tuple[Descriptors, Answer] | None = None


def kind_of(heard: Heard) -> Named:
    """Name the kind and how sure."""
    descriptors = describe(heard.material)
    if heard.levels.true_peak_dbtp is None or descriptors is None:
        return Named(evidence=("nothing sounds",))
    told = answer(descriptors.all)
    ranked = _ranked(heard, told)
    (kind, likely), *others = ranked
    sure = likely >= _LEAST_LIKELY
    return Named(
        kind=kind if sure else None,
        confidence=round(likely, 3) if sure else 0.0,
        alternatives=tuple(
            KindClaim(kind=other, confidence=round(share, 3))
            for other, share in others[:_MOST_ALTERNATIVES]
            if sure and share >= _LEAST_ALTERNATIVE
        ),
        evidence=evidence_of(ranked, _measures(heard, len(descriptors.strokes))),
        told=(descriptors, told),
    )


def _ranked(heard: Heard, told: Answer) -> list[tuple[str, float]]:
    """Kinds and how likely they are, the best first; what rhythm claims leaves the rest less."""
    others = [(kind, share) for kind, share in told.by_kind().items() if kind not in _BY_RHYTHM]
    if heard.rhythm.is_loop:
        first, sure = "loop", max(0.5, heard.rhythm.confidence)
    elif heard.duration > _LONGEST_ONE_SHOT and _has_order(heard):
        first, sure = "music", 0.4 + 0.5 * _has_order(heard)
    else:
        return others
    left = (1 - sure) / max(sum(share for _, share in others), _LEAST_ALTERNATIVE)
    return [(first, sure), *((kind, left * share) for kind, share in others)]


def _has_order(heard: Heard) -> float:
    """How sure a beat or a harmony is, 0 for neither."""
    return max(heard.rhythm.confidence, heard.tonality.confidence)


def _measures(heard: Heard, strokes: int) -> Measures:
    power = heard.frames.bands.sum(axis=0, dtype=np.float64)
    note = heard.note
    return Measures(
        envelope=heard.material.envelope,
        shares=power / max(float(power.sum()), 1e-20),
        flatness=heard.material.flatness,
        strokes=strokes,
        note=note.name if note is not None and note.is_root else None,
        is_loop=heard.rhythm.is_loop,
    )

"""What was heard of the demo's sounds, held to what is true of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smtui.demo.sounds import Truth
from smtui.domain.sample import Heard, Sample, key_label

_TEMPO_TOLERANCE = 1.0
"""BPM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One sound.

    Attributes:
        name: its file name, as bytes of the system allow it to be written.
        good: it was heard; or it is the broken one and was named with its reason.
        right: every claim is true.
        words: heard against true in one line.
    """

    name: str
    good: bool
    right: bool
    words: str


def judge(truths: Sequence[Truth], samples: Sequence[Sample], folder: Path) -> tuple[Verdict, ...]:
    """Hold each sound's row to its truth, in the order of the truths."""
    rows = {os.fsencode(sample.path): sample for sample in samples}
    return tuple(_judge(truth, rows.get(os.fsencode(folder / truth.filename))) for truth in truths)


def _judge(truth: Truth, sample: Sample | None) -> Verdict:
    name = sample.filename if sample else str(truth.filename)
    heard = sample.heard if sample else None
    if truth.broken:
        named = sample.trouble if sample else None
        words = f"broken, and named: {named.error}" if named else "broken, but not named"
        return Verdict(name=name, good=named is not None, right=named is not None, words=words)
    if heard is None:
        reason = sample.trouble.error if sample and sample.trouble else "not in the library"
        return Verdict(name=name, good=False, right=False, words=f"not analysed: {reason}")
    wrong = _wrong(truth, heard)
    words = f"{_claims(heard)}; truly {', '.join(wrong)}" if wrong else _claims(heard)
    return Verdict(name=name, good=True, right=not wrong, words=words)


def _claims(heard: Heard) -> str:
    tempo = "no tempo" if heard.tempo is None else f"{heard.tempo:.1f} BPM"
    tone = heard.key_label or heard.root_note or "no key"
    return f"{heard.kind or 'no kind'}, {tempo}, {tone}"


def _wrong(truth: Truth, heard: Heard) -> list[str]:
    """Say what is true where the claim is not."""
    wrong = []
    if (truth.tempo is None) != (heard.tempo is None) or (
        truth.tempo is not None
        and heard.tempo is not None
        and abs(truth.tempo - heard.tempo) > _TEMPO_TOLERANCE
    ):
        wrong.append("no tempo" if truth.tempo is None else f"{truth.tempo:g} BPM")
    if (truth.key, truth.mode) != (heard.key, heard.mode):
        wrong.append(key_label(truth.key, truth.mode) if truth.key else "no key")
    if truth.root_note and truth.root_note != heard.root_note:
        wrong.append(truth.root_note)
    if truth.kind != heard.kind:
        wrong.append(truth.kind)
    if truth.is_loop != bool(heard.is_loop):
        wrong.append("a loop" if truth.is_loop else "no loop")
    return wrong

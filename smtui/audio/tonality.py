"""Key and mode of harmony, as a claim with its evidence, or no key; notes are in `notes`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smtui.audio.keys import Harmony, harmony_of, read_keys
from smtui.audio.notes import Note, steady_note
from smtui.audio.pitches import Floats, Integers, Pitches
from smtui.domain.analysis import KEY_NAMES, KeyClaim

__all__ = ["Note", "Tonality", "steady_note", "tonality"]

_MODES = ("major", "minor")
_NO_KEY = 0.5
_SHORTEST_KEY = 0.3
_MOST_ALTERNATIVES = 3
_LEAST_ALTERNATIVE = 0.001
_FEW_CENTS = 8
_STRONGEST = 4
_CLEAR_MARGIN = 0.7
_LEAST_TONALNESS = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonality:
    """What is in tune.

    Attributes:
        key: `C` … `B` with sharps, None where there is no key.
        mode: `major` or `minor`, None with the key.
        confidence: how likely key and mode are both right, 0 to 1; 0 without key.
        alternatives: other readings, best first.
        tonalness: share of power in spectral peaks, 0 for noise to 1 for tones.
        tuning: cents above equal temperament at A4 = 440 Hz, -50 to 50; 0 where nothing is in tune.
        evidence: short sentences that say why.
    """

    key: str | None = None
    mode: str | None = None
    confidence: float = 0.0
    alternatives: tuple[KeyClaim, ...] = ()
    tonalness: float = 0.0
    tuning: float = 0.0
    evidence: tuple[str, ...] = ()


def tonality(pitches: Pitches, duration: float) -> Tonality:
    """Find the key of a sound of `duration` seconds."""
    harmony = harmony_of(pitches)
    tonalness = harmony.tonalness
    if duration < _SHORTEST_KEY or not harmony.classes.any():
        return Tonality(tonalness=tonalness, evidence=("not enough pitched sound",))
    reading = read_keys(harmony)
    cents = round(100 * harmony.tuning, 1)
    if reading.none > _NO_KEY:
        return Tonality(tonalness=tonalness, tuning=cents, evidence=_without(harmony, reading.none))
    order = np.argsort(reading.keys)[::-1].astype(np.int64)
    key, mode = _named(int(order[0]))
    return Tonality(
        key=key,
        mode=mode,
        confidence=round(max(reading.right, 0.001), 3),
        alternatives=_alternatives(reading.keys, order, reading.right),
        tonalness=tonalness,
        tuning=cents,
        evidence=_evidence(harmony, reading.keys, order),
    )


def _named(number: int) -> tuple[str, str]:
    return KEY_NAMES[number // 2], _MODES[number % 2]


def _alternatives(keys: Floats, order: Integers, right: float) -> tuple[KeyClaim, ...]:
    """The next keys share what the best one leaves, by their probabilities, never above it."""
    rest = max(1e-9, 1 - float(keys[order[0]]))
    claims = []
    for number in order[1 : 1 + _MOST_ALTERNATIVES]:
        key, mode = _named(int(number))
        share = min(right, (1 - right) * float(keys[number]) / rest)
        confidence = max(_LEAST_ALTERNATIVE, round(share, 3))
        claims.append(KeyClaim(key=key, mode=mode, confidence=confidence))
    return tuple(claims)


def _evidence(harmony: Harmony, keys: Floats, order: Integers) -> tuple[str, ...]:
    best, second = int(order[0]), int(order[1])
    told = [_strongest(harmony), _tuning(harmony)]
    named = " ".join(_named(second))
    relation = _relation(best, second)
    near = "close behind" if keys[second] > _CLEAR_MARGIN * keys[best] else "next"
    told.append(f"{near}: {named}, {relation}" if relation else f"{near}: {named}")
    return tuple(each for each in told if each)


def _without(harmony: Harmony, none: float) -> tuple[str, ...]:
    if harmony.tonalness < _LEAST_TONALNESS:
        share = round(100 * harmony.tonalness)
        return (f"{share} % of the power is in tones, the rest is noise",)
    likely = "most likely" if none > _CLEAR_MARGIN else "rather"
    return (_strongest(harmony), f"tones, but {likely} no harmony")


def _strongest(harmony: Harmony) -> str:
    order = np.argsort(harmony.classes)[::-1][:_STRONGEST]
    shares = [
        f"{KEY_NAMES[place]} {round(100 * harmony.classes[place])} %"
        for place in order
        if harmony.classes[place] >= 1 / 24
    ]
    return "strongest pitches " + ", ".join(shares)


def _tuning(harmony: Harmony) -> str:
    cents = round(100 * harmony.tuning)
    if abs(cents) < _FEW_CENTS:
        return "tuned to A = 440 Hz"
    side = "above" if cents > 0 else "below"
    return f"tuned {abs(cents)} cents {side} A = 440 Hz"


def _relation(best: int, second: int) -> str:
    """What the second key is to the best: the ways in which keys share their notes."""
    step = (second // 2 - best // 2) % 12
    minor = best % 2
    if best % 2 == second % 2:
        return {7: "a fifth higher", 5: "a fifth lower"}.get(step, "")
    if step == 0:
        return "with the same tonic"
    return "with the same notes" if step == (3 if minor else 9) else ""

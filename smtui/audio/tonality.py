"""Key and mode of harmony, as a claim with its evidence, or no key; single notes are in `notes`.

A small network looks at the pitch classes from each tonic in turn. They are folded in four
registers: over the whole sound (by magnitude, and with every frame counting alike), over its first
and its last quarter; beside them, how often each major and minor triad sounds in the same three
stretches. For each of the twelve tonics these are turned so that the tonic comes first, and the
same weights give one value for major and one for minor; a softmax over the 24 values is the
answer. So no key is easier than another.

The weights come from progressions, melodies, bass lines and arpeggios of known key, played on
many instruments with and without drums (`tests/learning/learn_keys.py`). A second, smaller
network tells how likely the answer is right, wrong, or no key at all. Profiles that listeners
gave (C. Krumhansl and E. Kessler, Psychological Review 89, 1982) were used before and took the
key of a sound's fifth or relative far more often, because they know neither bass nor order.

Conventions: pitch classes are numbered from C; the 24 keys are C major, C minor, C# major, …
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smtui.audio.frames import RATE, Array
from smtui.audio.pitches import LONG_HOP, Floats, Integers, Pitches
from smtui.domain.analysis import KEY_NAMES, KeyClaim

_LOUD_SHARE = 0.1
_TRIAD_SHARPNESS = 12.0
_CLASS_COUNT = 12
_OUTER = 4
"""The first and the last quarter of a sound are looked at apart."""
_SHARE_QUANTILES = (0.35, 0.65, 0.9)
_TINY = 1e-9

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
    key, mode = _key_name(int(order[0]))
    return Tonality(
        key=key,
        mode=mode,
        confidence=round(max(reading.right, 0.001), 3),
        alternatives=_alternatives(reading.keys, order, reading.right),
        tonalness=tonalness,
        tuning=cents,
        evidence=_evidence(harmony, reading.keys, order),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """What the networks look at.

    Attributes:
        views: (22, 12) pitch classes, then triads, C first; each of the seven blocks sums to 1.
        traits: (count,) how tonal, how long, how much in tune, how spread over the classes.
        classes: (12,) share of each pitch class, C first.
        tonalness: share of power in spectral peaks in the more tonal frames, 0 to 1.
        tuning: semitones above equal temperament at 440 Hz, -0.5 to 0.5.
    """

    views: Floats
    traits: Floats
    classes: Floats
    tonalness: float
    tuning: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReading:
    """Probabilities.

    Attributes:
        keys: (24,) of C major, C minor, C# major, …, together 1.
        none: that there is no key.
        right: that the likeliest of `keys` is right.
    """

    keys: Floats
    none: float
    right: float


def harmony_of(pitches: Pitches) -> Harmony:
    """Fold what was heard into what the networks look at."""
    shares = np.minimum(1, pitches.peak_power / np.maximum(pitches.power, 1e-12))
    sounding = pitches.power > _LOUD_SHARE**2 * pitches.power.max()
    counts = shares * sounding
    turn = pitches.deviation.sum()
    tuning = float(np.angle(turn) / (2 * np.pi))
    # Thirds of a semitone are rounded to the nearest class once the tuning is known.
    turned = np.roll(pitches.thirds, 1 - round(3 * tuning), axis=2)
    registers = turned.reshape(*turned.shape[:2], _CLASS_COUNT, 3).sum(axis=3, dtype=np.float64)
    even = registers / (registers.sum(axis=(1, 2), keepdims=True) + _TINY)
    quarter = max(1, len(even) // _OUTER)
    stretches = (slice(None), slice(None, quarter), slice(-quarter, None))
    heights = _over(np.sqrt(registers), counts)
    views = [heights, *(_over(even[part], counts[part]) for part in stretches)]
    triads = _triads(even.sum(axis=1))
    views += [_over(triads[part], counts[part]) for part in stretches]
    classes = _to_shares(views[1].sum(axis=0))
    heard = shares[sounding] if sounding.any() else np.zeros(1)
    quantiles = _quantiles(heard)
    traits = (
        *quantiles,
        np.log(len(counts) * LONG_HOP / RATE),
        sounding.mean(),
        abs(turn) / (pitches.magnitude.sum() + _TINY),
        -float(classes @ np.log(classes + 1e-6)),
        *np.sort(classes)[::-1][:6],
        *views[1].sum(axis=1),
    )
    return Harmony(
        views=np.concatenate(views),
        traits=np.asarray(traits, dtype=np.float64),
        classes=classes,
        tonalness=float(quantiles[1]),
        tuning=tuning,
    )


def read_keys(harmony: Harmony) -> KeyReading:
    """Ask both networks."""
    weights = weights_of("keys")
    keys = softmax(key_values(harmony.views, weights).ravel())
    verdict = verdict_input(harmony, keys)
    hidden = np.tanh((verdict - weights["mean"]) / weights["scale"] @ weights["in"] + weights["at"])
    none, _, right = softmax(hidden @ weights["out"] + weights["off"])
    return KeyReading(keys=keys, none=float(none), right=float(right))


def key_values(views: Floats, weights: dict[str, Array]) -> Floats:
    """The first network's values before the softmax: (12 tonics, major and minor)."""
    turned = rotations(views)
    hidden = np.maximum(turned @ weights["key_in"] + weights["key_at"], 0)
    return np.asarray(hidden @ weights["key_out"], dtype=np.float64)


def rotations(views: Floats) -> Array:
    """The views with each class in turn first: (12, rows × 12)."""
    classes = np.arange(_CLASS_COUNT)
    turned = views[:, (classes[:, None] + classes) % _CLASS_COUNT]
    return np.asarray(turned.transpose(1, 0, 2).reshape(_CLASS_COUNT, -1), dtype=np.float32)


def verdict_input(harmony: Harmony, keys: Floats) -> Floats:
    """What the second network looks at: the traits and how clear the answer is."""
    ranked = np.sort(keys)[::-1]
    spread = -float(keys @ np.log(keys + 1e-6))
    return np.concatenate((harmony.traits, ranked[:3], [spread]))


@cache
def weights_of(name: str) -> dict[str, Array]:
    """Read learned weights from the tables."""
    with np.load(Path(__file__).parent / "tables" / f"{name}.npz", allow_pickle=False) as file:
        return {part: file[part] for part in file.files}


def softmax(values: npt.NDArray[np.floating]) -> Floats:
    """Probabilities along the last axis, together 1."""
    lifted = np.exp(values - values.max(axis=-1, keepdims=True), dtype=np.float64)
    return np.asarray(lifted / lifted.sum(axis=-1, keepdims=True))


def _quantiles(values: Floats) -> Floats:
    """As numpy's own, in a fifth of its time for a few dozen values."""
    ranks = np.array(_SHARE_QUANTILES) * (len(values) - 1)
    return np.asarray(np.interp(ranks, np.arange(len(values)), np.sort(values)))


def _over(views: Floats, counts: Floats) -> Floats:
    """The weighted sum over frames of (n, rows, 12), with the sum 1 over all."""
    return _to_shares(np.tensordot(counts, views, axes=1))


def _to_shares(values: Floats) -> Floats:
    return np.asarray(values / (values.sum() + _TINY))


def _triads(classes: Floats) -> Floats:
    """How much each frame is each of the 24 triads: (n, 12) to (n, 2, 12), together 1."""
    length = np.sqrt(np.square(classes).sum(axis=1, keepdims=True)) + _TINY
    alike = (classes / length) @ _triad_classes()
    return np.asarray(softmax(_TRIAD_SHARPNESS * alike).reshape(-1, 2, _CLASS_COUNT))


@cache
def _triad_classes() -> Floats:
    """The classes of major triads, then of minor ones, as unit vectors: (12, 24)."""
    columns = [
        [root, (root + third) % _CLASS_COUNT, (root + 7) % _CLASS_COUNT]
        for third in (4, 3)
        for root in range(_CLASS_COUNT)
    ]
    bank = np.zeros((_CLASS_COUNT, len(columns)))
    for column, classes in enumerate(columns):
        bank[classes, column] = 1 / np.sqrt(3)
    return bank


def _key_name(number: int) -> tuple[str, str]:
    return KEY_NAMES[number // 2], _MODES[number % 2]


def _alternatives(keys: Floats, order: Integers, right: float) -> tuple[KeyClaim, ...]:
    """The next keys share what the best one leaves, by their probabilities, never above it."""
    rest = max(1e-9, 1 - float(keys[order[0]]))
    claims = []
    for number in order[1 : 1 + _MOST_ALTERNATIVES]:
        key, mode = _key_name(int(number))
        share = min(right, (1 - right) * float(keys[number]) / rest)
        confidence = max(_LEAST_ALTERNATIVE, round(share, 3))
        claims.append(KeyClaim(key=key, mode=mode, confidence=confidence))
    return tuple(claims)


def _evidence(harmony: Harmony, keys: Floats, order: Integers) -> tuple[str, ...]:
    best, second = int(order[0]), int(order[1])
    told = [_strongest(harmony), _tuning(harmony)]
    named = " ".join(_key_name(second))
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

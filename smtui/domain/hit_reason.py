"""Why a sound was found, in one phrase: "same brightness, shorter tail, a tone lower".

First what is strikingly the same, then what differs most, from the seed to the hit. What is not
known of both is not spoken of.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log2
from typing import NamedTuple

from smtui.domain.keys import MAJOR, MINOR
from smtui.domain.likeness import ASPECTS, Likeness
from smtui.domain.traits import Traits

_PARTS = 3
_SAME = 0.95
_ALIKE = 0.6
_INTERVALS = (
    "",
    "a semitone",
    "a tone",
    "a minor third",
    "a major third",
    "a fourth",
    "a tritone",
    "a fifth",
    "a minor sixth",
    "a major sixth",
    "a minor seventh",
    "a major seventh",
)
_OCTAVES = {1: "an octave", 2: "two octaves", 3: "three octaves"}
_OCTAVE = 12
_FIFTH, _FOURTH, _THIRD = 7, 5, 3


class _Part(NamedTuple):
    """A part of the phrase, whether it says that something is the same, and how telling it is."""

    words: str
    same: bool
    weight: float


def _same(words: str, weight: float) -> _Part:
    return _Part(words=words, same=True, weight=weight)


def _apart(words: str, weight: float) -> _Part:
    return _Part(words=words, same=False, weight=weight)


def why(seed: Traits, hit: Traits, likeness: Likeness | None = None) -> str:
    """Say how a hit is to a seed; empty where nothing is known."""
    if likeness is not None and likeness.is_copy:
        return "practically the same sound"
    parts = sorted(_parts(seed, hit), key=lambda part: -part.weight)
    same = [part.words for part in parts if part.same]
    apart = [part.words for part in parts if not part.same]
    if not same and likeness is not None:
        # Something brought it here; where no measure says what, the aspects do.
        same = _by_aspects(likeness, _known_aspects(seed, hit), alone=not apart)
    kept = max(1, _PARTS - len(apart))
    told = same[:kept]
    told += apart[: _PARTS - len(told)]
    return ", ".join(told)


def _parts(seed: Traits, hit: Traits) -> Iterator[_Part]:
    yield from _brightness(seed.brightness, hit.brightness)
    yield from _tempo(seed.tempo, hit.tempo)
    if seed.note is not None and hit.note is not None:
        yield _note(hit.note - seed.note)
    else:
        yield from _key(seed, hit)
    yield from _length(seed, hit)
    yield from _noise(seed.noisiness, hit.noisiness)
    yield from _loudness(seed.loudness, hit.loudness)
    if seed.kind is not None and seed.kind == hit.kind:
        yield _same("same kind", 1.5)


def _brightness(seed: float | None, hit: float | None) -> Iterator[_Part]:
    if not seed or not hit:
        return
    octaves = log2(hit / seed)
    if abs(octaves) < 0.12:
        yield _same("same brightness", 3.0)
    elif abs(octaves) >= 0.25:
        much = "much " if abs(octaves) >= 1 else ""
        yield _apart(f"{much}{'brighter' if octaves > 0 else 'darker'}", 4 * abs(octaves))


def _tempo(seed: float | None, hit: float | None) -> Iterator[_Part]:
    if not seed or not hit:
        return
    ratio = hit / seed
    if abs(ratio - 1) < 0.01:
        yield _same("same tempo", 4.0)
    elif abs(ratio / 2 - 1) < 0.02:
        yield _apart("double the tempo", 3.0)
    elif abs(ratio * 2 - 1) < 0.02:
        yield _apart("half the tempo", 3.0)
    else:
        little = "a little " if abs(ratio - 1) < 0.06 else ""
        weight = 1.0 if little else 3.0
        yield _apart(f"{little}{'faster' if ratio > 1 else 'slower'}", weight)


def _note(steps: int) -> _Part:
    if steps == 0:
        return _same("same note", 3.5)
    octaves, rest = divmod(abs(steps), _OCTAVE)
    if rest == 0:
        words = _OCTAVES.get(octaves, f"{octaves} octaves")
    elif octaves == 0:
        words = _INTERVALS[rest]
    else:
        words = f"more than {_OCTAVES.get(octaves, f'{octaves} octaves')}"
    return _apart(f"{words} {'higher' if steps > 0 else 'lower'}", 2.5)


def _key(seed: Traits, hit: Traits) -> Iterator[_Part]:
    if seed.pitch_class is None or hit.pitch_class is None:
        return
    steps = (hit.pitch_class - seed.pitch_class) % _OCTAVE
    if seed.mode == hit.mode:
        if steps == 0:
            yield _same("same key", 3.5)
        else:
            yield _apart(_key_interval(steps), 2.5)
    elif steps == 0:
        yield _apart(f"parallel {hit.mode}" if hit.mode else "same root", 2.0)
    elif (hit.mode, steps) in ((MINOR, _OCTAVE - _THIRD), (MAJOR, _THIRD)):
        yield _same(f"relative {hit.mode}", 2.5)
    else:
        yield _apart("another key", 2.5)


def _key_interval(steps: int) -> str:
    """A key is a fifth up or down before it is a fourth: that is how near keys are counted."""
    if steps in (_FIFTH, _FOURTH):
        return f"a fifth {'up' if steps == _FIFTH else 'down'}"
    down = steps > _OCTAVE // 2
    return f"{_INTERVALS[_OCTAVE - steps if down else steps]} {'down' if down else 'up'}"


def _length(seed: Traits, hit: Traits) -> Iterator[_Part]:
    """Compare tails of one-shots, and the lengths of anything else that is of one form."""
    if seed.tail and hit.tail:
        octaves = log2(hit.tail / seed.tail)
        if abs(octaves) < 0.15:
            yield _same("same tail", 2.0)
        elif abs(octaves) >= 0.5:
            much = "much " if abs(octaves) >= 1.6 else ""
            words = f"{much}{'longer' if octaves > 0 else 'shorter'} tail"
            yield _apart(words, 2 * abs(octaves))
    elif seed.length and hit.length and seed.is_loop == hit.is_loop:
        octaves = log2(hit.length / seed.length)
        if abs(octaves) < 0.03:
            yield _same("same length", 1.0)
        elif abs(abs(octaves) - 1) < 0.05:
            yield _apart(f"{'twice' if octaves > 0 else 'half'} as long", 1.5)
        elif abs(octaves) >= 0.25:
            yield _apart("longer" if octaves > 0 else "shorter", 1.5)


def _noise(seed: float | None, hit: float | None) -> Iterator[_Part]:
    if seed is None or hit is None:
        return
    if hit - seed > 0.08 and hit > 2 * seed:
        yield _apart("noisier", 2.0)
    elif seed - hit > 0.08 and seed > 2 * hit:
        yield _apart("less noisy", 2.0)


def _loudness(seed: float | None, hit: float | None) -> Iterator[_Part]:
    if seed is None or hit is None:
        return
    if abs(hit - seed) >= 6:
        yield _apart("louder" if hit > seed else "quieter", 0.5)


def _known_aspects(seed: Traits, hit: Traits) -> dict[str, bool]:
    """Of which aspects both sounds have something; what both lack is alike and says nothing."""
    return {
        "timbre": True,
        "rhythm": bool(seed.tempo and hit.tempo),
        "tonality": None not in (seed.pitch_class, hit.pitch_class),
        "envelope": True,
    }


def _by_aspects(likeness: Likeness, known: dict[str, bool], *, alone: bool) -> list[str]:
    """Say in which aspect they are alike; the nearest, however far, only where nothing else is."""
    scores = dict(zip(ASPECTS, likeness.aspects, strict=True))
    same = [name for name, score in scores.items() if known[name] and score >= _SAME]
    if same:
        return [f"same {' and '.join(same[:2])}"]
    best = max((name for name in scores if known[name]), key=scores.__getitem__)
    if scores[best] >= _ALIKE:
        return [f"alike in {best}"]
    return [f"nearest in {best}"] if alone and scores[best] > 0 else []

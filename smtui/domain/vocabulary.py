"""The words of the trade: which of them mean the same, which the opposite.

A *term* is the word under which descriptions have a meaning; whoever searches may use any of the
others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smtui.domain.keys import KEY_NAMES
from smtui.domain.text import folded

NO_TAIL = "no tail"

# Term, and what else people say; several words are one phrase.
_SAID: Mapping[str, str] = {
    "dark": "dull, muffled, muted, mellow, warm, soft top, gloomy",
    "bright": "crisp, sharp, brilliant, sparkling, shiny, treble, trebly, brittle",
    "deep": "low, sub, subby, bassy, low end, heavy",
    "airy": "breathy, light, thin, hissy, air",
    "noisy": "noise, white noise, hiss, gritty, dirty, distorted, rough, lofi, lo fi",
    "clean": "pure, tonal, sine, clear, pitched",
    "metallic": "metal, clang, clangy, tinny, bell, bell like, ringing metal",
    "short": "brief, tight, snappy, staccato, quick, tiny",
    "long": "lengthy, extended, endless",
    "sustained": "drone, droning, held, continuous, steady, pad, legato",
    "soft": "gentle, smooth, slow attack, fading in",
    "punchy": "punch, hard, thump, thumping, hard hitting, attack",
    "boomy": "boom, booming, rumble, rumbling, resonant",
    "rising": "riser, swell, swelling, build up, buildup, uplifter, crescendo",
    NO_TAIL: "no tail, without tail, dry, no reverb, without reverb, no decay, no release, gated",
    "tail": "long tail, reverb, reverberant, wet, decay, decaying, ringing, roomy, ambient, echo",
    "quiet": "silent, faint, low level",
    "loud": "hot, maximised, limited",
    "busy": "dense, fast, hectic",
    "sparse": "minimal, simple, spacious rhythm",
    "mono": "narrow, one channel",
    "wide": "stereo, wide stereo, broad, spacious",
    "hit": "one shot, oneshot, stab, single, strike, shot",
    "loop": "groove, beat, pattern, rhythm, phrase",
    "kick": "kick drum, bass drum, bd, kickdrum, bassdrum",
    "snare": "snare drum, sd, rim, rimshot, side stick",
    "clap": "hand clap, claps, handclap, snap, finger snap",
    "hat": "hi hat, hihat, hh, hats, hi hats, hihats, closed hat, open hat",
    "cymbal": "crash, ride, cymbals, splash, gong",
    "tom": "tom drum, toms, floor tom",
    "percussion": "perc, conga, bongo, shaker, tambourine, cowbell, block, percussive",
    "bass": "bass note, bassline, 808, reese",
    "chord": "chords, harmony",
    "lead": "lead note, synth, melody, pluck, note",
    "voice": "vocal, vocals, vox, sung, spoken, choir, speech",
    "effect": "sound effect, fx, sfx, noise effect, sweep, impact, whoosh",
    "music": "piece of music, song, track, mix",
    "silence": "nothing",
}
_OPPOSITES = (
    ("dark", "bright"),
    ("deep", "airy"),
    ("noisy", "clean"),
    ("short", "long"),
    ("short", "sustained"),
    ("punchy", "soft"),
    (NO_TAIL, "tail"),
    ("quiet", "loud"),
    ("busy", "sparse"),
    ("mono", "wide"),
    ("hit", "loop"),
)
_DRUMS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
_NOT = frozenset(("no", "not", "without", "non", "never", "minus", "isn't", "less"))
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?[#♯]?")
_SAYS_NOTHING = frozenset(
    _WORD.findall(
        "a an and the of with for to is it in on at that this very really some like sounding sound"
        " sounds sample but or quite rather more bit kind type please drum perhaps"
    )
)
_LONGEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a text asks for.

    Attributes:
        wanted, unwanted: terms, and those of a tempo (`126 bpm`) or key (`a minor`).
        unknown: words that mean nothing here, in their order.
    """

    wanted: frozenset[str]
    unwanted: frozenset[str]
    unknown: tuple[str, ...] = ()


def terms(text: str) -> Terms:
    """Read a description or what somebody looks for."""
    words = [word.replace("♯", "#").replace("’", "'") for word in _WORD.findall(folded(text))]
    wanted: set[str] = set()
    unwanted: set[str] = set()
    unknown: list[str] = []
    negated = False
    place = 0
    while place < len(words):
        length, term = _term_at(words, place)
        if term is not None:
            (unwanted if negated else wanted).add(term)
            negated = False
        elif words[place] in _NOT:
            negated = True
        elif words[place] not in _SAYS_NOTHING:
            unknown.append(words[place])
            negated = False
        place += length
    return Terms(
        wanted=frozenset(wanted - unwanted), unwanted=frozenset(unwanted), unknown=tuple(unknown)
    )


def opposites(term: str) -> frozenset[str]:
    """What says the contrary of a term."""
    return _AGAINST.get(term, frozenset())


def is_drum(term: str) -> bool:
    """Whether it names something that is struck, so that `hit` says no more."""
    return term in _DRUMS


def _term_at(words: list[str], place: int) -> tuple[int, str | None]:
    """The longest phrase at a place: how many words, and its term."""
    for length in range(min(_LONGEST, len(words) - place), 0, -1):
        phrase = " ".join(words[place : place + length])
        if phrase in _TERMS:
            return length, _TERMS[phrase]
    if place + 1 < len(words):
        number, unit = words[place], words[place + 1]
        if number.isdecimal() and unit == "bpm":
            return 2, f"{int(number)} bpm"
    return 1, None


def _phrases() -> Iterator[tuple[str, str]]:
    for term, said in _SAID.items():
        yield term, term
        for phrase in said.split(", "):
            yield phrase, term
    for name in KEY_NAMES:
        for mode in ("major", "minor"):
            yield f"{folded(name)} {mode}", f"{folded(name)} {mode}"


_TERMS = dict(_phrases())
_AGAINST = {
    term: frozenset(other for pair in _OPPOSITES if term in pair for other in pair if other != term)
    for pair in _OPPOSITES
    for term in pair
}

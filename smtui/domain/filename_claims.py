"""What a file's name and its tags claim about tempo and key: `bd_126_Am.wav`, `140bpm`, TKEY.

Names are full of other numbers and letters: counters, takes, years, sampling rates, an 808. So
only what is written as packs write a tempo or a key is taken as a claim; in doubt nothing is.

A tag for the key holds nothing else, so much more is taken for a key there, in all the ways in
which taggers and DJ programs spell it: `am`, `08A`, `Fis-Moll`, `La mineur`, `8A - 6`, `G#m/Abm`.
What is no key makes the whole tag say nothing.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from smtui.domain.keys import KEY_NAMES, MAJOR, MINOR

_STEPS = {
    "c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11,
    "do": 0, "re": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11,
}  # fmt: skip
_SHARP = ("#", "is", "sharp", "diese", "diesis", "sostenido")
_FLAT = ("b", "es", "s", "flat", "bemol", "bemolle")
_MODES = {
    **dict.fromkeys(("m", "mi", "min", "minor", "mol", "moll", "mineur", "minore", "menor"), MINOR),
    **dict.fromkeys(("maj", "major", "dur", "majeur", "maggiore", "mayor"), MAJOR),
}
_GERMAN = ("dur", "mol", "moll")
_KEY = re.compile(
    r"(?P<note>do|re|mi(?!n)|fa|sol|la|si|[a-h])"
    r"(?P<accidental>[ -]?(?:sharp|flat|diese|diesis|sostenido|bemolle|bemol)"
    r"|#|is|es|b|s(?=$|[ -]))?"
    r"[ -]?(?P<mode>majeur|major|maj|maggiore|mayor|dur"
    r"|mineur|minore|minor|menor|min|mi|moll|mol|m)?"
    r"(?:6|7|9|11|13)?",
    re.IGNORECASE,
)
# 8A is A minor in Camelot's wheel, 1m in that of open keys.
_WHEEL = re.compile(r"0?(1[0-2]|[1-9]) ?([ABDM])", re.IGNORECASE)
_BETWEEN = re.compile(r"[/|,;()\[\]]+| - | = | or ")
# How far it is out of tune, and how full of energy it is: `+50`, `-12 cents`, `442 Hz`, `Energy 6`.
_ASIDE = re.compile(
    r"(?:energy (?:level )?)?[+-]?\d{1,3}(?:\.\d+)? ?(?:ct|cents?|c|hz)?", re.IGNORECASE
)
_TRAILING = re.compile(r" ?[+-]\d{1,3}(?: ?(?:ct|cents?|c))?$| \d{3}(?:\.\d)? ?hz$", re.IGNORECASE)
_LONGEST = 60

Key = tuple[str, str | None]


def key_in_tag(text: str) -> tuple[str | None, str | None]:
    """Give key and mode; a note alone in capitals is major (ID3v2 TKEY), else of no mode."""
    if len(text) > _LONGEST:
        return None, None
    found: set[Key] = set()
    for part in _BETWEEN.split(_plain(text)):
        bare = _TRAILING.sub("", part.strip()).strip()
        if not bare or _ASIDE.fullmatch(bare):
            continue
        key = _on_wheel(bare) or _spelled(bare) or _both(bare)
        if key is None:
            return None, None
        found.add(key)
    return found.pop() if len(found) == 1 else (None, None)


def _plain(text: str) -> str:
    """The same in few signs: sharps and flats as ASCII, no accents on letters."""
    signs = text.replace("♯", "#").replace("♭", "b").replace("_", " ")
    letters = unicodedata.normalize("NFKD", signs)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _on_wheel(text: str) -> Key | None:
    wheel = _WHEEL.fullmatch(text)
    if wheel is None:
        return None
    side = wheel[2].lower()
    fifths = int(wheel[1]) - (8 if side in "ab" else 1)
    minor = side in "am"
    return KEY_NAMES[((9 if minor else 0) + 7 * fifths) % 12], MINOR if minor else MAJOR


def _spelled(text: str) -> Key | None:
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    note, mode = match["note"], match["mode"] or ""
    accidental = (match["accidental"] or "").lower().strip(" -")
    if accidental == "s" and note.lower() not in ("a", "e"):
        return None
    step = _STEPS[note.lower()] + (accidental in _SHARP) - (accidental in _FLAT)
    # Germans call H what others call B, and B what others call B flat.
    step -= note.lower() == "b" and not accidental and mode.lower() in _GERMAN
    key = KEY_NAMES[step % len(KEY_NAMES)]
    if mode == "M":
        return key, MAJOR
    if mode:
        return key, _MODES[mode.lower()]
    return key, MAJOR if note[0].isupper() else None


def _both(text: str) -> Key | None:
    """Two spellings of one key beside each other: `8A Am`."""
    first, _, second = text.partition(" ")
    keys = {_on_wheel(first) or _spelled(first), _on_wheel(second) or _spelled(second)}
    return keys.pop() if second and len(keys) == 1 else None


MetadataValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is claimed: tempo in BPM, key `C` … `B` with sharps, `major` or `minor`.

    A note alone (`bd_126_A`) has a key and no mode.
    """

    tempo: float | None = None
    key: str | None = None
    mode: str | None = None

    def __bool__(self) -> bool:
        return self.tempo is not None or self.key is not None


_SLOWEST, _FASTEST = 30.0, 300.0
_BARE_SLOWEST, _BARE_FASTEST = 60.0, 200.0
_AT_BPM = " \N{EIGHTH NOTE} "

_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_TEMPO = re.compile(
    r"(?<![\d.,])(\d{2,3}(?:[.,]\d{1,3})?)[ _-]?(?:bpm|Bpm|BPM)(?![a-z])"
    r"|(?<![A-Za-z])(?i:bpm|tempo)[ _=:-]{0,2}(\d{2,3}(?:[.,]\d{1,3})?)(?![.,]?\d|(?i:k?hz))"
)
_TEMPI = re.compile(r"(?<!\d)([1-9]\d{1,2}) ?[-–] ?\d{2,3}(?= ?bpm)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_\-–—()\[\]{}+&=~,;:'\"!@/\\]+|(?<!\d)\.|\.(?!\d)")
_JOINED = re.compile(r"(\d{2,3})([A-G][#♯b♭]?(?:m|min|maj|minor|major)?)")
_JOINED_BACK = re.compile(r"([A-G](?:[#♯b♭]|(?=m))(?:m|min|maj|minor|major)?)(\d{2,3})")
_NUMBER = re.compile(r"[1-9]\d{1,2}(?:\.\d{1,3})?")

_STEPS_IN_NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTAL = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_NOTE = re.compile(r"([A-G])([#♯b♭]|sharp|flat)?")
_PITCH = re.compile(r"([A-G])([#♯b♭]?)-?[0-8]")
_MODES_IN_NAMES = dict.fromkeys(("maj", "major", "dur"), MAJOR)
_MODES_IN_NAMES |= dict.fromkeys(("m", "min", "minor", "moll"), MINOR)
_LONG_MODES = "maj|major|dur|min|minor|moll"
_SPELLED = re.compile(rf"([A-G])([#♯b♭]|sharp|flat)?({_LONG_MODES})(?:6|7|9|11|13)?", re.IGNORECASE)
_SHORT_MINOR = re.compile(r"([A-G])([#♯b♭]|sharp|flat)?(m)(?:6|7|9|11|13)?")
# In small letters a key is told by a sharp, or by the mode behind it.
_SMALL = re.compile(r"([a-g])(#|♯|b|♭|sharp|flat)?")
_SMALL_SHARP = re.compile(rf"([a-g])(#|♯|sharp)({_LONG_MODES}|m)")
# Numbers that Freesound puts before the name of its uploader.
_UPLOAD = re.compile(r"\d+__(?=.+__)")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_UNITS = _listed(
    "hz khz k bit bits kbps db lufs ms s sec secs st cent cents bar bars beat beats step steps x "
    "percent samples hits sounds"
)
_COUNTED = _listed(
    "take tk t no nr n num number vol volume v ver version pt part track trk ch channel ex preset "
    "patch bank sample smp var variation vel velocity note midi page disc cd opus op seed layer rr "
    "id scene slice cut"
)
_MACHINES = _listed(
    "sh tb tr juno jupiter jp jx jv xv dx cr mpc sp mc cs ms vl rz hr kr kpr dr sk vp rx s ju x ob "
    "prophet polysix nord virus akai emu sr w tx rd"
)
_REPEATED = _listed(
    "loop loops lp groove grooves break breaks breakbeat beat beats fill fills top tops riff riffs "
    "arp arps melody melodies drumloop toploop percloop drums sequence seq stem stems song "
    "topline bar bars"
)
_STRUCK = _listed(
    "kick kicks bd snare snares sd hat hats hh hihat oh chh ohh clap claps cp tom toms crash ride "
    "rim shot oneshot hit hits perc stab shaker cymbal fx impact snap"
)
_TUNED = _listed(
    "bass bas sub 808 piano rhodes ep keys key pluck lead pad synth string strings guitar gtr "
    "organ bell bells sax flute horn violin cello brass choir vox note marimba kalimba harp chord"
)
# A letter behind one of these is a label, as in `Side B` or `Verse A`.
_LABELLED = _COUNTED | _listed(
    "section side group pattern verse chorus hook bridge type plan vitamin alt variant mix series "
    "studio room unit zone bus slot option row model team block phase step form class"
)
# What stands behind a letter that is no key: an E piano, a B side.
_LETTERED = {
    "B": _listed("side sides roll boy line cut movie"),
    "C": _listed("section clamp"),
    "D": _listed("train n day"),
    "E": _listed("piano guitar gtr drum drums bass organ kit perc"),
    "G": _listed("funk unit string"),
}
# English before and behind `Am` and `Em`.
_AM = _listed("i who what where why how here there as so")
_EM = _listed("get got let make kill show tell hit smack stick beat feel give take all with of")
_KEY_WORDS = frozenset(("key", "root", "tone"))
_RATES = frozenset(("44", "48", "88", "96", "176", "192"))
_DEPTHS = frozenset(("8", "16", "24", "32"))


@lru_cache(maxsize=4096)
def said_in(filename: str) -> Said:
    """Read what a file's name claims; its ending does not count."""
    stem = _UPLOAD.sub("", _ENDING.sub("", filename))
    told = {_number(one or other) for one, other in _TEMPO.findall(stem)}
    # `120-140bpm` is a range; in `22-140bpm` a counter stands before the tempo.
    told |= {low for low in map(_number, _TEMPI.findall(stem)) if _plausible(low)}
    words = _words(_TEMPO.sub(_AT_BPM, stem))
    at_tempo = [place for place, word in enumerate(words) if word == _AT_BPM.strip()]
    if told:
        tempo = _plausible(told.pop()) if len(told) == 1 else None
    else:
        tempo, at_tempo = _bare_tempo(words)
    key, mode = _key(words, at_tempo)
    return Said(tempo=tempo, key=key, mode=mode)


def said_by_tags(metadata: Mapping[str, MetadataValue]) -> Said:
    """Read what the file's tags claim by `bpm` and `key`."""
    tempo = _number(str(metadata.get("bpm") or ""))
    written = metadata.get("key")
    key, mode = key_in_tag(written) if isinstance(written, str) else (None, None)
    return Said(tempo=_plausible(tempo), key=key, mode=mode)


def _plausible(tempo: float | None) -> float | None:
    return tempo if tempo is not None and _SLOWEST <= tempo <= _FASTEST else None


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _words(stem: str) -> list[str]:
    """Cut a name into words; `126Am` and `F#m126` are two."""
    found: list[str] = []
    for word in _SEPARATORS.split(stem):
        joined = _JOINED.fullmatch(word) or _JOINED_BACK.fullmatch(word)
        found += joined.groups() if joined else [word] if word else []
    return found


def _bare_tempo(words: Sequence[str]) -> tuple[float | None, list[int]]:
    """Find a number that can only be a tempo; gives where it stands."""
    places = [place for place in range(len(words)) if _may_be_tempo(words, place)]
    beside = [place for place in places if _beside_key(words, place)]
    lower = {word.casefold() for word in words}
    if beside:
        places = beside
    elif len(places) > 1:
        places = [place for place in places if place < len(words) - 1]
    elif not lower & _REPEATED:
        # A number at the end of a kick's name counts kicks.
        last = len(words) - 1
        places = [p for p in places if p != last and last > 1 and not lower & _STRUCK]
    if len({float(words[place]) for place in places}) != 1:
        return None, []
    return float(words[places[0]]), places


def _may_be_tempo(words: Sequence[str], place: int) -> bool:
    word = words[place]
    if not _NUMBER.fullmatch(word) or not _BARE_SLOWEST <= float(word) <= _BARE_FASTEST:
        return False
    before = words[place - 1].casefold() if place else ""
    after = words[place + 1].casefold() if place + 1 < len(words) else ""
    if word in _RATES and (before in _DEPTHS or after in _DEPTHS):
        return False
    return after not in _UNITS and before not in _COUNTED | _MACHINES


def _beside_key(words: Sequence[str], place: int) -> bool:
    """Whether a key stands next to it, or the only key somewhere in the name."""
    near = [at for at in (place - 1, place + 1) if 0 <= at < len(words)]
    if any(_key_at(words, at) or _capital(words, at) for at in near):
        return True
    return any(_key_at(words, at) for at in range(len(words)))


def _key(words: Sequence[str], at_tempo: Sequence[int]) -> tuple[str | None, str | None]:
    """The one key that the name tells most clearly; none where two are told alike."""
    spelled = [found for at in range(len(words)) if (found := _key_at(words, at))]
    with_mode = [one for one in spelled if one[1]]
    beside = [
        (note, None)
        for place in at_tempo
        for at in (place - 1, place + 1)
        if 0 <= at < len(words) and (note := _capital(words, at))
    ]
    tuned = bool({word.casefold() for word in words} & _TUNED)
    pitches = [
        (_named(pitch[1], pitch[2]), None)
        for word in words
        if (pitch := _PITCH.fullmatch(word)) and (pitch[2] or tuned)
    ]
    told: Sequence[tuple[str, str | None]]
    for told in (with_mode, spelled, beside, pitches):
        distinct = set(told)
        if len(distinct) == 1:
            return distinct.pop()
        if distinct:
            return None, None
    return None, None


def _key_at(words: Sequence[str], at: int) -> tuple[str, str | None] | None:
    """A key that is written out at this place: `Am`, `Cmin`, `F# minor`, `Bb`, `key A`."""
    word = words[at]
    after = words[at + 1].casefold() if at + 1 < len(words) else ""
    before = words[at - 1].casefold() if at else ""
    one_word = _SPELLED.fullmatch(word) or _SHORT_MINOR.fullmatch(word)
    one_word = one_word or _SMALL_SHARP.fullmatch(word)
    if one_word:
        if (word == "Am" and (before in _AM or after == "i")) or (word == "Em" and before in _EM):
            return None
        mode = _MODES_IN_NAMES[one_word[3].lower()]
        return _named(one_word[1].upper(), (one_word[2] or "").lower()), mode
    note = _NOTE.fullmatch(word)
    if note is None:
        return _in_small_letters(words, at)
    accidental = note[2] or ""
    if after in ("sharp", "flat"):
        accidental, after = after, (words[at + 2].casefold() if at + 2 < len(words) else "")
    key = _named(note[1], accidental)
    if after in _MODES_IN_NAMES:
        return key, _MODES_IN_NAMES[after]
    return (key, None) if accidental or before in _KEY_WORDS else None


def _in_small_letters(words: Sequence[str], at: int) -> tuple[str, str | None] | None:
    """A key as in `c# minor` or `bflat`; `a` is an article unless a tempo is told, or it ends."""
    note = _SMALL.fullmatch(words[at])
    if note is None:
        return None
    accidental, behind = note[2] or "", at + 1
    after = words[behind].casefold() if behind < len(words) else ""
    if after in ("sharp", "flat") and not accidental and note[1] != "a":
        accidental, behind = after, behind + 1
        after = words[behind].casefold() if behind < len(words) else ""
    key = _named(note[1].upper(), accidental)
    if after in _MODES_IN_NAMES and len(after) > 1:
        return (
            None if note[0] == "a" and _is_article(words, behind) else (key, _MODES_IN_NAMES[after])
        )
    return (key, None) if accidental in ("sharp", "flat") and note[2] else None


def _is_article(words: Sequence[str], mode: int) -> bool:
    """Whether `a` before a mode is a word, as in `a minor problem` and `wait a min`."""
    ends = mode + 1 == len(words) and len(words[mode]) > len("min")
    return not (ends or _AT_BPM.strip() in words or any(map(_NUMBER.fullmatch, words)))


def _capital(words: Sequence[str], at: int) -> str | None:
    """A note by itself: what stands beside a tempo is a key, anywhere else a letter."""
    word = words[at]
    before = words[at - 1].casefold() if at else ""
    after = words[at + 1].casefold() if at + 1 < len(words) else ""
    is_article = word == "A" and len(after) > 2 and after.isalpha() and after not in _TUNED
    if is_article or before in _LABELLED or after in _LETTERED.get(word, ()):
        return None
    note = _NOTE.fullmatch(word)
    return _named(note[1], note[2] or "") if note else None


def _named(letter: str, accidental: str) -> str:
    return KEY_NAMES[(_STEPS_IN_NAMES[letter] + _ACCIDENTAL.get(accidental, 0)) % len(KEY_NAMES)]

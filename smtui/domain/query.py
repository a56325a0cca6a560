"""The filter language: what a person types, as a tree of conditions, and back to text.

Words are looked for in names, folders and tags; `"two words"` stay together. A condition is a
name, a colon and a value (CONDITIONS has them all): `bpm:120..128`, `kind:kick,snare`.
`-` or `not:` before anything turns it round, a space means and, `|` means or and binds least. The
bare words `loop` and `oneshot` also match what was heard, so that `-loop` hides loops whatever they
are called; `"loop"` is only text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from smtui.domain.errors import QueryInvalid
from smtui.domain.filter_text import BARE_FACTS, text_of
from smtui.domain.keys import is_note, read_key, read_mode, read_notes
from smtui.domain.numbers import MEASURES
from smtui.domain.question import (
    QUALITIES,
    All,
    Any,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.text import folded
from smtui.domain.typed_words import Typed, branches

FIELD = re.compile(r"([a-z][a-z_]*):", re.IGNORECASE)
_UNKNOWN = "-"
_DIRECT = re.compile("=")
_SPELLINGS = {"aif": "aiff", "aifc": "aiff", "wave": "wav", "oga": "ogg", "mpeg": "mp3"}
_FACTS = {
    "one-shot": Fact.ONESHOT,
    "one_shot": Fact.ONESHOT,
    "disagrees": Fact.DISAGREE,
} | {str(fact): fact for fact in Fact}
_CHANNELS = {"mono": 1.0, "stereo": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One word before a colon: its names (the first is text_of), and how its value is read."""

    names: tuple[str, ...]
    read: Callable[[Typed], Expression]
    example: str
    meaning: str


def condition(name: Typed, value: Typed) -> Expression:
    """Read one condition; raises QueryInvalid at the name or at the value."""
    spoken = name.text.lower()
    for known in CONDITIONS:
        if spoken in known.names:
            if not value.text and not value.literal:
                raise QueryInvalid(
                    f"{spoken}: needs a value",
                    start=name.start,
                    end=value.end,
                    hint=f"{known.example} finds {known.meaning}.",
                )
            return known.read(value)
    raise _unknown_field(name)


def measured(field: Field) -> Callable[[Typed], Expression]:
    """Make the reader of a field of numbers; where there may be no value, `-` asks for that."""
    may_lack = field in (Field.TEMPO, Field.LOUDNESS, *QUALITIES)

    def condition_of(typed: Typed) -> Expression:
        if may_lack and _asks_for_none(typed):
            return Unknown(field)
        return MEASURES[field].limits_of(typed)

    return condition_of


def _unknown_field(name: Typed) -> QueryInvalid:
    names = [known for each in CONDITIONS for known in each.names]
    near = difflib.get_close_matches(name.text.lower(), names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}:?" if near else f"There are {', '.join(written_names())}."
    if name.text.lower() in ("name", "file", "text"):
        hint = "Just type the words: they are looked for in names, folders and tags."
    return name.mistake(
        f"Unknown condition {name.text}:", hint=f"{hint} In quotes it is searched as text."
    )


def written_names() -> list[str]:
    """Give the name of each condition as it is written back, with its colon."""
    return [f"{each.names[0]}:" for each in CONDITIONS]


def _asks_for_none(typed: Typed) -> bool:
    return typed.text == _UNKNOWN and not typed.literal


def _listed(typed: Typed) -> list[Typed]:
    """Cut at commas; a comma with nothing on one side is a mistake."""
    parts = typed.parts(",")
    for part in parts:
        if not part.text.strip():
            raise typed.mistake("Something is missing beside a comma", hint="a,b finds both.")
    return parts


def _kind(typed: Typed) -> Expression:
    if _asks_for_none(typed):
        return Unknown(Field.KIND)
    return OneOf(Field.KIND, _distinct(folded(part.text.strip()) for part in _listed(typed)))


def _format(typed: Typed) -> Expression:
    names = (folded(part.text.strip().removeprefix(".")) for part in _listed(typed))
    return OneOf(Field.FORMAT, _distinct(_SPELLINGS.get(name, name) for name in names))


def _tag(typed: Typed) -> Expression:
    if _asks_for_none(typed):
        return Unknown(Field.TAGS)
    tags = tuple(Tagged(text) for text in _distinct(part.text.strip() for part in _listed(typed)))
    return tags[0] if len(tags) == 1 else Any(tags)


def _key(typed: Typed) -> Expression:
    if _asks_for_none(typed):
        return Unknown(Field.KEY)
    labels = []
    for part in _listed(typed):
        label = read_key(part.text)
        if label is None:
            raise part.mistake(
                f"“{part.text}” is not a key",
                hint="A key looks like Am, F#, Bbm or C; - finds sounds without one.",
            )
        labels.append(label)
    return OneOf(Field.KEY, _distinct(labels))


def _note(typed: Typed) -> Expression:
    if _asks_for_none(typed):
        return Unknown(Field.NOTE)
    notes: list[str] = []
    for part in _listed(typed):
        meant = read_notes(part.text)
        if meant is None:
            raise part.mistake(
                f"“{part.text}” is not a note",
                hint="A note looks like A, F# or A1; - finds sounds without one.",
            )
        notes += meant
    return OneOf(Field.NOTE, _distinct(notes))


def _mode(typed: Typed) -> Expression:
    if _asks_for_none(typed):
        return Unknown(Field.KEY)
    modes = []
    for part in _listed(typed):
        mode = read_mode(part.text)
        if mode is None:
            raise part.mistake(f"“{part.text}” is not a mode", hint="There are major and minor.")
        modes.append(mode)
    return OneOf(Field.MODE, _distinct(modes))


def _within(typed: Typed) -> Expression:
    direct = bool(typed.begins(_DIRECT))
    folder = typed.after(1) if direct else typed
    # The root itself is a slash; elsewhere one at the end says nothing.
    path = folder.text.rstrip("/") or folder.text[:1]
    if not path.strip():
        raise typed.mistake("A folder is missing", hint='in:drums or in:"My Drums".')
    return Within(path, direct=direct)


def _channels(typed: Typed) -> Expression:
    count = _CHANNELS.get(typed.text.lower())
    if count is None:
        return MEASURES[Field.CHANNELS].limits_of(typed)
    return Between(Field.CHANNELS, count, count)


def _is(typed: Typed) -> Expression:
    fact = _FACTS.get(typed.text.lower())
    if fact is None:
        raise typed.mistake(f"is:{typed.text} is not known", hint=f"There are {', '.join(Fact)}.")
    return Is(fact)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


CONDITIONS = (
    Condition(
        names=("bpm", "tempo"),
        read=measured(Field.TEMPO),
        example="bpm:120..128",
        meaning="tempi from 120 to 128",
    ),
    Condition(names=("key",), read=_key, example="key:Am", meaning="sounds in A minor"),
    Condition(
        names=("note", "root"),
        read=_note,
        example="note:A",
        meaning="kicks, toms, single notes on an A; note:A1 in that octave",
    ),
    Condition(names=("mode",), read=_mode, example="mode:minor", meaning="minor keys"),
    Condition(
        names=("kind", "type"),
        read=_kind,
        example="kind:kick,snare",
        meaning="kicks and snares",
    ),
    Condition(names=("tag", "tags"), read=_tag, example="tag:house", meaning="sounds tagged house"),
    Condition(
        names=("in", "folder", "path"),
        read=_within,
        example="in:drums",
        meaning="what lies in or below a folder drums",
    ),
    Condition(
        names=("len", "length", "duration"),
        read=measured(Field.LENGTH),
        example="len:<2",
        meaning="sounds shorter than 2 s",
    ),
    Condition(
        names=("loud", "loudness", "lufs"),
        read=measured(Field.LOUDNESS),
        example="loud:-12..-8",
        meaning="loudness from -12 to -8 LUFS",
    ),
    Condition(
        names=("format", "ext"),
        read=_format,
        example="format:wav",
        meaning="WAV files",
    ),
    Condition(
        names=("rate", "samplerate"),
        read=measured(Field.RATE),
        example="rate:44.1k",
        meaning="sounds at 44,100 Hz",
    ),
    Condition(
        names=("channels", "ch"),
        read=_channels,
        example="channels:mono",
        meaning="mono sounds",
    ),
    Condition(
        names=("peak", "truepeak"),
        read=measured(Field.PEAK),
        example="peak:>-0.1",
        meaning="a true peak over -0.1 dBTP",
    ),
    Condition(
        names=("clipped", "clip"),
        read=measured(Field.CLIPPED),
        example="clipped:>0",
        meaning="sounds with clipped samples",
    ),
    Condition(
        names=("dc",),
        read=measured(Field.DC),
        example="dc:>0.01",
        meaning="a DC offset of more than 0.01 either way",
    ),
    Condition(
        names=("head",),
        read=measured(Field.HEAD),
        example="head:>50ms",
        meaning="more than 50 ms of silence before",
    ),
    Condition(
        names=("tail",),
        read=measured(Field.TAIL),
        example="tail:>0.5",
        meaning="more than 0.5 s of silence after",
    ),
    Condition(
        names=("corr", "correlation"),
        read=measured(Field.CORRELATION),
        example="corr:<0.2",
        meaning="very wide stereo; corr:- finds mono",
    ),
    Condition(
        names=("bits", "depth"),
        read=measured(Field.BITS),
        example="bits:16",
        meaning="sounds that use 16 bits, also in 24-bit files",
    ),
    Condition(names=("is",), read=_is, example="is:loop", meaning="what was analysed as a loop"),
)


__all__ = ["CONDITIONS", "MOST_CONDITIONS", "both", "parse", "text_of"]

MOST_CONDITIONS = 200
"""Stores compile a filter to one statement, whose depth is limited."""

_KEY_BEGUN = re.compile(r"(-|not:)*key:", re.IGNORECASE)
_NOT = re.compile(r"-|not:", re.IGNORECASE)


def parse(text: str) -> Expression:
    """Read what a person typed; nothing at all matches everything.

    Raises:
        QueryInvalid: with the place of the mistake and what would be right. A condition that
            is not finished (`bpm:`) is a mistake too, with an example of how it goes on.
    """
    spelled, origins = _spelled(text)
    try:
        return _parsed(spelled)
    except QueryInvalid as mistake:
        start, end = origins[mistake.start], origins[mistake.end]
        raise QueryInvalid(mistake.title, start=start, end=end, hint=mistake.hint) from None


def both(first: str, second: str) -> str:
    """Write the filter that asks for both; raises QueryInvalid as `parse`."""
    if not first.strip() or not second.strip():
        return first.strip() or second.strip()
    # Joined as they are, a word beside an or would count for one of its sides alone.
    return text_of(All((parse(first), parse(second))))


def _parsed(text: str) -> Expression:
    found = branches(text)
    count = sum(len(branch) for branch in found) + text.count(",")
    if count > MOST_CONDITIONS:
        raise QueryInvalid(
            f"A filter can have {MOST_CONDITIONS} conditions, this one has {count}",
            start=0,
            end=len(text),
        )
    parts = tuple(_branch(branch) for branch in found)
    return parts[0] if len(parts) == 1 else Any(parts)


def _branch(words: list[Typed]) -> Expression:
    parts = tuple(_term(word) for word in _keys_joined(words))
    if not parts:
        return Everything()
    return parts[0] if len(parts) == 1 else All(parts)


def _keys_joined(words: list[Typed]) -> Iterator[Typed]:
    """Join `key:a` and `minor` behind it to one word: that is how keys are spoken."""
    waiting: Typed | None = None
    for word in [*words, None]:
        if waiting is not None and word is not None and _goes_on(waiting, word):
            yield waiting.joined(word)
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = word


def _goes_on(word: Typed, following: Typed) -> bool:
    if word.literal or following.literal or len(following.text) == 1:
        return False
    spoken = _KEY_BEGUN.match(word.text)
    return (
        spoken is not None
        and is_note(word.text[spoken.end() :])
        and read_mode(following.text) is not None
    )


def _term(word: Typed) -> Expression:
    inner, turned = word, False
    while sign := inner.begins(_NOT):
        inner, turned = inner.after(len(sign)), not turned
    if not inner.text and not inner.literal:
        raise word.mistake(
            f"{word.text} needs a condition to leave out", hint="-kind:kick leaves out kicks."
        )
    found = _positive(inner)
    return Not(found) if turned else found


def _positive(word: Typed) -> Expression:
    name = word.begins(FIELD)
    if name is not None:
        return condition(word.cut(0, len(name) - 1), word.after(len(name)))
    text = folded(word.text)
    if not text:
        raise word.mistake("Nothing between the quotation marks")
    fact = None if word.literal else BARE_FACTS.get(text)
    return Words(text) if fact is None else Any((Words(text), Is(fact)))


def _spelled(text: str) -> tuple[str, list[int]]:
    r"""Write what is not text as the library does, with the place each character came from.

    A shell hands bytes that are not UTF-8 over as lone surrogates; the library shows such bytes
    of a file name as `\xNN`. A NUL is in no name, and some stores choke on it.
    """
    characters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        if "\udc80" <= character <= "\udcff":
            said = f"\\x{ord(character) - 0xDC00:02x}"
        elif "\ud800" <= character <= "\udfff" or character == "\0":
            said = f"\\u{ord(character):04x}"
        else:
            said = character
        characters.append(said)
        origins.extend([place] * len(said))
    return "".join(characters), [*origins, len(text)]

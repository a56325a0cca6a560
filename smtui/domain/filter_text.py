"""A tree of conditions written as a person would type it; reading it gives the same answer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from smtui.domain.keys import note_names
from smtui.domain.numbers import MEASURES
from smtui.domain.question import (
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

BARE_FACTS = {"loop": Fact.LOOP, "oneshot": Fact.ONESHOT}
"""Words that, unquoted, also match what was heard."""

_NAMES = {
    Field.TEMPO: "bpm",
    Field.KEY: "key",
    Field.NOTE: "note",
    Field.MODE: "mode",
    Field.KIND: "kind",
    Field.TAGS: "tag",
    Field.LENGTH: "len",
    Field.LOUDNESS: "loud",
    Field.FORMAT: "format",
    Field.RATE: "rate",
    Field.CHANNELS: "channels",
    Field.PEAK: "peak",
    Field.BITS: "bits",
    Field.CLIPPED: "clipped",
    Field.DC: "dc",
    Field.HEAD: "head",
    Field.TAIL: "tail",
    Field.CORRELATION: "corr",
}
_SAFE = re.compile(r"\w[\w./#+-]*")
_SAFE_PATH = re.compile(r"[\w/.][\w./#+-]*")
_NOTHING = (Is(Fact.HEARD), Not(Is(Fact.HEARD)))


def text_of(expression: Expression) -> str:
    """Write the tree; there are no brackets, so an *or* inside an *and* is multiplied out."""
    found = _branches(expression, turned=False)
    if any(not branch for branch in found):
        return ""
    if not found:
        found = [_NOTHING]
    return " | ".join(" ".join(_term(part) for part in branch) for branch in found)


Branch = tuple[Expression, ...]


def _branches(expression: Expression, *, turned: bool) -> list[Branch]:
    """Give the tree as an *or* of *and*s; no branch matches nothing, an empty one everything."""
    match expression:
        case Not(inner):
            return _branches(inner, turned=not turned)
        case Everything():
            return [] if turned else [()]
        case Any(parts) if _as_one_word(expression) is None:
            found = [_branches(part, turned=turned) for part in parts]
            return _both(found) if turned else _either(found)
        case All(parts):
            found = [_branches(part, turned=turned) for part in parts]
            return _either(found) if turned else _both(found)
        case _:
            return [(Not(expression) if turned else expression,)]


def _either(found: list[list[Branch]]) -> list[Branch]:
    return [branch for branches in found for branch in branches]


def _both(found: list[list[Branch]]) -> list[Branch]:
    return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*found)]


def _as_one_word(either: Any) -> str | None:
    """Write an *or* that reads as one word: `loop`, `tag:a,b`."""
    match either.parts:
        case (Words(text), Is(fact)) if BARE_FACTS.get(text) is fact:
            return text
        case (Tagged(), Tagged(), *_):
            tags = [part.tag for part in either.parts if isinstance(part, Tagged)]
            distinct = len(set(tags)) == len(either.parts)
            return f"tag:{_values(tags)}" if distinct else None
    return None


def _term(part: Expression) -> str:
    return f"-{_word(part.inner)}" if isinstance(part, Not) else _word(part)


def _word(part: Expression) -> str:
    match part:
        case Words(text):
            safe = _SAFE.fullmatch(text) and text not in BARE_FACTS
            return text if safe else _quoted(text)
        case Tagged(tag):
            return f"tag:{_values([tag])}"
        case Within(folder, direct):
            path = folder if _SAFE_PATH.fullmatch(folder) else _quoted(folder)
            return f"in:{'=' if direct else ''}{path}"
        case Between(field):
            return f"{_NAMES[field]}:{MEASURES[field].text_of(part)}"
        case OneOf(Field.NOTE, notes):
            return f"note:{_values(note_names(notes))}"
        case OneOf(field, values):
            return f"{_NAMES[field]}:{_values(values)}"
        case Unknown(field):
            return f"{_NAMES[field]}:-"
        case Is(fact):
            return f"is:{fact}"
        case Any():
            return _as_one_word(part) or ""
        case _:
            message = f"not one condition: {part}"
            raise TypeError(message)


def _values(values: Sequence[str]) -> str:
    return ",".join(value if _SAFE.fullmatch(value) else _quoted(value) for value in values)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

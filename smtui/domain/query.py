"""The filter language: what a person types, as a tree of conditions, and back to text.

Words are looked for in names, folders and tags; `"two words"` stay together. A condition is a
name, a colon and a value (`domain/conditions.py` has them all). `-` or `not:` before anything
turns it round, a space means and, `|` means or and binds least. The bare words `loop` and
`oneshot` also match what was heard, so that `-loop` hides loops whatever they are called;
`"loop"` is only text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtui.domain.conditions import CONDITIONS, FIELD, condition
from smtui.domain.errors import QueryInvalid
from smtui.domain.filter_text import BARE_FACTS, written
from smtui.domain.keys import is_note, read_mode
from smtui.domain.question import All, Any, Everything, Expression, Is, Not, Words
from smtui.domain.text import folded
from smtui.domain.typed import Typed, branches

__all__ = ["CONDITIONS", "MOST_CONDITIONS", "both", "parse", "written"]

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
    return written(All((parse(first), parse(second))))


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

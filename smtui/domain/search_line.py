"""A whole search by likeness as one line of text, to type, keep and hand on.

`like bd_126 +kick_04 -dusty_hat timbre=3 tonality=0 pack<=2 bpm:~126` is read from left to
right: which view (`like`, which may be left out, `fits`, `words`), the sound to be like, more of
them, those to be unlike, weights, at most so many of one folder, `apart` for one of what sounds
the same, and conditions of the library's own filter. A filter with plain words stands behind
`where`, and is then everything up to the end. Anything in quotation marks is only text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from smtui.domain.errors import InputInvalid, QueryInvalid
from smtui.domain.likeness import ASPECTS, Weights
from smtui.domain.query import both
from smtui.domain.query import parse as parse_filter
from smtui.domain.search import MOST_SEEDS, TOO_MANY_SEEDS, Search, Seed, View
from smtui.domain.typed_words import Typed, words

_VIEWS = {"like": View.ALIKE, "fits": View.FITS, "words": View.WORDS}
_BEGINNINGS = {view: name for name, view in _VIEWS.items()}
_WAITING = {
    View.ALIKE: ("No sound to be like", "Name one: like kick_01"),
    View.FITS: ("No sound to fit to", "Name one: fits kick_01"),
    View.WORDS: ("No words to look for", 'Describe a sound: words "dark metallic hit"'),
}
_SIGN = re.compile(r"[+-]")
_CONDITION = re.compile(r"(-|not:)*[a-z][a-z_]*:", re.IGNORECASE)
_KEY = re.compile(r"(-|not:)*key:[a-g][#b]?", re.IGNORECASE)
_MODES = re.compile(r"min|minor|maj|major", re.IGNORECASE)
_WEIGHT = re.compile(r"([a-z]+)=", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,9}(\.\d{0,30})?(e-\d{1,3})?|\.\d{1,30}")
_PACK = re.compile(r"pack[<=>]+", re.IGNORECASE)
_SAFE = re.compile(r"[\w/.~][\w/.~#+(),&-]*")
_RESERVED = {*_VIEWS, "apart", "where"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLine:
    """What the line says; sounds are named in it, not yet found.

    Attributes:
        more, less: names, paths or ids of sounds to be like and unlike.
        filter: in the library's own language, empty for everything.
        per_folder: at most so many hits of one folder.
        apart: of sounds that are the same to the ear only the best.
        words: the description, in the view of words alone.
    """

    view: View = View.ALIKE
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    weights: Weights = field(default_factory=Weights)
    filter: str = ""
    per_folder: int | None = None
    apart: bool = False
    words: str = ""

    @classmethod
    def of(cls, search: Search) -> SearchLine:
        """Name the sounds of a search."""
        return cls(
            view=search.view,
            more=tuple(_reference(seed) for seed in search.more),
            less=tuple(_reference(seed) for seed in search.less),
            weights=search.weights,
            filter=search.filter,
            per_folder=search.per_folder,
            apart=search.apart,
            words=search.words if search.view is View.WORDS else "",
        )

    def search(self, *, more: Sequence[Seed], less: Sequence[Seed]) -> Search:
        """Make the search, once the sounds that are named have been found."""
        return Search(
            view=self.view,
            more=tuple(more),
            less=tuple(less),
            weights=self.weights,
            filter=self.filter,
            per_folder=self.per_folder,
            apart=self.apart,
            words=self.words,
        )


def _reference(seed: Seed) -> str:
    return seed.name if seed.path is None else str(seed.path)


def parse(text: str) -> SearchLine:
    """Read a line.

    Raises:
        QueryInvalid: with the place of the mistake in the line and what would be right.
    """
    reader = _Reader(text)
    for word in words(text):
        if reader.take(word):
            break
    return reader.line()


def text_of(line: SearchLine) -> str:
    """Write it as a person would; reading the text gives the same line."""
    parts = [_BEGINNINGS[line.view]]
    if line.view is View.WORDS:
        parts += [_quoted(line.words)] if line.words else []
        parts += [f"+{_name(name)}" for name in line.more]
    else:
        parts += [f"{'+' if place else ''}{_name(name)}" for place, name in enumerate(line.more)]
    parts += [f"-{_name(name)}" for name in line.less]
    usual = Weights()
    weights = {name: line.weights.of(name) for name in ASPECTS}
    parts += [f"{n}={_number(w)}" for n, w in weights.items() if w != usual.of(n)]
    if line.per_folder is not None:
        parts.append(f"pack<={line.per_folder}")
    if line.apart:
        parts.append("apart")
    if line.filter:
        parts.append(line.filter if _stands_alone(line.filter) else f"where {line.filter}")
    return " ".join(parts)


def _name(name: str) -> str:
    safe = _SAFE.fullmatch(name) and name.casefold() not in _RESERVED
    return name if safe else _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(weight: float) -> str:
    return f"{weight:.0f}" if weight == int(weight) else repr(weight)


def _stands_alone(text: str) -> bool:
    """The filter is conditions alone, so that none of its words could be a sound."""
    found = list(words(text))
    raw = [text[word.start : word.end] for word in found]
    return all(word.begins(_CONDITION) for word in found) and " ".join(raw) == text


class _Reader:
    """Takes one word after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = SearchLine()
        self._begun = False
        self._spoken: list[str] = []
        self._weights: dict[str, float] = {}
        self._weighed: Typed | None = None
        self._conditions: list[Typed] = []
        self._where = ""

    def take(self, word: Typed) -> bool:
        """Take a word; True where it ends the reading."""
        first, self._begun = not self._begun, True
        spoken = "" if word.literal else word.text.casefold()
        if first and spoken in _VIEWS:
            self._found = replace(self._found, view=_VIEWS[spoken])
        elif spoken == "where":
            self._take_where(word)
            return True
        elif spoken == "apart":
            self._found = replace(self._found, apart=True)
        elif spoken == "|":
            raise word.mistake(
                "An or belongs to a filter", hint="Write where before it: where kick | snare"
            )
        elif word.begins(_PACK):
            self._take_pack(word)
        elif word.begins(_CONDITION):
            self._take_condition(word)
        elif word.begins(_WEIGHT):
            self._take_weight(word)
        elif self._ends_a_key(word):
            self._conditions[-1] = self._conditions[-1].joined(word)
        else:
            self._take_sound(word)
        return False

    def line(self) -> SearchLine:
        """Give what was read."""
        found = self._found
        spoken = " ".join(self._spoken)
        asked = spoken if found.view is View.WORDS else found.more
        if not asked:
            title, hint = _WAITING[found.view]
            raise QueryInvalid(title, start=0, end=len(self._text), hint=hint)
        return replace(found, words=spoken, weights=self._all_weights(), filter=self._filter())

    def _take_sound(self, word: Typed) -> None:
        sign = word.begins(_SIGN) or ""
        name = word.after(len(sign))
        if not name.text:
            what = {"+": "like", "-": "unlike"}.get(sign, "like")
            raise word.mistake(f"A sound to be {what} is missing", hint="+kick_01, -dusty_hat")
        if not sign and self._conditions:
            raise word.mistake(
                "A plain word cannot stand behind a condition",
                hint=f"where before the filter if it is part of it; +{name.text} if it is a sound",
            )
        if not sign and self._found.view is View.WORDS:
            self._spoken.append(name.text)
            return
        if len(self._found.more) + len(self._found.less) == MOST_SEEDS:
            raise word.mistake(TOO_MANY_SEEDS, hint="Leave some out")
        if sign == "-":
            self._found = replace(self._found, less=(*self._found.less, name.text))
        else:
            self._found = replace(self._found, more=(*self._found.more, name.text))

    def _take_weight(self, word: Typed) -> None:
        aspect = (word.begins(_WEIGHT) or "").rstrip("=")
        value = word.after(len(aspect) + 1)
        if aspect.casefold() not in ASPECTS:
            raise word.cut(0, len(aspect)).mistake(
                f"No aspect {aspect}",
                hint=f"{', '.join(ASPECTS)}; a name with = goes in quotation marks",
            )
        if not _NUMBER.fullmatch(value.text):
            raise (value if value.text else word).mistake(
                f"The weight of {aspect} is a number from 0 to 5", hint=f"{aspect}=3"
            )
        self._weights[aspect.casefold()] = float(value.text)
        self._weighed = word
        self._all_weights(only=aspect.casefold())

    def _all_weights(self, *, only: str = "") -> Weights:
        """Make the weights; with `only` see whether one by itself could be."""
        given = {n: w for n, w in self._weights.items() if not only or (n == only and w)}
        try:
            return Weights(**given)
        except InputInvalid as wrong:
            assert self._weighed is not None
            raise self._weighed.mistake(wrong.title, hint=wrong.hint) from None

    def _take_pack(self, word: Typed) -> None:
        value = word.text.partition("<=")[2]
        if not word.begins(re.compile("pack<=", re.IGNORECASE)) or not value.isdecimal():
            raise word.mistake(
                "How many of one folder is a whole number", hint="pack<=2 shows two at most"
            )
        if int(value[:9]) == 0:
            raise word.mistake("At least one of each folder must stay", hint="pack<=1")
        self._found = replace(self._found, per_folder=int(value[:9]))

    def _take_condition(self, word: Typed) -> None:
        self._conditions.append(word)
        self._checked(self._text[word.start : word.end], word.start)

    def _ends_a_key(self, word: Typed) -> bool:
        """`key:a minor` is one condition."""
        if word.literal or not _MODES.fullmatch(word.text) or not self._conditions:
            return False
        before = self._conditions[-1]
        beside = self._text[before.end : word.start].isspace()
        return beside and not before.literal and bool(_KEY.fullmatch(before.text))

    def _take_where(self, word: Typed) -> None:
        rest = self._text[word.end :]
        self._where = rest.strip()
        if not self._where:
            raise word.mistake("where needs a filter", hint="where -loop kick")
        self._checked(self._where, word.end + len(rest) - len(rest.lstrip()))

    def _filter(self) -> str:
        typed = " ".join(self._text[word.start : word.end] for word in self._conditions)
        return both(typed, self._where)

    @staticmethod
    def _checked(text: str, start: int) -> None:
        """See that a filter can be read; a mistake is told with its place in the whole line."""
        try:
            parse_filter(text)
        except QueryInvalid as mistake:
            raise QueryInvalid(
                mistake.title,
                start=start + mistake.start,
                end=start + mistake.end,
                hint=mistake.hint,
            ) from None

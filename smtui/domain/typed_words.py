"""What a person typed into the filter line, cut into words that know their place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from smtui.domain.errors import QueryInvalid

_ESCAPED = ('\\"', "\\\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One word, or a part of one.

    Attributes:
        text: the characters, quotation marks taken off.
        places: the place of each character in the whole text.
        quoted: for each character whether it stood between quotation marks.
        start, end: the whole part's place, quotation marks included.
    """

    text: str
    places: tuple[int, ...]
    quoted: tuple[bool, ...]
    start: int
    end: int

    @property
    def literal(self) -> bool:
        """Some of it was quoted, so it is text and never a sign or a name of ours."""
        return self.end - self.start != len(self.text)

    @classmethod
    def plain(cls, text: str) -> Typed:
        """Take text as typed by itself, nothing in it quoted."""
        length = len(text)
        return cls(
            text=text,
            places=tuple(range(length)),
            quoted=(False,) * length,
            start=0,
            end=length,
        )

    def after(self, count: int) -> Typed:
        """Leave off the first characters, which were not quoted."""
        return Typed(
            text=self.text[count:],
            places=self.places[count:],
            quoted=self.quoted[count:],
            start=self.start + count,
            end=self.end,
        )

    def cut(self, begin: int, end: int) -> Typed:
        """Cut out the characters from `begin` to before `end`."""
        return Typed(
            text=self.text[begin:end],
            places=self.places[begin:end],
            quoted=self.quoted[begin:end],
            start=self.places[begin] if begin < len(self.places) else self.end,
            end=self.places[end - 1] + 1 if begin < end else self.end,
        )

    def parts(self, separator: str) -> list[Typed]:
        """Cut at each separator that was not quoted."""
        cuts = [
            index
            for index, character in enumerate(self.text)
            if character == separator and not self.quoted[index]
        ]
        begins = [0, *(cut + 1 for cut in cuts)]
        ends = [*cuts, len(self.text)]
        return [
            Typed(
                text=self.text[begin:end],
                places=self.places[begin:end],
                quoted=self.quoted[begin:end],
                start=self.places[begin - 1] + 1 if begin else self.start,
                end=self.places[end] if end < len(self.text) else self.end,
            )
            for begin, end in zip(begins, ends, strict=True)
        ]

    def joined(self, other: Typed) -> Typed:
        """Put a following word behind this one, with a space between."""
        return Typed(
            text=f"{self.text} {other.text}",
            places=(*self.places, self.end, *other.places),
            quoted=(*self.quoted, False, *other.quoted),
            start=self.start,
            end=other.end,
        )

    def mistake(self, title: str, *, hint: str = "") -> QueryInvalid:
        """Make the error that points at this part."""
        return QueryInvalid(title, start=self.start, end=self.end, hint=hint)

    def begins(self, pattern: re.Pattern[str]) -> str | None:
        """Give what the pattern matches at the beginning, if none of it was quoted."""
        match = pattern.match(self.text)
        if match is None or any(self.quoted[: match.end()]):
            return None
        # A quotation mark inside would shift the places.
        together = self.places[: match.end()] == tuple(range(self.start, self.start + match.end()))
        return match.group() if together else None


def branches(text: str) -> list[list[Typed]]:
    """Cut the text into words, and these into branches at each `|` outside quotation marks.

    An empty branch is a mistake, except that there may be nothing at all.
    """
    found: list[list[Typed]] = [[]]
    bars: list[int] = []
    for word in words(text):
        if word.text == "|" and not word.literal:
            bars.append(word.start)
            found.append([])
        else:
            found[-1].append(word)
    for index, branch in enumerate(found):
        if not branch and bars:
            side = "before" if index == 0 else "after"
            bar = bars[max(index - 1, 0)]
            raise QueryInvalid(
                f"Something is missing {side} the |",
                start=bar,
                end=bar + 1,
                hint="kick | snare finds both.",
            )
    return found


def words(text: str) -> Iterator[Typed]:
    """Cut the text into words one after the other; a `|` outside quotation marks is one.

    A quotation that is not finished is a mistake only when its word is reached.
    """
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        if text[place] == "|":
            yield Typed(text="|", places=(place,), quoted=(False,), start=place, end=place + 1)
            place += 1
            continue
        word = _word(text, place)
        yield word
        place = word.end


def _word(text: str, start: int) -> Typed:
    characters: list[str] = []
    places: list[int] = []
    quoted: list[bool] = []
    opened: int | None = None
    place = start
    while place < len(text):
        character = text[place]
        if character == '"':
            opened = place if opened is None else None
            place += 1
            continue
        if opened is None and (character.isspace() or character == "|"):
            break
        if opened is not None and text.startswith(_ESCAPED, place):
            place += 1
        characters.append(text[place])
        places.append(place)
        quoted.append(opened is not None)
        place += 1
    if opened is not None:
        raise QueryInvalid(
            'A closing " is missing',
            start=opened,
            end=len(text),
            hint="A quotation ends with the mark that it begins with.",
        )
    return Typed(
        text="".join(characters),
        places=tuple(places),
        quoted=tuple(quoted),
        start=start,
        end=place,
    )

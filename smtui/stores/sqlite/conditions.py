"""The tree of a question as a condition of SQL over `audio_files AS f`.

A condition may be NULL where a value is unknown; NOT is written so that unknown never matches
inside it and so always matches outside.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.question import (
    CHOICES,
    NEVER_UNKNOWN,
    NUMBERS,
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
from smtui.domain.text import folded, storable
from smtui.stores.sqlite.sample_rows import folder_parts
from smtui.stores.sqlite.values import Value

SORT_COLUMNS = {
    Field.NAME: "search_key",
    Field.FOLDER: "folder_sort",
    Field.KIND: "heard_kind",
    Field.TEMPO: "heard_tempo",
    Field.KEY: "heard_key_label",
    Field.LENGTH: "duration",
    Field.LOUDNESS: "heard_loudness_lufs",
    Field.TAGS: "tags_sort",
    Field.ADDED: "uploaded_at",
}
COLUMNS = SORT_COLUMNS | {
    Field.MODE: "heard_mode",
    Field.FORMAT: "format",
    Field.RATE: "sample_rate",
    Field.CHANNELS: "channels",
    **{field: f"heard_{field}" for field in QUALITIES},
}
_FACTS = {
    Fact.LOOP: "f.heard_is_loop = 1",
    Fact.ONESHOT: "f.heard_is_loop = 0",
    Fact.HEARD: "f.heard_rank >= 0",
    Fact.FAILED: "f.trouble_code IS NOT NULL",
    Fact.MISSING: "f.missing_since IS NOT NULL",
    Fact.DISAGREE: "f.disagrees IS NOT NULL",
    Fact.UNREADABLE: "f.row < 0",
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement and the values of its question marks."""

    text: str
    values: tuple[Value, ...] = ()


# Not a constant: with one, SQLite finds no way to use an index that it is told to use.
NOTHING = Sql("f.row < 0")
ALL_ROWS = Sql("1")


def condition(expression: Expression) -> Sql:
    """Write the expression as a condition; unknown nodes are a defect and raise TypeError."""
    match expression:
        case All(parts=parts):
            return joined(" AND ", [condition(part) for part in parts]) or ALL_ROWS
        case Any(parts=parts):
            return joined(" OR ", [condition(part) for part in parts]) or NOTHING
        case Not(inner=inner):
            inside = condition(inner)
            return Sql(f"(({inside.text}) IS NOT TRUE)", inside.values)
        case _:
            return _leaf(expression)


def joined(word: str, pieces: list[Sql]) -> Sql | None:
    """Join conditions by AND or OR; None if there are none."""
    if not pieces:
        return None
    text = word.join(f"({piece.text})" for piece in pieces)
    return Sql(text, tuple(value for piece in pieces for value in piece.values))


def _leaf(expression: Expression) -> Sql:
    match expression:
        case Everything():
            return ALL_ROWS
        case Words(text=text):
            return words(text)
        case Tagged(tag=tag):
            return Sql(
                "EXISTS (SELECT 1 FROM tagged AS t WHERE t.row = f.row AND t.tag ="
                " (SELECT tag FROM tags WHERE tag_key = ?))",
                (storable(folded(tag)),),
            )
        case Within():
            inside = places_within(expression)
            return Sql(f"f.place IN ({inside.text})", inside.values)
        case Is(fact=fact):
            return Sql(_FACTS[fact])
        case _:
            return _of_column(expression)


def _of_column(expression: Expression) -> Sql:
    match expression:
        case Between(field=field, low=low, high=high) if field in NUMBERS:
            return between(f"f.{COLUMNS[field]}", low, high)
        case OneOf(field=Field.NOTE, values=values):
            noted = having_notes(values)
            return Sql(f"f.row IN ({noted.text})", noted.values)
        case Unknown(field=Field.NOTE):
            return Sql(
                "NOT EXISTS (SELECT 1 FROM audio_details AS d"
                " WHERE d.row = f.row AND d.heard_root_note IS NOT NULL)"
            )
        case OneOf(field=field, values=values) if field in CHOICES:
            marks = ", ".join("?" * len(values))
            return Sql(f"f.{COLUMNS[field]} IN ({marks})", choices(field, values))
        case Unknown(field=field) if field in NEVER_UNKNOWN:
            return NOTHING
        case Unknown(field=Field.TAGS):
            return Sql("NOT EXISTS (SELECT 1 FROM tagged AS t WHERE t.row = f.row)")
        case Unknown(field=field):
            return Sql(f"f.{COLUMNS[field]} IS NULL")
        case _:
            message = f"not a condition that this store knows: {expression!r}"
            raise TypeError(message)


def having_notes(notes: tuple[str, ...]) -> Sql:
    """Rows of sounds with one of these root notes, which stand in the table beside."""
    marks = ", ".join("?" * len(notes))
    return Sql(
        "SELECT d.row FROM audio_details AS d INDEXED BY having_root_note"
        f" WHERE d.heard_root_note IN ({marks})",
        tuple(map(storable, notes)),
    )


def words(text: str) -> Sql:
    """The folded text occurs in the search key; nothing in it is a wildcard."""
    return Sql("instr(f.search_key, ?) > 0", (storable(folded(text)),))


def between(column: str, low: float | None, high: float | None) -> Sql:
    """A number within limits, both included; with no limit at all, any known number."""
    parts = []
    if low is not None:
        parts.append(Sql(f"{column} >= ?", (low,)))
    if high is not None:
        parts.append(Sql(f"{column} <= ?", (high,)))
    return joined(" AND ", parts) or Sql(f"{column} IS NOT NULL")


def choices(field: Field, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values as the column has them: keys as their label, all others folded."""
    return tuple(storable(value if field is Field.KEY else folded(value)) for value in values)


def places_within(within: Within) -> Sql:
    """The numbers of the folders that a `Within` means."""
    text = storable(folded(within.folder))
    if within.direct:
        return Sql("SELECT place FROM places WHERE parts = ?", (folder_parts(text),))
    inner = text.strip("/")
    if not inner:
        return Sql("SELECT place FROM places")
    if text.startswith("/"):
        # "0" follows "/" in the alphabet, so this is every text that begins with the folder.
        limits = (f"/{inner}/", f"/{inner}0")
        return Sql("SELECT place FROM places WHERE parts >= ? AND parts < ?", limits)
    return Sql("SELECT place FROM places WHERE instr(parts, ?) > 0", (f"/{inner}/",))

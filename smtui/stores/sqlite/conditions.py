"""What a question says in SQL: its condition, and the rows that an index knows for each part.

A condition is over `audio_files AS f` and may be NULL where a value is unknown; NOT is written so
that unknown never matches inside it and so always matches outside.

A source is a set of rows that surely holds every match of one part of the question. The smallest
one, if it is small, is gathered and sorted; else the order's own index is walked.

It stands apart from the planner, which chooses among sources and need not know what they are.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TypeGuard

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
from smtui.domain.text import folded, folder_parts, storable
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
_TRIGRAM = 3
_MOST_TRIGRAMS = 24
_FACT_INDEXES = {
    Fact.LOOP: "having_is_loop",
    Fact.ONESHOT: "having_is_loop",
    Fact.HEARD: "by_rank",
    Fact.FAILED: "having_trouble",
    Fact.MISSING: "having_missing",
    Fact.DISAGREE: "having_disagrees",
}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement and the values of its question marks."""

    text: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where candidates come from.

    Attributes:
        table: what stands after FROM; gives `audio_files AS f`, restricted by it.
        where: the condition that the table's index serves.
        rows: a statement that gives the row numbers alone, for probing and for unions.
        wide: the table's index has all columns but the texts that names and folders sort by.
        part: the part of the question that holds for each of the rows and needs no other look;
            None if the rows only may match it.
    """

    table: Sql
    where: Sql
    rows: Sql
    wide: bool = False
    part: Expression | None = None

    def serves(self, order: Field) -> bool:
        """True if candidates can be sorted without looking them up in the table."""
        return self.wide and order not in (Field.NAME, Field.FOLDER)


# Not a constant: with one, SQLite finds no way to use an index that it is told to use.
NOTHING = Sql("f.row < 0")
ALL_ROWS = Sql("1")


def condition(expression: Expression) -> Sql:
    """Write the expression as a condition; unknown nodes are a defect and raise TypeError."""
    match expression:
        case All(parts=parts):
            return all_of([condition(part) for part in parts])
        case Any(parts=parts):
            return _joined(" OR ", [condition(part) for part in parts]) if parts else NOTHING
        case Not(inner=inner):
            inside = condition(inner)
            return Sql(f"(({inside.text}) IS NOT TRUE)", inside.values)
        case _:
            return _condition_of_leaf(expression)


def sources(expression: Expression) -> list[Source]:
    """Return a source for each part of a question that must be true and has an index."""
    match expression:
        case All(parts=parts):
            texts = [part.text for part in parts if _has_trigrams(part)]
            others = [part for part in parts if not _has_trigrams(part)]
            together = [_by_rows(_containing(texts))] if texts else []
            return together + [source for part in others for source in sources(part)]
        case Any(parts=parts) if parts:
            found = [source for part in parts for source in sources(part)[:1]]
            return [_union(found)] if len(found) == len(parts) else []
        case _:
            source = _source_of(expression)
            if source is None or isinstance(expression, Words):
                return [] if source is None else [source]
            return [replace(source, part=expression)]


def owned(owners: tuple[int, ...]) -> Source:
    """Return the source of the sounds of these owners."""
    marks = ", ".join("?" * len(owners))
    return _by_index("having_owner", Sql(f"f.owner IN ({marks})", owners))


def without(expression: Expression, part: Expression) -> Expression:
    """Return the question where a part that must be true is known to be."""
    if expression == part:
        return Everything()
    if isinstance(expression, All):
        return All(tuple(without(inner, part) for inner in expression.parts))
    return expression


def indexed(expression: Expression, order: Field) -> bool:
    """True if the order's index alone can tell whether a sound matches."""
    match expression:
        case All(parts=parts) | Any(parts=parts):
            return all(indexed(part, order) for part in parts)
        case Not(inner=inner):
            return indexed(inner, order)
        case Words():
            return order is Field.NAME
        case Between(field=field) | Unknown(field=field):
            return field not in (*QUALITIES, Field.NOTE)
        case OneOf(field=Field.NOTE):
            return False
        case _:
            return expression != Is(Fact.DISAGREE) and not isinstance(expression, Tagged)


def index_of(field: Field) -> str:
    """Return the name of a column's index."""
    return (
        f"by_{field}" if field in SORT_COLUMNS else f"having_{COLUMNS[field].split('heard_')[-1]}"
    )


def between(column: str, low: float | None, high: float | None) -> Sql:
    """Return the condition of a number within limits, both included; with none, any known one."""
    parts = []
    if low is not None:
        parts.append(Sql(f"{column} >= ?", (low,)))
    if high is not None:
        parts.append(Sql(f"{column} <= ?", (high,)))
    return all_of(parts) if parts else Sql(f"{column} IS NOT NULL")


def choices(field: Field, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values as the column has them: keys as their label, all others folded."""
    return tuple(storable(value if field is Field.KEY else folded(value)) for value in values)


def all_of(conditions: list[Sql]) -> Sql:
    """Join conditions by AND; none hold for all rows."""
    return _joined(" AND ", conditions) if conditions else ALL_ROWS


def _joined(word: str, pieces: list[Sql]) -> Sql:
    text = word.join(f"({piece.text})" for piece in pieces)
    return Sql(text, tuple(value for piece in pieces for value in piece.values))


def _condition_of_leaf(expression: Expression) -> Sql:
    match expression:
        case Everything():
            return ALL_ROWS
        case Words(text=text):
            return _words(text)
        case Tagged(tag=tag):
            return Sql(
                "EXISTS (SELECT 1 FROM tagged AS t WHERE t.row = f.row AND t.tag ="
                " (SELECT tag FROM tags WHERE tag_key = ?))",
                (storable(folded(tag)),),
            )
        case Within():
            inside = _places_within(expression)
            return Sql(f"f.place IN ({inside.text})", inside.values)
        case Is(fact=fact):
            return Sql(_FACTS[fact])
        case _:
            return _condition_of_column(expression)


def _condition_of_column(expression: Expression) -> Sql:
    match expression:
        case Between(field=field, low=low, high=high) if field in NUMBERS:
            return between(f"f.{COLUMNS[field]}", low, high)
        case OneOf(field=Field.NOTE, values=values):
            noted = _having_notes(values)
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


def _words(text: str) -> Sql:
    """Return the condition that the folded text occurs; nothing in it is a wildcard."""
    return Sql("instr(f.search_key, ?) > 0", (storable(folded(text)),))


def _having_notes(notes: tuple[str, ...]) -> Sql:
    """Return the rows of sounds with one of these root notes, which stand in the details."""
    marks = ", ".join("?" * len(notes))
    return Sql(
        "SELECT d.row FROM audio_details AS d INDEXED BY having_root_note"
        f" WHERE d.heard_root_note IN ({marks})",
        tuple(map(storable, notes)),
    )


def _places_within(within: Within) -> Sql:
    """Return the numbers of the folders that a `Within` means."""
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


def _source_of(expression: Expression) -> Source | None:
    match expression:
        case Words(text=text) if _has_trigrams(expression):
            return _by_rows(_containing([text]))
        case Words(text=text) if text and "\0" not in text:
            return _by_rows(_beginning(storable(folded(text))))
        case Tagged(tag=tag):
            return _by_rows(
                Sql(
                    "SELECT t.row FROM tagged AS t"
                    " WHERE t.tag = (SELECT tag FROM tags WHERE tag_key = ?)",
                    (storable(folded(tag)),),
                )
            )
        case Within():
            inside = _places_within(expression)
            rows = f"SELECT p.row FROM audio_files AS p WHERE p.place IN ({inside.text})"
            return _by_rows(Sql(rows, inside.values))
        case Is(fact=Fact.UNREADABLE):
            return None
        case Is(fact=fact):
            return _by_index(_FACT_INDEXES[fact], condition(expression))
        case OneOf(field=Field.NOTE, values=values):
            return _by_rows(_having_notes(values))
        case Unknown(field=field) if field in (*NEVER_UNKNOWN, *QUALITIES, Field.NOTE):
            return None
        case Between(field=field) | OneOf(field=field) | Unknown(field=field):
            return _by_index(index_of(field), condition(expression))
        case _:
            return None


def _has_trigrams(expression: Expression) -> TypeGuard[Words]:
    """True for a text that is long enough to be looked up by three characters at a time."""
    if not isinstance(expression, Words) or "\0" in expression.text:
        return False
    return len(folded(expression.text)) >= _TRIGRAM


def _containing(texts: list[str]) -> Sql:
    """Return the rows whose search key has every three characters of the texts, anywhere."""
    pieces: dict[str, None] = {}
    for text in map(storable, map(folded, texts)):
        pieces |= dict.fromkeys(text[at : at + _TRIGRAM] for at in range(len(text) - _TRIGRAM + 1))
    quoted = (piece.replace('"', '""') for piece in list(pieces)[:_MOST_TRIGRAMS])
    wanted = " AND ".join(f'"{piece}"' for piece in quoted)
    return Sql("SELECT rowid AS row FROM trigrams WHERE trigrams MATCH ?", (wanted,))


def _beginning(text: str) -> Sql:
    """Return the rows in which some three characters begin with a text of one or two.

    Two more characters end every search key, so that this holds at its end, too.
    """
    return Sql(
        "SELECT rowid AS row FROM trigrams WHERE trigrams MATCH ("
        "SELECT coalesce(group_concat('\"' || replace(term, '\"', '\"\"') || '\"', ' OR '),"
        " '\"\"') FROM trigram_terms WHERE term >= ? AND term < ?)",
        (text, text + chr(sys.maxunicode)),
    )


def _by_index(index: str, where: Sql) -> Source:
    return Source(
        table=Sql(f"audio_files AS f INDEXED BY {index}"),
        where=where,
        rows=Sql(
            f"SELECT f.row FROM audio_files AS f INDEXED BY {index} WHERE {where.text}",
            where.values,
        ),
        wide=index.startswith("by_") and index != "by_rank",
    )


def _by_rows(rows: Sql) -> Source:
    # CROSS JOIN keeps this order: first the rows, then each row's sound.
    table = f"({rows.text}) AS c CROSS JOIN audio_files AS f ON f.row = c.row"
    return Source(table=Sql(table, rows.values), where=Sql("1"), rows=rows)


def _union(parts: list[Source]) -> Source:
    text = " UNION ".join(f"SELECT row FROM ({part.rows.text})" for part in parts)
    return _by_rows(Sql(text, tuple(value for part in parts for value in part.rows.values)))

"""Which sounds can match at all: parts of a question that an index answers by itself.

A source is a set of rows that surely holds every match of one part of the question. The smallest
one, if it is small, is gathered and sorted; else the order's own index is walked.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TypeGuard

from smtui.domain.question import (
    NEVER_UNKNOWN,
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
from smtui.stores.sqlite.conditions import (
    COLUMNS,
    SORT_COLUMNS,
    Sql,
    condition,
    having_notes,
    places_within,
)

TRIGRAM = 3
_MOST_TRIGRAMS = 24

_FACT_INDEXES = {
    Fact.LOOP: "having_is_loop",
    Fact.ONESHOT: "having_is_loop",
    Fact.HEARD: "by_rank",
    Fact.FAILED: "having_trouble",
    Fact.MISSING: "having_missing",
    Fact.DISAGREE: "having_disagrees",
}


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
        """Whether candidates can be sorted without looking them up in the table."""
        return self.wide and order not in (Field.NAME, Field.FOLDER)


def sources(expression: Expression) -> list[Source]:
    """Every source for a question: one for each part that must be true and has an index."""
    match expression:
        case All(parts=parts):
            texts = [part.text for part in parts if _is_searched(part)]
            others = [part for part in parts if not _is_searched(part)]
            together = [_by_rows(containing(texts))] if texts else []
            return together + [source for part in others for source in sources(part)]
        case Any(parts=parts) if parts:
            found = [_one(part) for part in parts]
            return [] if None in found else [_union([one for one in found if one])]
        case _:
            source = _of_leaf(expression)
            if source is None or isinstance(expression, Words):
                return [] if source is None else [source]
            return [replace(source, part=expression)]


def without(expression: Expression, part: Expression) -> Expression:
    """The question where a part that must be true is known to be."""
    if expression == part:
        return Everything()
    if isinstance(expression, All):
        return All(tuple(without(one, part) for one in expression.parts))
    return expression


def indexed(expression: Expression, order: Field) -> bool:
    """Whether the order's index alone can tell if a sound matches."""
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


def owned(owners: tuple[int, ...]) -> Source:
    """The sounds that a viewer may see."""
    marks = ", ".join("?" * len(owners))
    return _by_index("having_owner", Sql(f"f.owner IN ({marks})", owners))


def index_of(field: Field) -> str:
    """The name of a column's index."""
    return (
        f"by_{field}" if field in SORT_COLUMNS else f"having_{COLUMNS[field].split('heard_')[-1]}"
    )


def _one(part: Expression) -> Source | None:
    """One source for a part of a disjunction; of several any will do."""
    return next(iter(sources(part)), None)


def _of_leaf(expression: Expression) -> Source | None:
    match expression:
        case Words(text=text) if _is_searched(expression):
            return _by_rows(containing([text]))
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
            inside = places_within(expression)
            rows = f"SELECT p.row FROM audio_files AS p WHERE p.place IN ({inside.text})"
            return _by_rows(Sql(rows, inside.values))
        case Is(fact=Fact.UNREADABLE):
            return None
        case Is(fact=fact):
            return _by_index(_FACT_INDEXES[fact], condition(expression))
        case OneOf(field=Field.NOTE, values=values):
            return _by_rows(having_notes(values))
        case Unknown(field=field) if field in (*NEVER_UNKNOWN, *QUALITIES, Field.NOTE):
            return None
        case Between(field=field) | OneOf(field=field) | Unknown(field=field):
            return _by_index(index_of(field), condition(expression))
        case _:
            return None


def _is_searched(expression: Expression) -> TypeGuard[Words]:
    """Whether it is a text that is long enough to be looked up by three characters at a time."""
    if not isinstance(expression, Words) or "\0" in expression.text:
        return False
    return len(folded(expression.text)) >= TRIGRAM


def containing(texts: list[str]) -> Sql:
    """Rows whose search key has every three characters of the texts, in whatever place."""
    pieces: dict[str, None] = {}
    for text in map(storable, map(folded, texts)):
        pieces |= dict.fromkeys(text[at : at + TRIGRAM] for at in range(len(text) - TRIGRAM + 1))
    quoted = (piece.replace('"', '""') for piece in list(pieces)[:_MOST_TRIGRAMS])
    asked = " AND ".join(f'"{piece}"' for piece in quoted)
    return Sql("SELECT rowid AS row FROM trigrams WHERE trigrams MATCH ?", (asked,))


def _beginning(text: str) -> Sql:
    """Rows in which some three characters begin with a text of one or two.

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

"""Which of some sounds match a question, each looked up by its id."""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.stores.sqlite.answers import asked_of
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.lookups import in_parts


def matching(reader: Reader, question: Question, file_ids: Sequence[FileId]) -> frozenset[FileId]:
    """Those of them that match, all seen at one moment."""
    found: set[FileId] = set()
    with reader.snapshot():
        where = asked_of(reader, question)[0].where
        for part, marks in in_parts(file_ids):
            # The plus keeps SQLite from walking an index of the condition instead.
            sql = (
                "SELECT f.file_id FROM audio_files AS f"
                f" WHERE f.file_id IN ({marks}) AND +({where.text})"
            )
            found |= {FileId(row[0]) for row in reader.rows(sql, (*part, *where.values))}
    return frozenset(found)

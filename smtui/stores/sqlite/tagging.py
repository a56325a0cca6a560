"""Tags put on sounds and taken off, with who did it and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.text import folded
from smtui.stores.sqlite import sample_rows
from smtui.stores.sqlite.values import from_ms, storable, to_ms
from smtui.stores.sqlite.writing import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """Which tags come and go; the new ones are kept with the mark."""

    mark: Mark
    add: Sequence[str]
    remove: Sequence[str]


def change_tags(connection: sqlite3.Connection, file_ids: Sequence[FileId], wanted: Tagging) -> int:
    """Add and remove tags; gives how many sounds changed."""
    count = 0
    for file_id in dict.fromkeys(file_ids):
        held = sample_rows.row_of(connection, file_id)
        if held is not None:
            row, before = held
            count += sample_rows.change(connection, row, before, _tagged(before, wanted))
    if count:
        changed(connection)
    return count


def _tagged(sample: Sample, wanted: Tagging) -> Sample:
    """Give the sound with the tags changed; a tag that stays keeps its spelling and its mark."""
    gone = {folded(tag) for tag in wanted.remove}
    tags = {folded(tag): tag for tag in sample.tags if folded(tag) not in gone}
    marks = {tag: mark for tag, mark in sample.tag_marks.items() if tag in tags.values()}
    mark = replace(wanted.mark, at=from_ms(to_ms(wanted.mark.at)))
    for raw in wanted.add:
        tag = storable(raw)
        if folded(raw) not in tags:
            tags[folded(raw)] = tag
            marks[tag] = mark
    return replace(sample, tags=tuple(tags.values()), tag_marks=marks)

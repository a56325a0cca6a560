"""A library of an older smtui learns what its names say, and which of them disagree."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from smtui.domain.filename_claims import Said
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId
from smtui.stores.sqlite import schema
from smtui.stores.sqlite.library import opened

SECOND = schema.steps()[:2]
SOUNDS = [
    # name, tags, tempo, key, mode, rank
    ("loop_120bpm.wav", {}, 93.0, None, None, 1),
    ("loop_121bpm.wav", {}, 120.0, None, None, 1),
    ("pad_Am.wav", {}, None, "C", "major", 1),
    ("tagged.wav", {"bpm": 140.0}, 120.0, None, None, 1),
    ("unheard_90bpm.wav", {}, None, None, None, -1),
]


def older(path: Path) -> None:
    """Write a library as the step before left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        schema.bring_up(connection, path, SECOND)
        connection.execute("INSERT INTO places (place, folder, parts) VALUES (1, '/a', '/a/')")
        for row, (name, tags, tempo, key, mode, rank) in enumerate(SOUNDS, 1):
            connection.execute(
                "INSERT INTO audio_files (row, owner, place, heard_rank, heard_tempo, heard_mode,"
                " duration, sample_rate, channels, format, uploaded_at, file_id, search_key,"
                " folder_sort) VALUES (?, 0, 1, ?, ?, ?, 1.0, 44100, 1, 'wav', 0, ?, ?, ?)",
                (row, rank, tempo, mode, name, name, name),
            )
            connection.execute(
                "INSERT INTO audio_details (row, path_key, filename, file_path, file_size,"
                " mtime_ns, file_hash, tags, metadata, heard_key, heard_level,"
                " heard_recipe_version, heard_analyzed_at, heard_tempo_confidence,"
                " heard_key_confidence, heard_kind_confidence)"
                " VALUES (?, ?, ?, ?, 1, 1, 'x', '[]', ?, ?, ?, 1, 0, 1.0, 1.0, 1.0)",
                (
                    *(row, f"\x1f/a/{name}", name, f"/a/{name}", json.dumps(tags), key),
                    "basic" if rank >= 0 else None,
                ),
            )


async def test_sounds_that_were_there_are_found_by_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    older(path)
    async with opened(path) as documents:
        page = await documents.samples.page(Question(expression=parse("is:disagree")), limit=9)
        (unheard,) = await documents.samples.get([FileId("unheard_90bpm.wav")])
        unknown = await documents.samples.count(Question(expression=parse("clipped:-")))
    names = [sample.filename for sample in page.samples]
    assert names == ["loop_120bpm.wav", "pad_Am.wav", "tagged.wav"]
    assert all(sample.heard and sample.heard.quality is None for sample in page.samples)
    assert unheard.said == Said(tempo=90.0)
    assert unknown == len(SOUNDS)
    with closing(sqlite3.connect(path)) as connection:
        said = dict(connection.execute("SELECT filename, said FROM audio_details"))
    assert json.loads(said["pad_Am.wav"]) == {"tempo": None, "key": "A", "mode": "minor"}
    assert said["tagged.wav"] is None

"""What was found as a file for other programs."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smtui.domain.hit_list import Form, FoundSound, encode, form_of
from smtui.domain.likeness import Hit, Likeness
from smtui.domain.sample import FileId, Sample
from smtui.domain.text import path_bytes, printable_path

NOW = datetime(2025, 3, 1, tzinfo=UTC)


def sound(raw: bytes, *, tags: tuple[str, ...] = ()) -> FoundSound:
    text = printable_path(raw)
    sample = Sample(
        file_id=FileId(text),
        filename=text.rpartition("/")[2],
        file_path=text,
        path_bytes=path_bytes(raw),
        file_size=1,
        duration=1.6,
        sample_rate=44_100,
        channels=1,
        format="wav",
        user_id=None,
        uploaded_at=NOW,
        tags=tags,
        file_hash="",
        mtime_ns=0,
    )
    likeness = Likeness(aspects=(0.9, 0.8, 0.7, 0.6))
    hit = Hit(file_id=sample.file_id, score=0.87654, likeness=likeness)
    return FoundSound(hit=hit, sample=sample, path=sample.path, why='"dry", darker', analysis=None)


ODD = (b"/a/plain.wav", b"/a/\xff\xfe.wav", b"/a/new\nline.wav", '/a/\u202eodd, "x".wav'.encode())


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("hits.csv", Form.CSV),
        ("hits.CSV", Form.CSV),
        ("hits.jsonl", Form.JSON_LINES),
        ("hits.json", Form.JSON_LINES),
        ("hits.m3u", Form.M3U),
        ("hits.m3u8", Form.M3U),
        ("hits.txt", None),
        (".csv", None),
        ("hits", None),
    ],
)
def test_the_extension_says_the_form(name: str, form: Form | None) -> None:
    assert form_of(Path("/a") / name) is form


def test_a_table_keeps_any_name_in_one_cell() -> None:
    content, count = encode([sound(raw, tags=("a,b", "c")) for raw in ODD], Form.CSV)
    rows = list(csv.DictReader(content.decode("utf-8").splitlines(keepends=True)))
    assert count == len(rows) == len(ODD)
    assert [row["path"] for row in rows] == [printable_path(raw) for raw in ODD]
    assert (rows[0]["score"], rows[0]["timbre"], rows[0]["kind"]) == ("0.8765", "0.9", "")
    assert (rows[0]["why"], rows[0]["tags"]) == ('"dry", darker', "a,b, c")


def test_json_lines_are_one_object_each() -> None:
    content, count = encode([sound(raw) for raw in ODD], Form.JSON_LINES)
    told = [json.loads(line) for line in content.splitlines()]
    assert count == len(told) == len(ODD)
    assert list(told[0])[:4] == ["path", "score", "aspects", "why"]
    assert [one["path_bytes"] is not None for one in told] == [False, True, False, False]


def test_a_program_reads_the_same_keys_of_every_hit_and_no_minus_of_nothing() -> None:
    like = replace(
        sound(b"/a/b.wav").hit, likeness=Likeness(aspects=(-0.00001, 1.0, 0.5, -0.2)), score=-1e-9
    )
    fits = replace(like, likeness=None)
    found = [replace(sound(b"/a/b.wav"), hit=hit) for hit in (like, fits)]
    one, other = encode(found, Form.JSON_LINES)[0].decode().splitlines()
    assert list(json.loads(one)) == list(json.loads(other))
    assert json.loads(other)["aspects"] is None
    assert "-0.0," not in one
    assert "-0.0," not in encode(found, Form.CSV)[0].decode()


def test_a_list_to_play_has_the_bytes_of_the_paths_and_nothing_that_breaks_its_lines() -> None:
    content, count = encode([sound(raw) for raw in ODD], Form.M3U)
    first, *lines = content.splitlines()
    assert first == b"#EXTM3U"
    assert count == 3
    assert [one for one in lines if not one.startswith(b"#")] == [
        raw for raw in ODD if b"\n" not in raw
    ]
    assert lines[0] == b"#EXTINF:2,plain.wav"
    assert os.fsencode(Path("/a/plain.wav")) == lines[1]

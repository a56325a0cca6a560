"""A sound as a document: what smtui writes it reads again, and it reads whatever others wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import hypothesis.strategies as st
import pytest
from bson import ObjectId
from hypothesis import given

from smtui.domain.account import UserId
from smtui.domain.errors import ErrorCode
from smtui.domain.question import SORTABLE, Sort, sort_value
from smtui.domain.sample import FileId, Heard, Mark, Sample, Trouble
from smtui.domain.storable import clamped
from smtui.stores.mongo.planner import place_of
from smtui.stores.mongo.sample_codec import (
    LONGEST_INSIDE,
    beginnings,
    derived,
    document_of,
    sample_of,
    storable_metadata,
)
from smtui.stores.mongo.values import LONG_AGO

NOW = datetime(2025, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
ANNA = UserId("11111111-1111-4111-8111-111111111111")

FULL = Sample(
    file_id=FileId("f"),
    filename="caf\\xe9.wav",
    file_path="/a/Drüms/caf\\xe9.wav",
    path_bytes=b"/a/Dr\xc3\xbcms/caf\xe9.wav",
    file_size=2**40,
    duration=1.5,
    sample_rate=44_100,
    channels=2,
    format="wav",
    user_id=ANNA,
    uploaded_at=NOW,
    tags=("Deep House", "a.b", "$x"),
    tag_marks={"a.b": Mark(by=ANNA, at=NOW), "$x": Mark(by=None, at=NOW)},
    metadata={"title": "Ü", "bpm": 128.5, "track": 2, "live": True, "key": None, "a.b": "c"},
    file_hash="h",
    mtime_ns=1_700_000_000_123_456_789,
    heard=Heard(
        tempo=127.3,
        tempo_confidence=0.9,
        key="F#",
        mode="minor",
        key_confidence=0.7,
        root_note="F#1",
        kind="loop",
        kind_confidence=0.8,
        is_loop=True,
        loudness_lufs=-9.25,
        level="full",
        recipe_version=3,
        analyzed_at=NOW,
    ),
    trouble=Trouble(code=ErrorCode.UNREADABLE, error="It is damaged", at=NOW),
    missing_since=NOW,
)
BARE = Sample(
    file_id=FileId("b"),
    filename="x.wav",
    file_path="/x.wav",
    file_size=0,
    duration=0.0,
    sample_rate=0,
    channels=0,
    format="",
    user_id=None,
    uploaded_at=NOW,
    file_hash="",
    mtime_ns=0,
)


def through_bson(document: dict[str, Any], *, aware: bool = True) -> dict[str, Any]:
    options: Any = bson.CodecOptions(tz_aware=aware)
    return dict(bson.decode(bson.encode(document), options))


@pytest.mark.parametrize("sample", [FULL, BARE], ids=["full", "bare"])
def test_what_is_written_is_read_again(sample: Sample) -> None:
    assert sample_of(through_bson(document_of(sample))) == sample


@pytest.mark.parametrize("sample", [FULL, BARE], ids=["full", "bare"])
def test_a_document_stands_where_its_sound_stands(sample: Sample) -> None:
    document = through_bson(document_of(sample))
    for field in SORTABLE:
        assert place_of(document, Sort(field=field).field).value == sort_value(sample, field)


def test_fields_have_the_names_and_kinds_of_the_system() -> None:
    document = document_of(FULL)
    kinds = {name: type(document[name]) for name in ("user_id", "tags", "metadata", "uploaded_at")}
    assert kinds == {"user_id": str, "tags": list, "metadata": dict, "uploaded_at": datetime}
    assert type(document["path_bytes"]) is bytes
    assert document["heard"].keys() >= {
        "tempo",
        "key",
        "mode",
        "kind",
        "is_loop",
        "loudness_lufs",
        "level",
        "recipe_version",
        "analyzed_at",
    }
    assert document["path_key"] == FULL.path_key
    absent = {"path_bytes", "missing_since", "trouble", "heard", "tag_marks"}
    assert not absent & document_of(BARE).keys()


def test_a_naive_time_is_utc() -> None:
    naive = NOW.replace(tzinfo=None)
    document = document_of(FULL) | {"uploaded_at": naive, "missing_since": naive}
    sample = sample_of(through_bson(document, aware=False))
    assert (sample.uploaded_at, sample.missing_since) == (NOW, NOW)


def test_a_document_with_nothing_but_an_id_is_a_sound() -> None:
    sample = sample_of({"_id": ObjectId(), "file_id": "f"})
    assert (sample.file_id, sample.file_path, sample.tags, sample.metadata) == ("f", "", (), {})
    assert (sample.duration, sample.heard, sample.uploaded_at) == (0.0, None, LONG_AGO)
    assert "path_key" not in derived(sample)


def test_the_name_is_the_end_of_the_path_where_none_is_said() -> None:
    assert sample_of({"file_id": "f", "file_path": "/a/b.wav"}).filename == "b.wav"


def test_what_others_nest_in_metadata_is_text() -> None:
    others = {"genre": ["house", "deep"], "when": NOW, "who": ObjectId("0" * 24), "n": {"a": 1}}
    sample = sample_of(through_bson({"file_id": "f", "metadata": others}))
    assert sample.metadata["genre"] == "house, deep"
    assert sample.metadata["when"] == NOW.isoformat()
    assert sample.metadata["who"] == "0" * 24
    assert sample.metadata["n"] == "{'a': 1}"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.just(ObjectId("0" * 24)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
fields = st.sampled_from(sorted(document_of(FULL)))
heard_fields = st.sampled_from(sorted(document_of(FULL)["heard"]))


@given(
    st.dictionaries(fields, anything, max_size=6), st.dictionaries(heard_fields, anything), anything
)
def test_whatever_others_wrote_is_read_and_can_be_adopted(
    changed: dict[str, Any], heard: dict[str, Any], element: Any
) -> None:
    document = document_of(FULL) | {"heard": document_of(FULL)["heard"] | heard} | changed
    document["tags"] = document["tags"] if "tags" in changed else [element, "x"]
    sample = sample_of(document)
    assert sample.uploaded_at.tzinfo is not None
    assert sample_of(document_of(sample) | {"file_hash": ""}).tags == sample.tags
    derived(sample)


names = st.text(st.characters(exclude_categories=()), max_size=4) | st.sampled_from(
    ("$", "$a", "＄", "＄＄a", "$$", "a.b", ".", "")
)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=4)
)


@given(st.dictionaries(names, values))
def test_metadata_of_any_kind_can_be_kept(metadata: dict[str, Any]) -> None:
    kept = storable_metadata(metadata)
    written = document_of(replace(BARE, metadata=kept))
    assert not any(name.startswith("$") for name in written["metadata"])
    assert sample_of(through_bson(written)).metadata == kept
    same = {name for name, value in metadata.items() if kept.get(name) == value}
    plain = {
        name
        for name, value in metadata.items()
        if _is_plain(name) and (value is None or isinstance(value, bool) or _is_plain(value))
    }
    assert plain <= same


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and "\0" not in value


def test_a_folder_is_found_from_each_of_its_parts_on() -> None:
    assert beginnings("/") == ["/"]
    assert beginnings("/a/drums/b/") == ["/a/drums/b/", "/drums/b/", "/b/"]
    deep = beginnings("/" + "x/" * 2000)
    assert max(map(len, deep)) == LONGEST_INSIDE


def test_times_beyond_what_a_document_holds_are_the_last_ones() -> None:
    assert clamped(2**70) == 2**63 - 1
    assert clamped(-(2**70)) == -(2**63)
    late = Mark(by=None, at=NOW + timedelta(microseconds=999))
    document = document_of(replace(BARE, tags=("a",), tag_marks={"a": late}))
    assert sample_of(document).tag_marks["a"].at == NOW

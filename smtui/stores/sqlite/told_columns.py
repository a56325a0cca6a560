"""What has been told of a sound beyond its file: said, heard, in trouble, tagged by whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.differing import differences, told_apart
from smtui.domain.quality import Quality
from smtui.domain.said import Said, said_in
from smtui.domain.sample import Heard, Mark, Sample, Trouble
from smtui.stores.sqlite.values import Value, from_json, from_ms, to_json, to_ms

UNHEARD_RANK = -1

QUALITY_COLUMNS = ("peak", "bits", "clipped", "dc", "head", "tail", "correlation", "bit_depth")
HEARD_COLUMNS = (
    "heard_tempo",
    "heard_tempo_confidence",
    "heard_key",
    "heard_mode",
    "heard_key_confidence",
    "heard_root_note",
    "heard_kind",
    "heard_kind_confidence",
    "heard_is_loop",
    "heard_loudness_lufs",
    "heard_level",
    "heard_recipe_version",
    "heard_analyzed_at",
    *(f"heard_{name}" for name in QUALITY_COLUMNS),
)
TROUBLE_COLUMNS = ("trouble_code", "trouble_error", "trouble_at")


def heard_of(row: Any) -> Heard | None:
    """Read HEARD_COLUMNS."""
    if row[10] is None:
        return None
    return Heard(
        tempo=row[0],
        tempo_confidence=row[1],
        key=row[2],
        mode=row[3],
        key_confidence=row[4],
        root_note=row[5],
        kind=row[6],
        kind_confidence=row[7],
        is_loop=None if row[8] is None else bool(row[8]),
        loudness_lufs=row[9],
        level=row[10],
        recipe_version=row[11],
        analyzed_at=from_ms(row[12]),
        quality=_quality_of(row[13:]),
    )


def heard_values(heard: Heard | None) -> dict[str, Value]:
    """Write HEARD_COLUMNS, and the two that only questions use."""
    if heard is None:
        return {**dict.fromkeys(HEARD_COLUMNS), "heard_key_label": None, "heard_rank": UNHEARD_RANK}
    return {
        "heard_tempo": heard.tempo,
        "heard_tempo_confidence": heard.tempo_confidence,
        "heard_key": heard.key,
        "heard_mode": heard.mode,
        "heard_key_label": heard.key_label,
        "heard_key_confidence": heard.key_confidence,
        "heard_root_note": heard.root_note,
        "heard_kind": heard.kind,
        "heard_kind_confidence": heard.kind_confidence,
        "heard_is_loop": heard.is_loop,
        "heard_loudness_lufs": heard.loudness_lufs,
        "heard_level": heard.level,
        "heard_rank": Level(heard.level).rank,
        "heard_recipe_version": heard.recipe_version,
        "heard_analyzed_at": to_ms(heard.analyzed_at),
        **_quality_values(heard.quality),
    }


def _quality_of(row: Any) -> Quality | None:
    peak, bits, clipped, dc, head, tail, correlation, bit_depth = row
    if clipped is None:
        return None
    return Quality(
        true_peak_dbtp=peak,
        bit_depth=bit_depth,
        bits_used=bits,
        clipped_samples=clipped,
        dc_offset=dc,
        silence_head=head,
        silence_tail=tail,
        stereo_correlation=correlation,
    )


def _quality_values(quality: Quality | None) -> dict[str, Value]:
    if quality is None:
        return {f"heard_{name}": None for name in QUALITY_COLUMNS}
    return {
        "heard_peak": quality.true_peak_dbtp,
        "heard_bits": quality.bits_used,
        "heard_clipped": quality.clipped_samples,
        "heard_dc": quality.dc_offset,
        "heard_head": quality.silence_head,
        "heard_tail": quality.silence_tail,
        "heard_bit_depth": quality.bit_depth,
        "heard_correlation": quality.stereo_correlation,
    }


def said_values(sample: Sample) -> dict[str, Value]:
    """Write what the name claims, and whether name or tags say else than was heard."""
    return {
        "said": _said_value(sample.said),
        "disagrees": 1 if differences(sample) else None,
    }


def _said_value(said: Said) -> str | None:
    return to_json(asdict(said)) if said else None


def add_functions(connection: sqlite3.Connection) -> None:
    """Teach a connection what the steps ask of rows that an older smtui wrote."""

    def said(filename: str) -> str | None:
        return _said_value(said_in(filename))

    def disagreement(filename: str, metadata: str, *heard: Any) -> int | None:
        tempo, key, mode, root_note = heard
        told = Heard(
            tempo=tempo,
            key=key,
            mode=mode,
            root_note=root_note,
            level=Level.BASIC,
            recipe_version=0,
            analyzed_at=from_ms(0),
        )
        return 1 if told_apart(filename, from_json(metadata), told) else None

    connection.create_function("said_in", 1, said, deterministic=True)
    connection.create_function("disagreement", 6, disagreement, deterministic=True)


def marks_of(kept: str | None) -> dict[str, Mark]:
    """Read `tag_marks`."""
    if kept is None:
        return {}
    return {
        tag: Mark(by=by and UserId(by), at=from_ms(at)) for tag, (by, at) in from_json(kept).items()
    }


def marks_value(marks: Mapping[str, Mark]) -> str | None:
    """Write `tag_marks`; no marks take no room."""
    if not marks:
        return None
    return to_json({tag: (mark.by, to_ms(mark.at)) for tag, mark in marks.items()})


def trouble_of(row: Any) -> Trouble | None:
    """Read TROUBLE_COLUMNS."""
    if row[0] is None:
        return None
    return Trouble(code=row[0], error=row[1], at=from_ms(row[2]))

"""Sounds in outline: rms and cepstral coefficients as they stand in their rows, not unpacked."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from smtui.domain.analysis import MFCC_COUNT
from smtui.domain.masking import ROWS, Outline
from smtui.domain.sample import FileId, certainty
from smtui.stores.sqlite.connections import Reader
from smtui.stores.sqlite.values import from_json, in_parts

# CROSS JOIN keeps this order. Sorting in SQLite would carry the numbers along.
_SELECT = (
    "SELECT a.level_rank, a.analyzed_at, a.analysis_id, f.file_id, d.file_hash, a.duration,"
    " f.heard_tempo, d.heard_key, f.heard_mode, d.heard_key_confidence,"
    " a.spectral_features, a.spectral_numbers"
    " FROM audio_files AS f CROSS JOIN audio_details AS d ON d.row = f.row"
    " CROSS JOIN analyses AS a ON a.file_id = f.file_id"
    " WHERE f.file_id IN ({marks}) AND f.heard_rank >= 0 AND a.spectral_numbers IS NOT NULL"
)


class _Place(NamedTuple):
    """Where the numbers of an outline are among all numbers of a row, and of what kind."""

    kind: str
    start: int
    slices: int


def outlines(reader: Reader, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
    """Those of the sounds that have slices, in the order asked for."""
    found: dict[str, Outline] = {}
    for part, marks in in_parts(file_ids):
        rows = reader.rows(_SELECT.format(marks=marks), part)
        # Of several analyses the last wins: the highest level, then the newest.
        for row in sorted(rows, key=lambda row: row[:3]):
            outline = _outline(row[3:])
            if outline is not None:
                found[outline.file_id] = outline
    return tuple(found[file_id] for file_id in file_ids if file_id in found)


def _outline(row: Any) -> Outline | None:
    file_id, file_hash, duration, tempo, key, mode, confidence, shape, packed = row
    place = _place(shape)
    if place is None:
        return None
    return Outline(
        file_id=FileId(file_id),
        file_hash=file_hash,
        duration=duration,
        tempo=tempo,
        key=key,
        mode=mode,
        key_confidence=certainty(confidence),
        slices=place.slices,
        numbers=_numbers(place, packed),
    )


# Few shapes are there, one for each number of slices.
@lru_cache(maxsize=512)
def _place(shape: str) -> _Place | None:
    """None where the rows are of different lengths, or there are none."""
    kept = from_json(shape)
    start = 0
    for name, lengths in kept["shape"].items():
        if name == "rms":
            break
        start += sum(lengths) if isinstance(lengths, list) else lengths
    slices = kept["shape"]["rms"]
    if not slices or kept["shape"]["mfcc"] != [slices] * MFCC_COUNT:
        return None
    return _Place(kind=kept["numbers"], start=start, slices=slices)


def _numbers(place: _Place, packed: bytes) -> bytes:
    size = array(place.kind).itemsize
    cut = packed[place.start * size : (place.start + ROWS * place.slices) * size]
    if place.kind == "d":
        return cut
    single = array(place.kind, cut)
    if sys.byteorder == "big":
        single.byteswap()
    wide = array("d", single)
    if sys.byteorder == "big":
        wide.byteswap()
    return wide.tobytes()

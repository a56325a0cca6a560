"""Sounds in outline: of an analysis only rms and cepstral coefficients are fetched."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from typing import Any

from smtui.domain.analysis import MAX_SLICES, MFCC_COUNT
from smtui.domain.masking import Outline
from smtui.domain.sample import FileId, certainty
from smtui.stores.mongo.told_documents import heard_in
from smtui.stores.mongo.values import list_in, mapping_in, number_in, text_in

SOUND_FIELDS = ("file_id", "file_hash", "heard")
ANALYSIS_FIELDS = (
    "file_id",
    "analysis_id",
    "analysis_level",
    "analyzed_at",
    "duration",
    "spectral_features.rms",
    "spectral_features.mfcc",
)


def outline_of(sound: Mapping[str, Any], analysis: Mapping[str, Any]) -> Outline | None:
    """Read one; None where nothing was heard, or the rows are of different lengths."""
    heard = heard_in(sound.get("heard"))
    features = mapping_in(analysis.get("spectral_features"))
    rows = [list_in(features.get("rms")), *map(list_in, list_in(features.get("mfcc")))]
    slices = len(rows[0])
    fits = len(rows) == 1 + MFCC_COUNT and all(len(row) == slices for row in rows)
    if heard is None or not fits or not 0 < slices <= MAX_SLICES:
        return None
    return Outline(
        file_id=FileId(text_in(sound.get("file_id"))),
        file_hash=text_in(sound.get("file_hash")),
        duration=number_in(analysis.get("duration")),
        tempo=heard.tempo,
        key=heard.key,
        mode=heard.mode,
        key_confidence=certainty(heard.key_confidence),
        slices=slices,
        numbers=_packed([number for row in rows for number in row]),
    )


def _packed(numbers: list[Any]) -> bytes:
    try:
        packed = array("d", numbers)
    except (TypeError, OverflowError):
        # Another program's: what is no number says nothing.
        packed = array("d", [number_in(one) for one in numbers])
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()

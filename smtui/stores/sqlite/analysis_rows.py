"""An analysis as a row of `analyses`, and back."""

from __future__ import annotations

import sys
from array import array
from dataclasses import asdict, fields
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import (
    Analysis,
    AnalysisHead,
    AnalysisId,
    Claims,
    KeyClaim,
    KindClaim,
    Level,
    Measurement,
    SpectralFeatures,
    TempoClaim,
)
from smtui.domain.sample import FileId
from smtui.stores.sqlite import ai_columns, deep_columns
from smtui.stores.sqlite.ai_columns import ai_of, ai_values
from smtui.stores.sqlite.deep_columns import deep_fields, deep_values
from smtui.stores.sqlite.values import Value, from_json, from_ms, to_json, to_ms

# Columns that hold a field of the measurement as it is, by the field's own name.
_PLAIN = (
    "recipe_version",
    "file_hash",
    "duration",
    "processing_time",
    "tempo",
    "key",
    "mode",
    "loudness_lufs",
    "true_peak_dbtp",
    "root_note",
    "bit_depth",
    "bits_used",
    "clipped_samples",
    "dc_offset",
    "silence_head",
    "silence_tail",
    "stereo_correlation",
    "kind",
    "kind_confidence",
)
_READ = (
    "analysis_id",
    "file_id",
    "user_id",
    "analyzed_at",
    "analysis_level",
    "loudness_padded",
    "is_loop",
    "time_signature",
    "claims",
    "onsets",
    "beats",
    "spectral_features",
    "spectral_numbers",
    "embedding",
    *deep_columns.COLUMNS,
    *ai_columns.COLUMNS,
    *_PLAIN,
)

SELECT_HEAD = (
    "SELECT analysis_id, file_id, user_id, analyzed_at,"  # noqa: S608 - our own names
    " analysis_level, recipe_version, file_hash,"
    f" {ai_columns.HAS_AI} FROM analyses"
)
SELECT_BRIEF = (
    "SELECT "  # noqa: S608 - our own names
    + ", ".join("NULL" if name == "embedding" else name for name in _READ)
    + " FROM analyses"
)
SELECT_ANALYSIS = f"SELECT {', '.join(_READ)} FROM analyses"  # noqa: S608 - our own names


# The column takes no NULL.
_FORMS = {False: 0, True: 1, None: -1}
_LOOPS = {0: False, 1: True}


def values_of(analysis: Analysis) -> dict[str, Value]:
    """Every column of an analysis."""
    measured = analysis.measured
    shape, numbers = _packed(measured.spectral_features)
    plain: dict[str, Value] = {name: getattr(measured, name) for name in _PLAIN}
    return (
        plain
        | deep_values(measured)
        | ai_values(analysis.ai)
        | {
            "analysis_id": analysis.analysis_id,
            "file_id": analysis.file_id,
            "user_id": analysis.user_id,
            "analyzed_at": to_ms(analysis.analyzed_at),
            "analysis_level": measured.level,
            "level_rank": measured.level.rank,
            "loudness_padded": measured.loudness_padded,
            "is_loop": _FORMS[measured.is_loop],
            "time_signature": measured.time_signature and to_json(measured.time_signature),
            "claims": to_json(asdict(measured.claims)),
            "onsets": to_json(measured.onsets),
            "beats": to_json(measured.beats),
            "spectral_features": shape,
            "spectral_numbers": numbers,
            "embedding": _singles(measured.embedding),
        }
    )


def brief_of(row: Any) -> Analysis:
    """Read a row of SELECT_BRIEF, without its cepstra and chroma."""
    return analysis_of(row, whole=False)


def analysis_of(row: Any, *, whole: bool = True) -> Analysis:
    """Read a row of SELECT_ANALYSIS; not `whole`, without cepstra and chroma."""
    values = dict(zip(_READ, row, strict=True))
    meter = values["time_signature"] and from_json(values["time_signature"])
    measured = Measurement(
        level=Level(values["analysis_level"]),
        loudness_padded=bool(values["loudness_padded"]),
        is_loop=_LOOPS.get(values["is_loop"]),
        time_signature=meter and (meter[0], meter[1]),
        claims=_claims(from_json(values["claims"])),
        onsets=tuple(from_json(values["onsets"])),
        beats=tuple(from_json(values["beats"])),
        spectral_features=_unpacked(
            values["spectral_features"], values["spectral_numbers"], whole=whole
        ),
        embedding=_numbers(values["embedding"]),
        **deep_fields(values),
        **{name: values[name] for name in _PLAIN},
    )
    return Analysis(
        analysis_id=AnalysisId(values["analysis_id"]),
        file_id=FileId(values["file_id"]),
        user_id=values["user_id"] and UserId(values["user_id"]),
        analyzed_at=from_ms(values["analyzed_at"]),
        measured=measured,
        ai=ai_of(values),
    )


def head_of(row: Any) -> AnalysisHead:
    """Read a row of SELECT_HEAD."""
    return AnalysisHead(
        analysis_id=AnalysisId(row[0]),
        file_id=FileId(row[1]),
        user_id=row[2] and UserId(row[2]),
        analyzed_at=from_ms(row[3]),
        level=Level(row[4]),
        recipe_version=row[5],
        file_hash=row[6],
        has_ai=bool(row[7]),
    )


def _claims(kept: dict[str, Any]) -> Claims:
    return Claims(
        tempo_confidence=kept["tempo_confidence"],
        tempo_alternatives=tuple(TempoClaim(**claim) for claim in kept["tempo_alternatives"]),
        key_confidence=kept["key_confidence"],
        key_alternatives=tuple(KeyClaim(**claim) for claim in kept["key_alternatives"]),
        meter_confidence=kept["meter_confidence"],
        root_confidence=kept.get("root_confidence", 0.0),
        # What was saved before kinds had alternatives has no such part.
        kind_alternatives=tuple(KindClaim(**claim) for claim in kept.get("kind_alternatives", ())),
    )


def _packed(features: SpectralFeatures | None) -> tuple[str | None, bytes | None]:
    """Write the features as their shape and their numbers one after another.

    Single precision where it says the same (what the recipe gives is such), double elsewhere.
    """
    if features is None:
        return None, None
    numbers: list[float] = []
    shape: dict[str, Any] = {}
    for field in fields(features):
        series = getattr(features, field.name)
        rows = series if field.name in _MATRICES else (series,)
        lengths = [len(row) for row in rows]
        shape[field.name] = lengths if field.name in _MATRICES else lengths[0]
        for row in rows:
            numbers += row
    kind = "d"
    try:
        if array("f", numbers).tolist() == numbers:
            kind = "f"
    except OverflowError:
        kind = "d"
    return to_json({"numbers": kind, "shape": shape}), _little_endian(
        array(kind, numbers)
    ).tobytes()


_MATRICES = ("mfcc", "chroma")


def _unpacked(shape: str | None, numbers: bytes | None, *, whole: bool) -> SpectralFeatures | None:
    """Read the features; the rows of matrices, which come last, only where all is wanted."""
    if shape is None or numbers is None:
        return None
    kept = from_json(shape)
    packed = array(kept["numbers"])
    if not whole:
        for name in _MATRICES:
            kept["shape"].pop(name)
        numbers = numbers[: sum(kept["shape"].values()) * packed.itemsize]
    packed.frombytes(numbers)
    values = _little_endian(packed).tolist()
    place = 0

    def taken(length: int) -> tuple[float, ...]:
        nonlocal place
        place += length
        return tuple(values[place - length : place])

    series: dict[str, Any] = {}
    for name, lengths in kept["shape"].items():
        many = isinstance(lengths, list)
        series[name] = tuple(taken(one) for one in lengths) if many else taken(lengths)
    return SpectralFeatures(**series)


def _singles(numbers: tuple[float, ...]) -> bytes | None:
    return _little_endian(array("f", numbers)).tobytes() if numbers else None


def _numbers(singles: bytes | None) -> tuple[float, ...]:
    packed = array("f", singles or b"")
    return tuple(_little_endian(packed))


def _little_endian(numbers: array[float]) -> array[float]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

"""An analysis as a row of `analyses`, and back; also in outline, its numbers not unpacked.

It stands apart from the store for its length: the store says which rows, this what is in one.
"""

# ruff: noqa: S608 - the statements are made of our own column names; every value is a parameter.

from __future__ import annotations

import sys
from array import array
from contextlib import suppress
from dataclasses import asdict, fields
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from smtui.domain.account import UserId
from smtui.domain.analysis import (
    MFCC_COUNT,
    AiPart,
    Analysis,
    AnalysisHead,
    AnalysisId,
    Claims,
    KeyClaim,
    KindClaim,
    Level,
    Measurement,
    PitchTrack,
    Segment,
    SpectralFeatures,
    TempoClaim,
)
from smtui.domain.masking import ROWS, Outline
from smtui.domain.sample import FileId, certainty
from smtui.stores.sqlite.values import Value, from_json, from_ms, to_json, to_ms

_AI_COLUMNS = (
    "ai_provider",
    "ai_model",
    "ai_summary",
    "ai_detailed",
    "production_tips",
    "creative_ideas",
    "fl_studio_recommendations",
)
_HAS_AI = " OR ".join(f"{name} IS NOT NULL" for name in _AI_COLUMNS)
_DEEP_COLUMNS = ("segments", "pitch_track", "harmonic_share")
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
    *_DEEP_COLUMNS,
    *_AI_COLUMNS,
    *_PLAIN,
)
SELECT_HEAD = (
    "SELECT analysis_id, file_id, user_id, analyzed_at, analysis_level, recipe_version, file_hash,"
    f" {_HAS_AI} FROM analyses"
)
_BRIEF = ", ".join("NULL" if name == "embedding" else name for name in _READ)
SELECT_BRIEF = f"SELECT {_BRIEF} FROM analyses"
OUTLINE_COLUMNS = (
    "f.file_id, d.file_hash, a.duration, f.heard_tempo, d.heard_key, f.heard_mode,"
    " d.heard_key_confidence, a.spectral_features, a.spectral_numbers"
)
SELECT_ANALYSIS = f"SELECT {', '.join(_READ)} FROM analyses"
# The column takes no NULL.
_FORMS = {False: 0, True: 1, None: -1}
_LOOPS = {0: False, 1: True}
_MATRICES = ("mfcc", "chroma")


class _OutlinePlace(NamedTuple):
    """Where the numbers of an outline are among all numbers of a row, and of what kind."""

    kind: str
    start: int
    slices: int


def values_of(analysis: Analysis) -> dict[str, Value]:
    """Return every column of an analysis."""
    measured = analysis.measured
    shape, numbers = _packed(measured.spectral_features)
    plain: dict[str, Value] = {name: getattr(measured, name) for name in _PLAIN}
    return (
        plain
        | _deep_values(measured)
        | _ai_values(analysis.ai)
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


def analysis_of(row: Any, *, whole: bool = True) -> Analysis:
    """Read a row of SELECT_ANALYSIS; not `whole`, without cepstra and chroma."""
    values = dict(zip(_READ, row, strict=True))
    meter = values["time_signature"] and from_json(values["time_signature"])
    measured = Measurement(
        level=Level(values["analysis_level"]),
        loudness_padded=bool(values["loudness_padded"]),
        is_loop=_LOOPS.get(values["is_loop"]),
        time_signature=meter and (meter[0], meter[1]),
        claims=_claims_of(from_json(values["claims"])),
        onsets=tuple(from_json(values["onsets"])),
        beats=tuple(from_json(values["beats"])),
        spectral_features=_unpacked(
            values["spectral_features"], values["spectral_numbers"], whole=whole
        ),
        embedding=_numbers(values["embedding"]),
        **_deep_fields(values),
        **{name: values[name] for name in _PLAIN},
    )
    return Analysis(
        analysis_id=AnalysisId(values["analysis_id"]),
        file_id=FileId(values["file_id"]),
        user_id=values["user_id"] and UserId(values["user_id"]),
        analyzed_at=from_ms(values["analyzed_at"]),
        measured=measured,
        ai=_ai_of(values),
    )


def brief_of(row: Any) -> Analysis:
    """Read a row of SELECT_BRIEF, without its cepstra and chroma."""
    return analysis_of(row, whole=False)


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


def outline_of(row: Any) -> Outline | None:
    """Read OUTLINE_COLUMNS: the numbers as they stand in the row, not unpacked."""
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
        numbers=_cut(place, packed),
    )


def _ai_values(ai: AiPart | None) -> dict[str, Value]:
    """Write the columns; none where nothing is said, so that what another said stays."""
    if ai is None:
        return {}
    return {
        "ai_provider": ai.provider,
        "ai_model": ai.model,
        "ai_summary": ai.summary,
        "ai_detailed": to_json(dict(ai.detailed)) if ai.detailed else None,
        **{
            name: to_json(getattr(ai, name)) if getattr(ai, name) else None
            for name in _AI_COLUMNS[4:]
        },
    }


def _ai_of(values: dict[str, Any]) -> AiPart | None:
    """Read the columns; None where nothing is said."""
    if all(values[name] is None for name in _AI_COLUMNS):
        return None
    detailed = from_json(values["ai_detailed"]) if values["ai_detailed"] else {}
    return AiPart(
        provider=values["ai_provider"],
        model=values["ai_model"],
        summary=values["ai_summary"],
        detailed=tuple(
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in detailed.items()
        ),
        **{
            name: tuple(from_json(values[name])) if values[name] else () for name in _AI_COLUMNS[4:]
        },
    )


def _deep_values(measured: Measurement) -> dict[str, Value]:
    """Write the columns; NULL where there is nothing to say."""
    track = measured.pitch_track
    parts = [[part.start, part.end, part.letter] for part in measured.segments]
    return {
        "segments": to_json(parts) if parts else None,
        "pitch_track": to_json([track.step, track.semitones]) if track else None,
        "harmonic_share": measured.harmonic_share,
    }


def _deep_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Read the columns as fields of the measurement."""
    parts = from_json(values["segments"]) if values["segments"] else ()
    track = values["pitch_track"] and from_json(values["pitch_track"])
    return {
        "segments": tuple(
            Segment(start=start, end=end, letter=letter) for start, end, letter in parts
        ),
        "pitch_track": PitchTrack(step=track[0], semitones=tuple(track[1])) if track else None,
        "harmonic_share": values["harmonic_share"],
    }


def _claims_of(stored: dict[str, Any]) -> Claims:
    return Claims(
        tempo_confidence=stored["tempo_confidence"],
        tempo_alternatives=tuple(TempoClaim(**claim) for claim in stored["tempo_alternatives"]),
        key_confidence=stored["key_confidence"],
        key_alternatives=tuple(KeyClaim(**claim) for claim in stored["key_alternatives"]),
        meter_confidence=stored["meter_confidence"],
        root_confidence=stored.get("root_confidence", 0.0),
        # What was saved before kinds had alternatives has no such part.
        kind_alternatives=tuple(
            KindClaim(**claim) for claim in stored.get("kind_alternatives", ())
        ),
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
    packed = array("d", numbers)
    with suppress(OverflowError):
        single = array("f", numbers)
        if single.tolist() == numbers:
            packed = single
    shape_text = to_json({"numbers": packed.typecode, "shape": shape})
    return shape_text, _little_endian(packed).tobytes()


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
    values = iter(_little_endian(packed).tolist())
    series: dict[str, Any] = {}
    for name, lengths in kept["shape"].items():
        if isinstance(lengths, list):
            series[name] = tuple(tuple(islice(values, length)) for length in lengths)
        else:
            series[name] = tuple(islice(values, lengths))
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


# Few shapes are there, one for each number of slices.
@lru_cache(maxsize=512)
def _place(shape: str) -> _OutlinePlace | None:
    """Where they are; None where the rows are of different lengths, or there are none."""
    kept = from_json(shape)
    start = 0
    for name, lengths in kept["shape"].items():
        if name == "rms":
            break
        start += sum(lengths) if isinstance(lengths, list) else lengths
    slices = kept["shape"]["rms"]
    if not slices or kept["shape"]["mfcc"] != [slices] * MFCC_COUNT:
        return None
    return _OutlinePlace(kind=kept["numbers"], start=start, slices=slices)


def _cut(place: _OutlinePlace, packed: bytes) -> bytes:
    size = array(place.kind).itemsize
    cut = packed[place.start * size : (place.start + ROWS * place.slices) * size]
    if place.kind == "d":
        return cut
    return _little_endian(array("d", _little_endian(array(place.kind, cut)))).tobytes()

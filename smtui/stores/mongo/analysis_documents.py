"""An analysis as a document of `analyses`, and back, also from a document of another program."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import (
    MAX_SLICES,
    Analysis,
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
from smtui.stores.mongo.deep_documents import deep_document, deep_fields
from smtui.stores.mongo.values import (
    Document,
    count_in,
    count_or_none,
    cut_to_ms,
    list_in,
    mapping_in,
    number_in,
    number_or_none,
    numbers_in,
    storable,
    text_in,
    text_or_none,
    time_in,
)

# What other programs look for in an analysis and smtui has nothing to say about.
WITHOUT_AI: Document = {
    "ai_provider": None,
    "ai_model": None,
    "ai_summary": None,
    "ai_detailed": None,
    "production_tips": [],
    "creative_ideas": [],
    "fl_studio_recommendations": [],
}

_TEXTS = ("key", "mode", "root_note", "kind")
_NUMBERS_OR_NONE = ("tempo", "loudness_lufs", "true_peak_dbtp", "stereo_correlation")
_NUMBERS = (
    "duration",
    "processing_time",
    "dc_offset",
    "silence_head",
    "silence_tail",
    "kind_confidence",
)
_PLAIN = (
    *_TEXTS,
    *_NUMBERS_OR_NONE,
    *_NUMBERS,
    "recipe_version",
    "file_hash",
    "bit_depth",
    "bits_used",
    "clipped_samples",
    "loudness_padded",
    "is_loop",
)
_MATRICES = ("mfcc", "chroma")


def key_of(analysis: Analysis) -> str:
    """What is unique among the analyses of smtui: the file and the recipe's version."""
    return f"{analysis.file_id}\x1f{analysis.measured.recipe_version}"


def changes_of(analysis: Analysis) -> Document:
    """Every field but those that stay as they were first written: the ids and the AI part."""
    measured = analysis.measured
    features = measured.spectral_features
    plain = {name: getattr(measured, name) for name in _PLAIN}
    return (
        {
            name: storable(value) if isinstance(value, str) else value
            for name, value in plain.items()
        }
        | {
            "file_id": analysis.file_id,
            "user_id": analysis.user_id,
            "analyzed_at": cut_to_ms(analysis.analyzed_at),
            "analysis_level": measured.level.value,
            "time_signature": measured.time_signature,
            "claims": asdict(measured.claims),
            "onsets": measured.onsets,
            "beats": measured.beats,
            "embedding": measured.embedding,
            "spectral_features": features and asdict(features),
        }
        | deep_document(measured)
    )


def analysis_of(document: Mapping[str, Any]) -> Analysis:
    """Read an analysis; what another program left out says nothing (None, 0, no confidence)."""
    user_id = text_or_none(document.get("user_id"))
    return Analysis(
        analysis_id=AnalysisId(text_in(document.get("analysis_id"))),
        file_id=FileId(text_in(document.get("file_id"))),
        user_id=UserId(user_id) if user_id else None,
        analyzed_at=time_in(document.get("analyzed_at")),
        measured=_measurement(document),
    )


def level_of(document: Mapping[str, Any]) -> Level:
    """The level; one that is not known counts as the lowest."""
    said = text_in(document.get("analysis_level")).lower()
    return Level(said) if said in tuple(Level) else Level.BASIC


def _measurement(document: Mapping[str, Any]) -> Measurement:
    meter = [count_or_none(one) for one in list_in(document.get("time_signature"))]
    features = mapping_in(document.get("spectral_features"))
    facts: dict[str, Any] = {name: text_or_none(document.get(name)) for name in _TEXTS}
    facts |= {name: number_or_none(document.get(name)) for name in _NUMBERS_OR_NONE}
    facts |= {name: number_in(document.get(name)) for name in _NUMBERS}
    return Measurement(
        level=level_of(document),
        recipe_version=count_in(document.get("recipe_version")),
        file_hash=text_in(document.get("file_hash")),
        bit_depth=count_or_none(document.get("bit_depth")),
        bits_used=count_or_none(document.get("bits_used")),
        clipped_samples=count_in(document.get("clipped_samples")),
        loudness_padded=document.get("loudness_padded") is True,
        is_loop=document.get("is_loop") is True,
        time_signature=_meter(meter),
        claims=_claims(mapping_in(document.get("claims"))),
        onsets=numbers_in(document.get("onsets")),
        beats=numbers_in(document.get("beats")),
        embedding=numbers_in(document.get("embedding")),
        spectral_features=_features(features) if features else None,
        **deep_fields(document),
        **facts,
    )


def _meter(numbers: list[int | None]) -> tuple[int, int] | None:
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        return None
    return numbers[0], numbers[1]


def _claims(kept: Mapping[str, Any]) -> Claims:
    tempos = [mapping_in(one) for one in list_in(kept.get("tempo_alternatives"))]
    keys = [mapping_in(one) for one in list_in(kept.get("key_alternatives"))]
    kinds = [mapping_in(one) for one in list_in(kept.get("kind_alternatives"))]
    return Claims(
        tempo_confidence=number_in(kept.get("tempo_confidence")),
        tempo_alternatives=tuple(
            TempoClaim(tempo=number_in(one.get("tempo")), confidence=_confidence(one))
            for one in tempos
        ),
        key_confidence=number_in(kept.get("key_confidence")),
        key_alternatives=tuple(
            KeyClaim(
                key=text_in(one.get("key")),
                mode=text_in(one.get("mode")),
                confidence=_confidence(one),
            )
            for one in keys
        ),
        meter_confidence=number_in(kept.get("meter_confidence")),
        kind_alternatives=tuple(
            KindClaim(kind=text_in(one.get("kind")), confidence=_confidence(one)) for one in kinds
        ),
    )


def _confidence(claim: Mapping[str, Any]) -> float:
    return number_in(claim.get("confidence"))


def _features(kept: Mapping[str, Any]) -> SpectralFeatures:
    """Read slices; without `times`, as other programs write them, they are not placed in time."""
    series: dict[str, Any] = {}
    for field in fields(SpectralFeatures):
        values = list_in(kept.get(field.name))
        if field.name in _MATRICES:
            rows = (one if isinstance(one, list) else [one] for one in values)
            series[field.name] = tuple(_slices(row) for row in rows)
        else:
            series[field.name] = _slices(values)
    return SpectralFeatures(**series)


def _slices(values: list[Any]) -> tuple[float, ...]:
    """At most 64 values; of more, as a program writes that keeps every frame, the means."""
    numbers = [number_in(one) for one in values]
    count = len(numbers)
    if count <= MAX_SLICES:
        return tuple(numbers)
    edges = [count * place // MAX_SLICES for place in range(MAX_SLICES + 1)]
    return tuple(
        sum(numbers[start:end]) / (end - start) for start, end in itertools.pairwise(edges)
    )

"""An analysis as a document of `analyses`, and back, also from a document of another program.

Nobody knows how long the texts are that another program wrote of a language model, so each is cut,
and of many only the first are read. Of an outline only rms and cepstral coefficients are fetched.
"""

from __future__ import annotations

import itertools
import json
import sys
from array import array
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from itertools import islice
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import (
    CHROMA_COUNT,
    MAX_SLICES,
    MFCC_COUNT,
    AiPart,
    AiValue,
    Analysis,
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
from smtui.domain.masking import Outline
from smtui.domain.sample import FileId, certainty
from smtui.domain.text import storable
from smtui.stores.mongo.sample_codec import heard_in
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
    text_in,
    text_or_none,
    time_in,
)

SHAPE = 1
"""In which form a document is that smtui has looked at; others are new, or an older smtui's."""


# The system's other readers take no null in these, so what was not heard is written as what says
# nothing in the field's own type, and read as None.
_TEXTS_OF_ALL = ("key", "mode")
_TEXTS = ("root_note", "kind")
_NUMBERS_OR_NONE = ("loudness_lufs", "true_peak_dbtp", "stereo_correlation")
_NUMBERS_OF_ALL = ("duration", "processing_time")
_NUMBERS = ("dc_offset", "silence_head", "silence_tail", "kind_confidence")
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
_LONGEST_WORD = 32
# Of which another program's analysis may say nothing at all.
_MAY_BE_UNSAID = (
    *_NUMBERS_OF_ALL,
    *_NUMBERS_OR_NONE,
    *_NUMBERS,
    "clipped_samples",
    "is_loop",
)
_CONFIDENCES = ("tempo_confidence", "key_confidence", "meter_confidence")


_NO_FEATURES = SpectralFeatures(mfcc=((),) * MFCC_COUNT, chroma=((),) * CHROMA_COUNT)


LONGEST_TEXT = 4_000
MOST_TEXTS = 50

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

AI_FIELDS = tuple(WITHOUT_AI)

HAS_AI: Document = {
    "$or": [
        *({name: {"$gt": ""}} for name in ("ai_provider", "ai_model", "ai_summary")),
        {"ai_detailed": {"$gt": {}}},
        *(
            {f"{name}.0": {"$exists": True}}
            for name in ("production_tips", "creative_ideas", "fl_studio_recommendations")
        ),
    ]
}
"""Analyses of which `ai_of` may give something."""


OUTLINE_SOUND_FIELDS = ("file_id", "file_hash", "heard")
OUTLINE_FIELDS = (
    "file_id",
    "analysis_id",
    "analysis_level",
    "analyzed_at",
    "duration",
    "spectral_features.rms",
    "spectral_features.mfcc",
)


def key_of(analysis: Analysis) -> str:
    """What is unique among the analyses of smtui: the file and the recipe's version."""
    return f"{analysis.file_id}\x1f{analysis.measured.recipe_version}"


def changes_of(analysis: Analysis) -> Document:
    """Every field but those that stay: the ids, and where nothing new is said the AI part."""
    measured = analysis.measured
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
            "claims": asdict(measured.claims),
            "onsets": measured.onsets,
            "beats": measured.beats,
            "embedding": measured.embedding,
            "shape": SHAPE,
        }
        | _for_all(measured)
        | _deep_document(measured)
        | ai_document(analysis.ai)
    )


def without_nulls(document: Mapping[str, Any]) -> Document:
    """What is to be written where an older smtui left null in fields that others read."""
    meant = _for_all(_measurement(document))
    return {name: value for name, value in meant.items() if document.get(name) is None}


def analysis_of(document: Mapping[str, Any]) -> Analysis:
    """Read an analysis; what another program left out is named as `unsaid`."""
    user_id = text_or_none(document.get("user_id"))
    return Analysis(
        analysis_id=AnalysisId(text_in(document.get("analysis_id"))),
        file_id=FileId(text_in(document.get("file_id"))),
        user_id=UserId(user_id) if user_id else None,
        analyzed_at=time_in(document.get("analyzed_at")),
        measured=_measurement(document),
        ai=ai_of(document),
    )


def level_of(document: Mapping[str, Any]) -> Level:
    """The level; one that is not known counts as the lowest."""
    said = text_in(document.get("analysis_level")).lower()
    return Level(said) if said in tuple(Level) else Level.BASIC


def rank_of(document: Mapping[str, Any]) -> tuple[int, datetime, str]:
    """Where a document stands among those of a file: by level, then by time; the last is read."""
    at = time_in(document.get("analyzed_at"))
    return level_of(document).rank, at, text_in(document.get("analysis_id"))


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


def ai_document(ai: AiPart | None) -> Document:
    """Write the part; nothing where nothing is said, so that what another said stays."""
    if ai is None:
        return {}
    return {
        "ai_provider": ai.provider,
        "ai_model": ai.model,
        "ai_summary": ai.summary,
        "ai_detailed": dict(ai.detailed) or None,
        "production_tips": ai.production_tips,
        "creative_ideas": ai.creative_ideas,
        "fl_studio_recommendations": ai.fl_studio_recommendations,
    }


def ai_of(document: Mapping[str, Any]) -> AiPart | None:
    """Read the part; None where nothing is said."""
    detailed = islice(mapping_in(document.get("ai_detailed")).items(), MOST_TEXTS)
    found = AiPart(
        provider=_text(document.get("ai_provider")),
        model=_text(document.get("ai_model")),
        summary=_text(document.get("ai_summary")),
        detailed=tuple(
            (_cut(str(name)), known)
            for name, value in detailed
            if (known := _value(value)) is not None
        ),
        production_tips=_texts(document.get("production_tips")),
        creative_ideas=_texts(document.get("creative_ideas")),
        fl_studio_recommendations=_texts(document.get("fl_studio_recommendations")),
    )
    return None if found == AiPart() else found


def _for_all(measured: Measurement) -> Document:
    """The fields that the system's other programs read, none of them null."""
    features = measured.spectral_features
    return {
        "tempo": float(measured.tempo or 0.0),
        **{name: storable(getattr(measured, name) or "") for name in _TEXTS_OF_ALL},
        "time_signature": list(measured.time_signature or ()),
        **{name: float(getattr(measured, name)) for name in _NUMBERS_OF_ALL},
        "spectral_features": asdict(_NO_FEATURES if features is None else features),
    }


def _deep_document(measured: Measurement) -> Document:
    """Write the fields."""
    track = measured.pitch_track
    return {
        "segments": [asdict(part) for part in measured.segments],
        "pitch_track": track and asdict(track),
        "harmonic_share": measured.harmonic_share,
    }


def _measurement(document: Mapping[str, Any]) -> Measurement:
    features = mapping_in(document.get("spectral_features"))
    claims = mapping_in(document.get("claims"))
    facts: dict[str, Any] = {name: _word(document.get(name)) for name in (*_TEXTS, *_TEXTS_OF_ALL)}
    facts |= {name: number_or_none(document.get(name)) for name in _NUMBERS_OR_NONE}
    facts |= {name: number_in(document.get(name)) for name in (*_NUMBERS, *_NUMBERS_OF_ALL)}
    tempo = number_in(document.get("tempo"))
    meter = _meter([count_or_none(count) for count in list_in(document.get("time_signature"))])
    unsaid = _unsaid(document, claims)
    if "kind_confidence" in unsaid:
        facts["kind_confidence"] = 1.0 if facts["kind"] else 0.0
    return Measurement(
        level=level_of(document),
        recipe_version=count_in(document.get("recipe_version")),
        file_hash=text_in(document.get("file_hash")),
        bit_depth=count_or_none(document.get("bit_depth")),
        bits_used=count_or_none(document.get("bits_used")),
        clipped_samples=count_in(document.get("clipped_samples")),
        loudness_padded=document.get("loudness_padded") is True,
        is_loop=_loop(document.get("is_loop"), unsaid),
        tempo=tempo if tempo > 0 else None,
        time_signature=meter,
        claims=_claims({**claims, **{name: 1.0 for name in _CONFIDENCES if name in unsaid}}),
        onsets=numbers_in(document.get("onsets")),
        beats=numbers_in(document.get("beats")),
        embedding=numbers_in(document.get("embedding")),
        spectral_features=_features(features),
        unsaid=unsaid,
        **_deep_fields(document),
        **facts,
    )


def _word(value: object) -> str | None:
    """A short word; "" says nothing, and what is long is none."""
    word = text_or_none(value)
    return word if word and len(word) <= _LONGEST_WORD else None


def _unsaid(document: Mapping[str, Any], claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields of which another program's document says nothing."""
    if count_in(document.get("recipe_version")) > 0:
        return ()
    return (
        *(name for name in _MAY_BE_UNSAID if document.get(name) is None),
        *(name for name in _CONFIDENCES if number_or_none(claims.get(name)) is None),
    )


def _loop(value: object, unsaid: tuple[str, ...]) -> bool | None:
    """True if it is a loop; None for what is neither loop nor one-shot."""
    return value if isinstance(value, bool) else False if "is_loop" in unsaid else None


def _meter(numbers: list[int | None]) -> tuple[int, int] | None:
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        return None
    return numbers[0], numbers[1]


def _claims(kept: Mapping[str, Any]) -> Claims:
    tempos = [mapping_in(claim) for claim in list_in(kept.get("tempo_alternatives"))]
    keys = [mapping_in(claim) for claim in list_in(kept.get("key_alternatives"))]
    kinds = [mapping_in(claim) for claim in list_in(kept.get("kind_alternatives"))]
    return Claims(
        tempo_confidence=number_in(kept.get("tempo_confidence")),
        tempo_alternatives=tuple(
            TempoClaim(tempo=number_in(claim.get("tempo")), confidence=_confidence(claim))
            for claim in tempos
        ),
        key_confidence=number_in(kept.get("key_confidence")),
        key_alternatives=tuple(
            KeyClaim(
                key=text_in(claim.get("key")),
                mode=text_in(claim.get("mode")),
                confidence=_confidence(claim),
            )
            for claim in keys
        ),
        meter_confidence=number_in(kept.get("meter_confidence")),
        root_confidence=number_in(kept.get("root_confidence")),
        kind_alternatives=tuple(
            KindClaim(kind=text_in(claim.get("kind")), confidence=_confidence(claim))
            for claim in kinds
        ),
    )


def _confidence(claim: Mapping[str, Any]) -> float:
    return number_in(claim.get("confidence"))


def _features(kept: Mapping[str, Any]) -> SpectralFeatures | None:
    """Read slices, None where there are none.

    Other programs write no `times`: such slices follow one another over the whole duration.
    """
    series: dict[str, Any] = {}
    for field in fields(SpectralFeatures):
        values = list_in(kept.get(field.name))
        if field.name in _MATRICES:
            rows = (row if isinstance(row, list) else [row] for row in values)
            series[field.name] = tuple(_slices(row) for row in rows)
        else:
            series[field.name] = _slices(values)
    found = SpectralFeatures(**series)
    return None if found in (SpectralFeatures(), _NO_FEATURES) else found


def _slices(values: list[Any]) -> tuple[float, ...]:
    """At most 64 values; of more, as a program writes that keeps every frame, the means."""
    numbers = [number_in(value) for value in values]
    count = len(numbers)
    if count <= MAX_SLICES:
        return tuple(numbers)
    edges = [count * place // MAX_SLICES for place in range(MAX_SLICES + 1)]
    return tuple(
        sum(numbers[start:end]) / (end - start) for start, end in itertools.pairwise(edges)
    )


def _deep_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of the measurement; what another program left out says nothing."""
    parts = [mapping_in(part) for part in list_in(document.get("segments"))]
    track = mapping_in(document.get("pitch_track"))
    return {
        "segments": tuple(
            Segment(
                start=number_in(part.get("start")),
                end=number_in(part.get("end")),
                letter=text_in(part.get("letter")),
            )
            for part in parts
        ),
        "pitch_track": _track(track) if track else None,
        "harmonic_share": number_or_none(document.get("harmonic_share")),
    }


def _track(kept: Mapping[str, Any]) -> PitchTrack:
    return PitchTrack(
        step=number_in(kept.get("step")),
        semitones=tuple(number_or_none(semitone) for semitone in list_in(kept.get("semitones"))),
    )


def _packed(numbers: list[Any]) -> bytes:
    try:
        packed = array("d", numbers)
    except (TypeError, OverflowError):
        # Another program's: what is no number says nothing.
        packed = array("d", [number_in(number) for number in numbers])
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _text(value: object) -> str | None:
    text = text_or_none(value)
    return _cut(text) if text else None


def _texts(value: object) -> tuple[str, ...]:
    some = islice(list_in(value), MOST_TEXTS)
    return tuple(_cut(known if isinstance(known, str) else _as_json(known)) for known in some)


def _value(value: object) -> AiValue | None:
    """A text, a number, yes or no, a list of texts; what is none of them as JSON."""
    if value in (None, "", [], {}):
        return None
    match value:
        case bool():
            return value
        case int() | float():
            return number_or_none(value)
        case str():
            return _cut(value)
        case list():
            return _texts(value)
        case _:
            return _cut(_as_json(value))


def _as_json(value: object) -> str:
    # Numbers of a list are texts as well, so that a reader meets one kind of thing.
    return json.dumps(value, default=str)


def _cut(text: str) -> str:
    return storable(text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…")

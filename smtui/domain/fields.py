"""What was heard, as the fields of `analyses` for programs that read JSON."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime

from smtui.domain.analysis import AiPart, Analysis, Measurement
from smtui.domain.claim_differences import differences
from smtui.domain.likeness import ASPECTS, Hit
from smtui.domain.sample import Sample


def analysis_fields(heard: Measurement, *, analyzed_at: datetime) -> dict[str, object]:
    """Name every field as the documents do; tuples become JSON's arrays by themselves."""
    fields: dict[str, object] = asdict(heard)
    fields["analysis_level"] = str(fields.pop("level"))
    fields["analyzed_at"] = analyzed_at.isoformat(timespec="milliseconds")
    return _without_unsaid(fields, heard)


def _without_unsaid(fields: dict[str, object], heard: Measurement) -> dict[str, object]:
    """Write null for what another program's analysis does not say."""
    del fields["unsaid"]
    claims = asdict(heard.claims)
    for name in heard.unsaid:
        (claims if name in claims else fields)[name] = None
    own = {"recipe_version": None} if heard.is_foreign else {}
    return fields | own | {"claims": claims}


def ai_fields(ai: AiPart | None) -> dict[str, object]:
    """Name what a language model said; null and empty where none was asked."""
    part = ai or AiPart()
    return {
        "ai_provider": part.provider,
        "ai_model": part.model,
        "ai_summary": part.summary,
        "ai_detailed": dict(part.detailed) or None,
        "production_tips": part.production_tips,
        "creative_ideas": part.creative_ideas,
        "fl_studio_recommendations": part.fl_studio_recommendations,
    }


def path_fields(path: str, raw: bytes | None) -> dict[str, object]:
    """Name a path: as it is printed and, where its bytes say more, those in base64."""
    return {
        "path": path,
        "path_bytes": None if raw is None else base64.b64encode(raw).decode("ascii"),
    }


def sample_fields(sample: Sample, analysis: Analysis | None) -> dict[str, object]:
    """Name everything that is known of a sound; null where it was not yet heard."""
    fields: dict[str, object] = {
        **path_fields(sample.file_path, sample.path_bytes),
        "file_id": sample.file_id,
        "user_id": sample.user_id,
        "filename": sample.filename,
        "file_size": sample.file_size,
        "file_hash": sample.file_hash,
        "duration": sample.duration,
        "sample_rate": sample.sample_rate,
        "channels": sample.channels,
        "format": sample.format,
        "uploaded_at": sample.uploaded_at.isoformat(timespec="milliseconds"),
        "tags": sample.tags,
        "metadata": dict(sample.metadata),
        "said": asdict(sample.said) if sample.said else None,
        "disagrees": [asdict(each) for each in differences(sample)],
        "missing_since": sample.missing_since and sample.missing_since.isoformat(),
        "error": sample.trouble and sample.trouble.error,
        "analysis_id": analysis and analysis.analysis_id,
        "analyzed_at": None,
    }
    if analysis is not None:
        duration = fields["duration"]
        fields |= analysis_fields(analysis.measured, analyzed_at=analysis.analyzed_at)
        fields |= ai_fields(analysis.ai)
        if fields["duration"] is None:
            fields["duration"] = duration
    return fields


def hit_fields(
    hit: Hit, sample: Sample, *, why: str, analysis: Analysis | None
) -> dict[str, object]:
    """Name what was found, how alike it is and why, and all that is known of it but the numbers."""
    fields = sample_fields(sample, analysis)
    fields.pop("embedding", None)
    aspects = None
    if hit.likeness is not None:
        aspects = dict(zip(ASPECTS, map(rounded, hit.likeness.aspects), strict=True))
    return {
        "path": fields.pop("path"),
        "score": rounded(hit.score),
        "aspects": aspects,
        "why": why,
        **fields,
    }


def rounded(number: float) -> float:
    """Round a score for programs; what is nearly nothing has no sign."""
    return round(number, 4) + 0.0

"""What was heard, as the cache keeps it: JSON that is either exactly right or a miss.

`cache:analysis:{file_hash}` has what was measured of these bytes, but for the slices;
`cache:audio_features:{file_id}` has the slices. Each says of which measurement it is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from smtui.domain.analysis import Analysis, AnalysisHead, Level, Measurement, SpectralFeatures
from smtui.domain.sample import FileId
from smtui.services.exactly import exactly

ANALYSIS_SECONDS = 3_600
FEATURES_SECONDS = 86_400

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which measurement a value is of."""

    file_hash: str
    level: Level
    recipe_version: int
    analyzed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A measurement without its slices; `sliced`: it has some."""

    origin: Origin
    sliced: bool
    measured: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The spectral features of a measurement."""

    file_hash: str
    level: Level
    recipe_version: int
    analyzed_at: datetime
    spectral_features: SpectralFeatures


def analysis_key(file_hash: str) -> str:
    """Where it is kept what was measured of these bytes."""
    return f"cache:analysis:{file_hash}"


def features_key(file_id: FileId) -> str:
    """Where the slices of a sound are kept."""
    return f"cache:audio_features:{file_id}"


def packed(analysis: Analysis) -> bytes:
    """Write what was measured; raises ValueError for numbers that JSON does not know."""
    measured = analysis.measured
    values = asdict(replace(measured, spectral_features=None))
    values["spectral_features"] = measured.spectral_features is not None
    return _written(values | {"analyzed_at": analysis.analyzed_at.isoformat()})


def packed_slices(analysis: Analysis) -> bytes | None:
    """Write the slices, None where there are none; raises ValueError as `packed`."""
    features = analysis.measured.spectral_features
    if features is None:
        return None
    return _written(
        {
            "file_hash": analysis.measured.file_hash,
            "level": analysis.measured.level,
            "recipe_version": analysis.measured.recipe_version,
            "analyzed_at": analysis.analyzed_at.isoformat(),
            "spectral_features": asdict(features),
        }
    )


def unpacked(kept: bytes | None) -> Remembered | None:
    """Read what was measured; None for what is damaged, or of another release or program."""
    try:
        values = _parsed(kept)
        at = exactly(datetime, values.pop("analyzed_at"))
        sliced = exactly(bool, values["spectral_features"])
        measured = exactly(Measurement, values | {"spectral_features": None})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    origin = Origin(
        file_hash=measured.file_hash,
        level=measured.level,
        recipe_version=measured.recipe_version,
        analyzed_at=at,
    )
    return Remembered(origin=origin, sliced=sliced, measured=measured)


def unpacked_slices(kept: bytes | None) -> Slices | None:
    """Read slices; None as for `unpacked`."""
    try:
        slices: Slices = exactly(Slices, _parsed(kept))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return slices


def joined(head: AnalysisHead, measured: bytes | None, slices: bytes | None) -> Analysis | None:
    """Make an analysis of what the cache has; None unless all of it is of this one."""
    kept = unpacked(measured)
    if kept is None or not _is(kept.origin, head):
        return None
    whole = kept.measured
    if kept.sliced:
        features = unpacked_slices(slices)
        if features is None or not _is(features, head):
            return None
        whole = replace(whole, spectral_features=features.spectral_features)
    return Analysis(
        analysis_id=head.analysis_id,
        file_id=head.file_id,
        user_id=head.user_id,
        analyzed_at=head.analyzed_at,
        measured=whole,
    )


def _is(kept: Origin | Slices, head: AnalysisHead) -> bool:
    return (
        kept.file_hash == head.file_hash
        and kept.level == head.level
        and kept.recipe_version == head.recipe_version
        and kept.analyzed_at == head.analyzed_at
    )


def _written(values: dict[str, Any]) -> bytes:
    return json.dumps(values, allow_nan=False, separators=(",", ":")).encode("ascii")


def _parsed(kept: bytes | None) -> dict[str, Any]:
    values = json.loads(kept or b"")
    if not isinstance(values, dict):
        message = "not an object"
        raise TypeError(message)
    return values

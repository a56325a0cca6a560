"""What was heard, as the cache keeps it: JSON that is either exactly right or a miss.

`cache:analysis:{file_hash}` has what was measured of these bytes, but for the slices;
`cache:audio_features:{file_id}` has the slices. Each says of which measurement it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from smtui.domain.analysis import Analysis, AnalysisHead, Level, Measurement, SpectralFeatures
from smtui.domain.sample import FileId
from smtui.services.exactly import exactly

ANALYSIS_SECONDS = 3_600
FEATURES_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Of which analysis a value is: the same id may have risen in level, or heard new bytes."""

    analysis_id: str
    analyzed_at: datetime
    file_hash: str
    level: Level
    recipe_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A measurement without its slices; `sliced`: it has some."""

    origin: Origin
    sliced: bool
    measured: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices(Origin):
    """The spectral features of a measurement."""

    spectral_features: SpectralFeatures


_ORIGIN = tuple(field.name for field in fields(Origin))
_NOTHING: dict[str, Any] = {"tempo": 0.0, "key": "", "mode": "", "time_signature": []}
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)


def analysis_key(file_hash: str) -> str:
    """Where it is kept what was measured of these bytes."""
    return f"cache:analysis:{file_hash}"


def features_key(file_id: FileId) -> str:
    """Where the slices of a sound are kept."""
    return f"cache:audio_features:{file_id}"


def packed(analysis: Analysis) -> bytes:
    """Write what was measured; raises ValueError for numbers that JSON does not know."""
    measured = analysis.measured
    sliced = {"sliced": measured.spectral_features is not None}
    fields = _fields(measured) | _nothing_as_value(measured)
    del fields["unsaid"], fields["spectral_features"]
    return _written(fields | _origin(analysis) | sliced)


def _nothing_as_value(measured: Measurement) -> dict[str, Any]:
    """Fields that the system's other programs read, which take no null in them."""
    return {name: getattr(measured, name) or nothing for name, nothing in _NOTHING.items()}


def packed_slices(analysis: Analysis) -> bytes | None:
    """Write the slices, None where there are none; raises ValueError as `packed`."""
    features = analysis.measured.spectral_features
    if features is None:
        return None
    return _written(_origin(analysis) | {"spectral_features": _fields(features)})


def unpacked(kept: bytes | None) -> Remembered | None:
    """Read what was measured; None for what is damaged, or of another release or program."""
    try:
        values = _parsed(kept)
        sliced = exactly(bool, values.pop("sliced"))
        origin: Origin = exactly(Origin, {name: values[name] for name in _ORIGIN})
        del values["analysis_id"], values["analyzed_at"]
        none = {name: None for name, nothing in _NOTHING.items() if values[name] == nothing}
        apart: dict[str, Any] = {"spectral_features": None, "unsaid": []}
        measured = exactly(Measurement, values | none | apart)
    except _UNREADABLE:
        return None
    return Remembered(origin=origin, sliced=sliced, measured=measured)


def unpacked_slices(kept: bytes | None) -> Slices | None:
    """Read slices; None as for `unpacked`."""
    try:
        slices: Slices = exactly(Slices, _parsed(kept))
    except _UNREADABLE:
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


def _is(kept: Origin, head: AnalysisHead) -> bool:
    return all(getattr(kept, name) == getattr(head, name) for name in _ORIGIN)


def _fields(data: Any) -> dict[str, Any]:
    # `asdict` copies each of the thousands of numbers: twenty times slower.
    return {field.name: getattr(data, field.name) for field in fields(data)}


def _origin(analysis: Analysis) -> dict[str, Any]:
    head = analysis.head
    values = {name: getattr(head, name) for name in _ORIGIN}
    return values | {"analyzed_at": head.analyzed_at.isoformat()}


def _written(values: dict[str, Any]) -> bytes:
    text = json.dumps(values, default=_fields, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _parsed(kept: bytes | None) -> dict[str, Any]:
    values = json.loads(kept or b"")
    if not isinstance(values, dict):
        message = "not an object"
        raise TypeError(message)
    return values

"""Reading analyses: the cache first, then the documents, then into the cache.

The documents say which analysis counts, every time; that is a few bytes by an index. What the
cache has is used only where it is of this very analysis, so no answer is older than the newest
write of any machine, also when a cache could not be told of it.

`cache:analysis:{file_hash}` has what was measured of these bytes, but for the slices;
`cache:audio_features:{file_id}` has the slices. Each is JSON that says of which measurement it is,
and that is either exactly as declared or a miss.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from smtui.domain.analysis import (
    Analysis,
    AnalysisHead,
    AnalysisId,
    Level,
    Measurement,
    SpectralFeatures,
)
from smtui.domain.masking import Outline
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.ports.sessions import Cache
from smtui.domain.sample import FileId
from smtui.services.flights import Aside, Flights

ANALYSIS_SECONDS = 3_600
FEATURES_SECONDS = 86_400
_NOTHING: dict[str, Any] = {"tempo": 0.0, "key": "", "mode": "", "time_signature": []}
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)

# An analysis with its slices has some 40 kB.
_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Of which analysis a value is: the same id may have risen in level, or heard new bytes."""

    analysis_id: str
    analyzed_at: datetime
    file_hash: str
    level: Level
    recipe_version: int


_ORIGIN = tuple(field.name for field in fields(_Origin))


def _decode_strictly(kind: Any, value: Any) -> Any:
    """Return a value of this declared type; raises TypeError or ValueError for any other.

    Knows numbers, text, times, enumerations of text, tuples, dataclasses, and None beside one
    of these. Fields that are missing, and fields too many, are errors: a library that fills in what
    is missing would take what another release wrote for what this one measures.
    """
    if kind in (int, str, bool):
        return _of_type(value, kind)
    if kind is float:
        # JSON does not tell 120 from 120.0, except that bool is an int to Python.
        return value if type(value) is float else float(_of_type(value, int))
    if kind is datetime:
        return _moment(value)
    made_of = get_origin(kind)
    if made_of is tuple:
        return _tuple(get_args(kind), _of_type(value, list))
    if made_of in (Union, UnionType):
        (other,) = (part for part in get_args(kind) if part is not NoneType)
        return None if value is None else _decode_strictly(other, value)
    if is_dataclass(kind):
        return _dataclass(kind, _of_type(value, dict))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_of_type(value, str))
    message = f"no way to read {kind}"
    raise TypeError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachedMeasurement:
    """A measurement without its slices; `sliced`: it has some."""

    origin: _Origin
    sliced: bool
    measured: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachedSlices(_Origin):
    """The spectral features of a measurement."""

    spectral_features: SpectralFeatures


def _analysis_key(file_hash: str) -> str:
    """Where it is kept what was measured of these bytes."""
    return f"cache:analysis:{file_hash}"


def _features_key(file_id: FileId) -> str:
    """Where the slices of a sound are kept."""
    return f"cache:audio_features:{file_id}"


def _pack_analysis(analysis: Analysis) -> bytes:
    """Write what was measured; raises ValueError for numbers that JSON does not know."""
    measured = analysis.measured
    sliced = {"sliced": measured.spectral_features is not None}
    fields = _fields(measured) | _nothing_as_value(measured)
    del fields["unsaid"], fields["spectral_features"]
    return _to_json(fields | _origin(analysis) | sliced)


def _pack_slices(analysis: Analysis) -> bytes | None:
    """Write the slices, None where there are none; raises ValueError as `packed`."""
    features = analysis.measured.spectral_features
    if features is None:
        return None
    return _to_json(_origin(analysis) | {"spectral_features": _fields(features)})


def _unpack_analysis(kept: bytes | None) -> _CachedMeasurement | None:
    """Read what was measured; None for what is damaged, or of another release or program."""
    try:
        values = _from_json(kept)
        sliced = _decode_strictly(bool, values.pop("sliced"))
        origin: _Origin = _decode_strictly(_Origin, {name: values[name] for name in _ORIGIN})
        del values["analysis_id"], values["analyzed_at"]
        none = {name: None for name, nothing in _NOTHING.items() if values[name] == nothing}
        apart: dict[str, Any] = {"spectral_features": None, "unsaid": []}
        measured = _decode_strictly(Measurement, values | none | apart)
    except _UNREADABLE:
        return None
    return _CachedMeasurement(origin=origin, sliced=sliced, measured=measured)


def _unpack_slices(kept: bytes | None) -> _CachedSlices | None:
    """Read slices; None as for `unpacked`."""
    try:
        slices: _CachedSlices = _decode_strictly(_CachedSlices, _from_json(kept))
    except _UNREADABLE:
        return None
    return slices


def _join(head: AnalysisHead, measured: bytes | None, slices: bytes | None) -> Analysis | None:
    """Make an analysis of what the cache has; None unless all of it is of this one."""
    kept = _unpack_analysis(measured)
    if kept is None or not _is_of(kept.origin, head):
        return None
    whole = kept.measured
    if kept.sliced:
        features = _unpack_slices(slices)
        if features is None or not _is_of(features, head):
            return None
        whole = replace(whole, spectral_features=features.spectral_features)
    return Analysis(
        analysis_id=head.analysis_id,
        file_id=head.file_id,
        user_id=head.user_id,
        analyzed_at=head.analyzed_at,
        measured=whole,
    )


class CachedAnalyses:
    """Implements AnalysisStore in front of another one; to be closed before the cache."""

    def __init__(self, analyses: AnalysisStore, cache: Cache) -> None:
        self._analyses = analyses
        self._cache = cache
        self._flights: Flights[tuple[AnalysisHead, ...], Mapping[FileId, Analysis]] = Flights()
        self._aside = Aside()

    async def save(self, analysis: Analysis) -> AnalysisId:
        """Save in the documents, and have the cache forget what it knew before."""
        saved = await self._analyses.save(analysis)
        measured = analysis.measured
        keys = (_analysis_key(measured.file_hash), _features_key(analysis.file_id))
        await self._cache.drop(*keys)
        return saved

    async def newest(self, file_id: FileId) -> Analysis | None:
        """The highest level, then the newest."""
        return (await self.newest_of([file_id])).get(file_id)

    async def newest_of(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The same for several files; files without an analysis are left out."""
        heads = tuple((await self.heads(file_ids)).values())
        found: dict[FileId, Analysis] = {}
        for start in range(0, len(heads), _AT_ONCE):
            some = heads[start : start + _AT_ONCE]

            async def work(some: tuple[AnalysisHead, ...] = some) -> Mapping[FileId, Analysis]:
                return await self._fetch(some)

            found |= await self._flights.result(some, work)
        return found

    async def briefs(self, file_ids: Sequence[FileId]) -> Mapping[FileId, Analysis]:
        """The newest without what is long; read from the documents."""
        return await self._analyses.briefs(file_ids)

    async def heads(self, file_ids: Sequence[FileId]) -> Mapping[FileId, AnalysisHead]:
        """Which analyses `newest_of` would give."""
        return await self._analyses.heads(file_ids)

    async def outlines(self, file_ids: Sequence[FileId]) -> tuple[Outline, ...]:
        """Sounds as far as fitting needs them; read from the documents, where they are small."""
        return await self._analyses.outlines(file_ids)

    async def by_hash(
        self, file_hash: str, *, recipe_version: int, level: Level
    ) -> Measurement | None:
        """What was measured of the same bytes at this level or higher, whoever owns the file."""
        if level is Level.BASIC and file_hash:
            kept = _unpack_analysis(await self._cache.get(_analysis_key(file_hash)))
            # What has slices is whole only with them, and these are kept by file.
            if kept and not kept.sliced and _serves(kept.measured, file_hash, recipe_version):
                return kept.measured
        return await self._analyses.by_hash(file_hash, recipe_version=recipe_version, level=level)

    async def close(self) -> None:
        """Let what is being cached be finished."""
        await self._aside.end()

    async def _fetch(self, heads: tuple[AnalysisHead, ...]) -> Mapping[FileId, Analysis]:
        """Read analyses that are there, or newer ones of the same files."""
        ours = [head for head in heads if _can_be_cached(head)]
        keys = [(_analysis_key(head.file_hash), _features_key(head.file_id)) for head in ours]
        kept = await self._cache.get_many([key for pair in keys for key in pair])
        found: dict[FileId, Analysis] = {}
        for head, (analysis, features) in zip(ours, keys, strict=True):
            known = _join(head, kept.get(analysis), kept.get(features))
            if known is not None:
                found[head.file_id] = known
        missing = [head.file_id for head in heads if head.file_id not in found]
        if missing:
            read = await self._analyses.newest_of(missing)
            self._aside.do(self._put(tuple(read.values())))
            found |= read
        return found

    async def _put(self, analyses: tuple[Analysis, ...]) -> None:
        for analysis in analyses:
            if not _can_be_cached(analysis.head):
                continue
            try:
                value, slices = _pack_analysis(analysis), _pack_slices(analysis)
            except ValueError:
                # A number that JSON does not know: it is read from the documents each time.
                continue
            file_hash = analysis.measured.file_hash
            if slices is not None:
                key = _features_key(analysis.file_id)
                await self._cache.put(key, slices, seconds=FEATURES_SECONDS)
            await self._cache.put(_analysis_key(file_hash), value, seconds=ANALYSIS_SECONDS)


def _of_type(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        message = f"{type(value).__name__} in place of {kind.__name__}"
        raise TypeError(message)
    return value


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(_of_type(value, str))
    if at.tzinfo is None:
        message = "a time without its zone"
        raise ValueError(message)
    return at


def _tuple(kinds: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is not Ellipsis:
        pairs = zip(kinds, values, strict=True)
        return tuple(_decode_strictly(kind, value) for kind, value in pairs)
    # Thousands of numbers in each analysis: these are looked at without a call for each.
    if kinds[0] is float and {*map(type, values)} <= {float}:
        return tuple(values)
    return tuple(_decode_strictly(kinds[0], value) for value in values)


def _dataclass(kind: Any, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    if values.keys() != hints.keys():
        message = f"fields that {kind.__name__} does not have, or lacks"
        raise TypeError(message)
    return kind(**{name: _decode_strictly(hints[name], value) for name, value in values.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _nothing_as_value(measured: Measurement) -> dict[str, Any]:
    """Fields that the system's other programs read, which take no null in them."""
    return {name: getattr(measured, name) or nothing for name, nothing in _NOTHING.items()}


def _is_of(kept: _Origin, head: AnalysisHead) -> bool:
    return all(getattr(kept, name) == getattr(head, name) for name in _ORIGIN)


def _fields(data: Any) -> dict[str, Any]:
    # `asdict` copies each of the thousands of numbers: twenty times slower.
    return {field.name: getattr(data, field.name) for field in fields(data)}


def _origin(analysis: Analysis) -> dict[str, Any]:
    head = analysis.head
    values = {name: getattr(head, name) for name in _ORIGIN}
    return values | {"analyzed_at": head.analyzed_at.isoformat()}


def _to_json(values: dict[str, Any]) -> bytes:
    text = json.dumps(values, default=_fields, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _from_json(kept: bytes | None) -> dict[str, Any]:
    values = json.loads(kept or b"")
    if not isinstance(values, dict):
        message = "not an object"
        raise TypeError(message)
    return values


def _can_be_cached(head: AnalysisHead) -> bool:
    """True if smtui wrote all of it: others may change what is theirs without a sign of it."""
    return bool(head.file_hash) and head.recipe_version > 0 and not head.has_ai


def _serves(measured: Measurement, file_hash: str, recipe_version: int) -> bool:
    return measured.file_hash == file_hash and measured.recipe_version == recipe_version

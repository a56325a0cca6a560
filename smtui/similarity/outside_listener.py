"""Analysing a file from outside the library: `smtui inspect`, once, in a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from smtui.companion import ONE_THREAD, killed, started
from smtui.domain.analysis import Claims, Level, Measurement, SpectralFeatures
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.masking import outline_outside
from smtui.domain.ports.similarity_index import HeardOutside
from smtui.domain.text import printable_path, shown
from smtui.domain.traits import traits_outside
from smtui.lru import Lru

_COMMAND = ("-m", "smtui", "inspect", "--json", "--embedding", "--")
_TAKEN = (
    *("recipe_version", "file_hash", "duration", "processing_time", "tempo", "key", "mode"),
    *("loudness_lufs", "root_note", "is_loop", "kind", "kind_confidence"),
)
_OVER_TIME = ("times", "spectral_centroid", "flatness", "rms")
_LONGEST_SECONDS = 120.0
_REMEMBERED = 32


class InspectedOutside:
    """Implements OutsideListener; what was heard of unchanged bytes is remembered."""

    def __init__(self, *, seconds: float = _LONGEST_SECONDS) -> None:
        self._seconds = seconds
        self._known: Lru[tuple[Path, int, int], HeardOutside] = Lru(_REMEMBERED)

    async def analyse(self, path: Path) -> HeardOutside:
        """Listen to it; raises SoundUnreadable, which names it: it may be one of several."""
        try:
            return await self._listen(path)
        except SoundUnreadable as error:
            name = shown(printable_path(os.fsencode(path.name or path)))
            raise SoundUnreadable(
                f"{name}: {error.title}", code=error.code, hint=error.hint
            ) from error

    async def file_hash(self, path: Path) -> str:
        """Return the hash of its bytes; raises SoundUnreadable."""
        return await asyncio.to_thread(_hash, path)

    async def _listen(self, path: Path) -> HeardOutside:
        stamp = await asyncio.to_thread(_stamp, path)
        if (known := self._known.get(stamp)) is not None:
            return known
        heard = _parse_answer(await self._inspect(path))
        self._known.put(stamp, heard)
        return heard

    async def _inspect(self, path: Path) -> bytes:
        try:
            child = await started(*_COMMAND, path, environment=ONE_THREAD)
        except ConnectionError as error:
            raise _failure() from error
        try:
            async with asyncio.timeout(self._seconds):
                told, _ = await child.communicate()
        except TimeoutError as error:
            raise SoundUnreadable("Analysing it took too long", code=ErrorCode.TIMED_OUT) from error
        finally:
            await killed(child)
        return told


def _stamp(path: Path) -> tuple[Path, int, int]:
    try:
        there = path.stat()
    except FileNotFoundError as error:
        raise SoundUnreadable("No such file", code=ErrorCode.VANISHED) from error
    except (OSError, ValueError) as error:
        raise SoundUnreadable("The file cannot be read", code=ErrorCode.UNREADABLE) from error
    return path, there.st_size, there.st_mtime_ns


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError as error:
        raise SoundUnreadable("No such file", code=ErrorCode.VANISHED) from error
    except (OSError, ValueError) as error:
        raise SoundUnreadable("The file cannot be read", code=ErrorCode.UNREADABLE) from error


def _parse_answer(told: bytes) -> HeardOutside:
    """Read what the process said of the file; raises SoundUnreadable."""
    try:
        fields: dict[str, Any] = json.loads(told)
        if "error" in fields:
            raise SoundUnreadable(str(fields["error"]), code=ErrorCode(fields["code"]))
        numbers = tuple(float(number) for number in fields["embedding"])
        at = datetime.fromisoformat(fields["analyzed_at"])
        measured = _measurement(fields)
        heard = HeardOutside(
            embedding=numbers,
            traits=traits_outside(measured, at),
            outline=outline_outside(measured),
        )
    except (ValueError, TypeError, LookupError) as error:
        raise _failure() from error
    if len(numbers) != DIMENSIONS:
        raise _failure()
    return heard


def _measurement(fields: Mapping[str, Any]) -> Measurement:
    """As much of what was heard as there is something to say of."""
    claims, slices = fields["claims"], fields["spectral_features"] or {}
    taken = {name: fields[name] for name in _TAKEN}
    return Measurement(
        level=Level(fields["analysis_level"]),
        claims=Claims(
            tempo_confidence=claims["tempo_confidence"], key_confidence=claims["key_confidence"]
        ),
        spectral_features=SpectralFeatures(
            **{name: tuple(slices.get(name, ())) for name in _OVER_TIME},
            mfcc=tuple(tuple(map(float, row)) for row in slices.get("mfcc", ())),
        ),
        **taken,
    )


def _failure() -> SoundUnreadable:
    return SoundUnreadable("Analysing it failed", code=ErrorCode.INTERNAL)

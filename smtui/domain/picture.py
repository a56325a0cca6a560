"""Pictures of a sound: what a screen asks for and what the painter gives back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class View(StrEnum):
    """Which picture of a sound."""

    SPECTROGRAM = "spectrogram"
    WAVEFORM = "waveform"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """A picture of a span of a file, at the size and zoom a screen asks for.

    Attributes:
        start, end: s; `end` None is the end of the file.
        width, height: picture elements (a half-block cell is 1 wide, 2 high).
        low_hz, high_hz: frequency axis of a spectrogram; `high_hz` None is half the sample rate.
        log: logarithmic frequency axis, else linear.
        range_db: how far below the loudest element the darkest lies.
        coarse: a quick picture from part of the frames is welcome (long files).
    """

    path: Path
    view: View
    start: float = 0.0
    end: float | None = None
    width: int
    height: int
    low_hz: float = 40.0
    high_hz: float | None = None
    log: bool = True
    range_db: float = 80.0
    coarse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Rows of bytes, top row first.

    Attributes:
        levels: spectrogram: width × height bytes, 0 (range_db below the loudest or less) to 255
            (the loudest). Waveform: 2 × width bytes, for each column the lowest and the highest
            sample as 0 … 255 with 128 for zero; height is then 2.
        peak_db: the level of 255 in dB re full scale, so a byte b reads
            peak_db - range_db · (1 - b / 255).
        start, end: s, the span really shown.
        low_hz, high_hz: edges of the frequency axis, Hz.
        coarse: a finer picture can be had.
        from_slices: drawn from the stored slices of the analysis, because the file is gone.
    """

    width: int
    height: int
    levels: bytes
    start: float
    end: float
    duration: float
    low_hz: float
    high_hz: float
    peak_db: float
    range_db: float
    log: bool
    coarse: bool = False
    from_slices: bool = False


def packed_request(request: PictureRequest) -> bytes:
    """Write a request as JSON; the path keeps bytes that are not UTF-8."""
    return json.dumps({**asdict(request), "path": os.fspath(request.path)}).encode("ascii")


def unpacked_request(packed: bytes) -> PictureRequest:
    """Read what `packed_request` wrote; raises ValueError, KeyError or TypeError for else."""
    values = json.loads(packed)
    values["path"] = Path(values["path"])
    values["view"] = View(values["view"])
    return PictureRequest(**values)


def packed_picture(picture: Picture) -> bytes:
    """Write a picture as one line of JSON, then its levels."""
    values = asdict(picture)
    levels: bytes = values.pop("levels")
    return json.dumps(values).encode("ascii") + b"\n" + levels


def unpacked_picture(packed: bytes) -> Picture:
    """Read what `packed_picture` wrote; raises ValueError, KeyError or TypeError for else."""
    head, _, levels = packed.partition(b"\n")
    picture = Picture(**json.loads(head), levels=levels)
    if len(levels) != picture.width * picture.height:
        message = f"{len(levels)} levels for {picture.width} × {picture.height}"
        raise ValueError(message)
    return picture

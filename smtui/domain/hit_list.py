"""What was found, written as a file for other programs: a table, JSON, or a list to play."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smtui.domain.analysis import Analysis
from smtui.domain.fields import hit_fields, rounded
from smtui.domain.likeness import ASPECTS, Hit
from smtui.domain.sample import Sample
from smtui.domain.text import shown

_COLUMNS = (
    *("path", "score", *ASPECTS, "why"),
    *("kind", "tempo", "key", "duration", "loudness_lufs", "tags"),
)


class Form(StrEnum):
    """How a list is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    M3U = "m3u"


_FORMS = {
    ".csv": Form.CSV,
    ".jsonl": Form.JSON_LINES,
    ".json": Form.JSON_LINES,
    ".m3u": Form.M3U,
    ".m3u8": Form.M3U,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSound:
    """A hit with all that is known of it.

    Attributes:
        path: where the file is on this machine.
        analysis: what was heard, where the form tells it.
    """

    hit: Hit
    sample: Sample
    path: Path
    why: str
    analysis: Analysis | None


def form_of(path: Path) -> Form | None:
    """Tell the form by the name's extension; None where it says none."""
    return _FORMS.get(path.suffix.casefold())


def encode(found: Sequence[FoundSound], form: Form) -> tuple[bytes, int]:
    """Write the list; gives the bytes and how many sounds are in it."""
    if form is Form.CSV:
        return _csv(found), len(found)
    if form is Form.JSON_LINES:
        lines = (json.dumps(_fields(one)) for one in found)
        return "".join(f"{line}\n" for line in lines).encode("ascii"), len(found)
    # A line of such a list ends at the first newline, also where that is part of a name.
    playable = [one for one in found if not {10, 13} & set(os.fsencode(one.path))]
    return b"#EXTM3U\n" + b"".join(map(_entry, playable)), len(playable)


def _fields(found: FoundSound) -> dict[str, object]:
    return hit_fields(found.hit, found.sample, why=found.why, analysis=found.analysis)


def _entry(found: FoundSound) -> bytes:
    sample = found.sample
    told = f"#EXTINF:{round(sample.duration)},{shown(sample.filename)}\n"
    return told.encode("utf-8", errors="backslashreplace") + os.fsencode(found.path) + b"\n"


def _csv(found: Sequence[FoundSound]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows(_row(one) for one in found)
    return text.getvalue().encode("utf-8", errors="backslashreplace")


def _row(found: FoundSound) -> list[object]:
    hit, sample, heard = found.hit, found.sample, found.sample.heard
    aspects = hit.likeness.aspects if hit.likeness else (None,) * len(ASPECTS)
    return [
        sample.file_path,
        rounded(hit.score),
        *(None if one is None else rounded(one) for one in aspects),
        found.why,
        heard and heard.kind,
        heard and heard.tempo,
        heard and (heard.key_label or heard.root_note),
        sample.duration,
        heard and heard.loudness_lufs,
        ", ".join(sample.tags),
    ]

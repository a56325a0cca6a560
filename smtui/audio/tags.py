"""What a file's own tags say: title, artist, bpm, key, and free keys.

Tags come from strangers, so sizes and numbers are bounded, and tags that cannot be read are no
tags: the sound itself may still be fine.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mutagen
from mutagen.id3 import ID3

from smtui.audio.chunk_texts import read_chunk_texts
from smtui.domain.sample import MetadataValue

MOST_TAGS = 40
LONGEST_NAME = 60
LONGEST_TEXT = 500

_ID3_NAMES = {
    "TIT2": "title", "TPE1": "artist", "TBPM": "bpm", "TKEY": "key", "TALB": "album",
    "TCON": "genre", "TDRC": "date", "TCOM": "composer", "TCOP": "copyright", "TRCK": "track",
    "TSRC": "isrc", "TPUB": "publisher", "TIT1": "grouping", "TIT3": "subtitle",
}  # fmt: skip
_OTHER_NAMES = {
    "tempo": "bpm", "tmpo": "bpm", "tbpm": "bpm", "initialkey": "key", "initial key": "key",
    "initial_key": "key", "tkey": "key", "\xa9nam": "title",
    "\xa9art": "artist", "\xa9alb": "album", "\xa9gen": "genre", "\xa9day": "date",
    "\xa9cmt": "comment", "description": "comment",
}  # fmt: skip
# Pictures and binary blocks are no text that a person could read in a table.
_BINARY_NAMES = ("covr", "metadata_block_picture", "coverart")
# What programs keep for themselves under names of their own, which no person has written.
_PRIVATE_NAMES = ("itun", "serato", "songs-db_", "musicmatch_", "cddb", "traktor4", "rgad")
_ID3V1_COMMENT = "id3v1 comment"
# iTunes' volumes and gaps, also where they stand under no name: words of so many hex digits.
_NUMBER = re.compile(r"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}")
_LEAST_NUMBERS = 4
_TEMPO = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(?:bpm)?\s*(?:[;/].*)?", re.IGNORECASE)
# Everything that damaged tags were seen to raise from within mutagen.
_UNREADABLE = (
    mutagen.MutagenError, OSError, EOFError, ValueError, TypeError, LookupError, AttributeError,
    ArithmeticError, AssertionError, RecursionError, MemoryError, struct.error, zlib.error,
)  # fmt: skip


def read_tags(path: Path) -> dict[str, MetadataValue]:
    """Read a file's tags; empty where there are none or they cannot be read.

    `title`, `artist`, `key` are text, `bpm` is a number of beats per minute; other names are
    lower case. At most 40 tags, names of 60 and texts of 500 characters.
    """
    try:
        with path.open("rb") as file:
            opened = mutagen.File(file)
            pairs = [] if opened is None or opened.tags is None else list(_pairs(opened.tags))
    except _UNREADABLE:
        pairs = []
    try:
        pairs += [(name, _text(text)) for name, text in read_chunk_texts(path)]
    except OSError:
        return {}
    found: dict[str, MetadataValue] = {}
    for name, text in pairs:
        if name and text and name not in found and len(found) < MOST_TAGS:
            value = _bpm(text) if name == "bpm" else text
            if value is not None and not (name == "comment" and _is_numbers(text)):
                found[name] = value
    return found


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tags, ID3):
        frames: Any = tags
        for frame in sorted(frames.values(), key=_is_described):
            yield _id3_name(frame), _text(getattr(frame, "text", ()))
        return
    for name, values in tags.items():
        plain = str(name).casefold()[:LONGEST_NAME]
        if not plain.startswith((*_BINARY_NAMES, *_PRIVATE_NAMES)):
            yield _OTHER_NAMES.get(plain, plain), _text(values)


def _is_described(frame: Any) -> int:
    """Order comments: what a person wrote has no description, and an old copy of it comes last."""
    if frame.FrameID != "COMM" or not frame.desc:
        return 0
    return 2 if str(frame.desc).casefold() == _ID3V1_COMMENT else 1


def _id3_name(frame: Any) -> str:
    if frame.FrameID not in ("TXXX", "COMM"):
        return _ID3_NAMES.get(frame.FrameID, "")
    name = str(frame.desc).casefold()[:LONGEST_NAME]
    if name.startswith(_PRIVATE_NAMES):
        return ""
    if frame.FrameID == "COMM":
        return "comment"
    return _OTHER_NAMES.get(name, name)


def _text(values: object) -> str:
    if isinstance(values, bytes):
        return ""
    if isinstance(values, str | int | float) or not isinstance(values, Iterable):
        return str(values)[:LONGEST_TEXT].strip()
    texts = [str(value) for value in values if not isinstance(value, bytes)]
    return "; ".join(text for text in texts if text)[:LONGEST_TEXT].strip("\0 \t\r\n")


def _is_numbers(text: str) -> bool:
    words = text.split()
    return len(words) >= _LEAST_NUMBERS and all(_NUMBER.fullmatch(word) for word in words)


def _bpm(text: str) -> float | None:
    told = _TEMPO.fullmatch(text)
    bpm = float(told[1].replace(",", ".")) if told else 0.0
    return bpm if math.isfinite(bpm) and 0 < bpm < 1_000 else None

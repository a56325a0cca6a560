"""What a file's own tags say: title, artist, bpm, key, and free keys.

Beside the tags that mutagen reads, WAV and AIFF files have texts in chunks of their own: RIFF INFO,
bext, iXML, AIFF's text chunks. Such a text ends at its first NUL, as some programs leave unset
memory behind it. It is UTF-8 or, as in nearly all old packs, Windows-1252 (AIFF: MacRoman), unless
a chunk CSET says otherwise.

Tags come from strangers: sizes, texts and numbers are bounded, what makes no sense is left out, and
tags that cannot be read are no tags: the sound itself may still be fine.
"""

from __future__ import annotations

import html
import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
from mutagen.id3 import ID3

from smtui.domain.sample import MetadataValue

_INFO_NAMES = {
    b"INAM": "title", b"IART": "artist", b"ICMT": "comment", b"IGNR": "genre", b"ICRD": "date",
    b"IPRD": "album", b"ICOP": "copyright", b"ITRK": "track", b"IPRT": "track", b"IBPM": "bpm",
    b"IKEY": "keywords", b"ISBJ": "subject", b"IMUS": "composer", b"ISRC": "source",
}  # fmt: skip
_AIFF_NAMES = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}
_XML_NAMES = {
    "songtitle": "title", "title": "title", "artist": "artist", "project": "project",
    "scene": "scene", "take": "take", "note": "comment", "bwf_description": "comment",
    "bwf_originator": "originator", "library": "library", "category": "category",
}  # fmt: skip
_XML_TEXT = re.compile(r"<([A-Za-z_]{1,40})>([^<]{1,2000})</\1>")
_DESCRIPTION_BYTES, _ORIGINATOR_BYTES = 256, 32
_MOST_CHUNKS = 1_000
_LARGEST_TEXT = 256 * 1024
_NAME = re.compile(rb"[ -~]{4}")
_UNKNOWN_SIZE = 0xFFFFFFFF

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


def read_chunk_texts(path: Path) -> list[tuple[str, str]]:
    """Return name and text of what a WAV or AIFF file says in its chunks; raises OSError."""
    with path.open("rb") as file:
        head = file.read(12)
        form, kind = head[:4], head[8:12]
        if form in (b"RIFF", b"RIFX", b"RF64", b"BW64") and kind == b"WAVE":
            return list(_wave(file, ">" if form == b"RIFX" else "<"))
        if form == b"FORM" and kind in (b"AIFF", b"AIFC"):
            return list(_aiff(file))
    return []


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    name: bytes
    start: int
    size: int


def _wave(file: BinaryIO, order: str) -> Iterator[tuple[str, str]]:
    encoding = "cp1252"
    described: list[tuple[str, str]] = []
    infos: list[bytes] = []
    for chunk in _chunks(file, order):
        if chunk.name == b"LIST":
            body = _body(file, chunk)
            infos += [body[4:]] if body[:4] == b"INFO" else []
        elif chunk.name == b"CSET":
            (page,) = struct.unpack(f"{order}H", _body(file, chunk)[:2].ljust(2, b"\0"))
            encoding = f"cp{page}" if page else encoding
        elif chunk.name == b"bext":
            described += _broadcast(_body(file, chunk))
        elif chunk.name == b"iXML":
            described += _xml(_body(file, chunk))
    for body in infos:
        for name, text in _parts(body, order):
            if name in _INFO_NAMES:
                yield _INFO_NAMES[name], _decode(text, encoding)
    yield from described


def _aiff(file: BinaryIO) -> Iterator[tuple[str, str]]:
    for chunk in _chunks(file, ">"):
        if chunk.name in _AIFF_NAMES:
            yield _AIFF_NAMES[chunk.name], _decode(_body(file, chunk), "mac_roman")


def _broadcast(body: bytes) -> Iterator[tuple[str, str]]:
    """The description of a broadcast wave is what it is called, where it is no list of settings."""
    description = _decode(body[:_DESCRIPTION_BYTES], "cp1252")
    plain = "=" not in description and "\n" not in description
    if plain:
        yield "title", description
    yield "comment", description
    behind = body[_DESCRIPTION_BYTES : _DESCRIPTION_BYTES + _ORIGINATOR_BYTES]
    yield "originator", _decode(behind, "cp1252")


def _xml(body: bytes) -> Iterator[tuple[str, str]]:
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    # Not read as XML: nothing here needs it, and a stranger's XML can be made to grow.
    for name, text in _XML_TEXT.findall(body.decode(encoding, errors="replace")):
        if name.lower() in _XML_NAMES:
            yield _XML_NAMES[name.lower()], html.unescape(text).strip()


def _chunks(file: BinaryIO, order: str) -> Iterator[_Chunk]:
    """Walk over the chunks behind the first twelve bytes; ends where they make no sense."""
    place = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or not _NAME.fullmatch(head[:4]):
            return
        size = struct.unpack(f"{order}I", head[4:])[0]
        if head[:4] == b"data" and size == _UNKNOWN_SIZE:
            size = _long_data(file, order)
        if head[:4] == b"data" and not size:
            return
        yield _Chunk(name=head[:4], start=place + 8, size=size)
        place += 8 + size + _padding(file, place + 8 + size) if size % 2 else 8 + size


def _padding(file: BinaryIO, place: int) -> int:
    """Whether a byte fills up a chunk of odd size: it should, and some programs forget it."""
    file.seek(place)
    behind = file.read(9)
    return int(not (behind[:1] != b"\0" and _NAME.fullmatch(behind[:4])))


def _long_data(file: BinaryIO, order: str) -> int:
    """Return the size of the samples from the chunk `ds64` of a file beyond 4 GB; 0 for none."""
    file.seek(12)
    head = file.read(8 + 16)
    if head[:4] != b"ds64" or len(head) < 24:
        return 0
    size: int = struct.unpack(f"{order}Q", head[16:24])[0]
    return size


def _body(file: BinaryIO, chunk: _Chunk) -> bytes:
    file.seek(chunk.start)
    return file.read(min(chunk.size, _LARGEST_TEXT))


def _parts(body: bytes, order: str) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(body) and _NAME.fullmatch(body[place : place + 4]):
        size = struct.unpack(f"{order}I", body[place + 4 : place + 8])[0]
        yield body[place : place + 4], body[place + 8 : place + 8 + size]
        place += 8 + size
        if size % 2 and not (body[place : place + 1] != b"\0" and _NAME.match(body, place)):
            place += 1


def _decode(raw: bytes, encoding: str) -> str:
    text = raw.partition(b"\0")[0]
    try:
        return text.decode("utf-8").strip()
    except UnicodeDecodeError:
        pass
    try:
        return text.decode(encoding, errors="replace").strip()
    except LookupError:
        return text.decode("cp1252", errors="replace").strip()


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

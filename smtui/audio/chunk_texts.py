"""What WAV and AIFF files say in chunks of their own: RIFF INFO, bext, iXML, AIFF's text chunks.

Sizes and texts come from strangers: no more is read than a person could want, and what makes no
sense is left out. Text ends at its first NUL, as some programs leave unset memory behind it. It
is UTF-8 or, as in nearly all old packs, Windows-1252 (AIFF: MacRoman), unless a chunk CSET says
otherwise.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    name: bytes
    start: int
    size: int


def read_chunk_texts(path: Path) -> list[tuple[str, str]]:
    """Give name and text of what a WAV or AIFF file says in its chunks; raises OSError."""
    with path.open("rb") as file:
        head = file.read(12)
        form, kind = head[:4], head[8:12]
        if form in (b"RIFF", b"RIFX", b"RF64", b"BW64") and kind == b"WAVE":
            return list(_wave(file, ">" if form == b"RIFX" else "<"))
        if form == b"FORM" and kind in (b"AIFF", b"AIFC"):
            return list(_aiff(file))
    return []


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
                yield _INFO_NAMES[name], _decoded(text, encoding)
    yield from described


def _aiff(file: BinaryIO) -> Iterator[tuple[str, str]]:
    for chunk in _chunks(file, ">"):
        if chunk.name in _AIFF_NAMES:
            yield _AIFF_NAMES[chunk.name], _decoded(_body(file, chunk), "mac_roman")


def _broadcast(body: bytes) -> Iterator[tuple[str, str]]:
    """The description of a broadcast wave is what it is called, where it is no list of settings."""
    description = _decoded(body[:_DESCRIPTION_BYTES], "cp1252")
    plain = "=" not in description and "\n" not in description
    if plain:
        yield "title", description
    yield "comment", description
    behind = body[_DESCRIPTION_BYTES : _DESCRIPTION_BYTES + _ORIGINATOR_BYTES]
    yield "originator", _decoded(behind, "cp1252")


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
    """Give the size of the samples from the chunk `ds64` of a file beyond 4 GB; 0 for none."""
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


def _decoded(raw: bytes, encoding: str) -> str:
    text = raw.partition(b"\0")[0]
    try:
        return text.decode("utf-8").strip()
    except UnicodeDecodeError:
        pass
    try:
        return text.decode(encoding, errors="replace").strip()
    except LookupError:
        return text.decode("cp1252", errors="replace").strip()

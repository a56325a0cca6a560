"""What WAV and AIFF files say in their own chunks, as real programs write it, and damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.audio.tags import read_chunk_texts, read_tags


def chunk(name: bytes, body: bytes, *, order: str = "<", pad: bytes = b"\0") -> bytes:
    size = struct.pack(f"{order}I", len(body))
    return name + size + body + (pad if len(body) % 2 else b"")


def info(*texts: tuple[bytes, bytes], pad: bytes = b"\0", order: str = "<") -> bytes:
    body = b"".join(chunk(name, text, pad=pad, order=order) for name, text in texts)
    return chunk(b"LIST", b"INFO" + body, order=order)


def wave(path: Path, *chunks: bytes, data: bytes | None = None, form: bytes = b"RIFF") -> Path:
    order = ">" if form == b"RIFX" else "<"
    fmt = struct.pack(f"{order}HHIIHH", 1, 1, 8000, 16000, 2, 16)
    sound = chunk(b"data", bytes(200), order=order) if data is None else data
    body = b"WAVE" + chunk(b"fmt ", fmt, order=order) + sound + b"".join(chunks)
    path.write_bytes(form + struct.pack(f"{order}I", len(body)) + body)
    return path


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Rusty Gate\0", "Rusty Gate"),
        (b"Rusty Gate", "Rusty Gate"),
        ("Café Müller ©\0".encode("cp1252"), "Café Müller ©"),
        ("Café Müller ©\0".encode(), "Café Müller ©"),
        (b"Rusty\0left in memory", "Rusty"),
        (b"  Rusty  \0", "Rusty"),
        ("さび\0".encode(), "さび"),
    ],
)
def test_a_title_in_riff_info_is_read_as_it_was_written(
    tmp_path: Path, raw: bytes, text: str
) -> None:
    path = wave(tmp_path / "x.wav", info((b"INAM", raw), (b"IART", b"Marjolein\0")))
    assert read_tags(path) == {"title": text, "artist": "Marjolein"}


def test_every_name_of_riff_info_has_its_place(tmp_path: Path) -> None:
    texts = ((b"ICMT", b"in a cafe"), (b"IGNR", b"House"), (b"ICRD", b"2005-11-08"))
    path = wave(tmp_path / "x.wav", info(*texts, (b"IBPM", b"165.0"), (b"ISFT", b"Forge")))
    assert read_tags(path) == {
        "comment": "in a cafe", "genre": "House", "date": "2005-11-08", "bpm": 165.0,
    }  # fmt: skip


def test_a_missing_pad_byte_hides_nothing(tmp_path: Path) -> None:
    texts = ((b"INAM", b"odd"), (b"IART", b"also odd!"), (b"IGNR", b"even"))
    path = wave(tmp_path / "x.wav", info(*texts, pad=b""), data=chunk(b"data", bytes(201), pad=b""))
    assert read_tags(path) == {"title": "odd", "artist": "also odd!", "genre": "even"}


def test_a_code_page_is_heeded(tmp_path: Path) -> None:
    page = chunk(b"CSET", struct.pack("<HHHH", 1251, 0, 0, 0))
    path = wave(tmp_path / "x.wav", page, info((b"INAM", "Ржавые".encode("cp1251"))))
    assert read_tags(path) == {"title": "Ржавые"}


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    path = wave(tmp_path / "x.wav", info((b"INAM", b"Rusty"), order=">"), form=b"RIFX")
    assert read_tags(path) == {"title": "Rusty"}


def test_the_description_of_a_broadcast_wave_is_its_title(tmp_path: Path) -> None:
    bext = b"thunder over a harbour".ljust(256, b"\0") + b"Logic Pro".ljust(346, b"\0")
    path = wave(tmp_path / "x.wav", chunk(b"bext", bext))
    assert read_tags(path)["title"] == "thunder over a harbour"
    assert read_tags(path)["originator"] == "Logic Pro"
    titled = wave(tmp_path / "y.wav", chunk(b"bext", bext), info((b"INAM", b"Storm")))
    assert read_tags(titled)["title"] == "Storm"
    assert read_tags(titled)["comment"] == "thunder over a harbour"


def test_settings_of_a_field_recorder_are_no_title(tmp_path: Path) -> None:
    bext = b"zSPEED=25-ND\r\nzTRK1=Boom\r\n".ljust(602, b"\0")
    assert "title" not in read_tags(wave(tmp_path / "x.wav", chunk(b"bext", bext)))
    unset = b"\0left in memory of Logic".ljust(602, b"\0")
    assert read_tags(wave(tmp_path / "y.wav", chunk(b"bext", unset))) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_notes_in_ixml_are_read(tmp_path: Path, encoding: str) -> None:
    text = "<BWFXML><PROJECT>Harbour</PROJECT><NOTE>rain &amp; w\u00edd</NOTE><X>y</X></BWFXML>"
    path = wave(tmp_path / "x.wav", chunk(b"iXML", text.encode(encoding)))
    assert read_tags(path) == {"project": "Harbour", "comment": "rain & w\u00edd"}


def test_text_chunks_of_aiff_are_read(tmp_path: Path) -> None:
    parts = (b"NAME", "Café".encode("mac_roman")), (b"AUTH", b"Ada"), (b"ANNO", b"odd")
    body = b"AIFF" + b"".join(chunk(name, text, order=">") for name, text in parts)
    path = tmp_path / "x.aiff"
    path.write_bytes(b"FORM" + struct.pack(">I", len(body)) + body)
    assert read_tags(path) == {"title": "Café", "artist": "Ada", "comment": "odd"}


def test_sizes_that_lie_cost_nothing(tmp_path: Path) -> None:
    lying = b"LIST" + struct.pack("<I", 0xFFFFFFF0) + b"INFOINAM" + struct.pack("<I", 5) + b"Rusty"
    assert read_tags(wave(tmp_path / "x.wav", lying)) == {"title": "Rusty"}
    endless = wave(tmp_path / "y.wav", data=b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(100))
    assert read_tags(endless) == {}


@given(st.binary(max_size=400), st.sampled_from([b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF"]))
def test_no_bytes_break_the_reading(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    path.write_bytes(head + body)
    assert all(isinstance(text, str) for _, text in read_chunk_texts(path))

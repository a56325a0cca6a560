"""What a file is, told by its first bytes: which decoder knows it, or what it is instead.

Standard library only: who walks a folder asks here, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from smtui.audio.mpeg import frame_of, id3_length

HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A kind of file.

    Attributes:
        name: what the library calls its format; of the unheard, what a person calls it.
        demuxer: FFmpeg's name for its container, empty where only libsndfile reads it.
        first: libsndfile is asked first.
        heard: False for what no decoder here knows.
        hint: the mend, of what is not heard.
    """

    name: str
    demuxer: str = ""
    first: bool = False
    heard: bool = True
    hint: str = ""


_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_WAVE64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_SAVE_AS_WAV = "Save it as WAV or AIFF in a program that opens it."
_REX = Signature(name="a REX loop", heard=False, hint=_SAVE_AS_WAV)
_KONTAKT = Signature(name="packed samples of Kontakt", heard=False, hint=_SAVE_AS_WAV)
_SOUNDFONT = Signature(name="a soundfont, many sounds in one file", heard=False, hint=_SAVE_AS_WAV)
_POINTER = Signature(
    name="a Git LFS pointer, not the sound itself", heard=False, hint="Run git lfs pull there."
)
_BY_START: tuple[tuple[bytes, Signature], ...] = (
    (b"fLaC", Signature(name="flac", demuxer="flac", first=True)),
    (b"caff", Signature(name="caf", demuxer="caf", first=True)),
    (b".snd", Signature(name="au", demuxer="au", first=True)),
    (b"dns.", Signature(name="au", first=True)),
    (b"Creative Voice File\x1a", Signature(name="voc", demuxer="voc", first=True)),
    (_WAVE64, Signature(name="w64", demuxer="w64", first=True)),
    (b"Extended Instrument: ", Signature(name="xi", first=True)),
    (b"2BIT", Signature(name="avr", first=True)),
    (b"NIST_1A\n", Signature(name="sph", first=True)),
    (b" paf", Signature(name="paf", first=True)),
    (b"fap ", Signature(name="paf", first=True)),
    (b"PVF1\n", Signature(name="pvf", first=True)),
    (b"ALawSoundFile**", Signature(name="wve", first=True)),
    (b"wvpk", Signature(name="wv", demuxer="wv")),
    (b"MAC ", Signature(name="ape", demuxer="ape")),
    (b"TTA1", Signature(name="tta", demuxer="tta")),
    (b"tBaK", Signature(name="tak", demuxer="tak")),
    (b"MPCK", Signature(name="mpc", demuxer="mpc8")),
    (b"MP+", Signature(name="mpc", demuxer="mpc")),
    (b"DSD ", Signature(name="dsf", demuxer="dsf")),
    (b"FRM8", Signature(name="dff", demuxer="iff")),
    (_ASF, Signature(name="wma", demuxer="asf")),
    (b"#!AMR", Signature(name="amr", demuxer="amr")),
    (b"\x7f\xfe\x80\x01", Signature(name="dts", demuxer="dts")),
    (b"version https://git-lfs", _POINTER),
    (b"d\xa3", Signature(name="ircam", first=True)),
)  # fmt: skip
_BY_FORM: dict[bytes, dict[bytes, Signature]] = {
    b"RIFF": {
        b"WAVE": Signature(name="wav", demuxer="wav", first=True),
        b"sfbk": _SOUNDFONT,
    },
    b"RIFX": {b"WAVE": Signature(name="wav", demuxer="wav", first=True)},
    b"RF64": {b"WAVE": Signature(name="wav", demuxer="wav", first=True)},
    b"BW64": {b"WAVE": Signature(name="wav", demuxer="wav", first=True)},
    b"FORM": {
        b"AIFF": Signature(name="aiff", demuxer="aiff", first=True),
        b"AIFC": Signature(name="aiff", demuxer="aiff", first=True),
        b"8SVX": Signature(name="iff", demuxer="iff", first=True),
        b"16SV": Signature(name="iff", demuxer="iff", first=True),
    },
    b"CAT ": {b"REX ": _REX, b"REX2": _REX},
}  # fmt: skip
UNHEARD_NAMES: dict[bytes, Signature] = {
    b"rx2": _REX, b"rex": _REX, b"rcy": _REX, b"nkx": _KONTAKT, b"ncw": _KONTAKT,
    b"sf2": _SOUNDFONT, b"sf3": _SOUNDFONT,
}  # fmt: skip
"""Endings of files that hold sounds which nothing here can decode."""
_OGG = Signature(name="ogg", demuxer="ogg", first=True)
_OGG_CODECS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
_MP3 = Signature(name="mp3", demuxer="mp3", first=True)
_AAC = Signature(name="aac", demuxer="aac")
_M4A = Signature(name="m4a", demuxer="mov")
_EBML = b"\x1a\x45\xdf\xa3"
_MATROSKA = Signature(name="mka", demuxer="matroska")
_WEBM = Signature(name="webm", demuxer="matroska")


def signature_of(head: bytes) -> Signature | None:
    """Tell a file by its first HEAD_BYTES; None for what no sound begins with."""
    if head.startswith(_EBML):
        return _WEBM if b"webm" in head[:64] else _MATROSKA
    for start, signature in _BY_START:
        if head.startswith(start):
            return signature
    forms = _BY_FORM.get(head[:4])
    if forms is not None:
        return forms.get(head[8:12])
    if head.startswith(b"OggS"):
        return _OGG if any(codec in head for codec in _OGG_CODECS) else None
    if head[4:8] == b"ftyp":
        return _M4A
    return _by_frames(head)


def is_sound(head: bytes) -> bool:
    """True if a file that begins so holds sound, heard or not, whatever its name; films do not."""
    signature = signature_of(head)
    if signature is None:
        return head.startswith(b"ID3")
    if signature is _M4A:
        return head[8:12] in (b"M4A ", b"M4B ")
    if signature.demuxer == "matroska":
        return b"A_" in head and b"V_" not in head
    return signature is not _POINTER and not (signature.name == "wma" and _ASF_FILM in head)


_ASF_FILM = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
"""The identifier of a stream of pictures in ASF."""


def _by_frames(head: bytes) -> Signature | None:
    """Tell what has no header but frames, two of which follow each other."""
    if head.startswith(b"ID3"):
        inner = id3_length(head)
        return signature_of(head[inner:]) if inner < len(head) - 4 else None
    if _follow(head, _mpeg_length):
        return _MP3
    if _follow(head, _adts_length):
        return _AAC
    if head[:2] == b"\x0b\x77" and len(head) > 6:
        extended = head[5] >> 3 > 10
        return Signature(name="eac3" if extended else "ac3", demuxer="eac3" if extended else "ac3")
    if _is_sample_dump(head):
        return Signature(name="sds", first=True)
    if _is_mpc_sound(head):
        return Signature(name="snd", first=True)
    return None


def _follow(head: bytes, length_of: object) -> bool:
    length = length_of(head)  # type: ignore[operator]
    if length is None or len(head) < length:
        return False
    return len(head) < length + 7 or length_of(head[length:]) is not None  # type: ignore[operator]


def _mpeg_length(header: bytes) -> int | None:
    frame = frame_of(header)
    return None if frame is None else frame.length


def _adts_length(header: bytes) -> int | None:
    """Return the length of an AAC frame (ISO/IEC 13818-7) in bytes; None where this is none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 and header[2] >> 2 & 15 < 13 else None


def _is_sample_dump(head: bytes) -> bool:
    """True if it is a MIDI sample dump: a system exclusive message of 21 bytes that says so."""
    return len(head) >= 21 and head[:2] == b"\xf0\x7e" and head[3] == 1 and head[20] == 0xF7


def _is_mpc_sound(head: bytes) -> bool:
    """True if it is a sound of an MPC2000: two bytes say so, a name and numbers that make sense."""
    if len(head) < 42 or head[:2] != b"\x01\x04":
        return False
    name = head[2:18].rstrip(b"\0 ")
    start, end, count, _loop = (
        int.from_bytes(head[at : at + 4], "little") for at in (22, 26, 30, 34)
    )
    printable = bool(name) and all(32 <= byte < 127 for byte in name)
    return printable and head[19] <= 200 and head[21] <= 1 and count > 0 and start <= end <= count

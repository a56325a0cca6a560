"""Whether a file is a sound, told by its first bytes; names only say what it claims to be."""

from __future__ import annotations

HEAD_BYTES = 4_096

SOUND_NAMES = frozenset(
    b"wav wave bwf rf64 w64 flac ogg oga opus mp3 mp2 aif aiff aifc caf au snd".split()
)
"""Endings that claim to be a sound which can be read."""

UNKNOWN_SOUND_NAMES = frozenset(b"m4a aac wma ape wv mpc alac".split())
"""Endings of sounds that libsndfile does not decode: their owner should hear of them."""

_SIMPLE = (b"fLaC", b"caff", b".snd", b"dns.", b"ID3", b"Creative Voice File\x1a")
_CONTAINERS = {
    b"RIFF": (b"WAVE",),
    b"RIFX": (b"WAVE",),
    b"RF64": (b"WAVE",),
    b"BW64": (b"WAVE",),
    b"FORM": (b"AIFF", b"AIFC", b"8SVX", b"16SV"),
}
_WAVE64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_OGG_CODECS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
# ISO/IEC 11172-3 and 13818-3: bits per second by bitrate index, in thousands.
_LAYER_3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LAYER_2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LOW_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def ending(name: bytes) -> bytes:
    """Give the lower-case ending of a file name, without its dot."""
    stem, dot, last = name.rpartition(b".")
    return last.lower() if dot and stem else b""


def is_sound(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a sound."""
    if head.startswith(_SIMPLE) or head.startswith(_WAVE64):
        return True
    forms = _CONTAINERS.get(head[:4])
    if forms is not None:
        return head[8:12] in forms
    if head.startswith(b"OggS"):
        return any(codec in head[:128] for codec in _OGG_CODECS)
    return _is_mpeg(head)


def _is_mpeg(head: bytes) -> bool:
    """Whether two frames of MPEG audio, layer II or III, follow each other from the first byte.

    One header alone is no proof: text in UTF-16 and many pictures begin with its first bits.
    """
    length = _frame_length(head[:4])
    if length is None or len(head) < length:
        return False
    return len(head) < length + 4 or _frame_length(head[length : length + 4]) is not None


def _frame_length(header: bytes) -> int | None:
    """Give the length of an MPEG audio frame in bytes, None where this is no frame."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version not in _MPEG_RATES or layer not in (1, 2) or bitrate in (0, 15) or rate == 3:
        return None
    table = _LOW_RATES if version != 3 else _LAYER_3 if layer == 1 else _LAYER_2
    samples = 72 if version != 3 and layer == 1 else 144
    padding = header[2] >> 1 & 1
    return samples * table[bitrate] * 1000 // _MPEG_RATES[version][rate] + padding

"""Which decoder hears a file: libsndfile, the same with its sizes put right, or FFmpeg.

Ordinary files go to libsndfile after a look at their first bytes. Where a container would make
it stop early or guess, it is given a view in which the container tells the truth; so the same
sound gives the same numbers however it is wrapped. FFmpeg hears what it does not know.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import soundfile

from smtui.audio.caf import caf_of
from smtui.audio.decoder import Decoder, OggDecoder, SndfileDecoder, Undecodable
from smtui.audio.joined import JoinedDecoder
from smtui.audio.mp3 import Mp3Decoder, PlainMp3Decoder
from smtui.audio.mpeg import Stream, frame_of, id3_length, info_of, streams
from smtui.audio.ogg import Link, links_of
from smtui.audio.riff import MP3_CODES, wave_of
from smtui.audio.signatures import HEAD_BYTES, UNHEARD_NAMES, Signature, signature_of
from smtui.audio.spliced import Extent, Part, Spliced
from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable

_UNRECOGNISED = 1
_COMMON_CODES = (0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x31, *MP3_CODES)
_COMMON_AIFC = (b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"ulaw", b"alaw", b"ima4")
_BY_LIBSNDFILE = ("vorbis", "opus")
_LONGEST_OLD_TAG = 256
"""Bytes behind an MP3 that hold no second one: an ID3v1 tag and its like."""
# libsndfile takes a few bytes of almost any binary for these, and for a sound of an MPC.
_NOT_SOUND = frozenset({"MAT4", "MAT5", "HTK", "RAW", "SD2"})


def decoder_of(descriptor: int, size: int, *, ending: bytes = b"") -> Decoder:
    """Open the decoder that hears all of a file.

    Args:
        descriptor: stays open and belongs to the caller.
        size: bytes.
        ending: of the file's name, lower case without a dot, where the content tells nothing.

    Raises:
        SoundUnreadable: nothing here knows it, or its header is damaged.
    """
    head = os.pread(descriptor, HEAD_BYTES, 0)
    offset = id3_length(head)
    inner = os.pread(descriptor, HEAD_BYTES, offset) if offset else head
    signature = signature_of(inner) or UNHEARD_NAMES.get(ending)
    if signature is not None and not signature.heard:
        raise unheard(signature)
    special = _SPECIAL.get(signature.name) if signature is not None else None
    whole = Extent(start=offset, stop=max(size, offset))
    try:
        decoder = special(descriptor, whole) if special else None
        if decoder is not None:
            return decoder
        if signature is not None and not signature.first:
            return _by_ffmpeg(descriptor, [whole], signature)
        return _plain(descriptor, whole, signature)
    except (soundfile.SoundFileError, TypeError) as error:
        return _second(descriptor, whole, signature, error)


def unheard(signature: Signature) -> SoundUnreadable:
    """Name what holds sounds that nothing here decodes."""
    return SoundUnreadable(
        f"It is {signature.name}, which cannot be read",
        code=ErrorCode.UNSUPPORTED,
        hint=signature.hint,
    )


def _plain(descriptor: int, whole: Extent, signature: Signature | None) -> Decoder:
    # Behind a tag libsndfile finds the sound, but no place in it.
    source = Spliced(descriptor, [whole]) if whole.start and signature else descriptor
    decoder = SndfileDecoder(source)
    if decoder.container in _NOT_SOUND or (decoder.container == "MPC2K" and signature is None):
        decoder.close()
        raise _no_sound()
    return decoder


def _no_sound() -> SoundUnreadable:
    return SoundUnreadable("The file is not a sound in a known format", code=ErrorCode.UNSUPPORTED)


def _second(
    descriptor: int, whole: Extent, signature: Signature | None, error: Exception
) -> Decoder:
    """Ask FFmpeg what libsndfile refused; raise what is to be said where it refuses, too."""
    if signature is None:
        raise (_no_sound() if _is_unknown(error) else _damaged_header()) from error
    if not signature.demuxer:
        raise _damaged_header() from error
    try:
        return _by_ffmpeg(descriptor, [whole], signature)
    except SoundUnreadable as refused:
        coding = _coding_name(descriptor, signature)
        if refused.code is not ErrorCode.UNSUPPORTED and coding:
            raise _unknown_coding(coding) from error
        raise


def _unknown_coding(coding: str) -> SoundUnreadable:
    return SoundUnreadable(f"This coding ({coding}) cannot be read", code=ErrorCode.UNSUPPORTED)


def _is_unknown(error: Exception) -> bool:
    return bool(getattr(error, "code", _UNRECOGNISED) == _UNRECOGNISED)


def _damaged_header() -> SoundUnreadable:
    return SoundUnreadable("The file's header is damaged", code=ErrorCode.UNREADABLE)


def _by_ffmpeg(
    descriptor: int,
    parts: list[Part],
    signature: Signature,
    *,
    frames: int | None = None,
) -> Decoder:
    # A late import: it takes a tenth of a second, and few files need it.
    from smtui.audio.ffmpeg import FFmpegDecoder, UnknownCoding

    source = Spliced(descriptor, parts)
    try:
        return FFmpegDecoder(source, signature.demuxer, name=signature.name, frames=frames)
    except UnknownCoding as error:
        coding = error.name or _coding_name(descriptor, signature) or f"in {signature.name}"
        raise _unknown_coding(coding) from error
    except Undecodable as error:
        raise _damaged_header() from error


def _coding_name(descriptor: int, signature: Signature) -> str:
    """Give the name that a container has for an unusual coding; empty for those that are known."""
    head = os.pread(descriptor, HEAD_BYTES, 0)
    if signature.name == "wav":
        wave = wave_of(descriptor, os.fstat(descriptor).st_size)
        known = wave is None or len(wave.form) < 16 or wave.code in _COMMON_CODES
        return "" if wave is None or known else f"format {wave.code:#06x} in WAV"
    place = head.find(b"COMM")
    if head[8:12] != b"AIFC" or place < 0 or head[place + 26 : place + 30] in _COMMON_AIFC:
        return ""
    name = head[place + 31 : place + 31 + (head[place + 30 : place + 31] or b"\0")[0]]
    text = (name or head[place + 26 : place + 30]).decode("latin-1").strip()
    return text if text.isprintable() else ""


def _wav(descriptor: int, whole: Extent) -> Decoder | None:
    if whole.start:
        return None
    wave = wave_of(descriptor, whole.stop)
    if wave is None:
        return None
    if wave.code in MP3_CODES:
        return _mpeg(descriptor, wave.data)
    if wave.is_misleading:
        return SndfileDecoder(Spliced(descriptor, wave.parts()), limit=wave.limit())
    limit = wave.limit()
    return SndfileDecoder(descriptor, limit=limit) if limit is not None else None


def _mp3(descriptor: int, whole: Extent) -> Decoder | None:
    """Open the frames of a file; a file whose first frame tells its length is not walked."""
    head = os.pread(descriptor, HEAD_BYTES, whole.start)
    frame = frame_of(head)
    info = info_of(head, frame) if frame is not None else None
    told = info is not None and info.frames and info.size and info.delay is not None
    if info is not None and told:
        behind = whole.stop - whole.start - (info.size or 0)
        if behind <= _LONGEST_OLD_TAG:
            return PlainMp3Decoder(descriptor)
    return _mpeg(descriptor, whole)


def _mpeg(descriptor: int, where: Extent) -> Decoder | None:
    """Walk the frames between two places of a file and open what is there."""
    found = streams(descriptor, where.start, where.stop)
    if not found:
        return None
    return _joined([_opener(descriptor, stream) for stream in _without_stray(found)])


def _without_stray(found: list[Stream]) -> list[Stream]:
    """Leave out what frames were read into rubbish: a stream or two of a frame."""
    most = max(len(stream.places) for stream in found)
    return [stream for stream in found if len(stream.places) > 2 or most <= 2]


def _opener(descriptor: int, stream: Stream) -> Callable[[], Decoder]:
    if stream.first.layer == 3:
        return lambda: Mp3Decoder(descriptor, stream)
    signature = Signature(name="mp3", demuxer="mp3")
    parts: list[Part] = [Extent(start=stream.places[0], stop=stream.end)]
    return lambda: _by_ffmpeg(descriptor, parts, signature, frames=stream.samples)


def _ogg(descriptor: int, whole: Extent) -> Decoder | None:
    found = links_of(descriptor, whole.stop)
    if not found.links:
        return None
    if found.is_plain and found.links[0].codec in _BY_LIBSNDFILE:
        return OggDecoder(descriptor, sought=found.links[0].before_last)
    return _joined([_link_opener(descriptor, link, len(found.links)) for link in found.links])


def _link_opener(descriptor: int, link: Link, count: int) -> Callable[[], Decoder]:
    signature = Signature(name="ogg", demuxer="ogg")

    def opened() -> Decoder:
        if link.codec in _BY_LIBSNDFILE:
            return OggDecoder(Spliced(descriptor, link.parts), sought=link.before_last)
        decoder = _by_ffmpeg(descriptor, link.parts, signature)
        if count > 1 and decoder.frames is None:
            decoder.frames = _counted(decoder)
        return decoder

    return opened


def _counted(decoder: Decoder) -> int:
    while len(decoder.read(1 << 16)):
        pass
    frames = decoder.place
    decoder.restart()
    return frames


def _joined(openers: list[Callable[[], Decoder]]) -> Decoder:
    return openers[0]() if len(openers) == 1 else JoinedDecoder(openers)


def _caf(descriptor: int, whole: Extent) -> Decoder | None:
    caf = caf_of(descriptor)
    if caf.data is not None and caf.is_open:
        size = (whole.stop - caf.data).to_bytes(8, "big")
        parts: list[Part] = [
            Extent(start=0, stop=caf.data - 8), size, Extent(start=caf.data, stop=whole.stop)
        ]  # fmt: skip
        return SndfileDecoder(Spliced(descriptor, parts))
    try:
        return SndfileDecoder(descriptor)
    except soundfile.SoundFileError:
        signature = Signature(name="caf", demuxer="caf")
        parts = [Extent(start=0, stop=whole.stop)]
        return _by_ffmpeg(descriptor, parts, signature, frames=caf.valid)


_SPECIAL: dict[str, Callable[[int, Extent], Decoder | None]] = {
    "wav": _wav,
    "mp3": _mp3,
    "ogg": _ogg,
    "caf": _caf,
}

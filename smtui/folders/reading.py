"""Reading one file that a scan does not know yet: header, tags, and the hash of its bytes."""

from __future__ import annotations

import hashlib
import os
import stat

from smtui.domain.error_codes import ErrorCode
from smtui.domain.errors import SoundUnreadable
from smtui.domain.sample import FoundFile
from smtui.domain.scan import Candidate, Unreadable
from smtui.domain.text import printable_path
from smtui.folders.sniff import HEAD_BYTES, UNKNOWN_SOUND_NAMES, ending, is_sound
from smtui.folders.walking import reason

_BLOCK_BYTES = 1 << 20


def read_file(candidate: Candidate) -> FoundFile | Unreadable:
    """Open a candidate and read what the library keeps of it; blocks, for a thread."""
    try:
        return _found(candidate)
    except SoundUnreadable as error:
        code, words = error.code, str(error)
    except OSError as error:
        code, words = reason(error, what="file")
    return Unreadable(file_path=printable_path(bytes(candidate.path)), code=code, error=words)


def _found(candidate: Candidate) -> FoundFile:
    # Late imports: what walks a folder must not load numpy and libsndfile before a file is read.
    from smtui.audio.read import probe
    from smtui.audio.tags import read_tags

    descriptor = os.open(candidate.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        # Taken before the bytes are read: whatever changes meanwhile is seen by the next scan.
        status = os.fstat(descriptor)
        _check(candidate, status, os.pread(descriptor, HEAD_BYTES, 0))
        header = probe(candidate.path)
        file_hash = _hash(descriptor)
    finally:
        os.close(descriptor)
    return FoundFile(
        file_path=candidate.file_path,
        path_bytes=candidate.path_bytes,
        file_size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        file_hash=file_hash,
        duration=header.duration,
        sample_rate=header.sample_rate,
        channels=header.channels,
        format=header.format,
        metadata=read_tags(candidate.path),
    )


def _check(candidate: Candidate, status: os.stat_result, head: bytes) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SoundUnreadable("It is not a regular file", code=ErrorCode.UNSUPPORTED)
    if not status.st_size:
        raise SoundUnreadable("The file is empty", code=ErrorCode.EMPTY)
    if is_sound(head):
        return
    name = ending(os.fsencode(candidate.path.name))
    if name in UNKNOWN_SOUND_NAMES:
        words = f"{name.decode().upper()} files cannot be read"
        raise SoundUnreadable(words, code=ErrorCode.UNSUPPORTED)
    if name != b"mp3":
        raise SoundUnreadable(
            "It has an audio file name but contains no audio", code=ErrorCode.UNSUPPORTED
        )
    # MP3 may begin with rubbish that decoders skip, so its name is given the benefit of the doubt.


def _hash(descriptor: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    place = 0
    while block := os.pread(descriptor, _BLOCK_BYTES, place):
        digest.update(block)
        place += len(block)
    return digest.hexdigest()

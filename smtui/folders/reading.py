"""Reading one file that a scan does not know yet: header, tags, and the hash of its bytes."""

from __future__ import annotations

import hashlib
import os

from smtui.domain.errors import SoundUnreadable
from smtui.domain.sample import FoundFile
from smtui.domain.scan import Candidate, Unreadable
from smtui.domain.text import printable_path
from smtui.folders.mounts import keeps_numbers
from smtui.folders.walking import reason

_BLOCK_BYTES = 1 << 20
_LARGEST_NUMBER = (1 << 63) - 1


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
    from smtui.audio.mark import probe_with_mark
    from smtui.audio.tags import read_tags

    descriptor = os.open(candidate.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        # Taken before the bytes are read: whatever changes meanwhile is seen by the next scan.
        status = os.fstat(descriptor)
        header, mark = probe_with_mark(candidate.path)
        file_hash = _hash(descriptor)
    finally:
        os.close(descriptor)
    device = candidate.path.parent.stat().st_dev
    return FoundFile(
        file_path=candidate.file_path,
        path_bytes=candidate.path_bytes,
        file_size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=_number(status, device),
        audio_mark=mark,
        file_hash=file_hash,
        duration=header.duration,
        sample_rate=header.sample_rate,
        channels=header.channels,
        format=header.format,
        metadata=read_tags(candidate.path),
    )


def _number(status: os.stat_result, device: int) -> int:
    """Give the file's number on its disk, as much of it as every store holds; 0 for none."""
    return status.st_ino & _LARGEST_NUMBER if keeps_numbers(device) else 0


def _hash(descriptor: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    place = 0
    while block := os.pread(descriptor, _BLOCK_BYTES, place):
        digest.update(block)
        place += len(block)
    return digest.hexdigest()

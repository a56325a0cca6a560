"""What the screen and its painter say to each other: frames of a length, a kind and a body.

A frame is four bytes of length (big endian, kind included), one byte of kind, and the body.
"""

from __future__ import annotations

import json
import struct

from smtui.domain.errors import ErrorCode, SoundUnreadable

REQUEST = b"R"
ALIVE = b"A"
PICTURE = b"P"
UNREADABLE = b"U"

LENGTH = struct.Struct("!I")
# The largest picture anybody asks for is some 100 kB; a longer frame is noise on the pipe.
LONGEST = 16 << 20


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """Put a frame together."""
    return LENGTH.pack(len(body) + 1) + kind + body


def packed_error(error: SoundUnreadable) -> bytes:
    """Write why a sound cannot be drawn."""
    return json.dumps({"title": error.title, "code": error.code, "hint": error.hint}).encode()


def unpacked_error(packed: bytes) -> SoundUnreadable:
    """Read what `packed_error` wrote."""
    values = json.loads(packed)
    return SoundUnreadable(values["title"], code=ErrorCode(values["code"]), hint=values["hint"])

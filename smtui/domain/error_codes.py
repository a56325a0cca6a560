"""Why a sound could not be listened to: one short list of codes, each with its sentence."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """The reasons for which a file fails, in batches, scans and the library.

    They are stable and few, for programs that read results; what exactly happened is in the
    sentence kept beside each. `unseen` is none of them: a worker's note on a file that it leaves
    to other machines.
    """

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    VANISHED = "vanished"
    NO_PERMISSION = "no_permission"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    INTERNAL = "internal"

    @property
    def sentence(self) -> str:
        """What the code means, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    ErrorCode.UNREADABLE: "The file is damaged, or its disk could not read it",
    ErrorCode.UNSUPPORTED: "The file is not a sound in a known format",
    ErrorCode.EMPTY: "The file holds no sound",
    ErrorCode.TOO_LONG: "The sound is longer than smtui analyses",
    ErrorCode.VANISHED: "The file is not there, or no longer the one that was scanned",
    ErrorCode.NO_PERMISSION: "The file may not be read",
    ErrorCode.OUT_OF_MEMORY: "Analysing it needs more memory than allowed",
    ErrorCode.TIMED_OUT: "Analysing it took too long",
    ErrorCode.INTERNAL: "smtui or one of its libraries failed on it",
}

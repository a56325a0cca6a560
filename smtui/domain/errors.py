"""Every failure a person can be told about: what happened, and what to do.

A failure has a title (one short sentence, no full stop) and a hint (what to do next, may be
empty). Borders translate the errors of their libraries into these; anything else that escapes
is a defect of smtui and ends the program with a log.

Why a sound could not be listened to is one of a short list of codes, each with its sentence.
"""

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


class SmtuiError(Exception):
    """A failure with words for the person: `title` says what happened, `hint` what to do."""

    def __init__(self, title: str, *, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title}. {self.hint}".strip() if self.hint else self.title


class SettingInvalid(SmtuiError):
    """A setting has a value that cannot be used."""


class StoreUnreachable(SmtuiError):
    """The documents cannot be read or written now (disk full, read-only, server away)."""


class StoreTooNew(SmtuiError):
    """The documents were written by a newer smtui; this one must not touch them."""


class ServerUnavailable(SmtuiError):
    """A private or shared server (Valkey, Chroma, worker) cannot be had."""


class NoRoom(ServerUnavailable):
    """The disk under a server is full: nothing is damaged, and nothing needs to be made anew."""


class IndexUnusable(SmtuiError):
    """The similarity index is damaged or of other embeddings; the hint names how to mend it."""


class NotFound(SmtuiError):
    """What was asked for is not in the library."""


class NotAllowed(SmtuiError):
    """The account's role, or somebody else's ownership, does not permit it."""


class AlreadyTaken(SmtuiError):
    """A name or e-mail that must be unique is in use."""

    @classmethod
    def at_sign_up(cls, what: str) -> AlreadyTaken:
        """Return the failure of who signs up with `This e-mail` or `This username` of another."""
        return cls(f"{what} is already in use", hint="Choose another, or sign in.")


class SignInRefused(SmtuiError):
    """Unknown name, wrong password or an inactive account; the words never tell which."""


class PasswordToChoose(SmtuiError):
    """A one-time code was right; signing in goes on with a new password."""


class NotSignedIn(SmtuiError):
    """The session has ended or was never there."""


class TooManyTries(SmtuiError):
    """A limit per minute was reached."""

    def __init__(self, title: str, *, seconds: int, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.seconds = seconds


class InputInvalid(SmtuiError):
    """Something a person typed cannot be used (an e-mail without @, a name too short)."""


class QueryInvalid(SmtuiError):
    """A filter has a mistake; `start` and `end` are its place in the text, in characters."""

    def __init__(self, title: str, *, start: int, end: int, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.start = start
        self.end = end


class ModelMissing(SmtuiError):
    """The model that knows what words mean is not on this machine, or cannot be used."""


class ModelStopped(ModelMissing):
    """The process of that model has ended, and with it what it held; asking again starts one."""


class SoundUnreadable(SmtuiError):
    """A file cannot be listened to; `code` is what batch results and the library keep of it."""

    def __init__(self, title: str, *, code: ErrorCode, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.code = code

"""Files that a scan could not read: kept as a list with the reason, beside the sounds.

They are no sounds: nothing is heard of them, and no question finds them but one that asks for
them, `is:unreadable`. Then they are shown as sounds that failed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from smtui.domain.account import UserId
from smtui.domain.question import (
    All,
    Expression,
    Fact,
    Field,
    Is,
    OneOf,
    Within,
    Words,
    is_satisfied,
    meets,
)
from smtui.domain.sample import FileId, Sample, Trouble, path_key

_ID = "unreadable-"
NO_SOUND = "This file could not be read"
MEND = "Mend or replace it, then scan its folder."
MOST_KEPT = 10_000
"""So many unreadable files of one owner are kept: a folder of rubbish is no library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableFile:
    """A file that could not be read, and why, in one sentence; the path as documents have it."""

    file_path: str
    path_bytes: bytes | None = None
    user_id: UserId | None
    code: str
    error: str
    seen_at: datetime

    @property
    def path_key(self) -> str:
        """Owner and path in one string."""
        return path_key(self.user_id, self.file_path, self.path_bytes)

    def as_sample(self) -> Sample:
        """Give it as a sound of which nothing is known but that it failed."""
        name = self.file_path.rpartition("/")[2]
        number = hashlib.blake2b(self.path_key.encode(errors="surrogatepass"), digest_size=12)
        return Sample(
            file_id=FileId(f"{_ID}{number.hexdigest()}"),
            filename=name,
            file_path=self.file_path,
            path_bytes=self.path_bytes,
            file_size=0,
            duration=0.0,
            sample_rate=0,
            channels=0,
            format=name.rpartition(".")[2].lower() if "." in name else "",
            user_id=self.user_id,
            uploaded_at=self.seen_at,
            file_hash="",
            mtime_ns=0,
            trouble=Trouble(code=self.code, error=self.error, at=self.seen_at),
        )


def is_unreadable(file_id: FileId) -> bool:
    """True if an id is one that `as_sample` gave, and no sound's."""
    return file_id.startswith(_ID)


def asks_for_unreadable(expression: Expression) -> bool:
    """True if a filter wants unreadable files, and them alone."""
    if isinstance(expression, All):
        return any(asks_for_unreadable(part) for part in expression.parts)
    return expression == Is(Fact.UNREADABLE)


def is_wanted(file: Sample, expression: Expression) -> bool:
    """True if an unreadable file, as a sound, is what a filter that asks for such wants."""
    return is_satisfied(expression, lambda condition: _meets(file, condition))


def _meets(file: Sample, condition: Expression) -> bool:
    match condition:
        case Words() | Within() | OneOf(field=Field.FORMAT):
            return meets(file, condition)
        case Is(fact=fact):
            return fact in (Fact.UNREADABLE, Fact.FAILED)
        case _:
            # What is heard or tagged is not known of it.
            return False

"""A sound file in the library, what its row shows of what was heard, and scan results."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

from smtui.domain.account import UserId
from smtui.domain.filename_claims import MetadataValue as MetadataValue
from smtui.domain.filename_claims import Said, said_in
from smtui.domain.keys import key_label as key_label
from smtui.domain.quality import Quality
from smtui.domain.storable import clamped, cut_to_ms, storable
from smtui.domain.text import folded

FileId = NewType("FileId", str)


class Level(StrEnum):
    """How much was listened for; each level has everything of the ones before it."""

    BASIC = "basic"
    ADVANCED = "advanced"
    FULL = "full"

    @property
    def rank(self) -> int:
        """Order the levels: 0 for basic, 1 for advanced, 2 for full."""
        return list(Level).index(self)


def certainty(confidence: float | None) -> float:
    """Return how sure a claim counts, 0 to 1: one whose maker does not say counts as sure."""
    return 1.0 if confidence is None else confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the best analysis says, as far as table, filter and sort need it.

    Another program's analysis leaves None what it does not say: a confidence, whether it is a
    loop. `quality` is None there too, and where it was heard before quality was kept.
    `recipe_version` is that by which smtui itself has listened, 0 where it has not; `rank` to
    which of the levels, where that is another one than `level`.
    """

    tempo: float | None = None
    tempo_confidence: float | None = 0.0
    key: str | None = None
    mode: str | None = None
    key_confidence: float | None = 0.0
    root_note: str | None = None
    kind: str | None = None
    kind_confidence: float | None = 0.0
    is_loop: bool | None = False
    loudness_lufs: float | None = None
    quality: Quality | None = None
    level: str
    recipe_version: int
    analyzed_at: datetime
    rank: int | None = None

    @property
    def key_label(self) -> str | None:
        """Write the key as musicians do: `Am`, `F#`; None where there is no key."""
        return None if self.key is None else key_label(self.key, self.mode)

    @property
    def listened_rank(self) -> int:
        """The rank of the level to which smtui itself has listened, -1 where it has not."""
        if self.recipe_version == 0:
            return -1
        return Level(self.level).rank if self.rank is None else self.rank

    def knows_more(self, other: Heard) -> bool:
        """True if the same recipe listened for more here than in the other."""
        same = self.recipe_version == other.recipe_version
        return same and self.listened_rank > other.listened_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Who did something to a sound, and when; None: nobody is known."""

    by: UserId | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why the last listening failed, in one sentence; `code` may be another program's word."""

    code: str
    error: str
    at: datetime

    @property
    def storable(self) -> Trouble:
        """The trouble as every store can keep it."""
        return replace(self, error=storable(self.error), at=cut_to_ms(self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    r"""A sound file in the library.

    Attributes:
        filename: the last part of the path, printable.
        file_path: absolute, printable (bytes that are not UTF-8 as `\xNN`).
        path_bytes: the path itself, only where `file_path` cannot say it.
        file_size: bytes.
        duration: s, from the header.
        sample_rate: Hz.
        format: wav, flac, mp3, ogg, aiff, …
        user_id: owner; None is shared by all.
        tag_marks: who put a tag and when, by the tag as it stands in `tags`; tags that came
            from elsewhere have none.
        metadata: title, artist, bpm, key as the file's own tags say them, and free keys.
        file_hash: BLAKE2b-128 of the bytes, hex; empty where another program added the sound.
        ctime_ns: when the system last saw the file changed, also where its mtime was put back; 0
            where no scan has looked.
        inode: the file's number on its disk, which it keeps when it is renamed; 0 where it is not
            known or the file system does not keep numbers.
        audio_mark: what the samples alone say, whatever stands in the tags; empty where unknown.
        missing_since: when a scan of its folder no longer found it; None while it is there.
    """

    file_id: FileId
    filename: str
    file_path: str
    path_bytes: bytes | None = None
    file_size: int
    duration: float
    sample_rate: int
    channels: int
    format: str
    user_id: UserId | None
    uploaded_at: datetime
    tags: tuple[str, ...] = ()
    tag_marks: Mapping[str, Mark] = field(default_factory=dict)
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    file_hash: str
    mtime_ns: int
    ctime_ns: int = field(default=0, compare=False)
    inode: int = field(default=0, compare=False)
    audio_mark: str = field(default="", compare=False)
    heard: Heard | None = None
    trouble: Trouble | None = None
    missing_since: datetime | None = None

    @property
    def path(self) -> Path:
        """Where the file is, as the operating system knows it."""
        return Path(os.fsdecode(self.path_bytes)) if self.path_bytes else Path(self.file_path)

    @property
    def said(self) -> Said:
        """What the file's name claims."""
        return said_in(self.filename)

    @property
    def folder(self) -> str:
        """The folder's path, printable."""
        return self.file_path.rpartition("/")[0] or "/"

    @property
    def path_key(self) -> str:
        """Owner and path in one string: unique in the library."""
        return path_key(self.user_id, self.file_path, self.path_bytes)

    @property
    def search_key(self) -> str:
        """What plain words match, name first so that sorting by it sorts by name."""
        return search_key(self.filename, self.folder, self.tags, self.metadata)

    @staticmethod
    def first_found(
        found: FoundFile, *, file_id: FileId, user_id: UserId | None, at: datetime
    ) -> Sample:
        """Return the sound that a file is when a scan meets it for the first time."""
        return Sample(file_id=file_id, user_id=user_id, uploaded_at=cut_to_ms(at), **_facts(found))

    def moved(self, found: FoundFile) -> Sample:
        """Return the sound at the place where the same bytes were found."""
        return replace(self, missing_since=None, **_facts(found))

    def has_changed(self, found: FoundFile) -> bool:
        """True if other bytes were found than those that were heard.

        Of a sound that another program added nobody knew the bytes: what was heard of it is taken
        to be of those that are found.
        """
        if not self.file_hash and self.heard is not None and self.heard.recipe_version == 0:
            return False
        return self.file_hash != found.file_hash

    def found_again(self, found: FoundFile) -> Sample:
        """Return the sound as a scan met it again; what was heard of other bytes is forgotten."""
        after = self.moved(found)
        return replace(after, heard=None, trouble=None) if self.has_changed(found) else after

    def listened_to(self, heard: Heard, file_hash: str) -> Sample | None:
        """Return the sound with what was heard of these bytes; None where that does not count.

        It counts if these are the sound's bytes, or nobody knew them, and if no higher level of
        the same recipe is known. It ends what trouble there was.
        """
        if self.file_hash not in ("", file_hash):
            return None
        if self.heard is not None and self.heard.knows_more(heard):
            return None
        return replace(self, heard=heard, trouble=None, file_hash=file_hash)

    def missing(self, at: datetime | None) -> Sample:
        """Return the sound not found since `at`, or the time at which that began; None: found."""
        return replace(self, missing_since=at and (self.missing_since or cut_to_ms(at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A sound file as a scan finds it on the disk, header and tags read, bytes hashed."""

    file_path: str
    path_bytes: bytes | None = None
    file_size: int
    mtime_ns: int
    file_hash: str
    duration: float
    sample_rate: int
    channels: int
    format: str
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    ctime_ns: int = 0
    inode: int = 0
    audio_mark: str = ""

    @property
    def filename(self) -> str:
        """The last part of the path, printable."""
        return self.file_path.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """Where the file is, as the operating system knows it."""
        return Path(os.fsdecode(self.path_bytes)) if self.path_bytes else Path(self.file_path)

    @property
    def storable(self) -> FoundFile:
        """The file as every store can keep it: whole characters, numbers that are numbers."""
        return replace(
            self,
            file_path=storable(self.file_path),
            duration=self.duration if math.isfinite(self.duration) else 0.0,
            mtime_ns=clamped(self.mtime_ns),
            ctime_ns=clamped(self.ctime_ns),
            metadata={
                storable(name): storable(value) if isinstance(value, str) else value
                for name, value in self.metadata.items()
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """How a scan recognises a file that has not changed: size in bytes, mtime in ns.

    `ctime_ns` is that of the last look at the bytes, or else when the sound came into the library;
    `vanished`: a listening has met other bytes, or none, since.
    """

    file_id: FileId
    file_size: int
    mtime_ns: int
    file_hash: str
    missing: bool
    ctime_ns: int = field(default=0, compare=False)
    vanished: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder that was scanned and is remembered."""

    folder_path: str
    path_bytes: bytes | None = None
    user_id: UserId | None
    scanned_at: datetime | None

    @property
    def path(self) -> Path:
        """Where the folder is, as the operating system knows it."""
        return Path(os.fsdecode(self.path_bytes)) if self.path_bytes else Path(self.folder_path)


def path_key(user_id: UserId | None, file_path: str, raw: bytes | None) -> str:
    """Write owner and path in one string; the bytes stand where the text cannot say them."""
    place = f"bytes:{raw.hex()}" if raw is not None else file_path
    return f"{user_id or ''}\x1f{place}"


def search_key(
    filename: str, folder: str, tags: tuple[str, ...], metadata: Mapping[str, MetadataValue]
) -> str:
    """Fold everything that plain words should find: name, folder, tags, title, artist."""
    said = [str(metadata[name]) for name in ("title", "artist") if metadata.get(name)]
    return folded("\x1f".join([filename, folder, *tags, *said]))


def _facts(found: FoundFile) -> dict[str, Any]:
    """What a sound has of a file that was found."""
    return {name: getattr(found, name) for name in (*FoundFile.__slots__, "filename")}

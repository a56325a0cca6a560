"""A sound file in the library, what its row shows of what was heard, and scan results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NewType

from smtui.domain.account import UserId
from smtui.domain.keys import key_label as key_label
from smtui.domain.quality import Quality
from smtui.domain.said import MetadataValue as MetadataValue
from smtui.domain.said import Said, said_in
from smtui.domain.text import folded

FileId = NewType("FileId", str)


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

r"""A sound as a document of `audio_files`, and back.

Fields that the system names are written as it wants them; those below are ours, derived from them
so that one index answers each condition and each order. Documents of other programs lack ours
until they are adopted; then they differ in nothing.

- search_key, path_key: as in the domain; without a path there is no path_key.
- folder_key, length_key (s), added_key (a date): what FOLDER, LENGTH and ADDED sort by.
- folder_parts: the folder folded, with a slash at its end.
- inside: `folder_parts` from each of its parts on, so that whole parts are found by their
  beginning; cut to `LONGEST_INSIDE` characters.
- tag_keys: the tags folded. tags_key: all of them in one text to sort by, null for none.
- tag_marks: [{tag, by, at}], who put a tag.
- said: {tempo, key, mode}, what the name claims; null for nothing.
- disagrees: whether name or tags claim another tempo or key than was heard. Every document of ours
  has it, so what lacks it is another program's, or was written by an older smtui.
- metadata_names: which names of `metadata` a scan wrote; others belong to other programs.
- rev: rises by one with each change of what this text speaks of, so that changes never cross.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from smtui.domain.account import UserId
from smtui.domain.claim_differences import differences
from smtui.domain.errors import ErrorCode
from smtui.domain.quality import Quality
from smtui.domain.question import Field, sort_value
from smtui.domain.sample import (
    FileId,
    Folder,
    FoundFile,
    Heard,
    Level,
    Mark,
    MetadataValue,
    Sample,
    Stamp,
    Trouble,
)
from smtui.domain.storable import clamped
from smtui.domain.text import folded, folder_parts, storable
from smtui.domain.unreadable import UnreadableFile
from smtui.stores.mongo.values import (
    Document,
    count_in,
    count_or_none,
    cut_to_ms,
    cut_to_ms_or_none,
    list_in,
    mapping_in,
    number_in,
    number_or_none,
    text_in,
    text_or_none,
    texts_in,
    time_in,
    time_or_none,
)

LONGEST_INSIDE = 200
_DOLLAR, _FULL_DOLLAR = "$", "\N{FULLWIDTH DOLLAR SIGN}"


def sample_of(document: Mapping[str, Any]) -> Sample:
    """Read a document, also one of another program: what it lacks gets what says least."""
    file_path = text_in(document.get("file_path"))
    raw = document.get("path_bytes")
    return Sample(
        file_id=FileId(text_in(document.get("file_id"))),
        filename=text_in(document.get("filename")) or file_path.rpartition("/")[2],
        file_path=file_path,
        path_bytes=bytes(raw) if isinstance(raw, bytes) else None,
        file_size=count_in(document.get("file_size")),
        mtime_ns=count_in(document.get("mtime_ns")),
        file_hash=text_in(document.get("file_hash")),
        ctime_ns=count_in(document.get("ctime_ns")),
        inode=count_in(document.get("inode")),
        audio_mark=text_in(document.get("audio_mark")),
        duration=number_in(document.get("duration")),
        sample_rate=count_in(document.get("sample_rate")),
        channels=count_in(document.get("channels")),
        format=text_in(document.get("format")).lower(),
        user_id=owner_of(document),
        uploaded_at=time_in(document.get("uploaded_at")),
        missing_since=time_or_none(document.get("missing_since")),
        tags=texts_in(document.get("tags")),
        tag_marks=_marks(document.get("tag_marks")),
        metadata=_metadata(document.get("metadata")),
        heard=heard_in(document.get("heard")),
        trouble=trouble_in(document.get("trouble")),
    )


def owner_of(document: Mapping[str, Any]) -> UserId | None:
    """Whose a document is."""
    owner = text_or_none(document.get("user_id"))
    return None if owner is None else UserId(owner)


def document_of(sample: Sample) -> Document:
    """Write a sound; what it lacks is left out, so that sparse indexes stay small."""
    found: Document = {
        "file_id": sample.file_id,
        "filename": sample.filename,
        "file_path": sample.file_path,
        "file_size": sample.file_size,
        "duration": sample.duration,
        "sample_rate": sample.sample_rate,
        "channels": sample.channels,
        "format": sample.format,
        "user_id": sample.user_id,
        "uploaded_at": cut_to_ms(sample.uploaded_at),
        "tags": list(sample.tags),
        "metadata": metadata_document(sample.metadata),
        "file_hash": sample.file_hash,
        "mtime_ns": sample.mtime_ns,
        **derived(sample),
    }
    found |= where_found(sample)
    if sample.path_bytes is not None:
        found["path_bytes"] = sample.path_bytes
    if sample.tag_marks:
        found["tag_marks"] = marks_document(sample.tag_marks)
    if sample.heard is not None:
        found["heard"] = heard_document(sample.heard)
    if sample.trouble is not None:
        found["trouble"] = trouble_document(sample.trouble)
    if sample.missing_since is not None:
        found["missing_since"] = cut_to_ms_or_none(sample.missing_since)
    return found


def where_found(file: Sample | FoundFile) -> Document:
    """What a scan recognises a file by beside its path; what it could not tell is left out."""
    known = {"ctime_ns": file.ctime_ns, "inode": file.inode, "audio_mark": file.audio_mark}
    return {name: value for name, value in known.items() if value}


def derived(sample: Sample) -> Document:
    """Our own fields that follow from the others."""
    parts = folder_parts(folded(sample.folder))
    found: Document = {
        "search_key": sample.search_key,
        "folder_key": sort_value(sample, Field.FOLDER),
        "folder_parts": parts,
        "inside": beginnings(parts),
        "tag_keys": [folded(tag) for tag in sample.tags],
        "tags_key": sort_value(sample, Field.TAGS),
        "length_key": sample.duration,
        "added_key": cut_to_ms(sample.uploaded_at),
        "said": asdict(sample.said) if sample.said else None,
        "disagrees": bool(differences(sample)),
    }
    if sample.file_path:
        found["path_key"] = sample.path_key
    return found


def beginnings(parts: str) -> list[str]:
    """`/a/drums/` gives `/a/drums/` and `/drums/`, each cut to what is looked for."""
    places = [place for place, letter in enumerate(parts[:-1]) if letter == "/"] or [0]
    return [parts[place : place + LONGEST_INSIDE] for place in places]


def heard_document(heard: Heard) -> Document:
    """Write what was heard, with the label that keys sort by and the rank of the level."""
    return {
        "tempo": heard.tempo,
        "key": heard.key,
        "mode": heard.mode,
        "kind": heard.kind,
        "is_loop": heard.is_loop,
        "loudness_lufs": heard.loudness_lufs,
        "level": heard.level,
        "recipe_version": heard.recipe_version,
        "analyzed_at": cut_to_ms(heard.analyzed_at),
        "tempo_confidence": heard.tempo_confidence,
        "key_confidence": heard.key_confidence,
        "kind_confidence": heard.kind_confidence,
        "root_note": heard.root_note,
        "key_label": heard.key_label,
        "rank": heard.listened_rank,
        **({} if heard.quality is None else asdict(heard.quality)),
    }


def heard_in(value: object) -> Heard | None:
    """Read what was heard; None where nothing was, or where no level that we know is named."""
    heard = mapping_in(value)
    level = heard.get("level")
    if level not in list(Level):
        return None
    return Heard(
        tempo=number_or_none(heard.get("tempo")),
        tempo_confidence=number_or_none(heard.get("tempo_confidence")),
        key=text_or_none(heard.get("key")),
        mode=text_or_none(heard.get("mode")),
        key_confidence=number_or_none(heard.get("key_confidence")),
        root_note=text_or_none(heard.get("root_note")),
        kind=text_or_none(heard.get("kind")),
        kind_confidence=number_or_none(heard.get("kind_confidence")),
        is_loop=_yes_or_no(heard.get("is_loop")),
        loudness_lufs=number_or_none(heard.get("loudness_lufs")),
        level=str(level),
        recipe_version=count_in(heard.get("recipe_version")),
        analyzed_at=time_in(heard.get("analyzed_at")),
        quality=_quality(heard),
        rank=_rank(heard, Level(level)),
    )


def trouble_document(trouble: Trouble) -> Document:
    """Write why the last listening failed."""
    return {
        "code": str(trouble.code),
        "error": storable(trouble.error),
        "at": cut_to_ms(trouble.at),
    }


def trouble_in(value: object) -> Trouble | None:
    """Read why the last listening failed."""
    trouble = mapping_in(value)
    code = text_or_none(trouble.get("code"))
    if code is None:
        return None
    return Trouble(code=code, error=text_in(trouble.get("error")), at=time_in(trouble.get("at")))


def marks_document(marks: Mapping[str, Mark]) -> list[Document]:
    """Write who put which tag; a list, as a tag may be no name for a field."""
    return [{"tag": tag, "by": mark.by, "at": cut_to_ms(mark.at)} for tag, mark in marks.items()]


def metadata_document(metadata: Mapping[str, MetadataValue]) -> Document:
    r"""Write what the file's tags say; a leading `$` becomes `＄`, which a field may begin with."""
    return {_field_name(name): _storable_value(value) for name, value in metadata.items()}


def storable_metadata(metadata: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    """The metadata as it will be read again."""
    return _metadata(metadata_document(metadata))


def stamp_of(row: Mapping[str, Any]) -> Stamp:
    """Read what a scan compares of a sound."""
    return Stamp(
        file_id=FileId(text_in(row.get("file_id"))),
        file_size=count_in(row.get("file_size")),
        mtime_ns=count_in(row.get("mtime_ns")),
        file_hash=text_in(row.get("file_hash")),
        missing=row.get("missing_since") is not None,
        ctime_ns=count_in(row.get("ctime_ns"))
        or round(time_in(row.get("uploaded_at")).timestamp() * 1_000) * 1_000_000,
        vanished=mapping_in(row.get("trouble")).get("code") == ErrorCode.VANISHED,
    )


def unreadable_update(file: UnreadableFile) -> UpdateOne:
    """Write a file that cannot be read; since when it cannot be stays as it is."""
    fields = {
        "user_id": file.user_id,
        "file_path": storable(file.file_path),
        "path_bytes": file.path_bytes,
        "code": file.code,
        "error": storable(file.error),
    }
    since = {"seen_at": cut_to_ms(file.seen_at)}
    return UpdateOne(
        {"_id": storable(file.path_key)}, {"$set": fields, "$setOnInsert": since}, upsert=True
    )


def unreadable_of(document: Mapping[str, Any]) -> UnreadableFile:
    """Read a file that cannot be read."""
    raw = document.get("path_bytes")
    return UnreadableFile(
        file_path=text_in(document.get("file_path")),
        path_bytes=bytes(raw) if isinstance(raw, bytes) else None,
        user_id=owner_of(document),
        code=text_in(document.get("code")),
        error=text_in(document.get("error")),
        seen_at=time_in(document.get("seen_at")),
    )


def folder_key(folder_path: str, user_id: UserId | None) -> Document:
    """One document for owner and path, whoever makes it first."""
    path = storable(folder_path)
    return {"_id": f"{user_id or ''}\x1f{path}", "user_id": user_id, "folder_path": path}


def folder_of(document: Mapping[str, Any], user_id: UserId | None) -> Folder:
    """Read a folder that was scanned."""
    raw = document.get("path_bytes")
    return Folder(
        folder_path=text_in(document.get("folder_path")),
        path_bytes=bytes(raw) if isinstance(raw, bytes) else None,
        user_id=user_id,
        scanned_at=time_or_none(document.get("scanned_at")),
    )


def _rank(heard: Mapping[str, Any], level: Level) -> int | None:
    """To which level smtui has listened, where the row shows another program's."""
    rank = count_or_none(heard.get("rank"))
    return None if rank in (None, -1, level.rank) else rank


def _quality(heard: Mapping[str, Any]) -> Quality | None:
    clipped = count_or_none(heard.get("clipped_samples"))
    if clipped is None:
        return None
    return Quality(
        true_peak_dbtp=number_or_none(heard.get("true_peak_dbtp")),
        bit_depth=count_or_none(heard.get("bit_depth")),
        bits_used=count_or_none(heard.get("bits_used")),
        clipped_samples=clipped,
        dc_offset=number_in(heard.get("dc_offset")),
        silence_head=number_in(heard.get("silence_head")),
        silence_tail=number_in(heard.get("silence_tail")),
        stereo_correlation=number_or_none(heard.get("stereo_correlation")),
    )


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _field_name(name: str) -> str:
    written = storable(name).replace("\0", r"\x00")
    if written.startswith(_DOLLAR):
        return _FULL_DOLLAR + written[1:]
    return _FULL_DOLLAR + written if written.startswith(_FULL_DOLLAR) else written


def _name_of(field: str) -> str:
    if field.startswith(_FULL_DOLLAR * 2):
        return field[1:]
    return _DOLLAR + field[1:] if field.startswith(_FULL_DOLLAR) else field


def _storable_value(value: MetadataValue) -> MetadataValue:
    match value:
        case str():
            return storable(value)
        case bool() | None:
            return value
        case int():
            return value if clamped(value) == value else str(value)
        case float():
            return value if math.isfinite(value) else str(value)


def _metadata(value: object) -> dict[str, MetadataValue]:
    return {_name_of(str(name)): _plain(each) for name, each in mapping_in(value).items()}


def _plain(value: object) -> MetadataValue:
    """One value of metadata; what another program nested there becomes text."""
    match value:
        case None | bool() | str() | float():
            return value
        case int():
            # The driver's own kind of number behaves the same but is shown with its name.
            return int(value)
        case datetime():
            return value.isoformat()
        case list():
            return ", ".join(str(_plain(part)) for part in value)
        case _:
            return str(value)


def _marks(value: object) -> dict[str, Mark]:
    found = {}
    for each in list_in(value):
        mark = mapping_in(each)
        by, at = text_or_none(mark.get("by")), time_or_none(mark.get("at"))
        if isinstance(mark.get("tag"), str) and at is not None:
            found[mark["tag"]] = Mark(by=None if by is None else UserId(by), at=at)
    return found

r"""The tree of a question as a filter over `audio_files`, and what is found without a question.

A filter on a field that a document lacks does not match, and `$nor` turns that round: unknown
never matches inside Not and so always matches outside. Types are kept apart by MongoDB itself:
`$gte` with a number finds numbers only.

Words are a regular expression over `search_key`, read from the keys of its index without a look
at a document: about 1 s for 1,000,000 sounds where nothing matches, less the more does. An index
of all three letters in a row would answer rare words in milliseconds, but has 40 to 60 keys for
each sound: several times the keys of all other indexes together, in memory and with each write of
a scan. Answers to rare words are remembered for their next pages instead (`planner.py`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from smtui.domain.account import UserId
from smtui.domain.analysis import Level
from smtui.domain.question import (
    CHOICES,
    NEVER_UNKNOWN,
    NUMBERS,
    All,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.question import Any as AnyOf
from smtui.domain.sample import FileId, path_key
from smtui.domain.text import folded, folder_parts, storable
from smtui.stores.mongo.sample_codec import LONGEST_INSIDE
from smtui.stores.mongo.values import LONG_AGO

Filter = dict[str, Any]

Keys = tuple[tuple[str, int], ...]
"""An index or an order: fields, each 1 or -1."""

SORT_FIELDS = {
    Field.NAME: "search_key",
    Field.FOLDER: "folder_key",
    Field.KIND: "heard.kind",
    Field.TEMPO: "heard.tempo",
    Field.KEY: "heard.key_label",
    Field.LENGTH: "length_key",
    Field.LOUDNESS: "heard.loudness_lufs",
    Field.TAGS: "tags_key",
    Field.ADDED: "added_key",
}
FIELDS = SORT_FIELDS | {
    Field.MODE: "heard.mode",
    Field.NOTE: "heard.root_note",
    Field.FORMAT: "format",
    Field.RATE: "sample_rate",
    Field.CHANNELS: "channels",
    Field.PEAK: "heard.true_peak_dbtp",
    Field.BITS: "heard.bits_used",
    Field.CLIPPED: "heard.clipped_samples",
    Field.DC: "heard.dc_offset",
    Field.HEAD: "heard.silence_head",
    Field.TAIL: "heard.silence_tail",
    Field.CORRELATION: "heard.stereo_correlation",
}
BY_ID: Keys = (("file_id", 1),)
BY_PATH: Keys = (("path_key", 1),)
UNHEARD: Keys = (("heard.rank", 1), ("file_id", 1))

EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

EVERYTHING: Filter = {}
NOTHING: Filter = {"file_id": {"$in": []}}

# The server takes patterns of up to 16,384 characters; escaped, each may be two.
_LONGEST_PATTERN = 8_000

_FACTS: dict[Fact, Filter] = {
    Fact.LOOP: {"heard.is_loop": True},
    Fact.ONESHOT: {"heard.is_loop": False},
    # -1 where only another program has.
    Fact.HEARD: {"heard.rank": {"$gte": -1}},
    Fact.FAILED: {"trouble.code": {"$gte": ""}},
    Fact.MISSING: {"missing_since": {"$gte": EARLIEST}},
    Fact.DISAGREE: {"disagrees": True},
    Fact.UNREADABLE: NOTHING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One question to the server, with the index that must serve it."""

    filter: Filter
    order: Keys
    hint: Keys

    def also(self, asked: Filter) -> Find:
        """The same, where this holds too."""
        return replace(self, filter=both(self.filter, asked))

    def through(self, hint: Keys) -> Find:
        """The same by another index; what it gives is few and is sorted by the server."""
        return replace(self, hint=hint)


def visible(viewer: UserId | None) -> Filter:
    """A viewer's own sounds and those that all share."""
    return {"user_id": None if viewer is None else {"$in": [None, viewer]}}


def filter_of(expression: Expression) -> Filter:
    """Write the expression as a filter; unknown nodes are a defect and raise TypeError."""
    match expression:
        case All(parts=parts):
            return both(*(filter_of(part) for part in parts))
        case AnyOf(parts=parts):
            return {"$or": [filter_of(part) for part in parts]} if parts else NOTHING
        case Not(inner=inner):
            return {"$nor": [filter_of(inner)]}
        case _:
            return _leaf(expression)


def both(*filters: Filter) -> Filter:
    """What all of these match."""
    asked = [part for part in filters if part]
    if not asked:
        return EVERYTHING
    return asked[0] if len(asked) == 1 else {"$and": asked}


def stretches_below(folder: str, user_id: UserId | None, after: str | None) -> list[Find]:
    """What `below` asks for: paths as text, then those that only bytes can say."""
    inside = folder_parts(storable(folder))
    end = f"{inside[:-1]}0"
    begin = path_key(user_id, "", None)
    told = {"$gt": begin + inside, "$lt": begin + end}
    raw = {"$gt": f"{begin}bytes:", "$lt": f"{begin}bytes;"}
    stretches: list[Filter] = [
        {"path_key": told},
        {"path_key": raw, "file_path": {"$gt": inside, "$lt": end}},
    ]
    for stretch in stretches:
        stretch["path_key"]["$gt"] = max(stretch["path_key"]["$gt"], after or "")
    return [Find(filter=stretch, order=BY_PATH, hint=BY_PATH) for stretch in stretches]


def walks_of_unheard(
    level: Level, *, user_id: UserId | None, below: str | None, after: FileId | None, retry: bool
) -> list[Find]:
    """One walk for each lower level along (level, file_id), to be joined by file_id."""
    conditions: list[Filter] = [visible(user_id), {"missing_since": None}]
    if after is not None:
        conditions.append({"file_id": {"$gt": after}})
    if not retry:
        conditions.append({"trouble.code": None})
    if below is not None:
        inside = folder_parts(storable(below))
        conditions.append({"file_path": {"$gt": inside, "$lt": f"{inside[:-1]}0"}})
    return [
        Find(filter=both({"heard.rank": rank}, *conditions), order=UNHEARD, hint=UNHEARD)
        for rank in (None, -1, *range(level.rank))
    ]


def _leaf(expression: Expression) -> Filter:
    match expression:
        case Everything():
            return EVERYTHING
        case Words(text=text):
            return {"search_key": containing(folded(text))} if _short(text) else NOTHING
        case Tagged(tag=tag):
            return {"tag_keys": storable(folded(tag))}
        case Within():
            return _within(expression)
        case Is(fact=fact):
            return _FACTS[fact]
        case _:
            return _of_field(expression)


def _of_field(expression: Expression) -> Filter:
    match expression:
        case Between(field=Field.ADDED, low=low, high=high):
            return {FIELDS[Field.ADDED]: _within_times(low, high)}
        case Between(field=field, low=low, high=high) if field in NUMBERS:
            return {FIELDS[field]: _within_numbers(low, high)}
        case OneOf(field=field, values=values) if field in CHOICES:
            return {FIELDS[field]: {"$in": _choices(field, values)}}
        case Unknown(field=field) if field in NEVER_UNKNOWN:
            return NOTHING
        case Unknown(field=field):
            return {FIELDS[field]: None}
        case _:
            message = f"not a condition that this store knows: {expression!r}"
            raise TypeError(message)


def _short(text: str) -> bool:
    """True if a pattern can be made of it; no name and no folder is longer than this."""
    return len(folded(text)) <= _LONGEST_PATTERN


def containing(text: str) -> Filter:
    """A text occurs; nothing in it is a wildcard."""
    return {"$regex": re.escape(storable(text)).replace("\0", r"\x00")}


def _within(within: Within) -> Filter:
    text = storable(folded(within.folder))
    if within.direct:
        return {"folder_parts": folder_parts(text)}
    inner = text.strip("/")
    if not inner:
        return EVERYTHING
    # "0" follows "/" in the alphabet, so this is every text that begins with the folder.
    limits = {"$gte": f"/{inner}/", "$lt": f"/{inner}0"}
    if text.startswith("/"):
        return {"folder_parts": limits}
    if len(inner) + 2 > LONGEST_INSIDE:
        return {"folder_parts": containing(f"/{inner}/")} if _short(inner) else NOTHING
    return {"inside": {"$elemMatch": limits}}


def _within_numbers(low: float | None, high: float | None) -> Filter:
    """A number within limits, both included; with no limit at all, any known number."""
    limits = {"$gte": -math.inf if low is None else low}
    return limits if high is None else limits | {"$lte": high}


def _within_times(low: float | None, high: float | None) -> Filter:
    """The same for a time, in ms since 1970."""
    limits = {"$gte": EARLIEST if low is None else time_at(math.ceil(low))}
    return limits if high is None else limits | {"$lte": time_at(math.floor(high))}


def time_at(ms: float) -> datetime:
    """The time so many ms after 1970, or the nearest one that there is."""
    if not math.isfinite(ms):
        return _LATEST if ms > 0 else EARLIEST
    try:
        return LONG_AGO + ms * _MILLISECOND
    except OverflowError:
        return _LATEST if ms > 0 else EARLIEST


def ms_of(at: datetime) -> int:
    """Whole ms after 1970."""
    return (at - LONG_AGO) // _MILLISECOND


def _choices(field: Field, values: tuple[str, ...]) -> list[str]:
    """The values as documents have them: keys as their label, all others folded."""
    if field in (Field.KEY, Field.NOTE):
        return [storable(value) for value in values]
    texts = [storable(folded(value)) for value in values]
    # Other programs also write `WAV`.
    return texts + [text.upper() for text in texts] if field is Field.FORMAT else texts

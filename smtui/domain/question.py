"""A question to the library as a tree, and how its answer is sorted and cut into pages.

`domain/query.py` makes the tree from what a person types; each store compiles it to its own
language. Every node is data: stores must treat unknown nodes as a defect, not as "matches all".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from smtui.domain.account import UserId
from smtui.domain.sample import FileId, Sample

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Field(StrEnum):
    """What a condition or a sort can speak of."""

    NAME = "name"
    FOLDER = "folder"
    KIND = "kind"
    TEMPO = "tempo"
    KEY = "key"
    MODE = "mode"
    LENGTH = "length"
    LOUDNESS = "loudness"
    TAGS = "tags"
    FORMAT = "format"
    RATE = "rate"
    CHANNELS = "channels"
    ADDED = "added"
    PEAK = "peak"
    BITS = "bits"
    CLIPPED = "clipped"
    DC = "dc"
    HEAD = "head"
    TAIL = "tail"
    CORRELATION = "correlation"
    NOTE = "note"


QUALITIES = (
    Field.PEAK,
    Field.BITS,
    Field.CLIPPED,
    Field.DC,
    Field.HEAD,
    Field.TAIL,
    Field.CORRELATION,
)
"""What was measured of the samples themselves; nothing is sorted by it."""


NUMBERS = (
    Field.TEMPO,
    Field.LENGTH,
    Field.LOUDNESS,
    Field.RATE,
    Field.CHANNELS,
    Field.ADDED,
    *QUALITIES,
)
"""What `Between` can ask of; a time is milliseconds since 1970."""

CHOICES = (Field.KIND, Field.KEY, Field.MODE, Field.FORMAT, Field.NOTE)
"""What `OneOf` can ask of."""

NEVER_UNKNOWN = (
    Field.NAME,
    Field.FOLDER,
    Field.LENGTH,
    Field.ADDED,
    Field.FORMAT,
    Field.RATE,
    Field.CHANNELS,
)
"""What every sound has a value of, also one that was not yet analysed."""


class Fact(StrEnum):
    """What `is:` can ask; `disagree`: name or tags say another tempo or key than was heard.

    `unreadable` is no sound of the library, so a store finds none; see `domain/unreadable.py`.
    """

    LOOP = "loop"
    ONESHOT = "oneshot"
    HEARD = "heard"
    FAILED = "failed"
    MISSING = "missing"
    DISAGREE = "disagree"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every sound."""


@dataclass(frozen=True, slots=True)
class Words:
    """The folded text occurs in the search key (name, folder, tags, title, artist)."""

    text: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of the tags equals the text, both folded."""

    tag: str


@dataclass(frozen=True, slots=True)
class Within:
    """The folder's printable path contains the text as whole parts, both folded.

    `in:drums` finds `/a/Drums/x.wav` and `/a/Drums/b/x.wav`; `in:/a/drums` only below `/a/Drums`.
    `direct` asks for files right in exactly this folder (an absolute path), none deeper.
    """

    folder: str
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """A number lies within the limits, both included; None is open. Unknown never matches."""

    field: Field
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these (kind, mode, format folded; key as its label, note as `A1`)."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """No value: `bpm:-`, `key:-`, `kind:-`, `loud:-`, `tag:-`."""

    field: Field


@dataclass(frozen=True, slots=True)
class Is:
    """A yes-or-no fact; `is:loop` and `is:oneshot` match only what was heard."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Not:
    """Matches what the inner condition does not match, unknown values included."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Matches where every part does."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Matches where at least one part does."""

    parts: tuple[Expression, ...]


Expression = Everything | Words | Tagged | Within | Between | OneOf | Unknown | Is | Not | All | Any


SORTABLE = (
    Field.NAME,
    Field.FOLDER,
    Field.KIND,
    Field.TEMPO,
    Field.KEY,
    Field.LENGTH,
    Field.LOUDNESS,
    Field.TAGS,
    Field.ADDED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """By which field, which way. Sounds without a value come last both ways, then by file_id.

    Descending, equal values stand by falling file_id too: the same order walked backwards.
    """

    field: Field = Field.NAME
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which sounds, in which order, as seen by whom (their own and the shared ones)."""

    expression: Expression = field(default_factory=Everything)
    sort: Sort = field(default_factory=Sort)
    viewer: UserId | None = None

    @property
    def of_present(self) -> Question:
        """The same without sounds whose files are gone: nobody could use what is found."""
        present = Not(Is(Fact.MISSING))
        return replace(self, expression=All((self.expression, present)))


SortValue = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands in a sorted answer: its sort value (None: it has none) and its id."""

    value: SortValue
    file_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which rows of an answer: `limit` of them, next to a place, after jumping over `skip`."""

    limit: int
    after: Place | None = None
    before: Place | None = None
    skip: int = 0

    @property
    def start(self) -> Place | None:
        """The place that the rows lie next to; None: from the start."""
        return self.after or self.before

    @property
    def backwards(self) -> bool:
        """True if the rows are those before the place."""
        return self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows in order, each with its place: `places[i]` belongs to `samples[i]`."""

    samples: tuple[Sample, ...]
    places: tuple[Place, ...]


def quality_value(sample: Sample, of: Field) -> float | int | None:
    """Give the value that a condition on quality speaks of; None where it is not known."""
    quality = sample.heard.quality if sample.heard else None
    if quality is None:
        return None
    match of:
        case Field.PEAK:
            return quality.true_peak_dbtp
        case Field.BITS:
            return quality.bits_used
        case Field.CLIPPED:
            return quality.clipped_samples
        case Field.DC:
            return quality.dc_offset
        case Field.HEAD:
            return quality.silence_head
        case Field.TAIL:
            return quality.silence_tail
        case Field.CORRELATION:
            return quality.stereo_correlation
        case _:
            message = f"not a quality: {of}"
            raise ValueError(message)


def tags_sort_value(tags: Iterable[str]) -> str | None:
    """Give what sounds are sorted by where they are sorted by their tags."""
    return "\x1f".join(sorted(tag.casefold() for tag in tags)) or None


def sort_value(sample: Sample, by: Field) -> SortValue:
    """Give the value that a store sorts this sound by; the one definition for every store."""
    heard = sample.heard
    match by:
        case Field.NAME:
            return sample.search_key
        case Field.FOLDER:
            return f"{sample.folder}\x1f{sample.filename}".casefold()
        case Field.LENGTH:
            return sample.duration
        case Field.TAGS:
            return tags_sort_value(sample.tags)
        case Field.ADDED:
            return (sample.uploaded_at - _EPOCH) // timedelta(milliseconds=1)
        case Field.KIND:
            return heard.kind if heard else None
        case Field.TEMPO:
            return heard.tempo if heard else None
        case Field.KEY:
            return heard.key_label if heard else None
        case Field.LOUDNESS:
            return heard.loudness_lufs if heard else None
        case _:
            message = f"not a sortable field: {by}"
            raise ValueError(message)

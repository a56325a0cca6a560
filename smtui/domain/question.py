"""A question to the library as a tree, and how its answer is sorted and cut into pages.

`domain/query.py` makes the tree from what a person types; each store compiles it to its own
language. Every node is data: stores must treat unknown nodes as a defect, not as "matches all".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from smtui.domain.account import UserId
from smtui.domain.claim_differences import differences
from smtui.domain.sample import FileId, Sample
from smtui.domain.text import folded

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

    def puts_first(self, place: Place, other: Place) -> bool:
        """True if a place stands before another one."""
        if (place.value is None) != (other.value is None):
            return other.value is None
        first, second = (other, place) if self.descending else (place, other)
        return first.order < second.order


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

    def matches(self, sample: Sample) -> bool:
        """True if the viewer sees the sound and it is what is asked for."""
        return sample.user_id in (None, self.viewer) and matches(self.expression, sample)

    def place_of(self, sample: Sample) -> Place:
        """Return where a sound stands in the answer."""
        return Place(value=sort_value(sample, self.sort.field), file_id=sample.file_id)

    def answered(self, samples: Iterable[Sample]) -> list[Sample]:
        """Return which of the sounds are asked for, in the order of the answer.

        Raises:
            TypeError: limits are asked for of what is no number.
        """
        _check(self.expression)
        placed = [(self.place_of(sample), sample) for sample in samples if self.matches(sample)]
        placed.sort(key=lambda each: each[0].order, reverse=self.sort.descending)
        # Sounds without a value come last both ways.
        valued = [sample for place, sample in placed if place.value is not None]
        return valued + [sample for place, sample in placed if place.value is None]


SortValue = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands in a sorted answer: its sort value (None: it has none) and its id."""

    value: SortValue
    file_id: FileId

    @property
    def order(self) -> tuple[object, ...]:
        """What rows with a value, and those without, are sorted by."""
        return (False, self.file_id) if self.value is None else (True, self.value, self.file_id)


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


def matches(expression: Expression, sample: Sample) -> bool:
    """True if the sound is what is asked for; the one definition for every store."""
    return is_satisfied(expression, lambda condition: meets(sample, condition))


def is_satisfied(expression: Expression, holds: Callable[[Expression], bool]) -> bool:
    """True if an expression is true where `holds` says which of its conditions are."""
    match expression:
        case Everything():
            return True
        case All(parts=parts):
            return all(is_satisfied(part, holds) for part in parts)
        case Any(parts=parts):
            return any(is_satisfied(part, holds) for part in parts)
        case Not(inner=inner):
            return not is_satisfied(inner, holds)
        case _:
            return holds(expression)


def meets(sample: Sample, condition: Expression) -> bool:
    """True if a sound meets one condition, which is no expression made of others."""
    match condition:
        case Words(text=text):
            return folded(text) in sample.search_key
        case Tagged(tag=tag):
            return folded(tag) in {folded(present) for present in sample.tags}
        case Within(folder=folder, direct=direct):
            return lies_within(folded(sample.folder), folded(folder), direct=direct)
        case Is(fact=fact):
            return _holds(fact, sample)
        case Between(field=by, low=low, high=high):
            number = value_of(sample, by)
            if not isinstance(number, int | float):
                return False
            return (low is None or low <= number) and (high is None or number <= high)
        case OneOf(field=by, values=values):
            return value_of(sample, by) in values
        case Unknown(field=by):
            return value_of(sample, by) is None
        case _:
            return matches(condition, sample)


def _check(expression: Expression) -> None:
    match expression:
        case All(parts=parts) | Any(parts=parts):
            for part in parts:
                _check(part)
        case Not(inner=inner):
            _check(inner)
        case Between(field=by) if by not in NUMBERS:
            message = f"{by} is no number"
            raise TypeError(message)


def lies_within(folder: str, asked: str, *, direct: bool) -> bool:
    """True if a folder is what `Within` asks for, both folded."""
    if direct:
        return folder == asked
    parts, wanted = folder.strip("/").split("/"), asked.strip("/").split("/")
    if not asked.strip("/"):
        return True
    starts = [0] if asked.startswith("/") else range(len(parts))
    return any(parts[start : start + len(wanted)] == wanted for start in starts)


def _holds(fact: Fact, sample: Sample) -> bool:
    heard = sample.heard
    match fact:
        case Fact.LOOP:
            return heard is not None and heard.is_loop is True
        case Fact.ONESHOT:
            return heard is not None and heard.is_loop is False
        case Fact.HEARD:
            return heard is not None
        case Fact.FAILED:
            return sample.trouble is not None
        case Fact.MISSING:
            return sample.missing_since is not None
        case Fact.DISAGREE:
            return bool(differences(sample))
        case Fact.UNREADABLE:
            # No sound is: such files are kept apart.
            return False


def value_of(sample: Sample, field: Field) -> SortValue:
    """Return what a condition on a field compares; None where it is not known."""
    return _VALUES[field](sample)


def tags_sort_value(tags: Iterable[str]) -> str | None:
    """Give what sounds are sorted by where they are sorted by their tags."""
    return "\x1f".join(sorted(tag.casefold() for tag in tags)) or None


def _of_heard(name: str) -> Callable[[Sample], SortValue]:
    return lambda sample: getattr(sample.heard, name) if sample.heard else None


def _of_quality(name: str) -> Callable[[Sample], SortValue]:
    return lambda sample: (
        getattr(sample.heard.quality, name) if sample.heard and sample.heard.quality else None
    )


_VALUES: Mapping[Field, Callable[[Sample], SortValue]] = {
    Field.NAME: lambda sample: sample.search_key,
    Field.FOLDER: lambda sample: f"{sample.folder}\x1f{sample.filename}".casefold(),
    Field.LENGTH: lambda sample: sample.duration,
    Field.TAGS: lambda sample: tags_sort_value(sample.tags),
    Field.ADDED: lambda sample: (sample.uploaded_at - _EPOCH) // timedelta(milliseconds=1),
    Field.FORMAT: lambda sample: sample.format,
    Field.RATE: lambda sample: sample.sample_rate,
    Field.CHANNELS: lambda sample: sample.channels,
    Field.KIND: _of_heard("kind"),
    Field.TEMPO: _of_heard("tempo"),
    Field.KEY: _of_heard("key_label"),
    Field.MODE: _of_heard("mode"),
    Field.NOTE: _of_heard("root_note"),
    Field.LOUDNESS: _of_heard("loudness_lufs"),
    Field.PEAK: _of_quality("true_peak_dbtp"),
    Field.BITS: _of_quality("bits_used"),
    Field.CLIPPED: _of_quality("clipped_samples"),
    Field.DC: _of_quality("dc_offset"),
    Field.HEAD: _of_quality("silence_head"),
    Field.TAIL: _of_quality("silence_tail"),
    Field.CORRELATION: _of_quality("stereo_correlation"),
}


def sort_value(sample: Sample, by: Field) -> SortValue:
    """Return the value that a store sorts this sound by; the one definition for every store.

    Raises:
        ValueError: nothing is sorted by this field.
    """
    if by not in SORTABLE:
        message = f"not a sortable field: {by}"
        raise ValueError(message)
    return _VALUES[by](sample)

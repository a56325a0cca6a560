"""What a SampleStore must answer, in the plainest words: a list of sounds, filtered and sorted."""

from __future__ import annotations

from collections.abc import Sequence

from smtui.domain.account import UserId
from smtui.domain.differing import differences
from smtui.domain.question import (
    QUALITIES,
    All,
    Any,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Place,
    Question,
    SortValue,
    Tagged,
    Unknown,
    Within,
    Words,
    quality_value,
    sort_value,
)
from smtui.domain.sample import Sample
from smtui.domain.text import folded


def answer(samples: Sequence[Sample], question: Question) -> list[Sample]:
    """Every match, in order."""
    seen = [sample for sample in samples if visible(sample, question.viewer)]
    matching = [sample for sample in seen if matches(sample, question.expression)]
    by = question.sort.field
    valued = [sample for sample in matching if sort_value(sample, by) is not None]
    others = [sample for sample in matching if sort_value(sample, by) is None]
    falling = question.sort.descending
    valued.sort(key=lambda sample: (sort_value(sample, by), sample.file_id), reverse=falling)
    others.sort(key=lambda sample: sample.file_id, reverse=falling)
    return valued + others


def place(sample: Sample, question: Question) -> Place:
    return Place(value=sort_value(sample, question.sort.field), file_id=sample.file_id)


def visible(sample: Sample, viewer: UserId | None) -> bool:
    return sample.user_id is None or sample.user_id == viewer


def matches(sample: Sample, expression: Expression) -> bool:  # noqa: C901 - one case a node
    match expression:
        case Everything():
            return True
        case All(parts=parts):
            return all(matches(sample, part) for part in parts)
        case Any(parts=parts):
            return any(matches(sample, part) for part in parts)
        case Not(inner=inner):
            return not matches(sample, inner)
        case Words(text=text):
            return folded(text) in sample.search_key
        case Tagged(tag=tag):
            return folded(tag) in {folded(one) for one in sample.tags}
        case Within(folder=folder, direct=direct):
            return lies_within(folded(sample.folder), folded(folder), direct=direct)
        case Is(fact=fact):
            return fact_holds(sample, fact)
        case Between(field=field, low=low, high=high):
            number = value(sample, field)
            if not isinstance(number, int | float):
                return False
            return (low is None or low <= number) and (high is None or number <= high)
        case OneOf(field=field, values=values):
            return value(sample, field) in values
        case Unknown(field=field):
            return value(sample, field) is None


def lies_within(folder: str, asked: str, *, direct: bool) -> bool:
    if direct:
        return folder == asked
    parts, wanted = folder.strip("/").split("/"), asked.strip("/").split("/")
    if asked.strip("/") == "":
        return True
    starts = [0] if asked.startswith("/") else range(len(parts))
    return any(parts[start : start + len(wanted)] == wanted for start in starts)


def fact_holds(sample: Sample, fact: Fact) -> bool:
    match fact:
        case Fact.LOOP:
            return sample.heard is not None and sample.heard.is_loop is True
        case Fact.ONESHOT:
            return sample.heard is not None and sample.heard.is_loop is False
        case Fact.HEARD:
            return sample.heard is not None
        case Fact.FAILED:
            return sample.trouble is not None
        case Fact.MISSING:
            return sample.missing_since is not None
        case Fact.DISAGREE:
            return bool(differences(sample))
        case Fact.UNREADABLE:
            # No sound is: such files are kept apart.
            return False


def value(sample: Sample, field: Field) -> SortValue:
    if field in QUALITIES:
        return quality_value(sample, field)
    match field:
        case Field.MODE:
            return sample.heard.mode if sample.heard else None
        case Field.NOTE:
            return sample.heard.root_note if sample.heard else None
        case Field.FORMAT:
            return sample.format
        case Field.RATE:
            return sample.sample_rate
        case Field.CHANNELS:
            return sample.channels
        case _:
            return sort_value(sample, field)

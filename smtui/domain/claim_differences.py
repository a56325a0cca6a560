"""Where a file's name or its tags claim another tempo or key than what was heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from smtui.domain.filename_claims import MetadataValue, Said, said_by_tags, said_in
from smtui.domain.keys import KEY_NAMES, MAJOR, MINOR, key_label
from smtui.domain.sample import Heard, Sample, certainty

TEMPO_TOLERANCE = 0.02
"""Tempi are the same within this share of what is said."""

_MINOR_THIRD = 3


class Matter(StrEnum):
    """What is claimed."""

    TEMPO = "tempo"
    KEY = "key"


class Source(StrEnum):
    """Who claims it."""

    NAME = "name"
    TAGS = "tags"


class Relation(StrEnum):
    """What was heard, beside what is said."""

    OTHER = "other"
    HALF = "half"
    DOUBLE = "double"
    RELATIVE = "relative"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One claim that is not what was heard; both as musicians write them.

    Attributes:
        relation: HALF and DOUBLE of the said tempo; the RELATIVE key (same notes) and the
            PARALLEL one (same root, other mode); OTHER for everything else.
        confidence: how sure what was heard is, 0 to 1.
    """

    matter: Matter
    source: Source
    said: str
    heard: str
    relation: Relation
    confidence: float


def differences(sample: Sample) -> tuple[Difference, ...]:
    """Everything in which the name or the tags of a sound differ from what was heard.

    What is not claimed, or was not heard, differs in nothing. A one-shot with a pitch is compared
    by its note.
    """
    if sample.heard is None:
        return ()
    return told_apart(sample.filename, sample.metadata, sample.heard)


def told_apart(
    filename: str, metadata: Mapping[str, MetadataValue], heard: Heard
) -> tuple[Difference, ...]:
    """The same for a name, tags and what was heard."""
    claims = ((Source.NAME, said_in(filename)), (Source.TAGS, said_by_tags(metadata)))
    return tuple(found for source, said in claims for found in _between(source, said, heard))


def _between(source: Source, said: Said, heard: Heard) -> Iterator[Difference]:
    if said.tempo is not None and heard.tempo is not None:
        relation = _of_tempi(said.tempo, heard.tempo)
        if relation is not None:
            yield Difference(
                matter=Matter.TEMPO,
                source=source,
                said=f"{said.tempo:g}",
                heard=f"{heard.tempo:.1f}",
                relation=relation,
                confidence=certainty(heard.tempo_confidence),
            )
    relation = _of_keys(said, heard)
    if said.key is not None and relation is not None:
        yield Difference(
            matter=Matter.KEY,
            source=source,
            said=key_label(said.key, said.mode),
            heard=heard.key_label or heard.root_note or "",
            relation=relation,
            confidence=certainty(heard.key_confidence) if heard.key else 1.0,
        )


def _of_tempi(said: float, heard: float) -> Relation | None:
    for factor, relation in ((1.0, None), (0.5, Relation.HALF), (2.0, Relation.DOUBLE)):
        if abs(heard - factor * said) <= TEMPO_TOLERANCE * factor * said:
            return relation
    return Relation.OTHER


def _of_keys(said: Said, heard: Heard) -> Relation | None:
    if said.key is None or said.key not in KEY_NAMES:
        return None
    if heard.key is None:
        note = (heard.root_note or "").rstrip("-0123456789")
        return Relation.OTHER if note in KEY_NAMES and note != said.key else None
    if heard.key not in KEY_NAMES:
        return None
    modes_differ = None not in (said.mode, heard.mode) and said.mode != heard.mode
    if said.key == heard.key:
        return Relation.PARALLEL if modes_differ else None
    up = (KEY_NAMES.index(heard.key) - KEY_NAMES.index(said.key)) % len(KEY_NAMES)
    # The relative major lies a minor third above; a note alone may be meant either way.
    if up == _MINOR_THIRD and said.mode != MAJOR and heard.mode == MAJOR:
        return Relation.RELATIVE
    if up == len(KEY_NAMES) - _MINOR_THIRD and said.mode != MINOR and heard.mode == MINOR:
        return Relation.RELATIVE
    return Relation.OTHER

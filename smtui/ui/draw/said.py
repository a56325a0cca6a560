"""What a file's name and its tags say, in words, and whether that is what was heard."""

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.differing import Matter, Relation, Source, differences
from smtui.domain.keys import key_label
from smtui.domain.said import Said
from smtui.domain.sample import Sample

_RELATIONS = {
    (Matter.TEMPO, Relation.HALF): "analysed as half",
    (Matter.TEMPO, Relation.DOUBLE): "analysed as double",
    (Matter.TEMPO, Relation.OTHER): "other tempo analysed",
    (Matter.KEY, Relation.RELATIVE): "analysed as relative key",
    (Matter.KEY, Relation.PARALLEL): "other mode analysed",
    (Matter.KEY, Relation.OTHER): "other key analysed",
}
_TAGS = ("title", "artist", "bpm", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLine:
    """What one source says: its label, its words, and in which ways something else was heard."""

    label: str
    words: str
    differs: tuple[str, ...] = ()


def said_lines(sample: Sample) -> tuple[SaidLine, ...]:
    """Return a line for the name and one for each tag that says something."""
    apart = differences(sample)

    def differing(source: Source, *matters: Matter) -> tuple[str, ...]:
        return tuple(
            _RELATIONS[each.matter, each.relation]
            for each in apart
            if each.source is source and each.matter in matters
        )

    lines = []
    if sample.said:
        differs = differing(Source.NAME, *Matter)
        lines.append(SaidLine(label="file name", words=_claimed(sample.said), differs=differs))
    for name in _TAGS:
        if sample.metadata.get(name):
            matters = {"bpm": (Matter.TEMPO,), "key": (Matter.KEY,)}.get(name, ())
            lines.append(
                SaidLine(
                    label=name,
                    words=_value_words(sample.metadata[name]),
                    differs=differing(Source.TAGS, *matters),
                )
            )
    return tuple(lines)


def _claimed(said: Said) -> str:
    tempo = "" if said.tempo is None else f"{said.tempo:g}"
    key = "" if said.key is None else key_label(said.key, said.mode)
    return f"{tempo} {key}".strip()


def _value_words(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

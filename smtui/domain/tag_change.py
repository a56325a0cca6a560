"""What adding and removing tags makes of those of a sound, and how that is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.storable import cut_to_ms, storable
from smtui.domain.text import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The tags of a sound in their order; `marks` say of some who put them and when."""

    words: tuple[str, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)

    @staticmethod
    def of(sample: Sample) -> Tags:
        """The tags of a sound."""
        return Tags(words=sample.tags, marks=sample.tag_marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retagging:
    """Which tags come, with this mark, and which go; compared folded."""

    mark: Mark
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def storable(self) -> Retagging:
        """The change as every store can keep it."""
        mark = replace(self.mark, at=cut_to_ms(self.mark.at))
        return replace(self, mark=mark, add=tuple(storable(tag) for tag in self.add))

    def of(self, before: Tags) -> Tags:
        """The tags changed; one that was there keeps its spelling and its mark."""
        gone = {folded(tag) for tag in self.remove}
        kept = {folded(tag): tag for tag in before.words if folded(tag) not in gone}
        marks = {tag: mark for tag, mark in before.marks.items() if tag in kept.values()}
        for tag in self.add:
            if folded(tag) not in kept:
                kept[folded(tag)] = tag
                marks[tag] = self.mark
        return Tags(words=tuple(kept.values()), marks=marks)

    def taken_back(self, present: Tags, before: Tags) -> Tags:
        """The tags as they were before; what somebody else has changed since stays changed."""
        after = self.of(before)
        if present == after:
            return before
        came = {folded(tag) for tag in after.words} - {folded(tag) for tag in before.words}
        went = {folded(tag) for tag in before.words} - {folded(tag) for tag in after.words}
        kept = {folded(tag): tag for tag in present.words if folded(tag) not in came}
        marks = {tag: mark for tag, mark in present.marks.items() if tag in kept.values()}
        for tag in before.words:
            if folded(tag) in went and folded(tag) not in kept:
                kept[folded(tag)] = tag
                marks |= {tag: before.marks[tag]} if tag in before.marks else {}
        return Tags(words=tuple(kept.values()), marks=marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retagged:
    """A change of tags that was made, with all that it takes to take it back.

    Attributes:
        before: the tags of each sound that changed, as they were.
    """

    change: Retagging
    before: Mapping[FileId, Tags] = field(default_factory=dict)

    def joined(self, later: Retagged) -> Retagged:
        """Take in the next part of the same change."""
        return Retagged(change=later.change, before={**later.before, **self.before})

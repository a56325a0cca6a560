"""What the library screen asks at the moment: a filter as typed, a folder, an order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from smtui.domain.account import UserId
from smtui.domain.errors import QueryInvalid
from smtui.domain.path_map import PathMap
from smtui.domain.query import parse
from smtui.domain.question import All, Everything, Field, Question, Sort, Within

_WAYS = ("▲", "▼")
_WAYS_IN_ASCII = ("up", "down")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A filter as typed, perhaps one folder alone, and an order."""

    text: str = ""
    folder: str | None = None
    sort: Sort = field(default_factory=Sort)

    def question(self, viewer: UserId | None, paths: PathMap) -> Question:
        """Make the question; raises QueryInvalid with the place of a mistake in `text`.

        Folders in the text may be written as this machine calls them.
        """
        parts = [] if self.folder is None else [Within(self.folder, direct=True)]
        typed = paths.in_documents(parse(self.text))
        expression = All((*parts, typed)) if parts else typed
        return Question(expression=expression, sort=self.sort, viewer=viewer)

    def understood(self) -> tuple[Asked, QueryInvalid | None]:
        """Leave out the word with the first mistake and all after it, and give the mistake.

        Half a condition is a mistake too, so what one types next must not empty the table.
        """
        try:
            parse(self.text)
        except QueryInvalid as mistake:
            before = self.text[: mistake.start].rpartition(" ")[0].rstrip()
            return replace(self, text=before).understood()[0], mistake
        return self, None

    @property
    def is_everything(self) -> bool:
        """Nothing is filtered out."""
        return self.folder is None and parse(self.text) == Everything()

    def keeps_to_its_sound(self, before: Asked) -> bool:
        """The cursor stays on its sound: the order or the folder changed, or a filter went.

        While one types a filter, the best is what comes first.
        """
        return self.text in ("", before.text)

    def order(self, *, ascii: bool = False) -> str:  # noqa: A002 - as everywhere here
        """Say the order: `sorted by name ▲`."""
        rising, falling = _WAYS_IN_ASCII if ascii else _WAYS
        return f"sorted by {self.sort.field.value} {falling if self.sort.descending else rising}"

    def sorted_by(self, by: Field) -> Asked:
        """Ask the same in another order, upwards."""
        return replace(self, sort=Sort(field=by))

    def reversed(self) -> Asked:
        """Ask the same the other way round."""
        sort = replace(self.sort, descending=not self.sort.descending)
        return replace(self, sort=sort)

"""Whatever is saved in whatever order: every AnalysisStore does what a plain list does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import invariant, rule

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.sample import FileId
from tests.contracts.document_stores import ANNA, IMPLEMENTATIONS, NOW
from tests.contracts.lockstep import Lockstep, walk
from tests.contracts.test_analyses import EVERYTHING

FILES = (FileId("kick"), FileId("snare"), FileId("pad"))
HASHES = ("one", "two")
RECIPES = (1, 2)

file_ids = st.sampled_from(FILES)
hashes = st.sampled_from(HASHES)
levels = st.sampled_from(Level)
recipes = st.sampled_from(RECIPES)


@dataclass
class Model:
    """At most one analysis for a file and a recipe."""

    kept: dict[tuple[FileId, int], Analysis] = field(default_factory=dict)

    def save(self, analysis: Analysis, given: AnalysisId) -> None:
        at = (analysis.file_id, analysis.measured.recipe_version)
        before = self.kept.get(at)
        if before is None:
            ids = {one.analysis_id for one in self.kept.values()}
            # An id that stands for another analysis cannot stand for this one too.
            assert given not in ids
            assert given == analysis.analysis_id or analysis.analysis_id in ids
            self.kept[at] = replace(analysis, analysis_id=given)
            return
        assert given == before.analysis_id
        old, new = before.measured, analysis.measured
        if old.file_hash != new.file_hash or old.level.rank <= new.level.rank:
            self.kept[at] = replace(analysis, analysis_id=given)

    def newest(self, file_id: FileId) -> Analysis | None:
        of_file = [one for one in self.kept.values() if one.file_id == file_id]
        return max(of_file, key=importance, default=None)

    def by_hash(self, file_hash: str, recipe_version: int, level: Level) -> list[Measurement]:
        """All that may be answered: several files may have the same bytes."""
        same = [
            one
            for one in self.kept.values()
            if one.measured.file_hash == file_hash
            and one.measured.recipe_version == recipe_version
            and one.measured.level.rank >= level.rank
        ]
        best = max(map(importance, same), default=None)
        return [one.measured for one in same if importance(one)[:2] == (best and best[:2])]


def importance(analysis: Analysis) -> tuple[int, object, str]:
    return (analysis.measured.level.rank, analysis.analyzed_at, analysis.analysis_id)


class Analyses(Lockstep):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.store = self.stores.analyses

    @rule(
        file_id=file_ids,
        file_hash=hashes,
        level=levels,
        recipe=recipes,
        seconds=st.integers(0, 3),
        tempo=st.none() | st.sampled_from((90.0, 120.0)),
        everything=st.booleans(),
        claimed_before=st.booleans(),
        owner=st.sampled_from((ANNA, None)),
    )
    def save(
        self, file_id, file_hash, level, recipe, seconds, tempo, everything, claimed_before, owner
    ) -> None:
        standing = [one.analysis_id for one in self.model.kept.values()]
        facts = EVERYTHING | {"tempo": tempo} if everything else {"tempo": tempo}
        analysis = Analysis(
            # A claim that is repeated has the id of the first time, whatever recipe it is by then.
            analysis_id=standing[0] if claimed_before and standing else AnalysisId(str(uuid4())),
            file_id=file_id,
            user_id=owner,
            analyzed_at=NOW + timedelta(seconds=seconds),
            measured=Measurement(
                level=level,
                recipe_version=recipe,
                file_hash=file_hash,
                duration=1.5,
                processing_time=0.25,
                **facts,
            ),
        )
        given = self.run(self.store.save(analysis))
        self.model.save(analysis, given)

    @rule(file_hash=hashes, recipe=recipes, level=levels)
    def look_by_hash(self, file_hash, recipe, level) -> None:
        found = self.run(self.store.by_hash(file_hash, recipe_version=recipe, level=level))
        expected = self.model.by_hash(file_hash, recipe, level)
        assert found in expected if expected else found is None

    @invariant()
    def what_counts_is_what_should_count(self) -> None:
        newest = {file_id: self.model.newest(file_id) for file_id in FILES}
        for file_id, expected in newest.items():
            assert self.run(self.store.newest(file_id)) == expected
        present = {file_id: one for file_id, one in newest.items() if one is not None}
        asked = [*reversed(FILES), FileId("gone")]
        assert self.run(self.store.newest_of(asked)) == present
        heads = self.run(self.store.heads(asked))
        assert heads == {file_id: one.head for file_id, one in present.items()}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Analyses, implementation, examples=30, steps=25)

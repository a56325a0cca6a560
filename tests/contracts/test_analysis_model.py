"""Whatever is saved in whatever order: every AnalysisStore does what the one in memory does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import invariant, rule

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.sample import FileId
from smtui.stores.memory.analyses import MemoryAnalyses
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


class Analyses(Lockstep):
    def __init__(self) -> None:
        super().__init__()
        self.given = ""
        self.model = MemoryAnalyses({}, new_id=lambda: self.given)
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
        self.given = self.run(self.store.save(analysis))
        # An id that stands for another analysis cannot stand for a new one too.
        assert self.given in standing or self.given == analysis.analysis_id or claimed_before
        assert self.run(self.model.save(analysis)) == self.given

    @rule(file_hash=hashes, recipe=recipes, level=levels)
    def look_by_hash(self, file_hash, recipe, level) -> None:
        found, best = (
            self.run(store.by_hash(file_hash, recipe_version=recipe, level=level))
            for store in (self.store, self.model)
        )
        # Several files may have the same bytes, heard at the same level at the same time.
        assert (found and found.level) == (best and best.level)
        assert found is None or found in [each.measured for each in self.model.kept.values()]

    @invariant()
    def what_counts_is_what_should_count(self) -> None:
        asked = [*reversed(FILES), FileId("gone")]
        for file_id in FILES:
            self.both(partial(_newest, file_id))
        self.both(lambda store: store.newest_of(asked))
        self.both(lambda store: store.heads(asked))

    def both(self, step: Callable[[AnalysisStore], Coroutine[Any, Any, object]]) -> None:
        """Take a step on both stores, which have to give the same."""
        assert self.run(step(self.store)) == self.run(step(self.model))


async def _newest(file_id: FileId, store: AnalysisStore) -> Analysis | None:
    return await store.newest(file_id)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_every_order_of_everything_ends_as_in_the_model(implementation: str) -> None:
    walk(Analyses, implementation, examples=30, steps=25)

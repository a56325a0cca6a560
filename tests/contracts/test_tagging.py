"""Tagging many sounds at once and taking that back, on every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smtui.domain.ports.documents import SampleStore
from smtui.domain.question import Field, Question, Tagged, Unknown, Words
from smtui.domain.sample import FileId, Mark, Sample
from smtui.domain.tag_change import Retagged, Retagging, Tags
from tests.contracts.document_stores import ANNA, BERT, NOW, DocumentStores, found
from tests.retagging import change_tags

MARK = Mark(by=ANNA, at=NOW)
LATER = Mark(by=BERT, at=NOW + timedelta(seconds=7))


@pytest.fixture
def samples(documents: DocumentStores) -> SampleStore:
    return documents.samples


async def read(samples: SampleStore, *file_ids: FileId) -> tuple[Sample, ...]:
    return await samples.get(file_ids)


async def three(samples: SampleStore) -> tuple[FileId, ...]:
    """Sounds with different tags: none, two of Anna's, one of nobody's."""
    files = [found(f"/a/{name}.wav") for name in ("x", "y", "z")]
    x, y, z = await samples.add_found(files, user_id=ANNA, at=NOW)
    await change_tags(samples, [y], mark=MARK, add=["Deep House", "dark"])
    await change_tags(samples, [z], mark=Mark(by=None, at=NOW), add=["DARK"])
    return x, y, z


async def test_what_a_tagging_did_is_taken_back_exactly(samples: SampleStore) -> None:
    ids = await three(samples)
    before = await read(samples, *ids)
    change = Retagging(mark=LATER, add=("punchy", "Dark", "wide"), remove=("deep house",))
    done = await samples.retag([*ids, ids[0], FileId("gone")], change)
    assert set(done.before) == set(ids)
    x, y, z = await read(samples, *ids)
    assert x.tags == ("punchy", "Dark", "wide")
    assert y.tags == ("dark", "punchy", "wide")
    assert z.tags == ("DARK", "punchy", "wide")
    assert y.tag_marks == {"dark": MARK, "punchy": LATER, "wide": LATER}
    assert await samples.take_back(done) == 3
    assert await read(samples, *ids) == before
    assert await samples.take_back(done) == 0


async def test_tags_are_found_after_a_tagging_and_not_after_it_was_taken_back(
    samples: SampleStore,
) -> None:
    ids = await three(samples)

    async def counts() -> list[int]:
        asked = (Words("punch"), Tagged("punchy"), Unknown(Field.TAGS), Words("deep hou"))
        return [await samples.count(Question(expression=one, viewer=ANNA)) for one in asked]

    assert await counts() == [0, 0, 1, 1]
    change = Retagging(mark=LATER, add=("Punchy",), remove=("Deep House",))
    done = await samples.retag(ids, change)
    assert await counts() == [3, 3, 0, 0]
    await samples.take_back(done)
    assert await counts() == [0, 0, 1, 1]


async def test_what_others_tagged_since_stays_when_a_tagging_is_taken_back(
    samples: SampleStore,
) -> None:
    ids = await three(samples)
    done = await samples.retag(ids, Retagging(mark=MARK, add=("punchy",), remove=("dark",)))
    await change_tags(samples, ids, mark=LATER, add=["theirs"])
    assert await samples.take_back(done) == 3
    x, y, z = await read(samples, *ids)
    assert (x.tags, y.tags) == (("theirs",), ("Deep House", "theirs", "dark"))
    assert z.tag_marks == {"theirs": LATER, "DARK": Mark(by=None, at=NOW)}


async def test_what_changes_nothing_is_no_change_and_nothing_to_take_back(
    samples: SampleStore,
) -> None:
    ids = await three(samples)
    generation = await samples.generation()
    done = await samples.retag(ids, Retagging(mark=LATER, remove=("never there",)))
    assert not done.before
    assert await samples.take_back(done) == 0
    assert await samples.generation() == generation


async def test_taking_back_passes_over_sounds_that_are_gone(samples: SampleStore) -> None:
    (x, *_) = await three(samples)
    done = await samples.retag([x], Retagging(mark=LATER, add=("punchy",)))
    strange = {FileId("gone"): Tags(words=("a",)), **done.before}
    assert await samples.take_back(replace(done, before=strange)) == 1
    assert isinstance(done, Retagged)

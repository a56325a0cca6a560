"""What every EmbeddingStore gives: the numbers of sounds that are there, as this recipe heard."""

from __future__ import annotations

from array import array
from uuid import uuid4

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.embedding import DIMENSIONS
from smtui.domain.sample import FileId
from tests.contracts.document_stores import ANNA, NOW, DocumentStores, found, heard

RECIPE = 3


def numbers(first: float) -> tuple[float, ...]:
    return (first, *[0.25] * (DIMENSIONS - 1))


async def sound(
    documents: DocumentStores, name: str, *, recipe: int = RECIPE, level: Level = Level.ADVANCED
) -> FileId:
    (file_id,) = await documents.samples.add_found(
        [found(f"/a/{name}.wav", file_hash=name)], user_id=ANNA, at=NOW
    )
    await listen(documents, file_id, name, recipe=recipe, level=level)
    return file_id


async def listen(
    documents: DocumentStores,
    file_id: FileId,
    name: str,
    *,
    recipe: int = RECIPE,
    level: Level = Level.ADVANCED,
) -> None:
    measured = Measurement(
        level=level,
        recipe_version=recipe,
        file_hash=name,
        duration=1.0,
        processing_time=0.1,
        embedding=() if level is Level.BASIC else numbers(float(len(name))),
    )
    await documents.analyses.save(
        Analysis(
            analysis_id=AnalysisId(str(uuid4())),
            file_id=file_id,
            user_id=ANNA,
            analyzed_at=NOW,
            measured=measured,
        )
    )
    told = heard(recipe_version=recipe, level=level)
    assert await documents.samples.set_heard(file_id, told, file_hash=name)


async def test_the_very_numbers_that_were_heard_come_back(documents: DocumentStores) -> None:
    file_id = await sound(documents, "kick")
    (one,) = (await documents.embeddings.of([file_id], recipe_version=RECIPE)).values()
    assert one.file_id == file_id
    assert one.recipe_version == RECIPE
    assert one.numbers == array("f", numbers(4.0)).tobytes()


async def test_only_what_is_there_and_heard_by_this_recipe_is_compared(
    documents: DocumentStores,
) -> None:
    there = await sound(documents, "there")
    full = await sound(documents, "full", level=Level.FULL)
    gone, old = await sound(documents, "gone"), await sound(documents, "old", recipe=RECIPE - 1)
    basic = await sound(documents, "basic", level=Level.BASIC)
    (unheard,) = await documents.samples.add_found([found("/a/u.wav")], user_id=ANNA, at=NOW)
    await documents.samples.set_missing([gone], NOW)
    everything = [there, full, gone, old, basic, unheard, FileId("nobody")]
    given = await documents.embeddings.of(everything, recipe_version=RECIPE)
    assert set(given) == {there, full}
    assert await documents.embeddings.count(recipe_version=RECIPE) == 2
    after = await documents.embeddings.after(None, recipe_version=RECIPE, limit=10)
    assert [one.file_id for one in after] == sorted([there, full])
    await documents.samples.set_missing([gone], None)
    assert await documents.embeddings.count(recipe_version=RECIPE) == 3


async def test_what_was_heard_of_earlier_bytes_is_not_compared(documents: DocumentStores) -> None:
    file_id = await sound(documents, "a")
    await documents.samples.add_found([found("/a/a.wav", file_hash="new")], user_id=ANNA, at=NOW)
    assert not await documents.embeddings.of([file_id], recipe_version=RECIPE)
    assert await documents.embeddings.count(recipe_version=RECIPE) == 0
    await listen(documents, file_id, "new")
    (one,) = (await documents.embeddings.of([file_id], recipe_version=RECIPE)).values()
    assert one.numbers == array("f", numbers(3.0)).tobytes()


async def test_a_walk_meets_every_sound_once(documents: DocumentStores) -> None:
    ids = sorted([await sound(documents, f"s{number}") for number in range(7)])
    met: list[FileId] = []
    while page := await documents.embeddings.after(
        met[-1] if met else None, recipe_version=RECIPE, limit=3
    ):
        met += [one.file_id for one in page]
    assert met == ids
    assert list(await documents.embeddings.ids(None, recipe_version=RECIPE, limit=4)) == ids[:4]
    assert list(await documents.embeddings.ids(ids[3], recipe_version=RECIPE, limit=9)) == ids[4:]

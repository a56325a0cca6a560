"""`is:disagree` follows what is said and what is heard, whichever of them changes."""

from __future__ import annotations

import asyncio

import pytest

from smtui.domain.filename_claims import Said
from smtui.domain.ports.documents import SampleStore
from smtui.domain.quality import Quality
from smtui.domain.query import parse
from smtui.domain.question import Question
from smtui.domain.sample import FileId, FoundFile
from tests.contracts.document_stores import ANNA, NOW, DocumentStores, found, heard

FAST = heard(tempo=120.0, key="A", mode="minor", tempo_confidence=0.9)
SLOW = heard(tempo=93.0, tempo_confidence=0.9)


@pytest.fixture
def samples(documents: DocumentStores) -> SampleStore:
    return documents.samples


async def add(samples: SampleStore, file: FoundFile) -> FileId:
    (file_id,) = await samples.add_found([file], user_id=ANNA, at=NOW)
    return file_id


async def names(samples: SampleStore, text: str) -> list[str]:
    question = Question(expression=parse(text), viewer=ANNA)
    page = await samples.page(question, limit=100)
    assert await samples.count(question) == len(page.samples)
    return [sample.filename for sample in page.samples]


async def test_what_was_heard_decides_each_time_it_is_heard(samples: SampleStore) -> None:
    file = found("/a/loop_120bpm.wav")
    file_id = await add(samples, file)
    assert await names(samples, "is:disagree") == []
    await samples.set_heard(file_id, SLOW, file_hash=file.file_hash)
    assert await names(samples, "is:disagree") == ["loop_120bpm.wav"]
    assert await names(samples, "-is:disagree") == []
    await samples.set_heard(file_id, FAST, file_hash=file.file_hash)
    assert await names(samples, "is:disagree") == []
    assert await names(samples, "-is:disagree") == ["loop_120bpm.wav"]


async def test_another_name_says_something_else(samples: SampleStore) -> None:
    file = found("/a/loop_120bpm.wav", file_hash="same")
    file_id = await add(samples, file)
    await samples.set_heard(file_id, FAST, file_hash="same")
    assert await samples.move(file_id, found("/a/loop_90bpm_Cm.wav", file_hash="same"))
    (sample,) = await samples.get([file_id])
    assert sample.said == Said(tempo=90.0, key="C", mode="minor")
    assert await names(samples, "is:disagree") == ["loop_90bpm_Cm.wav"]
    assert await samples.move(file_id, found("/a/loop.wav", file_hash="same"))
    assert await names(samples, "is:disagree") == []


async def test_tags_are_claims_as_names_are(samples: SampleStore) -> None:
    file_id = await add(samples, found("/a/x.wav", file_hash="same"))
    await samples.set_heard(file_id, FAST, file_hash="same")
    await add(samples, found("/a/x.wav", file_hash="same", metadata={"bpm": 140.0}))
    assert await names(samples, "is:disagree") == ["x.wav"]
    await add(samples, found("/a/x.wav", file_hash="same", metadata={"bpm": 120.5, "key": "8A"}))
    assert await names(samples, "is:disagree") == []


async def test_new_bytes_disagree_with_nothing_until_they_are_heard(samples: SampleStore) -> None:
    file_id = await add(samples, found("/a/loop_120bpm.wav", file_hash="old"))
    await samples.set_heard(file_id, SLOW, file_hash="old")
    await add(samples, found("/a/loop_120bpm.wav", file_hash="new"))
    assert await names(samples, "is:disagree") == []
    assert not await samples.set_heard(file_id, SLOW, file_hash="old")
    assert await names(samples, "is:disagree") == []


async def test_a_rename_while_it_is_heard_leaves_no_stale_answer(samples: SampleStore) -> None:
    """Heard and renamed at once, twenty times: the answer is that of the last name."""
    file_id = await add(samples, found("/a/loop_93bpm.wav", file_hash="same"))
    for number in range(20):
        tempo = (93, 120)[number % 2]
        await asyncio.gather(
            samples.set_heard(file_id, (FAST, SLOW)[number // 2 % 2], file_hash="same"),
            samples.move(file_id, found(f"/a/loop_{tempo}bpm.wav", file_hash="same")),
        )
        (sample,) = await samples.get([file_id])
        assert sample.heard is not None
        differs = (sample.heard.tempo or 0) != sample.said.tempo
        assert await names(samples, "is:disagree") == [sample.filename] * differs


async def test_quality_is_kept_and_found_by_its_numbers(samples: SampleStore) -> None:
    clean = Quality(
        true_peak_dbtp=-1.5, bit_depth=24, bits_used=24, stereo_correlation=0.9, dc_offset=0.001
    )
    broken = Quality(
        true_peak_dbtp=0.7,
        bit_depth=24,
        bits_used=16,
        clipped_samples=12,
        dc_offset=0.02,
        silence_head=0.08,
        silence_tail=1.25,
        stereo_correlation=-0.4,
    )
    silent_mono = Quality(bit_depth=None, bits_used=None, silence_head=1.0)
    for name, quality in (("a", clean), ("b", broken), ("c", silent_mono), ("d", None)):
        file_id = await add(samples, found(f"/q/{name}.wav", file_hash=name))
        await samples.set_heard(file_id, heard(quality=quality), file_hash=name)
        (sample,) = await samples.get([file_id])
        assert sample.heard is not None
        assert sample.heard.quality == quality
    for text, expected in {
        "peak:>0": "b",
        "peak:-2..-1": "a",
        "peak:-": "cd",
        "clipped:>0": "b",
        "clipped:0": "ac",
        "clipped:-": "d",
        "dc:>0.01": "b",
        "head:>50ms": "bc",
        "tail:>0.5": "b",
        "corr:<0": "b",
        "corr:-": "cd",
        "bits:16": "b",
        "bits:<24": "b",
        "bits:16 kind:kick | clipped:>0 -bits:24": "b",
    }.items():
        assert "".join(name[0] for name in await names(samples, text)) == expected, text

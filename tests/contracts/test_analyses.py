"""What every AnalysisStore does."""

from __future__ import annotations

import sys
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from smtui.domain.analysis import (
    AiPart,
    Analysis,
    AnalysisId,
    Claims,
    KeyClaim,
    KindClaim,
    Level,
    Measurement,
    PitchTrack,
    Segment,
    SpectralFeatures,
    TempoClaim,
)
from smtui.domain.masking import Outline
from smtui.domain.ports.documents import AnalysisStore
from smtui.domain.sample import FileId
from smtui.services.analysis_cache import CachedAnalyses
from smtui.stores.redis.cache import RedisCache
from smtui.stores.redis.link import RedisLink
from tests.contracts.document_stores import (
    ANNA,
    BERT,
    NOW,
    DocumentStores,
    found,
    heard,
)

KICK, SNARE = FileId("kick"), FileId("snare")


@pytest.fixture(params=["alone", "through the cache"])
async def analyses(
    request: pytest.FixtureRequest, documents: DocumentStores, link: RedisLink
) -> AsyncIterator[AnalysisStore]:
    if request.param == "alone":
        yield documents.analyses
        return
    # What one test has left there is no news to the next: names and times are the same.
    await link.ask(lambda client: client.flushall())
    cached = CachedAnalyses(documents.analyses, RedisCache(link))
    yield cached
    await cached.close()


def measured(**changes: Any) -> Measurement:
    facts: dict[str, Any] = {
        "level": Level.ADVANCED,
        "recipe_version": 1,
        "file_hash": "bytes",
        "duration": 1.25,
        "processing_time": 0.125,
    }
    return Measurement(**(facts | changes))


def analysis(file_id: FileId, *, at: int = 0, **changes: Any) -> Analysis:
    return Analysis(
        analysis_id=AnalysisId(str(uuid4())),
        file_id=file_id,
        user_id=ANNA,
        analyzed_at=NOW + timedelta(seconds=at),
        measured=measured(**changes),
    )


EVERYTHING: dict[str, Any] = {
    "tempo": 127.3,
    "key": "F#",
    "mode": "minor",
    "time_signature": (3, 4),
    "claims": Claims(
        tempo_confidence=0.9,
        tempo_alternatives=(TempoClaim(tempo=63.65, confidence=0.3),),
        key_confidence=0.7,
        key_alternatives=(KeyClaim(key="A", mode="major", confidence=0.2),),
        meter_confidence=0.1,
        root_confidence=0.85,
        kind_alternatives=(KindClaim(kind="fx", confidence=0.15),),
    ),
    "loudness_lufs": -9.1,
    "loudness_padded": True,
    "true_peak_dbtp": 0.2,
    "root_note": "F#1",
    "bit_depth": 24,
    "clipped_samples": 3,
    "dc_offset": -0.001,
    "silence_head": 0.01,
    "silence_tail": 0.5,
    "stereo_correlation": -0.25,
    "kind": "loop",
    "kind_confidence": 0.75,
    "is_loop": True,
    "onsets": (0.1, 0.30000000000000004),
    "beats": (0.0, 0.5),
    "spectral_features": SpectralFeatures(
        times=(0.25, 0.75),
        spectral_centroid=(1000.1, 2000.2),
        spectral_rolloff=(5000.0, 1e300),
        bandwidth=(1.0, 2.0),
        flatness=(0.1, 0.2),
        rms=(0.0, 1.0),
        mfcc=tuple((float(row), -1 / 3) for row in range(13)),
        chroma=tuple((row / 12, 1.0) for row in range(12)),
    ),
    "embedding": tuple((place - 384) / 512 for place in range(768)),
    "segments": (
        Segment(start=0.0, end=0.75, letter="A"),
        Segment(start=0.75, end=1.25, letter="B"),
    ),
    "pitch_track": PitchTrack(step=0.1, semitones=(None, 69.03, -1.5)),
    "harmonic_share": 0.375,
}


async def test_an_analysis_comes_back_as_it_was_saved(analyses: AnalysisStore) -> None:
    plain, full = analysis(KICK), analysis(SNARE, **EVERYTHING)
    assert await analyses.save(plain) == plain.analysis_id
    assert await analyses.save(full) == full.analysis_id
    assert await analyses.newest(KICK) == plain
    assert await analyses.newest(SNARE) == full
    assert await analyses.newest(FileId("gone")) is None


async def test_single_precision_features_come_back_the_same(analyses: AnalysisStore) -> None:
    halves = tuple(number / 64 for number in range(64))
    features = SpectralFeatures(times=halves, mfcc=(halves,) * 13, chroma=(halves,) * 12)
    saved = analysis(KICK, spectral_features=features)
    await analyses.save(saved)
    assert await analyses.newest(KICK) == saved


async def test_the_level_of_a_recipe_only_rises_and_the_first_id_stays(
    analyses: AnalysisStore,
) -> None:
    basic = analysis(KICK, level=Level.BASIC, tempo=1.0)
    advanced = analysis(KICK, level=Level.ADVANCED, tempo=2.0)
    assert await analyses.save(basic) == basic.analysis_id
    assert await analyses.save(advanced) == basic.analysis_id
    assert await analyses.save(analysis(KICK, level=Level.BASIC)) == basic.analysis_id
    assert await analyses.newest(KICK) == replace(advanced, analysis_id=basic.analysis_id)


async def test_saving_twice_is_saving_once(analyses: AnalysisStore) -> None:
    saved = analysis(KICK, **EVERYTHING)
    assert await analyses.save(saved) == await analyses.save(saved)
    assert await analyses.newest(KICK) == saved


async def test_a_newer_recipe_under_the_id_of_the_older_is_kept_beside_it(
    analyses: AnalysisStore,
) -> None:
    """A claim keeps the id of its first attempt; a newer smtui may repeat it."""
    older = analysis(KICK, recipe_version=1)
    newer = replace(analysis(KICK, recipe_version=2, at=5), analysis_id=older.analysis_id)
    assert await analyses.save(older) == older.analysis_id
    identity = await analyses.save(newer)
    assert identity != older.analysis_id
    assert await analyses.save(newer) == identity
    assert await analyses.newest(KICK) == replace(newer, analysis_id=identity)


async def test_new_bytes_are_heard_anew_at_whatever_level(analyses: AnalysisStore) -> None:
    old = analysis(KICK, level=Level.ADVANCED, file_hash="old")
    new = analysis(KICK, level=Level.BASIC, file_hash="new")
    await analyses.save(old)
    await analyses.save(new)
    assert await analyses.newest(KICK) == replace(new, analysis_id=old.analysis_id)


async def test_of_several_the_highest_level_then_the_newest_is_read(
    analyses: AnalysisStore,
) -> None:
    first = analysis(KICK, recipe_version=1, at=0)
    second = analysis(KICK, recipe_version=2, at=5)
    third = analysis(KICK, recipe_version=3, at=9, level=Level.BASIC)
    for each in (third, second, first):
        await analyses.save(each)
    assert await analyses.newest(KICK) == second
    await analyses.save(analysis(SNARE))
    of_many = await analyses.newest_of([KICK, FileId("gone")])
    assert of_many == {KICK: second}
    many = [FileId(str(number)) for number in range(1200)]
    assert {*await analyses.newest_of([*many, SNARE])} == {SNARE}


async def test_briefs_are_the_newest_without_what_is_long(analyses: AnalysisStore) -> None:
    full, older = analysis(SNARE, **EVERYTHING), analysis(KICK, recipe_version=1)
    basic = analysis(KICK, recipe_version=3, at=9, level=Level.BASIC)
    for each in (full, basic, older):
        await analyses.save(each)
    briefs = await analyses.briefs([KICK, FileId("gone"), SNARE])
    features = EVERYTHING["spectral_features"]
    short = replace(
        full.measured, embedding=(), spectral_features=replace(features, mfcc=(), chroma=())
    )
    assert briefs == {KICK: older, SNARE: replace(full, measured=short)}


async def test_heads_tell_which_analyses_count(analyses: AnalysisStore) -> None:
    first = analysis(KICK, recipe_version=1, at=0)
    second = analysis(KICK, recipe_version=2, at=5)
    basic = analysis(KICK, recipe_version=3, at=9, level=Level.BASIC)
    shared = replace(analysis(SNARE, **EVERYTHING), user_id=None)
    for each in (basic, second, first, shared):
        await analyses.save(each)
    many = [FileId(str(number)) for number in range(1200)]
    heads = await analyses.heads([KICK, *many, SNARE])
    assert heads == {KICK: second.head, SNARE: shared.head}
    newest = await analyses.newest_of([KICK, SNARE])
    assert {file_id: one.head for file_id, one in newest.items()} == heads
    assert await analyses.heads([]) == {}


async def test_the_same_bytes_are_known_whoever_owns_them(analyses: AnalysisStore) -> None:
    mine = analysis(KICK, level=Level.BASIC, tempo=1.0)
    theirs = replace(analysis(SNARE, level=Level.ADVANCED, tempo=2.0), user_id=BERT)
    await analyses.save(mine)
    await analyses.save(theirs)
    known = await analyses.by_hash("bytes", recipe_version=1, level=Level.BASIC)
    assert known == theirs.measured
    assert await analyses.by_hash("bytes", recipe_version=1, level=Level.FULL) is None
    assert await analyses.by_hash("bytes", recipe_version=2, level=Level.BASIC) is None
    assert await analyses.by_hash("others", recipe_version=1, level=Level.BASIC) is None


async def test_outlines_have_what_fitting_needs_as_the_library_now_says_it(
    documents: DocumentStores, analyses: AnalysisStore
) -> None:
    files = [found(f"/srv/{name}.wav") for name in ("a", "b", "c", "d")]
    kick, snare, uneven, unheard = await documents.samples.add_found(files, user_id=None, at=NOW)
    rows = tuple((row + 0.5, -row, 0.1) for row in range(13))
    features = SpectralFeatures(times=(0.1, 0.2, 0.3), rms=(0.0, 1.0, 0.5), mfcc=rows)
    broken = SpectralFeatures(times=(0.1, 0.2), rms=(0.0, 1.0), mfcc=rows)
    await analyses.save(analysis(kick, spectral_features=features, recipe_version=2, at=5))
    await analyses.save(analysis(kick, recipe_version=1, level=Level.BASIC, at=9))
    await analyses.save(analysis(snare, spectral_features=features, duration=2.0))
    await analyses.save(analysis(uneven, spectral_features=broken))
    await analyses.save(analysis(unheard, spectral_features=features))
    told = heard(tempo=126.0, key="A", mode="minor", key_confidence=0.75)
    for file_id, file in zip((kick, snare, uneven), files, strict=False):
        await documents.samples.set_heard(file_id, told, file_hash=file.file_hash)
    many = [FileId(str(number)) for number in range(1200)]
    second, first = await analyses.outlines([snare, *many, kick, uneven, unheard])
    numbers = array("d", [0.0, 1.0, 0.5, *(number for row in rows for number in row)])
    if sys.byteorder == "big":
        numbers.byteswap()
    assert first == Outline(
        file_id=kick,
        file_hash="hash of /srv/a.wav",
        duration=1.25,
        tempo=126.0,
        key="A",
        mode="minor",
        key_confidence=0.75,
        slices=3,
        numbers=numbers.tobytes(),
    )
    assert second == replace(first, file_id=snare, file_hash="hash of /srv/b.wav", duration=2.0)


async def test_what_a_language_model_said_is_kept_and_outlives_a_new_listening(
    analyses: AnalysisStore,
) -> None:
    said = AiPart(
        provider="google_ai",
        summary="A dry kick.",
        detailed=(("genre", "techno"), ("instruments", ("drums", "bass")), ("quality", 8.5)),
        production_tips=("Shorten the tail.",),
    )
    await analyses.save(replace(analysis(KICK), ai=said))
    assert not (await analyses.heads([SNARE])).get(SNARE)
    for again in (analysis(KICK, at=1), analysis(KICK, at=2, recipe_version=2, level=Level.FULL)):
        await analyses.save(again)
        for _ in range(2):
            newest = await analyses.newest(KICK)
            assert newest is not None
            assert newest.ai == said
            assert newest.analyzed_at == again.analyzed_at
        assert (await analyses.heads([KICK]))[KICK].has_ai
    await analyses.save(analysis(SNARE))
    assert (await analyses.newest_of([KICK, SNARE]))[SNARE].ai is None

"""What was heard of sounds, read back."""

from __future__ import annotations

from pathlib import Path

from smtui.domain.analysis import Analysis, AnalysisId, Level, Measurement
from smtui.domain.sample import FileId
from smtui.services.library import Analyses
from smtui.stores.sqlite.library import opened
from smtui.wiring import SystemClock


def analysis(file_id: str, level: Level, recipe_version: int) -> Analysis:
    return Analysis(
        analysis_id=AnalysisId(f"{file_id}-{recipe_version}"),
        file_id=FileId(file_id),
        user_id=None,
        analyzed_at=SystemClock().now(),
        measured=Measurement(
            level=level,
            recipe_version=recipe_version,
            file_hash="00",
            duration=1.0,
            processing_time=0.1,
        ),
    )


async def test_the_highest_level_counts(tmp_path: Path):
    async with opened(tmp_path / "library.sqlite3") as documents:
        analyses = Analyses(documents.analyses)
        for made in (
            analysis("one", Level.ADVANCED, 1),
            analysis("one", Level.BASIC, 2),
            analysis("two", Level.BASIC, 2),
        ):
            await documents.analyses.save(made)
        newest = await analyses.of(FileId("one"))
        assert newest is not None
        assert newest.measured.level is Level.ADVANCED
        found = await analyses.of_many([FileId("one"), FileId("two"), FileId("three")])
        assert {file_id: each.measured.level for file_id, each in found.items()} == {
            "one": Level.ADVANCED,
            "two": Level.BASIC,
        }
        assert await analyses.of(FileId("three")) is None

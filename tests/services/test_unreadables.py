"""What a scan could not read is kept as a list until it can be read or is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtui.domain.errors import NotFound
from smtui.domain.query import parse
from smtui.domain.question import Field as By
from smtui.domain.question import Question, Sort
from smtui.domain.sample import Sample
from smtui.services.documents import Documents
from smtui.services.library import Library
from smtui.services.rights import Rights
from smtui.services.scans import Scans
from tests.services.test_moves import clock, documents, finder, scans
from tests.services.test_scans import ANNA, StandingClock, counts, put, rows, scan

__all__ = ["clock", "documents", "finder", "scans"]


@pytest.fixture
def library(documents: Documents, clock: StandingClock) -> Library:
    return Library(documents.samples, Rights(documents.accounts), clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "a/good.wav", 1)
    (tmp_path / "a/sub").mkdir()
    (tmp_path / "a/broken.wav").write_text("no sound")
    (tmp_path / "a/sub/empty.wav").touch()
    return tmp_path / "a"


def asked(text: str, **sort: object) -> Question:
    return Question(expression=parse(text), viewer=ANNA.user_id, sort=Sort(**sort))  # type: ignore[arg-type]


async def found(library: Library, text: str, **sort: object) -> list[Sample]:
    return [one async for page in library.each(asked(text, **sort)) for one in page]


async def names(library: Library, text: str, **sort: object) -> list[str]:
    return [one.filename for one in await found(library, text, **sort)]


async def test_unreadable_files_are_found_with_their_reason_and_are_no_sounds(
    scans: Scans, documents: Documents, library: Library, folder: Path
) -> None:
    assert counts(await scan(scans, folder)) == {"added": 1, "unreadable_count": 2}
    assert list(await rows(documents)) == [f"{folder}/good.wav"]
    told = await found(library, "is:unreadable")
    assert [(one.filename, one.trouble and one.trouble.code) for one in told] == [
        ("broken.wav", "unsupported"),
        ("empty.wav", "empty"),
    ]
    assert all(one.trouble and one.trouble.error for one in told)
    assert await library.count(asked("is:unreadable")) == 2
    assert await names(library, "") == ["good.wav"]
    assert await names(library, "is:failed") == []


async def test_the_list_is_filtered_sorted_and_paged(
    scans: Scans, library: Library, folder: Path
) -> None:
    await scan(scans, folder)
    for text, wanted in (
        ("is:unreadable broken", ["broken.wav"]),
        ("is:unreadable in:sub", ["empty.wav"]),
        ("is:unreadable -in:sub", ["broken.wav"]),
        (f"is:unreadable in:{folder}", ["broken.wav", "empty.wav"]),
        ("is:unreadable format:wav", ["broken.wav", "empty.wav"]),
        ("is:unreadable bpm:120", []),
        ("not:is:unreadable", ["good.wav"]),
    ):
        assert await names(library, text) == wanted, text
    falling = {"field": By.NAME, "descending": True}
    assert await names(library, "is:unreadable", **falling) == ["empty.wav", "broken.wav"]
    listing = library.listing(asked("is:unreadable"))
    assert await listing.count() == 2
    window = await listing.window(0, 10)
    assert [one.filename for one in window.samples] == ["broken.wav", "empty.wav"]
    assert await listing.position(window.samples[1].file_id) == 1
    after = await listing.around(window.samples[0].file_id, 1)
    assert after is not None
    assert after.filename == "empty.wav"
    assert [page async for page in library.ids(asked("is:unreadable"))] == []


async def test_a_file_leaves_the_list_when_it_can_be_read_or_is_gone(
    scans: Scans, documents: Documents, library: Library, folder: Path
) -> None:
    await scan(scans, folder)
    put(folder / "broken.wav", 5)
    (folder / "sub/empty.wav").unlink()
    assert counts(await scan(scans, folder)) == {"added": 1, "unchanged": 1}
    assert await names(library, "is:unreadable") == []
    assert len(await rows(documents)) == 2


async def test_a_file_keeps_since_when_it_is_on_the_list(
    scans: Scans, library: Library, folder: Path, clock: StandingClock
) -> None:
    await scan(scans, folder)
    before = await found(library, "is:unreadable")
    clock.at = clock.at.replace(year=2030)
    await scan(scans, folder)
    assert await found(library, "is:unreadable") == before


async def test_a_scan_of_one_folder_leaves_what_another_could_not_read(
    scans: Scans, library: Library, folder: Path, tmp_path: Path
) -> None:
    put(tmp_path / "b/x.wav", 9)
    await scan(scans, folder)
    await scan(scans, tmp_path / "b")
    assert await names(library, "is:unreadable") == ["broken.wav", "empty.wav"]


async def test_who_opens_one_is_told_that_it_could_not_be_read(
    scans: Scans, library: Library, folder: Path
) -> None:
    await scan(scans, folder)
    (first, _) = await found(library, "is:unreadable")
    with pytest.raises(NotFound, match="could not be read"):
        await library.sample(first.file_id)

"""Sorted pages walk an index and never sort; gathered ones begin with their candidates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smtui.domain.account import UserId
from smtui.domain.question import (
    QUALITIES,
    SORTABLE,
    All,
    Between,
    Cut,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Place,
    Question,
    Sort,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.sample import FileId
from smtui.stores.sqlite.batch_repair import Lost, is_any_lost, needs_repair
from smtui.stores.sqlite.conditions import Sql, indexed, sources
from smtui.stores.sqlite.connections import Caches, Reader
from smtui.stores.sqlite.library import opened
from smtui.stores.sqlite.planner import Effort, filter_of, gather_sql, segments, walk_sql
from tests.contracts.document_stores import ANNA, NO_WALK, NOW, found, heard

SORTS = [Sort(field=field, descending=falling) for field in SORTABLE for falling in (False, True)]
EXPRESSIONS: tuple[Expression, ...] = (
    Everything(),
    OneOf(Field.KIND, ("kick",)),
    OneOf(Field.FORMAT, ("wav", "flac")),
    Between(Field.TEMPO, 120, 128),
    All((Is(Fact.LOOP), Between(Field.LENGTH, None, 2.0), Not(OneOf(Field.MODE, ("minor",))))),
    Words("kick"),
    Tagged("house"),
    Within("drums"),
    Within("/a/drums", direct=True),
    Unknown(Field.KEY),
    Is(Fact.MISSING),
    Is(Fact.FAILED),
    Is(Fact.DISAGREE),
    All((Between(Field.CLIPPED, 1, None), OneOf(Field.KIND, ("kick",)))),
    Unknown(Field.CORRELATION),
)
PLACES = (Place(value=1, file_id=FileId("f")), Place(value=None, file_id=FileId("f")))
CUTS = [Cut(limit=200), *(Cut(limit=200, after=one) for one in PLACES)]
CUTS += [Cut(limit=200, before=one) for one in PLACES]


class Explainer(Reader):
    """A reader that keeps the plan of every statement."""

    plans: list[str]

    def row(self, sql: str, parameters: object = ()) -> object:
        self.plans = self.explained(Sql(sql, tuple(parameters)))  # type: ignore[arg-type]
        return super().row(sql, parameters)  # type: ignore[arg-type]

    def explained(self, sql: Sql) -> list[str]:
        return [row[3] for row in self.rows(f"EXPLAIN QUERY PLAN {sql.text}", sql.values)]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    async with opened(tmp_path / "library.sqlite3"):
        pass
    return tmp_path / "library.sqlite3"


@pytest.fixture
def reader(path: Path) -> Iterator[Explainer]:
    with closing(Explainer(path, Caches(writer=2_000, reader=2_000))) as opened_one:
        yield opened_one


def asking(expression: Expression, sort: Sort) -> Question:
    return Question(expression=expression, sort=sort, viewer=UserId("anna"))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_every_page_in_order_is_a_walk_along_its_index(
    reader: Explainer, expression: Expression
) -> None:
    for sort in SORTS:
        asked, _ = filter_of(reader, asking(expression, sort))
        covering = "COVERING " if indexed(expression, sort.field) else ""
        for cut in CUTS:
            for segment in segments(asked, cut):
                plan = reader.explained(walk_sql(asked, segment))
                assert any(f"{covering}INDEX by_{sort.field}" in line for line in plan), plan
                assert not any("TEMP B-TREE" in line for line in plan), plan
                if segment.start is not None or sort.field not in (
                    Field.NAME,
                    Field.FOLDER,
                    Field.LENGTH,
                    Field.ADDED,
                ):
                    assert plan[0].startswith("SEARCH f"), plan


@pytest.mark.parametrize("expression", [Words("kick"), Words("ki"), Tagged("x"), Within("a"),
                                        Is(Fact.FAILED), Is(Fact.LOOP), OneOf(Field.KEY, ("Am",)),
                                        Between(Field.RATE, 96_000, None), Is(Fact.DISAGREE),
                                        *(Between(field, 0.5, None) for field in QUALITIES)],
                         ids=str)  # fmt: skip
def test_gathering_looks_at_nothing_but_candidates(
    reader: Explainer, expression: Expression
) -> None:
    for sort in SORTS:
        asked, _ = filter_of(reader, asking(expression, sort))
        (source,) = sources(expression)
        for cut in CUTS:
            plan = reader.explained(gather_sql(asked, cut, source))
            searched = [line for line in plan if " f " in line]
            assert searched
            assert all(line.startswith("SEARCH f ") for line in searched), plan


@pytest.mark.parametrize("expression", [Everything(), Not(Words("kick")), Words("")], ids=str)
def test_what_nearly_all_match_has_no_candidates(expression: Expression) -> None:
    assert sources(expression) == []


def test_a_sweep_reads_open_batches_alone(reader: Explainer) -> None:
    assert needs_repair(reader, 0) is False
    batches = [line for line in reader.plans if " b " in line]
    assert all("batch_jobs_open" in line for line in batches), reader.plans
    files = [line for line in reader.plans if " r " in line]
    assert all("SEARCH" in line for line in files), reader.plans


def test_a_look_for_what_no_machine_has_reads_handed_back_files_alone(reader: Explainer) -> None:
    assert is_any_lost(reader, Lost(machines=["studio"])) is False
    files = [line for line in reader.plans if " r " in line and "json" not in line.lower()]
    assert files
    assert all("batch_files_unseen" in line for line in files), reader.plans


WALKING = Effort(glance=0, glance_outside=0, few=0, patience=10**9, patience_inside=10**9,
                 patience_outside=10**9, passed=0, passed_scattered=0)  # fmt: skip


async def test_a_walk_kept_to_where_candidates_lie_finds_what_gathering_finds(path: Path) -> None:
    async with opened(path) as documents:
        files = [
            found(f"/a/{kind}s/{kind} {number}.wav", duration=0.1 * number + (kind == "loop"))
            for number in range(12)
            for kind in ("kick", "loop", "pad")
        ]
        ids = await documents.samples.add_found(files, user_id=ANNA, at=NOW)
        for number, (file_id, file) in enumerate(zip(ids, files, strict=True)):
            kind = file.filename.split()[0]
            tempo = 100.0 + number % 5 if kind == "loop" else None
            said = heard(kind=kind, is_loop=kind == "loop", tempo=tempo, key=None)
            await documents.samples.set_heard(file_id, said, file_hash=file.file_hash)
    async with opened(path, effort=WALKING) as walking, opened(path, effort=NO_WALK) as gathering:
        for expression in (*EXPRESSIONS, OneOf(Field.KIND, ("pad", "loop"))):
            for sort in SORTS:
                question = Question(expression=expression, sort=sort, viewer=ANNA)
                page = await gathering.samples.page(question, limit=100)
                assert await walking.samples.page(question, limit=100) == page
                for place in page.places[::7]:
                    after = await gathering.samples.page(question, limit=5, after=place)
                    assert await walking.samples.page(question, limit=5, after=place) == after
                    before = await gathering.samples.page(question, limit=5, before=place)
                    assert await walking.samples.page(question, limit=5, before=place) == before

"""How quickly a large library opens and pages, beside a small one in the same run.

Run it as `python tests/bench/library_rows.py [--rows 1000000] [--keep FOLDER]`. Names, folders,
kinds, tempi and tags hang together as in real collections: kicks have no tempo, lie in folders
named Kicks and are called kick; so orders and filters are not independent of each other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smtui.domain.account import UserId
from smtui.domain.errors import ErrorCode
from smtui.domain.question import (
    SORTABLE,
    All,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Question,
    Sort,
    Tagged,
    Unknown,
    Within,
    Words,
)
from smtui.domain.sample import FileId, Heard, Sample, Trouble
from smtui.stores.sqlite.library import Documents, opened
from smtui.stores.sqlite.sample_codec import insert_values, owner_number, place_number, values_of

OWNER = UserId("00000000-0000-4000-8000-000000000001")
START = datetime(2025, 1, 1, tzinfo=UTC)
PAGE = 200
GOAL_MS = 50.0
KINDS = ("kick", "snare", "clap", "hat", "cymbal", "tom", "bass", "chord", "lead", "vocal", "loop")
DRUMS = KINDS[:6]
ADJECTIVES = ("dusty", "warm", "tight", "dark", "bright", "soft", "hard", "wide", "lofi", "clean")
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TAGS = [f"{word}{number}" for number in range(30) for word in ADJECTIVES] + ["house"]

FILTERS: dict[str, tuple[Expression, ...]] = {
    "(none)": (Everything(),),
    "text common": (Words("kick"), Words("wav"), Words("dusty")),
    "text rare": (Words("kick_dusty_77"), Words("pack 0133"), Words("unicorn")),
    "text no match": (Words("zzzxq"), All((Words("kick"), Words("nowhere")))),
    "text short": (Words("ki"), Words("c"), Words("7")),
    "text short, none": (Words("qz"),),
    "kind": (OneOf(Field.KIND, ("kick",)), OneOf(Field.KIND, ("vocal", "hat"))),
    "kind none": (Unknown(Field.KIND), OneOf(Field.KIND, ("fx",))),
    "bpm": (Between(Field.TEMPO, 120, 128), Between(Field.TEMPO, 173.95, 174.05)),
    "bpm none": (Unknown(Field.TEMPO), Between(Field.TEMPO, 20, 30)),
    "key": (OneOf(Field.KEY, ("Am",)), OneOf(Field.KEY, ("F#", "C#m")), Unknown(Field.KEY)),
    "mode": (OneOf(Field.MODE, ("minor",)),),
    "tag": (Tagged("house"), Tagged("dusty3"), Tagged("never")),
    "in": (Within("kicks"), Within("pack 0042"), Within("/sounds/pack 0001"), Within("none")),
    "len": (Between(Field.LENGTH, None, 0.2), Between(Field.LENGTH, 7.5, None)),
    "loud": (Between(Field.LOUDNESS, -12, -8), Unknown(Field.LOUDNESS)),
    "format": (OneOf(Field.FORMAT, ("flac",)), OneOf(Field.FORMAT, ("mp3",))),
    "rate": (Between(Field.RATE, 48_000, None), Between(Field.RATE, 192_000, None)),
    "channels": (Between(Field.CHANNELS, 1, 1), Between(Field.CHANNELS, 3, None)),
    "is": tuple(Is(fact) for fact in Fact),
    "not": (Not(Is(Fact.LOOP)), Not(OneOf(Field.KIND, ("kick",)))),
    "several": (
        All((OneOf(Field.KIND, ("kick",)), Words("dusty"), Between(Field.LENGTH, None, 0.5))),
        All((Is(Fact.LOOP), Between(Field.TEMPO, 120, 128), OneOf(Field.KEY, ("Am",)))),
    ),
}


def sounds(count: int) -> Iterator[Sample]:
    """Make sounds in the order in which a scan would find them."""
    chance = random.Random(7)  # the same library in every run
    for number in range(count):
        pack = number // 500
        kind = KINDS[(number // 45) % len(KINDS)]
        adjective = chance.choice(ADJECTIVES)
        stem = f"{kind}_{adjective}_{number % 1000:03d}"
        if pack % 3 == 0:
            stem = f"P{pack:04d}_{stem.title()}"
        form = chance.choices(("wav", "flac", "aiff"), (90, 9, 1))[0]
        tags = chance.choices(TAGS, range(len(TAGS), 0, -1), k=2) if chance.random() < 0.2 else []
        tagged_house = ["house"] if chance.random() < 0.01 else []
        trouble = chance.random() < 0.005
        yield Sample(
            file_id=FileId(f"{chance.getrandbits(128):032x}"),
            filename=f"{stem}.{form}",
            file_path=f"/sounds/Pack {pack:04d}/{kind.title()}s/{stem} {number}.{form}",
            file_size=chance.randrange(10_000, 10_000_000),
            duration=chance.uniform(0.05, 0.6) if kind in DRUMS else chance.uniform(0.5, 8),
            sample_rate=chance.choices((44_100, 48_000, 96_000), (80, 19, 1))[0],
            channels=chance.choices((2, 1), (70, 30))[0],
            format=form,
            user_id=OWNER,
            uploaded_at=START + timedelta(milliseconds=number // 10),
            tags=tuple(dict.fromkeys(tags + tagged_house)),
            metadata={},
            file_hash=f"{chance.getrandbits(128):032x}",
            mtime_ns=number,
            heard=None if trouble or chance.random() < 0.05 else heard(chance, kind),
            trouble=Trouble(code=ErrorCode.UNREADABLE, error="It is damaged", at=START)
            if trouble
            else None,
            missing_since=START if chance.random() < 0.01 else None,
        )


def heard(chance: random.Random, kind: str) -> Heard:
    """Make what was heard of a sound of this kind."""
    loop = kind == "loop"
    tonal = kind not in DRUMS and chance.random() < 0.8
    return Heard(
        tempo=round(chance.triangular(60, 180, 125), 1) if loop else None,
        key=chance.choice(NOTES) if tonal else None,
        mode=chance.choice(("major", "minor")) if tonal else None,
        kind=None if chance.random() < 0.03 else kind,
        is_loop=loop,
        loudness_lufs=None if chance.random() < 0.002 else round(chance.gauss(-14, 5), 2),
        level="advanced",
        recipe_version=1,
        analyzed_at=START,
    )


def fill(path: Path, count: int) -> None:
    """Write the sounds: rows first, then the indexes over them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute("PRAGMA cache_size = -400000")
        made = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name LIKE 'audio%'"
            " AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        connection.execute("BEGIN")
        for kind, name, _ in made:
            connection.execute(f"DROP {kind} {name}")
        owner = owner_number(connection, OWNER)
        places: dict[str, int] = {}
        for sample in sounds(count):
            if sample.folder not in places:
                places[sample.folder] = place_number(connection, sample.folder)
            values = {**values_of(sample), "owner": owner, "place": places[sample.folder]}
            row = insert_values(connection, values)
            for tag in sample.tags:
                connection.execute("INSERT OR IGNORE INTO tags VALUES (NULL, ?, ?)", (tag, tag))
                connection.execute(
                    "INSERT INTO tagged SELECT tag, ?, ? FROM tags WHERE tag_key = ?",
                    (row, owner, tag),
                )
        connection.execute(
            "INSERT INTO trigrams (rowid, search_key)"
            " SELECT row, search_key || x'1f1f' FROM audio_files"
        )
        for _, _, sql in made:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(truncate)")


async def timed(documents: Documents, question: Question) -> float:
    """Milliseconds for the first page."""
    begun = time.perf_counter()
    await documents.samples.page(question, limit=PAGE)
    return (time.perf_counter() - begun) * 1000


async def measure(documents: Documents, repeats: int) -> dict[str, tuple[float, float, str]]:
    """For each filter key (p50, p95, slowest question) over its questions in every order."""
    figures = {}
    for name, expressions in FILTERS.items():
        times: list[tuple[float, str]] = []
        for expression in expressions:
            for field in SORTABLE:
                for descending in (False, True):
                    sort = Sort(field=field, descending=descending)
                    question = Question(expression=expression, sort=sort, viewer=OWNER)
                    label = f"{expression} by {field}{' falling' if descending else ''}"
                    taken = [await timed(documents, question) for _ in range(repeats)]
                    times += [(one, label) for one in taken]
        alone = [one for one, _ in times]
        slowest = max(times)
        p95 = statistics.quantiles(alone, n=20)[-1]
        figures[name] = (statistics.median(alone), p95, f"{slowest[0]:.0f} ms: {slowest[1]}")
    return figures


def there(path: Path) -> bool:
    return path.exists()


def megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


async def library(path: Path, rows: int, repeats: int) -> dict[str, tuple[float, float, str]]:
    """Make (unless it is there), open, measure."""
    if not there(path):
        async with opened(path):
            pass
        begun = time.perf_counter()
        fill(path, rows)
        print(f"{rows:>9,} rows made in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    async with opened(path) as documents:
        everything = Question(viewer=OWNER)
        await documents.samples.page(everything, limit=PAGE)
        print(f"{rows:>9,} rows: open and first page {time.perf_counter() - begun:.3f} s,", end=" ")
        begun = time.perf_counter()
        counted = await documents.samples.count(everything)
        print(f"count of {counted:,} {time.perf_counter() - begun:.3f} s,", end=" ")
        begun = time.perf_counter()
        posts = asyncio.create_task(documents.samples.signposts(everything, every=1000))
        beside = []
        while not posts.done():
            beside.append(await timed(documents, everything))
        print(
            f"{len(await posts)} signposts {time.perf_counter() - begun:.3f} s"
            f" with pages beside them in {max(beside):.1f} ms at most;"
            f" {megabytes(path):,.0f} MB"
        )
        return await measure(documents, repeats)


async def main(rows: int, repeats: int, folder: Path) -> None:
    """Print the figures of both libraries side by side."""
    small = await library(folder / "small.sqlite3", 1_000, repeats)
    large = await library(folder / f"large-{rows}.sqlite3", rows, repeats)
    print(f"\nfirst page of {PAGE}, ms, over every order     1,000 rows        {rows:,} rows")
    print(f"{'filter':<24}{'p50':>12}{'p95':>8}{'p50':>14}{'p95':>8}")
    for name, (p50, p95, slowest) in large.items():
        verdict = "" if p95 <= GOAL_MS else f"  over {GOAL_MS:.0f}; "
        print(
            f"{name:<24}{small[name][0]:>12.1f}{small[name][1]:>8.1f}{p50:>14.1f}{p95:>8.1f}"
            f"{verdict}  slowest {slowest}"
        )


def asked() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="keep the libraries in this folder")
    return parser.parse_args()


if __name__ == "__main__":
    wanted = asked()
    if wanted.keep:
        wanted.keep.mkdir(parents=True, exist_ok=True)
        asyncio.run(main(wanted.rows, wanted.repeats, wanted.keep))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            asyncio.run(main(wanted.rows, wanted.repeats, Path(temporary)))

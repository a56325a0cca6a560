"""Which tables the file has: its number, and the steps from one number to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import resources
from pathlib import Path

from smtui.domain.errors import StoreTooNew, StoreUnreachable
from smtui.stores.sqlite.connections import in_transaction
from smtui.stores.sqlite.sample_codec import add_functions

APPLICATION_ID = 0x736D7475  # "smtu", so that `file` and we know our own


def steps() -> tuple[str, ...]:
    """Return the scripts that lead from an empty file to the present tables, in order."""
    folder = resources.files(__package__) / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)


def version(connection: sqlite3.Connection) -> int:
    """Return how many steps the file has taken."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, known: int) -> None:
    """Raise StoreTooNew if a newer smtui has changed the tables."""
    if version(connection) > known:
        raise StoreTooNew(
            "The library was written by a newer smtui",
            hint="Update this smtui, or use the newer one; nothing was changed.",
        )


def bring_up(connection: sqlite3.Connection, path: Path, scripts: tuple[str, ...]) -> None:
    """Take the steps that are missing, all or none, after copying a file that has content."""
    refuse_newer(connection, len(scripts))
    if version(connection) < len(scripts):
        in_transaction(connection, lambda: _take(connection, path, scripts))


def _take(connection: sqlite3.Connection, path: Path, scripts: tuple[str, ...]) -> None:
    # Looked at again under the write lock: another process may just have done it.
    refuse_newer(connection, len(scripts))
    begun = version(connection)
    if begun == len(scripts):
        return
    if begun:
        _copy(path, path.with_name(f"{path.name}.before-{len(scripts)}"))
    elif connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreUnreachable(
            "The library's file is not a library",
            hint=f"Another program wrote {path}. Move it away and start again.",
        )
    add_functions(connection)
    for script in scripts[begun:]:
        for statement in statements(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(scripts)}")


def _copy(path: Path, copy: Path) -> None:
    """Copy the file by the backup interface; a copy cut short never has the final name."""
    partial = copy.with_name(f"{copy.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
    partial.replace(copy)


def statements(script: str) -> Iterator[str]:
    """Cut a script into statements; a trigger with its body is one."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

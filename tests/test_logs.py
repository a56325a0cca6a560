"""The log: inert, without secrets, of a bounded size, never in the way."""

from __future__ import annotations

import logging
import multiprocessing
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from smtui import logs

HASH = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "smtui.log"
    logs.start(path)
    yield path
    logs.stop()


def speaker() -> logging.Logger:
    return logging.getLogger("smtui.test")


def test_a_line_says_when_who_and_what(log: Path) -> None:
    speaker().info("scan of %s ended", "kicks")
    line = log.read_text("utf-8")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 \d+ INFO smtui.test: scan of kicks ended\n",
        line,
    )


def test_outside_text_can_neither_forge_a_line_nor_move_the_cursor(log: Path) -> None:
    speaker().error("bad file: %s", "a\n2025 INFO all is well\x1b[2J\x07\u202e\udce9")
    text = log.read_text("utf-8")
    assert text.count("\n") == 1
    assert r"a\n2025 INFO all is well\x1b[2J\x07\u202e\udce9" in text


def test_a_traceback_is_set_in_and_inert(log: Path) -> None:
    try:
        int("\x1b[31mred\nforged")
    except ValueError:
        speaker().exception("it broke")
    first, *rest = log.read_text("utf-8").splitlines()
    assert first.endswith("it broke")
    assert all(line.startswith("    ") for line in rest)
    assert r"\x1b[31mred" in rest[-1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"account has {HASH} now", "account has [hash] now"),
        ("at redis://anna:hidden@host:1/0", "at redis://***@host:1/0"),
        ("at redis://:hidden@x/y:hidden@host:1/0", "at redis://***@host:1/0"),
        ("key session:0b7e-hidden gone", "key session:*** gone"),
        ("{'session_id': 'hidden', 'user': 'a'}", "{'session_id': *** 'user': 'a'}"),
        ("password=hidden next", "password=*** next"),
        ("SMTUI_TOKEN: hidden", "SMTUI_TOKEN: ***"),
    ],
)
def test_secrets_stay_out(log: Path, said: str, kept: str) -> None:
    speaker().warning("%s", said)
    text = log.read_text("utf-8")
    assert kept in text
    assert "hidden" not in text
    assert HASH not in text


def test_libraries_warn_into_the_log_and_chatter_nowhere(log: Path) -> None:
    logging.getLogger("redis").debug("chatter")
    logging.getLogger("asyncio").error("a task was forgotten")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    text = log.read_text("utf-8")
    assert "chatter" not in text
    assert "asyncio: a task was forgotten" in text
    assert "old way" in text


def test_every_file_is_private(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LONGEST", 200)
    for number in range(10):
        speaker().info("line %d", number)
    files = list(log.parent.iterdir())
    assert len(files) > 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_five_files_are_kept_and_the_newest_has_no_number(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LONGEST", 1_000)
    for number in range(200):
        speaker().info("line %d", number)
    kept = sorted(file.name for file in log.parent.glob("smtui.log*") if file.suffix != ".lock")
    assert kept == ["smtui.log", *(f"smtui.log.{number}" for number in range(1, 5))]
    assert all((log.parent / name).stat().st_size <= 1_000 for name in kept)
    assert "line 199" in log.read_text("utf-8")
    lines = [
        int(line.rpartition(" ")[2])
        for name in reversed(kept)
        for line in (log.parent / name).read_text("utf-8").splitlines()
    ]
    assert lines == list(range(lines[0], 200))


def _write(path: Path, name: str) -> None:
    logs.LONGEST = 20_000
    logs.start(path)
    for number in range(300):
        speaker().info("%s %d", name, number)


def test_two_processes_rotate_one_log_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "smtui.log"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, name)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    text = "".join(
        file.read_text("utf-8") for file in tmp_path.glob("smtui.log*") if file.suffix != ".lock"
    )
    for name in ("one", "two"):
        assert len(re.findall(rf": {name} \d+$", text, re.MULTILINE)) == 300


def test_a_log_that_cannot_be_written_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.start(tmp_path / "gone" / "smtui.log")
    try:
        speaker().error("nobody hears this")
    finally:
        logs.stop()
    assert capfd.readouterr() == ("", "")


def test_a_message_that_does_not_fit_its_arguments_is_silent(tmp_path: Path) -> None:
    """In a process of its own, because the test runner listens too and complains."""
    path = tmp_path / "smtui.log"
    code = (
        "import logging, pathlib, sys; from smtui import logs\n"
        "logs.start(pathlib.Path(sys.argv[1]))\n"
        "logging.error('%d of them', 'many'); logging.error('next')"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert path.read_text("utf-8").endswith("root: next\n")


def test_a_huge_message_is_cut(log: Path) -> None:
    speaker().error("x" * 3_000_000)
    assert log.stat().st_size < 100_000


def test_a_log_removed_by_hand_is_begun_again(log: Path) -> None:
    speaker().info("one")
    log.unlink()
    speaker().info("two")
    assert "two" in log.read_text("utf-8")

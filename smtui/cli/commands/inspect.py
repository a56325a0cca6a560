"""`smtui inspect`: listen to files here and now, in this process, without a library.

Everything heavy is imported when the first file is opened; librosa, Textual and the stores never.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smtui.cli.memory_limit import check_memory_limits
from smtui.cli.runtime import here_and_settings, status_of_call
from smtui.cli.terminal import ink_of, write_line
from smtui.domain.analysis import Level, Measurement
from smtui.domain.errors import ErrorCode, SmtuiError, SoundUnreadable
from smtui.domain.fields import analysis_fields
from smtui.domain.picture import PictureRequest, View
from smtui.domain.text import printable_path, shown
from smtui.ui.draw import phrases
from smtui.ui.draw.axes import frequency_marks, time_marks
from smtui.ui.draw.cells import Ink, Row, Run, escaped
from smtui.ui.draw.phrases import deep_lines
from smtui.ui.draw.spectrogram import spectrogram

if TYPE_CHECKING:
    from smtui.audio.recipe import Explained

_INDENT = "  "
_ROWS = 16
_AXIS = 6
_NARROWEST, _WIDEST = 20, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """How the command was called."""

    level: Level
    width: int
    ink: Ink
    as_json: bool
    why: bool
    embedding: bool


@click.command("inspect")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file and line.")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.ADVANCED.value,
    show_default=True,
    help="How much to analyse; full adds parts, pitch over time and what is held.",
)
@click.option("--why", is_flag=True, help="Say what speaks for tempo, key and kind.")
@click.option("--embedding", is_flag=True, help="Add the 768 numbers of likeness to --json.")
@click.option(
    "--width",
    type=click.IntRange(_NARROWEST, _WIDEST),
    help="Columns to draw in; the terminal's own by default.",
)
def inspect_command(files: tuple[Path, ...], width: int | None, **wished: Any) -> None:
    """Analyse FILES and show what was found: facts, claims with confidence, a spectrogram.

    Needs no account, no library and no server. A confidence goes from 0 to 1. Exit status 1 if
    any file could not be read.
    """
    wishes = _Wishes(
        level=Level(wished.pop("level")),
        width=width or shutil.get_terminal_size().columns,
        ink=ink_of(sys.stdout, os.environ),
        **wished,
    )
    if wishes.embedding and not wishes.as_json:
        raise click.UsageError("--embedding adds to --json: ask for both.")

    def work() -> int:
        check_memory_limits()
        inspected = [_inspect(path, wishes) for path in files]
        return 0 if all(inspected) else 1

    raise SystemExit(status_of_call(work))


def _inspect(path: Path, wishes: _Wishes) -> bool:
    """Hear one file and print it; False where it could not be read."""
    # Late imports: `smtui inspect --help` needs no numpy.
    from smtui.audio.recipe import explain

    path = _here(path)
    name = printable_path(os.fsencode(path))
    try:
        heard = explain(path, level=wishes.level)
        _print(_json(name, heard, wishes) if wishes.as_json else _page(path, heard, wishes))
    except SoundUnreadable as error:
        if wishes.as_json:
            _print(iter([json.dumps({"path": name, "code": error.code, "error": error.title})]))
        else:
            sys.stdout.flush()
            write_line(sys.stderr, f"{shown(name)}: {shown(str(error))}")
        return False
    return True


def _here(path: Path) -> Path:
    """Where a file is that is named as the library names it, on a machine that maps its folders."""
    if _is_there(path):
        return path
    try:
        mapped = here_and_settings()[1].paths.here.here(path.absolute())
    except SmtuiError:
        return path
    return mapped if _is_there(mapped) else path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        # What cannot even be asked for is told when it is opened.
        return False


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        write_line(sys.stdout, line)
    # A person who inspects many files sees each when it is heard.
    sys.stdout.flush()


def _json(name: str, heard: Explained, wishes: _Wishes) -> Iterator[str]:
    fields = analysis_fields(heard.measured, analyzed_at=datetime.now(UTC))
    if not wishes.embedding:
        del fields["embedding"]
    why = {"why": _reasons(heard)} if wishes.why else {}
    yield json.dumps({"path": name, **fields, **why}, allow_nan=False)


def _reasons(heard: Explained) -> dict[str, tuple[str, ...]]:
    return {"tempo": heard.tempo, "key": heard.key, "kind": heard.kind}


def _page(path: Path, heard: Explained, wishes: _Wishes) -> Iterator[str]:
    """Everything about one file, line by line."""
    yield shown(printable_path(os.fsencode(path)))
    yield _facts(path, heard.measured)
    yield from _claims(heard.measured, wishes.width)
    for line in deep_lines(heard.measured, max(wishes.width, _NARROWEST) - len(_INDENT)):
        yield _INDENT + line
    if wishes.why:
        for name, reasons in _reasons(heard).items():
            yield from _why(name, reasons, wishes.width)
    yield from _picture(path, wishes)
    yield ""


def _why(name: str, reasons: tuple[str, ...], width: int) -> Iterator[str]:
    """What speaks for one claim, as a paragraph with its name before it."""
    label = f"{_INDENT}{name:<6}"
    text = "; ".join(reason.rstrip(".") for reason in reasons) or "no evidence"
    yield from textwrap.wrap(
        shown(text),
        max(width, 2 * _NARROWEST),
        initial_indent=label,
        subsequent_indent=" " * len(label),
    )


def _facts(path: Path, heard: Measurement) -> str:
    from smtui.audio.sound_file import probe

    header = probe(path)
    depth = f"{heard.bit_depth} bit " if heard.bit_depth else ""
    try:
        size = phrases.size(path.stat().st_size)
    except OSError as error:
        raise SoundUnreadable("The file went away meanwhile", code=ErrorCode.VANISHED) from error
    return (
        f"  {header.format} {phrases.rate(header.sample_rate)} {depth}"
        f"{phrases.channels(header.channels)}  {phrases.length(heard.duration)}  {size}"
    )


def _claims(heard: Measurement, width: int) -> Iterator[str]:
    """Claims and measures as `name value`, as many to a line as fit."""
    words = [_claim(claim) for claim in phrases.claims(heard)]
    words += [f"{name} {value}" for name, value in phrases.measured(heard)]
    line = " "
    for word in words:
        if len(line) + 1 + len(word) > max(width, _NARROWEST) and line.strip():
            yield line
            line = " "
        line += f" {word}  "
    yield line.rstrip()


def _claim(claim: phrases.Claim) -> str:
    if claim.value is None:
        return f"{claim.name} -"
    sure = "" if claim.confidence is None else f" {phrases.confidence(claim.confidence)}"
    doubt = "?" if claim.doubtful else ""
    others = ", ".join(
        f"{value} {phrases.confidence(confidence)}" for value, confidence in claim.alternatives
    )
    return f"{claim.name} {claim.value}{doubt}{sure}" + (f" (or {others})" if others else "")


def _picture(path: Path, wishes: _Wishes) -> Iterator[str]:
    """A spectrogram with its axes, as wide as asked for."""
    from smtui.audio.picture import draw

    ink = wishes.ink
    width = max(wishes.width, _NARROWEST) - _AXIS
    picture = draw(
        PictureRequest(path=path, view=View.SPECTROGRAM, width=width, height=_ROWS * ink.elements)
    )
    marks = frequency_marks(picture, _ROWS)
    rows: tuple[Row, ...] = spectrogram(picture, ink)
    for row, cells in enumerate(rows):
        label = Run(marks.get(row, "").rjust(_AXIS - 1) + "|")
        yield escaped((label, *cells), ink.depth)
    axis = [" "] * width
    for mark in time_marks(picture.start, picture.end, width):
        axis[mark.at : mark.at + len(mark.label)] = mark.label
    yield " " * _AXIS + "".join(axis).rstrip()
    low, high = picture.peak_db - picture.range_db, picture.peak_db
    yield f"{'Hz':>{_AXIS - 1}} {low:.0f} to {high:.0f} dB"

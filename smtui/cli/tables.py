"""Tables for people, whose columns are as wide as their cells are drawn; lines with tabs for pipes.

The table of sounds fills the terminal, any other is as wide as what is in it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from smtui.cli.terminal import write_line
from smtui.domain.drawn_names import drawn
from smtui.domain.path_map import PathMap
from smtui.domain.sample import Sample
from smtui.domain.text import shown
from smtui.domain.unreadable import is_unreadable
from smtui.ui.draw import phrases

_NARROWEST = 60
_WIDE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table; `width` 0 shares what the others leave."""

    title: str
    width: int
    right: bool
    value: Callable[[Sample], str]


def _kind(sample: Sample) -> str:
    if sample.missing_since is not None:
        return "(missing)"
    return (sample.heard.kind if sample.heard else None) or "-"


def _tempo(sample: Sample) -> str:
    tempo = sample.heard.tempo if sample.heard else None
    return "-" if tempo is None else f"{tempo:.1f}"


def _key(sample: Sample) -> str:
    heard = sample.heard
    return (heard.key_label or heard.root_note if heard else None) or "-"


def _length(sample: Sample) -> str:
    # A file that could not be read has no length.
    return phrases.length(sample.duration) if sample.duration else "-"


def _loudness(sample: Sample) -> str:
    loudness = sample.heard.loudness_lufs if sample.heard else None
    return "-" if loudness is None else f"{loudness:.1f}"


_COLUMNS = (
    Column(title="Name", width=0, right=False, value=lambda sample: sample.filename),
    Column(title="Folder", width=0, right=False, value=lambda sample: sample.folder),
    Column(
        title="Kind",
        width=10,
        right=False,
        value=_kind,
    ),
    Column(title="BPM", width=5, right=True, value=_tempo),
    Column(title="Key", width=4, right=False, value=_key),
    Column(title="Length", width=7, right=True, value=_length),
    Column(title="Loud", width=5, right=True, value=_loudness),
)
_TAGS = Column(title="Tags", width=16, right=False, value=lambda sample: ", ".join(sample.tags))


class Table:
    """Rows as wide as the terminal; in a pipe, values with tabs between.

    What could not be read or analysed has the reason with it.
    """

    def __init__(self, stream: TextIO, paths: PathMap) -> None:
        self._stream = stream
        self._paths = paths
        self._terminal = stream.isatty()
        self._begun = False
        width = max(_NARROWEST, shutil.get_terminal_size().columns - 1)
        columns = _COLUMNS if width < _WIDE - 1 else (*_COLUMNS, _TAGS)
        fixed = sum(column.width + 1 for column in columns if column.width)
        flexible = (width - fixed - 1) // 2
        self._columns = [(column, column.width or flexible) for column in columns]

    def show(self, samples: tuple[Sample, ...]) -> None:
        """Write some rows."""
        if not self._terminal:
            for sample in samples:
                write_line(self._stream, _tabbed(sample, self._paths))
            return
        if not self._begun:
            write_line(self._stream, self._row([column.title for column, _ in self._columns]))
            self._begun = True
        for sample in samples:
            write_line(
                self._stream, self._row([column.value(sample) for column, _ in self._columns])
            )
            if sample.trouble is not None:
                write_line(self._stream, f"  {drawn(sample.trouble.error)}")

    def _row(self, values: Sequence[str]) -> str:
        # A late import: --help draws no table.
        from smtui.ui.draw.table_text import fit_text

        cells = (
            fit_text(drawn(value), width, right=column.right)
            for value, (column, width) in zip(values, self._columns, strict=True)
        )
        return " ".join(cells).rstrip()


def _tabbed(sample: Sample, paths: PathMap) -> str:
    values = [
        paths.printed(sample.path),
        _kind(sample),
        _tempo(sample),
        _key(sample),
        f"{sample.duration:.3f}" if sample.duration else "-",
        _loudness(sample),
        ", ".join(sample.tags),
    ]
    # A list of unreadable files alone has it, so that the lines of any list have as many values.
    if sample.trouble is not None and is_unreadable(sample.file_id):
        values.append(sample.trouble.error)
    # A tab in a name is written as an escape, so it never splits a line.
    return "\t".join(shown(value) for value in values)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, the first one their heads."""
    for line in columns(rows):
        write_line(sys.stdout, line)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns as wide as they must be; what comes from outside is made inert."""
    # Late imports, as above.
    from rich.cells import cell_len

    from smtui.ui.draw.table_text import fit_text

    inert = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*inert, strict=True)]
    return ["  ".join(map(fit_text, row, widths)).rstrip() for row in inert]


def local_time(moment: datetime | None) -> str:
    """Write a moment as the clock on the wall shows it."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "never"

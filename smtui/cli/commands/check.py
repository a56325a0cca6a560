"""`smtui check`: what to mend in sounds before a pack goes out."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smtui.cli.filter_words import WordsCommand, read_filter
from smtui.cli.runtime import opened, run
from smtui.cli.terminal import out
from smtui.domain.fields import path_fields
from smtui.domain.findings import Limits
from smtui.domain.question import Question
from smtui.domain.text import counted

if TYPE_CHECKING:
    from smtui.domain.ports.work import SoundFinder
    from smtui.services.pack_check import Checked, PackCheck

_USUAL = Limits()
_PLACES = ("/", "./", "../")


@click.command("check", cls=WordsCommand)
@click.argument("asked", nargs=-1, type=click.UNPROCESSED, metavar="[QUERY|PATH]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding and line.")
@click.option(
    "--peak",
    type=float,
    default=_USUAL.peak_dbtp,
    show_default=True,
    help="The highest good true peak, dBTP.",
)
@click.option("--dc", type=float, default=_USUAL.dc, show_default=True, help="Allowed DC offset.")
@click.option(
    "--head",
    type=float,
    default=_USUAL.head,
    show_default=True,
    help="Allowed silence at the start, s.",
)
@click.option(
    "--tail",
    type=float,
    default=_USUAL.tail,
    show_default=True,
    help="Allowed silence at the end, s.",
)
def check_command(*, asked: tuple[str, ...], as_json: bool, **given: float) -> None:
    """Check for problems: in the library, in what QUERY finds there, or in PATHs.

    Finds clipped samples, true peaks over a limit, DC offset, channels that cancel each other,
    bits that are never used, silence before and after loops and one-shots, loops that are not
    whole bars, a tempo or a key unlike the name or the tags, files that are the same, and files
    that cannot be read. A claim below .5 accuses nobody.

    Sounds of the library are judged by their analysis; files and folders are analysed here and now,
    without a library. If an argument is a file or folder, all are. Exit status 1 if anything is
    found, 0 if not.
    """
    limits = Limits(peak_dbtp=given["peak"], dc=given["dc"], head=given["head"], tail=given["tail"])
    report = _Report(as_json=as_json)

    async def work() -> int:
        if any(_is_place(word) for word in asked):
            checking = _files(asked, limits)
        else:
            checking = _library(" ".join(asked), limits)
        async with aclosing(checking) as steps:
            async for checked in steps:
                report.tell(checked)
        report.end()
        return 1 if report.findings else 0

    run(work)


def _is_place(word: str) -> bool:
    return word in (".", "..", "~") or word.startswith(_PLACES) or Path(word).exists()


def _checking(limits: Limits, finder: SoundFinder) -> PackCheck:
    # Late imports, here and below: --help loads no numpy and no services.
    from smtui.audio.recipe import Recipe
    from smtui.services.pack_check import PackCheck
    from smtui.wiring import SystemClock

    return PackCheck(Recipe(), finder, SystemClock(), limits=limits)


async def _files(places: tuple[str, ...], limits: Limits) -> AsyncGenerator[Checked, None]:
    from smtui.folders.finder import DiskFinder

    finder = DiskFinder()
    try:
        checking = _checking(limits, finder)
        async with aclosing(checking.files([Path(place) for place in places])) as steps:
            async for checked in steps:
                yield checked
    finally:
        finder.close()


async def _library(text: str, limits: Limits) -> AsyncGenerator[Checked, None]:
    from smtui.folders.finder import DiskFinder

    expression = read_filter(text)
    async with opened() as box:
        services = box.services
        question = Question(
            expression=services.paths.in_documents(expression), viewer=box.account.user_id
        )
        finder = DiskFinder(services.paths)
        try:
            sounds = _checking(limits, finder).sounds(services.library, services.analyses, question)
            async with aclosing(sounds) as steps:
                async for checked in steps:
                    yield checked
        finally:
            finder.close()


class _Report:
    """Tells what was found, and counts it."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._sounds = 0
        self._flawed = 0
        self.findings = 0

    def tell(self, checked: Checked) -> None:
        """Write a file's findings, if there are any."""
        self._sounds += 1
        self._flawed += bool(checked.findings)
        self.findings += len(checked.findings)
        if self._as_json:
            _print_objects(checked)
        elif checked.findings:
            out(checked.file_path)
            for finding in checked.findings:
                # Findings are clauses; what a file says of itself comes as a sentence.
                out(f"  {finding.words[:1].upper()}{finding.words[1:]}")
        sys.stdout.flush()

    def end(self) -> None:
        """Sum up, for people."""
        if self._as_json:
            return
        sounds = counted(self._sounds, "sound")
        if not self._sounds:
            out("No sound is there to check.")
        elif not self.findings:
            out(f"{sounds} checked, nothing found.")
        else:
            found = counted(self.findings, "finding")
            out(f"{sounds} checked, {found} in {self._flawed:,} of them.")


def _print_objects(checked: Checked) -> None:
    for finding in checked.findings:
        fields = {
            **path_fields(checked.file_path, checked.path_bytes),
            "finding": str(finding.flaw),
            "value": finding.value,
            "words": finding.words,
        }
        sys.stdout.write(f"{json.dumps(fields)}\n")

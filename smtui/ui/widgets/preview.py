"""What is known of one sound, beside a table: facts, claims, tags, a picture to know it by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.drawn_names import drawn
from smtui.domain.errors import SoundUnreadable
from smtui.domain.findings import SURE
from smtui.domain.picture import Picture, PictureRequest, View
from smtui.domain.sample import FileId, Sample
from smtui.domain.text import printable_path
from smtui.ui.draw import phrases
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.phrases import said_lines
from smtui.ui.draw.spectrogram import spectrogram
from smtui.ui.widgets.cell_strip import strip
from smtui.ui.widgets.columns import NONE
from smtui.ui.widgets.spectrogram import fit_picture
from smtui.ui.workers import looking

if TYPE_CHECKING:
    from smtui.services.pictures import Pictures


class SmallPicture(Widget):
    """Draws one picture over all its cells, or nothing."""

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._strips: tuple[Strip, ...] = ()

    @property
    def wanted(self) -> Size:
        """How many picture elements fit."""
        return Size(self.size.width, self.size.height * self._ink.elements)

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or with None nothing."""
        self._strips = ()
        if picture is not None and self.size.area:
            fitting = fit_picture(picture, *self.wanted)
            look = self.rich_style
            rows = spectrogram(fitting, self._ink)
            self._strips = tuple(strip(row, self._ink.depth, look) for row in rows)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)


_LABEL = 10
_GROUP = "preview"

AnalysisOf = Callable[[FileId], Awaitable[Analysis | None]]


class Preview(Vertical):
    """A pane about one sound: what the row knows at once, the rest where the cursor rests.

    `analysis_of` gives what was heard of a sound, `rest` is how long the cursor rests before that
    and the picture are worth a look, s.
    """

    def __init__(
        self, analysis_of: AnalysisOf, pictures: Pictures, ink: Ink, *, rest: float
    ) -> None:
        super().__init__(id="preview")
        self._analysis_of = analysis_of
        self._pictures = pictures
        self._ink = ink
        self._rest = rest
        self._known: tuple[Sample, Analysis] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the picture below the words, under a title where there is one."""
        yield Static(classes="preview-title")
        yield Static(classes="preview-words")
        yield SmallPicture(self._ink)

    def entitle(self, title: str) -> None:
        """Say which of several sounds this is."""
        self.query_one(".preview-title", Static).update(Content(title), layout=False)

    @looking(group=_GROUP, patient=True)
    async def look_at(self, sample: Sample | None, outside: Path | None = None) -> None:
        """Show a sound, or a file `outside` of the library, or nothing."""
        path = outside if sample is None else sample.path
        self._show_known(sample, outside)
        if path is None:
            self._picture.show(None)
            return
        await asyncio.sleep(self._rest)
        analysis = None
        if sample is not None:
            analysis = await self._analysis_of(sample.file_id)
            self._show(sample, analysis)
        await self._draw(path, sample, analysis)

    def _show_known(self, sample: Sample | None, outside: Path | None) -> None:
        if sample is None and outside is not None:
            self._show_words(about_outside(outside))
        else:
            self._show(sample, None)

    def _show(self, sample: Sample | None, analysis: Analysis | None) -> None:
        """Show what the row knows, and when it comes what was heard."""
        if sample is not None and analysis is not None:
            self._known = sample, analysis
        elif self._known is not None and self._known[0] == sample:
            # Shown again, after another search: what stands there need not go and come back.
            analysis = self._known[1]
        self._show_words(Content("") if sample is None else about(sample, analysis))

    def _show_words(self, words: Content) -> None:
        self.query_one(".preview-words", Static).update(words, layout=False)

    @property
    def _picture(self) -> SmallPicture:
        return self.query_one(SmallPicture)

    async def _draw(self, path: Path, sample: Sample | None, analysis: Analysis | None) -> None:
        size = self._picture.wanted
        if not size.area:
            return
        request = PictureRequest(
            path=path, view=View.SPECTROGRAM, width=size.width, height=size.height, coarse=True
        )
        try:
            picture = await self._pictures.picture(
                request,
                file_hash=None if sample is None else sample.file_hash,
                heard=None if analysis is None else analysis.measured,
            )
        except SoundUnreadable:
            # The row says that it could not be heard; a toast per move would be noise.
            self._picture.show(None)
        else:
            self._picture.show(picture)


def about_outside(path: Path) -> Content:
    """Return what is known of a file that is not of the library."""
    name = printable_path(bytes(path)).rpartition("/")[2]
    words = Content.assemble(
        (drawn(name), "bold"), "\n", (drawn(printable_path(bytes(path.parent))), "$quiet")
    )
    return words + Content.styled("\n\nnot in the library", "$quiet")


def _file(sample: Sample) -> list[Content]:
    if not sample.sample_rate:
        # Of a file that could not be read no more is known.
        return [_line("file", sample.format)]
    rate, channels = phrases.rate(sample.sample_rate), phrases.channels(sample.channels)
    return [
        _line("file", f"{sample.format} {rate} {channels}"),
        _line(
            "length", f"{phrases.short_length(sample.duration)}   {phrases.size(sample.file_size)}"
        ),
    ]


def about(sample: Sample, analysis: Analysis | None) -> Content:
    """Return what is known of a sound, a line per matter."""
    lines = [
        Content.styled(drawn(sample.filename), "bold"),
        Content.styled(drawn(sample.folder), "$quiet"),
        Content(""),
        *_file(sample),
        *_heard_lines(sample),
        *([] if analysis is None else _alternatives(analysis)),
    ]
    lines += _said_lines(sample)
    if sample.tags:
        lines.append(_line("tags", ", ".join(sample.tags)))
    if sample.trouble is not None:
        lines.append(Content.styled(f"not analysed: {drawn(sample.trouble.error)}", "$error"))
    if sample.missing_since is not None:
        lines.append(Content.styled("the file is no longer there", "$error"))
    return Content("\n").join(lines)


def _line(label: str, words: str, confidence: float | None = None) -> Content:
    look = "" if confidence is None or confidence >= SURE else "$quiet"
    sure = "" if confidence is None else f"  {phrases.confidence(confidence)}"
    return Content.assemble((label.ljust(_LABEL), "$quiet"), (drawn(words), look), (sure, "$quiet"))


def _said_lines(sample: Sample) -> list[Content]:
    """Return what name and tags say, dim, and in which way something else was heard."""
    said = said_lines(sample)
    if not said:
        return []
    words = ", ".join(drawn(f"{each.label} {each.words}") for each in said)
    lines = [Content.assemble(("labelled".ljust(_LABEL), "$quiet"), (words, "$quiet"))]
    apart = dict.fromkeys(words for each in said for words in each.differs)
    return lines + [Content.assemble(" " * _LABEL, (words, "$warning")) for words in apart]


def _heard_lines(sample: Sample) -> list[Content]:
    heard = sample.heard
    if heard is None:
        return [_line("analysis", NONE if sample.trouble else "not yet")]
    kind = heard.kind or NONE
    tempo = NONE if heard.tempo is None else f"{heard.tempo:.1f} BPM"
    loudness = NONE if heard.loudness_lufs is None else phrases.loudness(heard.loudness_lufs)
    lines = [
        _line("kind", kind, heard.kind_confidence if heard.kind else None),
        _line("type", phrases.form(is_loop=heard.is_loop)),
        _line("tempo", tempo, heard.tempo_confidence if heard.tempo else None),
        _line("key", heard.key_label or NONE, heard.key_confidence if heard.key else None),
        _line("loudness", loudness),
    ]
    if heard.root_note:
        lines.insert(4, _line("note", heard.root_note))
    return lines


def _alternatives(analysis: Analysis) -> list[Content]:
    """Return what else tempo and key could be."""
    lines = []
    for claim in phrases.claims(analysis.measured):
        others = [f"{value} {phrases.confidence(sure)}" for value, sure in claim.alternatives[:2]]
        if others:
            lines.append(_line(f"or {claim.name}", "  ".join(others)))
    return lines

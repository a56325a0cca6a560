"""What is known of one sound, beside the table: facts, claims, tags, a small picture."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.drawn import drawn
from smtui.domain.sample import Sample
from smtui.domain.text import printable_path
from smtui.ui.draw import wording
from smtui.ui.draw.cells import Ink
from smtui.ui.draw.said import said_lines
from smtui.ui.widgets.columns import NONE, SURE, length
from smtui.ui.widgets.small_picture import SmallPicture

_LABEL = 10


class Preview(Vertical):
    """A pane about one sound."""

    def __init__(self, ink: Ink, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._ink = ink
        self._known: tuple[Sample, Analysis] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the picture below the words, under a title where there is one."""
        yield Static(classes="preview-title")
        yield Static(classes="preview-words")
        yield SmallPicture(self._ink)

    def show(self, sample: Sample | None, analysis: Analysis | None = None) -> None:
        """Show what the row knows, and when it comes what was heard."""
        if sample is not None and analysis is not None:
            self._known = sample, analysis
        elif self._known is not None and self._known[0] == sample:
            # Shown again, after another search: what stands there need not go and come back.
            analysis = self._known[1]
        words = Content("") if sample is None else about(sample, analysis)
        self.query_one(".preview-words", Static).update(words, layout=False)

    def show_outside(self, path: Path) -> None:
        """Show what is known of a file that is not of the library."""
        name = printable_path(bytes(path)).rpartition("/")[2]
        words = Content.assemble(
            (drawn(name), "bold"), "\n", (drawn(printable_path(bytes(path.parent))), "$quiet")
        )
        words += Content.styled("\n\nnot in the library", "$quiet")
        self.query_one(".preview-words", Static).update(words, layout=False)

    def entitle(self, title: str) -> None:
        """Say which of several sounds this is."""
        self.query_one(".preview-title", Static).update(Content(title), layout=False)

    @property
    def picture(self) -> SmallPicture:
        """The picture below the words."""
        return self.query_one(SmallPicture)


def _file(sample: Sample) -> list[Content]:
    if not sample.sample_rate:
        # Of a file that could not be read no more is known.
        return [_line("file", sample.format)]
    rate, channels = wording.rate(sample.sample_rate), wording.channels(sample.channels)
    return [
        _line("file", f"{sample.format} {rate} {channels}"),
        _line("length", f"{length(sample.duration)}   {wording.size(sample.file_size)}"),
    ]


def about(sample: Sample, analysis: Analysis | None) -> Content:
    """Write what is known of a sound, a line per matter."""
    lines = [
        Content.styled(drawn(sample.filename), "bold"),
        Content.styled(drawn(sample.folder), "$quiet"),
        Content(""),
        *_file(sample),
        *_heard(sample),
        *([] if analysis is None else _otherwise(analysis)),
    ]
    lines += _said(sample)
    if sample.tags:
        lines.append(_line("tags", ", ".join(sample.tags)))
    if sample.trouble is not None:
        lines.append(Content.styled(f"not analysed: {drawn(sample.trouble.error)}", "$error"))
    if sample.missing_since is not None:
        lines.append(Content.styled("the file is no longer there", "$error"))
    return Content("\n").join(lines)


def _line(label: str, words: str, confidence: float | None = None) -> Content:
    look = "" if confidence is None or confidence >= SURE else "$quiet"
    sure = "" if confidence is None else f"  {wording.confidence(confidence)}"
    return Content.assemble((label.ljust(_LABEL), "$quiet"), (drawn(words), look), (sure, "$quiet"))


def _said(sample: Sample) -> list[Content]:
    """Write what name and tags say, dim, and in which way something else was heard."""
    said = said_lines(sample)
    if not said:
        return []
    words = ", ".join(drawn(f"{each.label} {each.words}") for each in said)
    lines = [Content.assemble(("labelled".ljust(_LABEL), "$quiet"), (words, "$quiet"))]
    apart = dict.fromkeys(words for each in said for words in each.differs)
    return lines + [Content.assemble(" " * _LABEL, (words, "$warning")) for words in apart]


def _heard(sample: Sample) -> list[Content]:
    heard = sample.heard
    if heard is None:
        return [_line("analysis", NONE if sample.trouble else "not yet")]
    kind = heard.kind or NONE
    tempo = NONE if heard.tempo is None else f"{heard.tempo:.1f} BPM"
    loudness = NONE if heard.loudness_lufs is None else wording.loudness(heard.loudness_lufs)
    lines = [
        _line("kind", kind, heard.kind_confidence if heard.kind else None),
        _line("type", wording.form(is_loop=heard.is_loop)),
        _line("tempo", tempo, heard.tempo_confidence if heard.tempo else None),
        _line("key", heard.key_label or NONE, heard.key_confidence if heard.key else None),
        _line("loudness", loudness),
    ]
    if heard.root_note:
        lines.insert(4, _line("note", heard.root_note))
    return lines


def _otherwise(analysis: Analysis) -> list[Content]:
    """Write what else tempo and key could be."""
    lines = []
    for claim in wording.claims(analysis.measured):
        others = [f"{value} {wording.confidence(sure)}" for value, sure in claim.alternatives[:2]]
        if others:
            lines.append(_line(f"or {claim.name}", "  ".join(others)))
    return lines

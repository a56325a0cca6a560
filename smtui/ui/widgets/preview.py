"""What is known of one sound, beside the table: facts, claims, tags."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from smtui.domain.analysis import Analysis
from smtui.domain.sample import Sample, key_label
from smtui.domain.text import shown
from smtui.ui.widgets.columns import NONE, length

_LABEL = 10


class Preview(Static):
    """A pane about one sound."""

    def show(self, sample: Sample | None, analysis: Analysis | None = None) -> None:
        """Show what the row knows, and when it comes what was heard."""
        self.update("" if sample is None else about(sample, analysis))


def about(sample: Sample, analysis: Analysis | None) -> Content:
    """Write what is known of a sound, a line per matter."""
    lines = [
        Content.styled(shown(sample.filename), "bold"),
        Content.styled(shown(sample.folder), "$quiet"),
        Content(""),
        _line("file", _facts(sample)),
        _line("length", f"{length(sample.duration)}   {size(sample.file_size)}"),
        *_heard(sample, analysis),
    ]
    if sample.trouble is not None:
        lines += [
            Content(""),
            Content.styled(f"not heard: {shown(sample.trouble.error)}", "$error"),
        ]
    if sample.missing_since is not None:
        lines += [Content(""), Content.styled("the file is no longer there", "$error")]
    said = [f"{name} {sample.metadata[name]}" for name in _SAID if sample.metadata.get(name)]
    if said:
        lines.append(_line("said", ", ".join(said)))
    if sample.tags:
        lines.append(_line("tags", ", ".join(sample.tags)))
    return Content("\n").join(lines)


_SAID = ("title", "artist", "bpm", "key")


def _line(label: str, words: str, confidence: float | None = None) -> Content:
    sure = "" if confidence is None else f"  {confidence:.2f}".replace("0.", ".")
    return Content.assemble(
        (label.ljust(_LABEL), "$quiet"), shown(words), (sure, "$quiet" if sure else "")
    )


def _facts(sample: Sample) -> str:
    channels = {1: "mono", 2: "stereo"}.get(sample.channels, f"{sample.channels} channels")
    return f"{sample.format} {sample.sample_rate / 1000:g}k {channels}"


def size(count: int) -> str:
    """Write a size in bytes: `1.9 MB`."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def _heard(sample: Sample, analysis: Analysis | None) -> list[Content]:
    heard = sample.heard
    if heard is None:
        return [_line("heard", "not yet" if sample.trouble is None else NONE)]
    tempo = NONE if heard.tempo is None else f"{heard.tempo:.1f} BPM"
    kind = heard.kind or NONE
    loud = NONE if heard.loudness_lufs is None else f"{heard.loudness_lufs:.1f} LUFS"
    lines = [
        _line(
            "kind",
            f"{kind}, loop" if heard.is_loop and kind != "loop" else kind,
            heard.kind_confidence if heard.kind else None,
        ),
        _line("tempo", tempo, heard.tempo_confidence if heard.tempo else None),
        _line("key", heard.key_label or NONE, heard.key_confidence if heard.key else None),
    ]
    if heard.root_note:
        lines.append(_line("note", heard.root_note))
    lines.append(_line("loudness", loud))
    return lines + ([] if analysis is None else _details(analysis))


def _details(analysis: Analysis) -> list[Content]:
    measured = analysis.measured
    claims = measured.claims
    lines = []
    tempos = [f"{other.tempo:.1f} {other.confidence:.2f}" for other in claims.tempo_alternatives]
    keys = [f"{key_label(o.key, o.mode)} {o.confidence:.2f}" for o in claims.key_alternatives]
    if measured.true_peak_dbtp is not None:
        lines.append(_line("peak", f"{measured.true_peak_dbtp:.1f} dBTP"))
    if measured.time_signature is not None:
        lines.append(_line("meter", "/".join(map(str, measured.time_signature))))
    if tempos:
        lines.append(_line("or tempo", "  ".join(tempos[:3])))
    if keys:
        lines.append(_line("or key", "  ".join(keys[:3])))
    return lines

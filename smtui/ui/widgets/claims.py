"""What is known of a sound in words: the file's facts, and what was heard with how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.content import Content
from textual.widget import Widget

from smtui.domain.account import UserId
from smtui.domain.analysis import AiPart, Analysis, Measurement
from smtui.domain.drawn_names import drawn
from smtui.domain.sample import Mark, Sample
from smtui.ui.draw import phrases
from smtui.ui.draw.phrases import remark_lines, said_lines, speaker

_LABEL = 12
_WIDTH = 32
_REMARK_LINES = 4
_VALUE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sound, what was heard of it, and whether somebody listens to it now.

    `names`: user names of who put tags, as far as they are known, for `viewer`.
    """

    sample: Sample
    analysis: Analysis | None = None
    listening: bool = False
    viewer: UserId | None = None
    names: Mapping[UserId, str] = field(default_factory=dict)

    @property
    def tagged_by(self) -> tuple[tuple[str, str], ...]:
        """Tags with who put them and when, the newest last: of a shared sound, or by others."""
        marks = self.sample.tag_marks
        if self.sample.user_id is not None and all(m.by == self.viewer for m in marks.values()):
            return ()
        there = [tag for tag in self.sample.tags if tag in marks]
        there.sort(key=lambda tag: marks[tag].at)
        return tuple((tag, self._who(marks[tag])) for tag in there)

    def _who(self, mark: Mark) -> str:
        name = self.names.get(mark.by, "somebody") if mark.by is not None else "somebody"
        return f"{drawn(name)} {mark.at.astimezone():%Y-%m-%d}"


def facts(known: Known) -> Content:
    """One line about the file: folder, format, rate, length, size, what it says, its tags."""
    sample, analysis = known.sample, known.analysis
    depth = analysis.measured.bit_depth if analysis else None
    parts = [
        Content.styled(drawn(_last_folders(sample.folder)), "$quiet"),
        Content(
            f"{drawn(sample.format)} {phrases.rate(sample.sample_rate)}"
            f"{f' {depth} bit' if depth else ''} {phrases.channels(sample.channels)}"
            f"  {phrases.length(sample.duration)}  {phrases.size(sample.file_size)}"
        ),
    ]
    said = said_lines(sample)
    if said:
        words = " ".join(drawn(each.words) for each in said)
        apart = "".join(f" ({', '.join(each.differs)})" for each in said if each.differs)
        parts.append(Content.assemble((f"labelled {words}", "$quiet"), (apart, "$warning")))
    if sample.tags:
        newest = f"  {known.tagged_by[-1][1]}" if known.tagged_by else ""
        tags = drawn(", ".join(sample.tags))
        parts.append(Content.assemble(("tags ", "$quiet"), tags, (newest, "$quiet")))
    return Content("   ").join(parts)


def _last_folders(folder: str) -> str:
    """The last two folders: what people call their packs, where the whole path has no room."""
    return "/".join(folder.rsplit("/", 2)[-2:]) if folder.count("/") > 1 else folder


def state(known: Known) -> Content | None:
    """Why there are no claims, and what to press; None where there are."""
    if known.listening:
        return Content.styled("analysing ...", "$primary")
    if known.analysis is not None:
        return None
    trouble = known.sample.trouble
    if trouble is not None:
        return Content.assemble(
            (f"not analysed: {drawn(trouble.error)}", "$error"),
            "   ",
            ("a", "bold $primary"),
            " retries",
        )
    return Content.assemble("not analysed yet   ", ("a", "bold $primary"), " analyses it")


def in_a_line(known: Known) -> Content:
    """The claims in one line, for narrow terminals."""
    standing = state(known)
    if known.analysis is None or standing is not None:
        return standing or Content("")
    heard = known.analysis.measured
    parts = [_short(claim) for claim in phrases.claims(heard) if _worth(claim)]
    parts.append(Content(phrases.loudness_of(heard)))
    if heard.is_loop:
        parts.append(Content("loop"))
    return Content("   ").join(parts)


def _worth(claim: phrases.Claim) -> bool:
    return claim.value is not None or claim.name in ("BPM", "key")


def _short(claim: phrases.Claim) -> Content:
    """`BPM 126.0 .94 | 63.0 .04`, dim where it is doubtful."""
    look = "$quiet" if claim.doubtful else "bold"
    parts = [Content.styled(f"{claim.name} ", "$quiet"), Content.styled(claim.value or "-", look)]
    if claim.value is not None and claim.confidence is not None:
        parts.append(Content.styled(f" {phrases.confidence(claim.confidence)}", "$quiet"))
    for value, confidence in claim.alternatives[:1]:
        parts.append(Content.styled(f" | {value} {phrases.confidence(confidence)}", "$quiet"))
    return Content.assemble(*parts)


class Claims(Widget):
    """What was heard as a column: each claim with its confidence, its alternatives below it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._known: Known | None = None

    def show(self, known: Known) -> None:
        """Show a sound."""
        self._known = known
        self.refresh()

    def render(self) -> Content:
        """Draw a line per matter."""
        if self._known is None:
            return Content("")
        standing = state(self._known)
        lines = [] if standing is None else [standing, Content("")]
        if self._known.analysis is not None:
            lines += _claim_lines(self._known.analysis.measured)
        lines += _file_lines(self._known)
        return Content("\n").join(lines)


def _claim_lines(heard: Measurement) -> list[Content]:
    lines = []
    for claim in phrases.claims(heard):
        look = "$quiet" if claim.doubtful else "bold"
        sure = "" if claim.confidence is None else phrases.confidence(claim.confidence)
        lines.append(_line(claim.name, claim.value or "-", look, sure))
        lines += [
            _line("", value, "$quiet", phrases.confidence(confidence))
            for value, confidence in claim.alternatives[:3]
        ]
    lines.append(Content(""))
    lines += [_line(name, value, "") for name, value in phrases.measured(heard)]
    return [*lines, Content("")]


def _file_lines(known: Known) -> list[Content]:
    sample = known.sample
    lines = []
    for said in said_lines(sample):
        lines.append(_line(said.label, drawn(said.words), "$quiet"))
        lines += [_line("", words, "$warning") for words in said.differs]
    if sample.tags:
        lines.append(_line("tags", drawn(", ".join(sample.tags)), ""))
        lines += [_line(_short_label(tag), who, "$quiet") for tag, who in known.tagged_by]
    if known.analysis is not None:
        heard = known.analysis.measured
        by = "" if heard.is_foreign else f"{heard.recipe_version}, "
        lines.append(_line("analysis", f"{by}{heard.level}", "$quiet"))
        if heard.is_foreign:
            lines.append(_line("analysed by", "another program", "$quiet"))
    if known.analysis is not None and known.analysis.ai is not None:
        lines += _remarks(known.analysis.ai)
    return lines


def _remarks(ai: AiPart) -> list[Content]:
    """Who else spoke of it, the beginning of what was said, and the key that shows all of it."""
    said = remark_lines(ai, _WIDTH)[: _REMARK_LINES + 1]
    lines = [Content(""), Content.styled(f"said by {speaker(ai)}", "$secondary")]
    lines += [Content(line.strip()) for line in said if line.startswith(" ")]
    return [*lines, Content.assemble(("v", "bold $primary"), (" shows all of it", "$quiet"))]


def _short_label(text: str) -> str:
    return f" {drawn(text)}"[: _LABEL - 1]


def _line(label: str, value: str, look: str, sure: str = "") -> Content:
    return Content.assemble(
        (label[: _LABEL - 1].ljust(_LABEL), "$quiet"),
        (value.ljust(_VALUE) if sure else value, look),
        (f" {sure}" if sure and len(value) >= _VALUE else sure, "$quiet"),
    )

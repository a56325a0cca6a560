"""What somebody who prepares a pack would mend in a sound before it goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from smtui.domain.claim_differences import Difference, Matter, Relation, Source, told_apart
from smtui.domain.filename_claims import MetadataValue
from smtui.domain.quality import Quality
from smtui.domain.sample import Heard, certainty

SURE = 0.5
"""A claim that is more likely wrong than right accuses nobody."""

_MUSIC = "music"
_BEATS_IN_BAR = 4
# A sixteenth of a beat is not heard as late; and a tempo is only known to so many digits.
_LATE_BEATS = 1 / 16
_LATE_SHARE = 0.002
_RELATIONS = {
    Relation.HALF: ", half of that",
    Relation.DOUBLE: ", twice that",
    Relation.RELATIVE: ", its relative key",
    Relation.PARALLEL: ", on the same root",
    Relation.OTHER: "",
}
_SOURCES = {Source.NAME: "the name says", Source.TAGS: "the tags say"}


class Flaw(StrEnum):
    """What may be found."""

    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    SILENT = "silent"
    CLIPPED = "clipped"
    PEAK = "peak"
    DC = "dc"
    PHASE = "phase"
    BITS = "bits"
    HEAD = "head"
    TAIL = "tail"
    BARS = "bars"
    TEMPO = "tempo"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is still good.

    Attributes:
        peak_dbtp: the highest true peak.
        dc: the largest DC offset, full scale is 1.
        head, tail: s of silence; a loop of whole bars may also rest for a beat.
        correlation: the lowest one of the first two channels.
    """

    peak_dbtp: float = 0.0
    dc: float = 0.01
    head: float = 0.05
    tail: float = 0.5
    correlation: float = -0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One flaw in words: a clause without a capital letter or a full stop.

    Attributes:
        value: the number or name that was found, in the unit of the limit.
    """

    flaw: Flaw
    words: str
    value: float | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged: a file's name, its tags, and what was heard of it.

    Attributes:
        duration: s.
        beats_in_bar: as far as the meter is known.
    """

    filename: str
    duration: float
    heard: Heard
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    beats_in_bar: int = _BEATS_IN_BAR


def findings(subject: Subject, limits: Limits) -> tuple[Finding, ...]:
    """Everything that is to be mended in a sound, by itself."""
    quality = subject.heard.quality
    found = [] if quality is None else [*_of_samples(quality, limits), *_silences(subject, limits)]
    bars = _broken_bars(subject)
    if bars is not None:
        words = f"the loop is not whole bars: {bars:.3g} bars at {subject.heard.tempo:.1f} BPM"
        found.append(Finding(flaw=Flaw.BARS, words=words, value=round(bars, 4)))
    apart = told_apart(subject.filename, subject.metadata, subject.heard)
    return (*found, *(_unlike(each) for each in apart if each.confidence >= SURE))


def _of_samples(quality: Quality, limits: Limits) -> Iterator[Finding]:
    clipped, peak = quality.clipped_samples, quality.true_peak_dbtp
    dc, correlation = quality.dc_offset, quality.stereo_correlation
    depth, used = quality.bit_depth, quality.bits_used
    if clipped:
        words = "1 sample is clipped" if clipped == 1 else f"{clipped:,} samples are clipped"
        yield Finding(flaw=Flaw.CLIPPED, words=words, value=clipped)
    if peak is not None and round(peak, 2) > limits.peak_dbtp:
        words = f"the true peak is {peak:+.2f} dBTP, over {limits.peak_dbtp:g}"
        yield Finding(flaw=Flaw.PEAK, words=words, value=peak)
    if dc > limits.dc:
        words = f"the DC offset is {dc:.3f} of full scale"
        yield Finding(flaw=Flaw.DC, words=words, value=dc)
    if correlation is not None and correlation < limits.correlation:
        words = f"left and right cancel each other in mono (correlation {correlation:+.2f})"
        yield Finding(flaw=Flaw.PHASE, words=words, value=correlation)
    if depth is not None and used is not None and used < depth:
        words = f"only {used} of its {depth} bits are used"
        yield Finding(flaw=Flaw.BITS, words=words, value=used)


def _silences(subject: Subject, limits: Limits) -> Iterator[Finding]:
    quality, heard = subject.heard.quality, subject.heard
    if quality is None or heard.kind == _MUSIC:
        return
    if quality.true_peak_dbtp is None:
        yield Finding(flaw=Flaw.SILENT, words="there is nothing but silence")
        return
    rest = 0.0
    if heard.is_loop and heard.tempo and _broken_bars(subject) is None:
        # What is silent on the grid is music: a hat on the off-beat, a last beat that rests.
        rest = 60.0 / heard.tempo
    if quality.silence_head > max(limits.head, rest):
        words = f"{_seconds(quality.silence_head)} of silence before it"
        yield Finding(flaw=Flaw.HEAD, words=words, value=quality.silence_head)
    if quality.silence_tail > max(limits.tail, rest):
        words = f"{_seconds(quality.silence_tail)} of silence after it"
        yield Finding(flaw=Flaw.TAIL, words=words, value=quality.silence_tail)


def _broken_bars(subject: Subject) -> float | None:
    """How many bars long a loop is, where that is no whole number of them."""
    heard = subject.heard
    if not heard.is_loop or not heard.tempo or certainty(heard.tempo_confidence) < SURE:
        return None
    beats = subject.duration * heard.tempo / 60.0
    whole = max(1, round(beats / subject.beats_in_bar)) * subject.beats_in_bar
    if abs(beats - whole) <= _LATE_BEATS + _LATE_SHARE * beats:
        return None
    return beats / subject.beats_in_bar


def _unlike(difference: Difference) -> Finding:
    is_tempo = difference.matter is Matter.TEMPO
    unit = " BPM" if is_tempo else ""
    return Finding(
        flaw=Flaw.TEMPO if is_tempo else Flaw.KEY,
        words=f"{_SOURCES[difference.source]} {difference.said}{unit}, analysed as"
        f" {difference.heard}{unit}{_RELATIONS[difference.relation]}",
        value=float(difference.heard) if is_tempo else difference.heard,
    )


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"

"""What is known of a sound, in words: claims, measures, name and tags, a model's remarks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from smtui.domain.analysis import KEY_NAMES, AiPart, Measurement, PitchTrack
from smtui.domain.claim_differences import Matter, Relation, Source, differences
from smtui.domain.drawn_names import drawn
from smtui.domain.filename_claims import Said
from smtui.domain.findings import SURE
from smtui.domain.keys import key_label
from smtui.domain.sample import Sample

UNKNOWN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that was heard: its name, its value or None, how sure, what else it could be."""

    name: str
    value: str | None
    confidence: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()

    @property
    def doubtful(self) -> bool:
        """No value, or a value that is more likely wrong than right."""
        return self.value is None or (self.confidence is not None and self.confidence < SURE)


def claims(heard: Measurement) -> tuple[Claim, ...]:
    """Everything that was claimed, in the order in which people ask for it."""
    sure = heard.claims
    return (
        Claim(
            name="BPM",
            value=None if heard.tempo is None else f"{heard.tempo:.1f}",
            confidence=None if heard.tempo is None else heard.sureness("tempo"),
            alternatives=tuple((f"{c.tempo:.1f}", c.confidence) for c in sure.tempo_alternatives),
        ),
        Claim(
            name="key",
            value=None if heard.key is None else key_label(heard.key, heard.mode),
            confidence=None if heard.key is None else heard.sureness("key"),
            alternatives=tuple(
                (key_label(c.key, c.mode), c.confidence) for c in sure.key_alternatives
            ),
        ),
        Claim(
            name="meter",
            value=None
            if heard.time_signature is None
            else "/".join(map(str, heard.time_signature)),
            confidence=None if heard.time_signature is None else heard.sureness("meter"),
        ),
        Claim(
            name="kind",
            value=heard.kind,
            confidence=None if heard.kind is None else heard.sureness("kind"),
            alternatives=tuple((c.kind, c.confidence) for c in sure.kind_alternatives),
        ),
        Claim(
            name="root",
            value=heard.root_note,
            # What was heard before notes had one has no confidence.
            confidence=(sure.root_confidence or None) if heard.root_note else None,
        ),
    )


def measured(heard: Measurement) -> tuple[tuple[str, str], ...]:
    """What was measured rather than guessed, as (name, value); what does not apply is left out."""
    lines = [
        ("loudness", loudness_of(heard)),
        ("true peak", _decibels(heard.true_peak_dbtp, "dBTP")),
        ("type", form(is_loop=None if "is_loop" in heard.unsaid else heard.is_loop)),
        ("onsets", str(len(heard.onsets)) if heard.onsets else ""),
        ("clipped", f"{heard.clipped_samples} samples" if heard.clipped_samples else ""),
        ("DC offset", f"{heard.dc_offset:+.3f}" if abs(heard.dc_offset) >= 0.001 else ""),
        ("bits used", _bits(heard)),
        ("silence", _silence(heard)),
        ("stereo", "" if heard.stereo_correlation is None else f"{heard.stereo_correlation:+.2f}"),
    ]
    return tuple((name, value) for name, value in lines if value)


def form(*, is_loop: bool | None) -> str:
    """Whether it is a loop or a one-shot; a dash for neither, and where nobody says."""
    return UNKNOWN if is_loop is None else "loop" if is_loop else "one-shot"


def loudness(lufs: float | None) -> str:
    """Return a loudness: `-11.2 LUFS`, or that there is none."""
    return "silent" if lufs is None else f"{lufs:.1f} LUFS"


def loudness_of(heard: Measurement) -> str:
    """Return how loud a sound is; `-` where nobody says."""
    known = heard.loudness_lufs is not None or heard.is_silent
    return loudness(heard.loudness_lufs) if known else UNKNOWN


def recipe(heard: Measurement) -> str:
    """Say by what it was heard: the number of the recipe, or that another program did."""
    return "another program" if heard.is_foreign else f"analysis {heard.recipe_version}"


def confidence(value: float) -> str:
    """Return a confidence from 0 to 1 in two digits: `.94`, `1.0`."""
    return "1.0" if value >= 0.995 else f"{max(value, 0.0):.2f}"[1:]


def length(seconds: float) -> str:
    """Return a length: `0.41 s`, `12.0 s`, `3:07`, `1:02:03`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_length(seconds: float) -> str:
    """Return a length for a narrow column: `0.41s`, `3m12s`, `1h02m`."""
    if seconds < 100:
        return f"{seconds:.2f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"


def time_left(seconds: float) -> str:
    """Return a time to wait: `40s`, `1m29s`, `2h05m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def size(count: int) -> str:
    """Return a number of bytes: `512 B`, `34 kB`, `1.9 MB`."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return (
        f"{value:.1f} {units[0]}" if value < 9.95 and units[0] != "B" else f"{value:.0f} {units[0]}"
    )


def rate(hertz: int) -> str:
    """Return a sampling rate: `44.1k`, `48k`, `11.025k`."""
    return f"{hertz / 1000:.3f}".rstrip("0").rstrip(".") + "k"


def channels(count: int) -> str:
    """Return how many channels: `mono`, `stereo`, `8 channels`."""
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _decibels(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.1f} {unit}"


def _bits(heard: Measurement) -> str:
    """How many bits are used, where that is not what the header says."""
    return "" if heard.bits_used in (None, heard.bit_depth) else str(heard.bits_used)


def _silence(heard: Measurement) -> str:
    parts = [
        f"{seconds:.2f} s {where}"
        for seconds, where in ((heard.silence_head, "before"), (heard.silence_tail, "after"))
        if seconds >= 0.005
    ]
    return ", ".join(parts)


_RELATIONS = {
    (Matter.TEMPO, Relation.HALF): "analysed as half",
    (Matter.TEMPO, Relation.DOUBLE): "analysed as double",
    (Matter.TEMPO, Relation.OTHER): "other tempo analysed",
    (Matter.KEY, Relation.RELATIVE): "analysed as relative key",
    (Matter.KEY, Relation.PARALLEL): "other mode analysed",
    (Matter.KEY, Relation.OTHER): "other key analysed",
}
_TAGS = ("title", "artist", "bpm", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLine:
    """What one source says: its label, its words, and in which ways something else was heard."""

    label: str
    words: str
    differs: tuple[str, ...] = ()


def said_lines(sample: Sample) -> tuple[SaidLine, ...]:
    """Return a line for the name and one for each tag that says something."""
    apart = differences(sample)

    def differing(source: Source, *matters: Matter) -> tuple[str, ...]:
        return tuple(
            _RELATIONS[each.matter, each.relation]
            for each in apart
            if each.source is source and each.matter in matters
        )

    lines = []
    if sample.said:
        differs = differing(Source.NAME, *Matter)
        lines.append(SaidLine(label="file name", words=_claimed(sample.said), differs=differs))
    for name in _TAGS:
        if sample.metadata.get(name):
            matters = {"bpm": (Matter.TEMPO,), "key": (Matter.KEY,)}.get(name, ())
            lines.append(
                SaidLine(
                    label=name,
                    words=_value_words(sample.metadata[name]),
                    differs=differing(Source.TAGS, *matters),
                )
            )
    return tuple(lines)


def _claimed(said: Said) -> str:
    tempo = "" if said.tempo is None else f"{said.tempo:g}"
    key = "" if said.key is None else key_label(said.key, said.mode)
    return f"{tempo} {key}".strip()


def _value_words(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def deep_lines(heard: Measurement, width: int) -> tuple[str, ...]:
    """One paragraph for each thing that level `full` found; none at the lower levels."""
    paragraphs = []
    if heard.segments:
        parts = (f"{part.letter} {length(part.start)}" for part in heard.segments)
        paragraphs.append("parts  " + "  ".join(part.replace(" ", "\xa0") for part in parts))
    if heard.pitch_track is not None:
        paragraphs.append(f"pitch  {_pitch(heard.pitch_track)}")
    if heard.harmonic_share is not None:
        held = round(100 * heard.harmonic_share)
        paragraphs.append(f"energy {held}% sustained, {100 - held}% percussive")
    return tuple(
        line.replace("\xa0", " ")
        for text in paragraphs
        for line in textwrap.wrap(text, max(width, 20), subsequent_indent=" " * 7)
    )


def _pitch(track: PitchTrack) -> str:
    """Where it begins, ends, and how far it goes: `A3 -4 ct to A3 +2 ct within 0.3 semitones`."""
    voiced = [semitones for semitones in track.semitones if semitones is not None]
    reach = max(voiced) - min(voiced)
    return f"{_note(voiced[0])} to {_note(voiced[-1])}, within {reach:.1f} semitones"


def _note(midi: float) -> str:
    number = round(midi)
    return f"{KEY_NAMES[number % 12]}{number // 12 - 1} {100 * (midi - number):+.0f} ct"


_INDENT = "  "
_MOST_LINES = 500


def speaker(ai: AiPart) -> str:
    """Who said it: the provider and its model, as far as they are named."""
    names = (drawn(name) for name in (ai.provider, ai.model) if name)
    return " ".join(names) or "a language model"


def remark_lines(ai: AiPart, width: int) -> tuple[str, ...]:
    """Return everything that was said, wrapped; a heading is a line that is not indented."""
    lines = []
    for line in _paragraphs(ai, max(width, 20)):
        lines.append(line)
        if len(lines) == _MOST_LINES:
            return (*lines, "There is more: smtui list --json")
    return tuple(lines)


def _paragraphs(ai: AiPart, width: int) -> Iterator[str]:
    if ai.summary:
        yield "Summary"
        yield from _wrapped(ai.summary, width)
    for name, value in ai.detailed:
        yield drawn(name.replace("_", " ").capitalize())
        shown = ", ".join(value) if isinstance(value, tuple) else value
        yield from _wrapped(f"{shown:g}" if isinstance(shown, float) else str(shown), width)
    for heading, texts in (
        ("Production tips", ai.production_tips),
        ("Creative ideas", ai.creative_ideas),
        ("FL Studio", ai.fl_studio_recommendations),
    ):
        if texts:
            yield heading
        for text in texts:
            yield from _wrapped(text, width, mark="- ")


def _wrapped(text: str, width: int, *, mark: str = "") -> Iterator[str]:
    # A paragraph's own ends of lines are kept, all else that is no letter is made visible.
    for part in text.splitlines():
        yield from textwrap.wrap(
            drawn(part),
            width,
            initial_indent=_INDENT + mark,
            subsequent_indent=_INDENT + " " * len(mark),
        )

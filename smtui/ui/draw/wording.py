"""Facts and claims in words as short as musicians write them."""

from __future__ import annotations

from dataclasses import dataclass

from smtui.domain.analysis import Measurement
from smtui.domain.sample import key_label

UNKNOWN = "-"
DOUBTFUL = 0.5
"""A claim below this confidence is shown dim."""


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
        return self.value is None or (self.confidence is not None and self.confidence < DOUBTFUL)


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

"""What level `full` adds, in lines of words: parts, pitch over time, what is held."""

from __future__ import annotations

import textwrap

from smtui.domain.analysis import KEY_NAMES, Measurement, PitchTrack
from smtui.ui.draw.wording import length


def deep_lines(heard: Measurement, width: int) -> tuple[str, ...]:
    """One paragraph for each thing that level `full` found; none at the lower levels."""
    told = []
    if heard.segments:
        parts = (f"{part.letter} {length(part.start)}" for part in heard.segments)
        told.append("parts  " + "  ".join(part.replace(" ", "\xa0") for part in parts))
    if heard.pitch_track is not None:
        told.append(f"pitch  {_pitch(heard.pitch_track)}")
    if heard.harmonic_share is not None:
        held = round(100 * heard.harmonic_share)
        told.append(f"energy {held}% sustained, {100 - held}% percussive")
    return tuple(
        line.replace("\xa0", " ")
        for text in told
        for line in textwrap.wrap(text, max(width, 20), subsequent_indent=" " * 7)
    )


def _pitch(track: PitchTrack) -> str:
    """Where it begins, ends, and how far it goes: `A3 -4 ct to A3 +2 ct within 0.3 semitones`."""
    voiced = [one for one in track.semitones if one is not None]
    reach = max(voiced) - min(voiced)
    return f"{_note(voiced[0])} to {_note(voiced[-1])}, within {reach:.1f} semitones"


def _note(midi: float) -> str:
    number = round(midi)
    return f"{KEY_NAMES[number % 12]}{number // 12 - 1} {100 * (midi - number):+.0f} ct"

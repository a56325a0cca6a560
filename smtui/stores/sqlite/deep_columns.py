"""What level `full` adds to an analysis, as columns, and back."""

from __future__ import annotations

from typing import Any

from smtui.domain.analysis import Measurement, PitchTrack, Segment
from smtui.stores.sqlite.values import Value, from_json, to_json

COLUMNS = ("segments", "pitch_track", "harmonic_share")


def deep_values(measured: Measurement) -> dict[str, Value]:
    """Write the columns; NULL where there is nothing to say."""
    track = measured.pitch_track
    parts = [[part.start, part.end, part.letter] for part in measured.segments]
    return {
        "segments": to_json(parts) if parts else None,
        "pitch_track": to_json([track.step, track.semitones]) if track else None,
        "harmonic_share": measured.harmonic_share,
    }


def deep_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Read the columns as fields of the measurement."""
    parts = from_json(values["segments"]) if values["segments"] else ()
    track = values["pitch_track"] and from_json(values["pitch_track"])
    return {
        "segments": tuple(
            Segment(start=start, end=end, letter=letter) for start, end, letter in parts
        ),
        "pitch_track": PitchTrack(step=track[0], semitones=tuple(track[1])) if track else None,
        "harmonic_share": values["harmonic_share"],
    }

"""What level `full` adds to an analysis, as fields of its document, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from smtui.domain.analysis import Measurement, PitchTrack, Segment
from smtui.stores.mongo.values import (
    Document,
    list_in,
    mapping_in,
    number_in,
    number_or_none,
    text_in,
)


def deep_document(measured: Measurement) -> Document:
    """Write the fields."""
    track = measured.pitch_track
    return {
        "segments": [asdict(part) for part in measured.segments],
        "pitch_track": track and asdict(track),
        "harmonic_share": measured.harmonic_share,
    }


def deep_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of the measurement; what another program left out says nothing."""
    parts = [mapping_in(one) for one in list_in(document.get("segments"))]
    track = mapping_in(document.get("pitch_track"))
    return {
        "segments": tuple(
            Segment(
                start=number_in(one.get("start")),
                end=number_in(one.get("end")),
                letter=text_in(one.get("letter")),
            )
            for one in parts
        ),
        "pitch_track": _track(track) if track else None,
        "harmonic_share": number_or_none(document.get("harmonic_share")),
    }


def _track(kept: Mapping[str, Any]) -> PitchTrack:
    return PitchTrack(
        step=number_in(kept.get("step")),
        semitones=tuple(number_or_none(one) for one in list_in(kept.get("semitones"))),
    )

"""Standard MIDI files, as far as playing test sounds needs them: format 0, one tempo."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

TICKS = 480
"""Ticks in a beat."""
DRUMS = 9
"""The channel on which pitches are drums."""
_PROGRAM, _BEND, _CONTROL, _ON, _OFF = 0xC0, 0xE0, 0xB0, 0x90, 0x80
_REVERB = 91
_BEND_RANGE_CENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One note or one hit: beat and length in beats, MIDI pitch and velocity."""

    beat: float
    length: float
    pitch: int
    velocity: int
    channel: int = DRUMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What is played.

    Attributes:
        tempo: BPM.
        beats: how long the rendering goes on at least.
        programs: instrument (or kit, on channel 9) of each channel.
        reverb: 0 to 127, or None for the synthesiser's own.
        cents: detuning of all but the drums.
    """

    strokes: tuple[Stroke, ...]
    tempo: float
    beats: float
    programs: dict[int, int] = field(default_factory=dict)
    reverb: int | None = None
    cents: float = 0.0


def write(path: Path, score: Score) -> None:
    """Write a score as a MIDI file."""
    events = [*_opening(score), *_notes(score)]
    events.append((round(score.beats * TICKS), 9, b"\xff\x01\x01."))
    events.sort(key=lambda event: event[:2])
    body, before = b"", 0
    for place, _, data in events:
        body += _variable(place - before) + data
        before = place
    body += b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS)
    path.write_bytes(head + b"MTrk" + struct.pack(">I", len(body)) + body)


def _opening(score: Score) -> list[tuple[int, int, bytes]]:
    microseconds = struct.pack(">I", round(60e6 / score.tempo))[1:]
    events = [(0, 0, b"\xff\x51\x03" + microseconds)]
    for channel, program in score.programs.items():
        events.append((0, 1, bytes([_PROGRAM | channel, program])))
        if score.cents and channel != DRUMS:
            bend = 8192 + round(score.cents / _BEND_RANGE_CENTS * 8192)
            events.append((0, 1, bytes([_BEND | channel, bend & 127, bend >> 7])))
    if score.reverb is not None:
        for channel in {*score.programs, DRUMS}:
            events.append((0, 1, bytes([_CONTROL | channel, _REVERB, score.reverb])))
    return events


def _notes(score: Score) -> list[tuple[int, int, bytes]]:
    events = []
    for stroke in score.strokes:
        start = max(0, round(stroke.beat * TICKS))
        end = start + max(10, round(stroke.length * TICKS))
        velocity = max(1, min(127, stroke.velocity))
        events.append((start, 3, bytes([_ON | stroke.channel, stroke.pitch, velocity])))
        events.append((end, 2, bytes([_OFF | stroke.channel, stroke.pitch, 0])))
    return events


def _variable(number: int) -> bytes:
    """A number in groups of seven bits, as MIDI writes times."""
    groups = [number & 127]
    number >>= 7
    while number:
        groups.append((number & 127) | 128)
        number >>= 7
    return bytes(reversed(groups))

"""What a file's samples alone say, so that a file whose tags were changed is known again.

The hash of the bytes differs as soon as a tag does. The mark is made of what is decoded: format,
rate, channels and length, and the first third of a second that is no silence. Two takes of one
length that begin alike to the last bit may share it, so it is a hint, never a proof.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from smtui.audio.decoder import Samples
from smtui.audio.sound_file import Header, Sound, open_sound
from smtui.domain.errors import SoundUnreadable

_FRAMES = 16_384
_MOST_SILENCE = 64 * _FRAMES


def audio_mark(path: Path) -> str:
    """Return the mark of a file, hex; empty where it is silent for long or cannot be decoded."""
    try:
        with open_sound(path) as sound:
            return _mark(sound, replace(sound.header, frames=sound.count()))
    except SoundUnreadable:
        return ""


def probe_with_mark(path: Path) -> tuple[Header, str]:
    """Read what a scan keeps of the sound itself, its header and its mark, in one opening.

    Raises:
        SoundUnreadable: as `open_sound`; a mark that cannot be made is empty.
    """
    with open_sound(path) as sound:
        frames, header = sound.count(), sound.header
        header = replace(header, frames=frames, duration=frames / header.sample_rate)
        try:
            mark = _mark(sound, header)
        except SoundUnreadable:
            mark = ""
    return header, mark


def _mark(sound: Sound, header: Header) -> str:
    says = (header.format, header.sample_rate, header.channels, header.frames)
    digest = hashlib.blake2b(repr(says).encode(), digest_size=16)
    last = min(_MOST_SILENCE, _MOST_SILENCE if header.frames is None else header.frames)
    place, wanted = 0, _FRAMES
    while wanted and place < last:
        before = place
        for block in sound.blocks(start=place, stop=place + wanted):
            place += len(block)
            heard = block if wanted < _FRAMES else block[_silent(block) :]
            digest.update(heard.tobytes())
            wanted -= len(heard)
        if place == before:
            break
    return digest.hexdigest() if wanted < _FRAMES else ""


def _silent(block: Samples) -> int:
    """How many frames of digital silence a block begins with."""
    if block[0].any():
        return 0
    sounding = block.any(axis=1)
    return int(sounding.argmax()) if sounding.any() else len(block)

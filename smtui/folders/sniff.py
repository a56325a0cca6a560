"""Which names claim to be a sound; whether the claim is true, `audio.signatures` tells."""

from __future__ import annotations

from smtui.audio.signatures import UNHEARD_NAMES

SOUND_NAMES = frozenset(
    (
        b"wav wave bwf rf64 w64 flac ogg oga opus mp3 mp2 aif aiff aifc caf au snd "
        b"m4a m4b aac wma ape wv mpc alac tta dsf dff ac3 eac3 mka spx"
    ).split()
) | frozenset(UNHEARD_NAMES)
"""Endings of sounds: their owner should hear of those that cannot be read."""


def ending(name: bytes) -> bytes:
    """Give the lower-case ending of a file name, without its dot."""
    stem, dot, last = name.rpartition(b".")
    return last.lower() if dot and stem else b""

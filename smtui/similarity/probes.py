"""What must be found to be like a file: itself encoded with loss, and its own second half."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from smtui.domain.analysis import Level
from smtui.domain.errors import ErrorCode, SoundUnreadable

_LONGEST_SECONDS = 60.0
_PROBES = {"re-encoded": ("probe.ogg", "OGG"), "second half": ("probe.wav", "WAV")}


class RecipeProber:
    """Implements Prober by the recipe, in a thread, on files in a temporary folder."""

    async def probes(self, path: Path) -> Mapping[str, Sequence[float]]:
        """Return their embeddings; raises SoundUnreadable."""
        return await asyncio.to_thread(_probes, path)


def _probes(path: Path) -> Mapping[str, Sequence[float]]:
    # Late imports: only this needs them here.
    import soundfile

    from smtui.audio.recipe import listen

    found: dict[str, Sequence[float]] = {}
    try:
        with soundfile.SoundFile(path) as sound:
            if sound.frames > _LONGEST_SECONDS * sound.samplerate:
                raise SoundUnreadable("The sound is too long", code=ErrorCode.TOO_LONG)
            rate, samples = sound.samplerate, sound.read(dtype="float32", always_2d=True)
        with tempfile.TemporaryDirectory(prefix="smtui-") as folder:
            for question, (name, form) in _PROBES.items():
                half = len(samples) // 2 if form == "WAV" else 0
                probe = Path(folder) / name
                soundfile.write(probe, samples[half:], rate, format=form)
                if numbers := listen(probe, level=Level.ADVANCED).embedding:
                    found[question] = numbers
    except (OSError, RuntimeError) as error:
        raise SoundUnreadable("The file cannot be read", code=ErrorCode.UNREADABLE) from error
    return found

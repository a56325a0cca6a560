"""From scores to sound by fluidsynth, with a General MIDI soundfont of the system."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tests.truth.midi import Score, write

Wave = npt.NDArray[np.float32]

_PLACES = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
)
_LOUDEST = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A fluidsynth with its soundfont, rate in Hz and gain."""

    soundfont: Path
    rate: int = 44_100
    gain: float = 0.5

    def play(self, score: Score) -> Wave:
        """Render a score and what rings after it: (n, 2), full scale ±1 or above.

        Raises:
            subprocess.CalledProcessError: fluidsynth fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            notes, sound = Path(folder) / "score.mid", Path(folder) / "sound.wav"
            write(notes, score)
            options = ["-g", str(self.gain), "-r", str(self.rate), "-O", "float", "-T", "wav"]
            files = ["-F", str(sound), str(self.soundfont), str(notes)]
            command = ["fluidsynth", "-ni", "-q", *options, *files]
            subprocess.run(command, check=True, capture_output=True)
            wave: Wave = soundfile.read(sound, dtype="float32", always_2d=True)[0]
        return wave


def soundfonts() -> tuple[Path, ...]:
    """The soundfonts in the system's places, none where fluidsynth is missing."""
    if shutil.which("fluidsynth") is None:
        return ()
    found = [path for place in _PLACES for path in sorted(place.glob("*.sf2"))]
    # Distributions link one of them as the default.
    return tuple(path for path in found if not path.is_symlink())


def looped(wave: Wave, seconds: float, rate: int, *, rings: bool) -> Wave:
    """Cut to a loop of `seconds`; with `rings`, what sounds on is heard at its start."""
    length = round(seconds * rate)
    loop = np.zeros((length, wave.shape[1]), np.float32)
    loop[: min(length, len(wave))] = wave[:length]
    if rings:
        rest = wave[length : 2 * length]
        loop[: len(rest)] += rest
    return limited(loop)


def limited(wave: Wave) -> Wave:
    """Turn down what would clip."""
    highest = float(np.abs(wave).max(initial=0))
    return wave / highest * _LOUDEST if highest > _LOUDEST else wave

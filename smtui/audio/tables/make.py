"""Makes the filter banks with librosa: run `python -m smtui.audio.tables.make` after a change.

librosa is slow to import and listening must start fast, so its banks are kept as files.
"""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np

from smtui.audio.frames import FRAME, RATE
from smtui.domain.mel import MEL_BANDS


def main() -> None:
    """Write the banks beside this script."""
    folder = Path(__file__).parent
    mel = librosa.filters.mel(sr=RATE, n_fft=FRAME, n_mels=MEL_BANDS)
    chroma = librosa.filters.chroma(sr=RATE, n_fft=FRAME, tuning=0.0)
    np.save(folder / "mel.npy", np.ascontiguousarray(mel.T, dtype=np.float32))
    np.save(folder / "chroma.npy", np.ascontiguousarray(chroma.T, dtype=np.float32))


if __name__ == "__main__":
    main()

"""How well likeness finds what belongs together, beside the mean-MFCC cosine in the same run.

    python -m tests.bench.retrieval [--samples FOLDER] [--kits FOLDER]

Three sets: sounds made here, of a seed that nothing was learned from; the drum kits of a folder
with one folder for each kit; and a folder of sounds whose names begin with what they are. Each
sound is asked for and all others of its set are ranked: P@1, P@10 and mean average precision of
the finer name (as `hat open`) and of the kind. For kits also with its own kit left out, because a
recording session sounds like itself. Then each sound comes once more as somebody else might have
it (another level, a lossy codec, a little silence before it, 48 kHz): how often it finds itself
first.

The baseline is what one would write in ten lines: librosa's 13 MFCCs at its own settings, their
mean over time, cosine; and a stronger one, mean and spread over time of 20 MFCCs, standardised
over the set.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import soundfile

from smtui.audio.recipe import listen
from smtui.domain.analysis import Level
from smtui.domain.embedding import BLOCKS
from tests.learning.drumkits import known_sounds
from tests.learning.kinds_truth import Known, given, made
from tests.truth import changes

Floats = npt.NDArray[np.float64]
UNSEEN = 90_210
"""The seed of the sounds made here."""

_EACH = 12
_OTHER_RATE = 48_000
_LEVELS = (0.25, 0.9)


@dataclass(frozen=True)
class Described:
    """A sound by each way of describing it."""

    known: Known
    ours: Floats
    mean: Floats
    moments: Floats


def described(sounds: Iterable[Known]) -> list[Described]:
    """Describe sounds as files: ours and librosa's from the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        found = []
        for known in sounds:
            soundfile.write(path, known.wave, known.rate, subtype="FLOAT")
            ours = listen(path, level=Level.ADVANCED).embedding
            wave, rate = librosa.load(path)
            thirteen = librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=13)
            twenty = librosa.feature.mfcc(y=wave, sr=rate, n_mfcc=20)
            moments = np.concatenate([twenty.mean(axis=1), twenty.std(axis=1)])
            found.append(
                Described(known, np.array(ours, np.float64), thirteen.mean(axis=1), moments)
            )
    return found


def ways(sounds: Sequence[Described]) -> Mapping[str, Floats]:
    """Rows of length one by each way."""
    ours = np.array([one.ours for one in sounds])
    mean = np.array([one.mean for one in sounds])
    moments = np.array([one.moments for one in sounds])
    spread = moments.std(axis=0)
    standardised = (moments - moments.mean(axis=0)) / np.where(spread > 0, spread, 1)
    parts = {f"  {block.name} alone": ours[:, block.span] for block in BLOCKS}
    every = {"smtui": ours, **parts, "mean MFCC": mean, "MFCC moments": standardised}
    return {
        name: rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for name, rows in every.items()
    }


def ranked(
    rows: Floats, labels: Sequence[str], apart: Sequence[str] | None
) -> tuple[float, float, float]:
    """P@1, P@10 (of as many as there are) and mean average precision."""
    names = np.array(labels)
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -np.inf)
    if apart is not None:
        same = np.array(apart)[:, None] == np.array(apart)[None, :]
        likeness[same] = -np.inf
    figures = []
    for place, row in enumerate(likeness):
        order = np.argsort(-row, kind="stable")
        right = (names == names[place])[order[np.isfinite(row[order])]]
        hits = np.flatnonzero(right)
        if len(hits):
            precision = (np.arange(len(hits)) + 1) / (hits + 1)
            figures.append((right[0], right[: min(10, len(hits))].mean(), precision.mean()))
    one, ten, mean = np.mean(figures, axis=0)
    return float(one), float(ten), float(mean)


def otherwise(known: Known, chance: random.Random) -> Known:
    """The same sound as somebody else might have it."""
    wave = changes.coded(known.wave, known.rate, "ogg") if len(known.wave) else known.wave
    if known.rate != _OTHER_RATE:
        wave = changes.resampled(wave, known.rate, _OTHER_RATE)
    wave = changes.between(wave, _OTHER_RATE, head=chance.uniform(0, 0.02))
    wave = wave / (float(np.abs(wave).max(initial=0)) or 1.0) * chance.uniform(*_LEVELS)
    return Known(
        kind=known.kind,
        name=known.name,
        source=known.source,
        rate=_OTHER_RATE,
        wave=np.asarray(wave, np.float32),
    )


def itself(sounds: Sequence[Described], others: Sequence[Described]) -> Mapping[str, float]:
    """How often a sound's other self is nearer to it than every other sound."""
    both = ways([*sounds, *others])
    count = len(sounds)
    return {
        name: float(np.mean(np.argmax(rows[count:] @ rows[:count].T, axis=1) == np.arange(count)))
        for name, rows in both.items()
    }


def tell(name: str, sounds: Sequence[Described], *, by_source: bool) -> None:
    """Print the table of a set."""
    chance = random.Random(7)
    found = itself(sounds, described(otherwise(one.known, chance) for one in sounds))
    finer = [one.known.name for one in sounds]
    kinds = [one.known.kind for one in sounds]
    sources = [one.known.source for one in sounds] if by_source else None
    print(f"\n{name}: {len(sounds)} sounds, {len({*finer})} finer names, {len({*kinds})} kinds")
    print(f"{'':18}  finer P@1  P@10   mAP    kind P@1  P@10   mAP    itself first")
    for way, rows in ways(sounds).items():
        first, second = ranked(rows, finer, None), ranked(rows, kinds, None)
        figures = "".join(f"{one:7.3f}" for one in first) + "   "
        figures += "".join(f"{one:7.3f}" for one in second)
        print(f"{way:18} {figures}  {found[way]:10.3f}", flush=True)
        if sources is not None and not way.startswith(" "):
            first, second = ranked(rows, finer, sources), ranked(rows, kinds, sources)
            figures = "".join(f"{one:7.3f}" for one in first) + "   "
            figures += "".join(f"{one:7.3f}" for one in second)
            print(f"{'  in other kits':18} {figures}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--kits", type=Path)
    asked = parser.parse_args()
    # Of sounds shorter than a window, and of what can be played as it is.
    warnings.filterwarnings("ignore", module="librosa")
    tell("made here", described(made(UNSEEN, _EACH)), by_source=False)
    if asked.kits:
        tell("kits", described(known_sounds(asked.kits)), by_source=True)
    if asked.samples:
        tell("samples", described(given(asked.samples)), by_source=False)


if __name__ == "__main__":
    main()

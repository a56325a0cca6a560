"""The one short-time Fourier transform, and what each of its frames says.

Everything is measured at one rate, so that the rate of a file does not change the answer. The
signal arrives in chunks of any size and only some numbers per frame are kept, about 14 kB for a
second of sound; spectra are dropped as soon as they are read.

Conventions: signals are mono, float32, at RATE; rows are frames, FRAMES_PER_SECOND of them,
centred on multiples of the hop with zeros beyond both ends, as librosa's are.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.fft
import soxr

from smtui.domain.analysis import CHROMA_COUNT, MAX_SLICES, MFCC_COUNT, SpectralFeatures
from smtui.domain.mel import HIGHEST_HZ, MEL_BANDS

Array = npt.NDArray[np.float32]

OPENING_FRAMES = 4_096
"""47 s: longer than any sound whose kind is in doubt, and 1 MB."""

RATE = round(2 * HIGHEST_HZ)
"""Hz at which everything is heard."""
FRAME = 2_048
HOP = 256
FRAMES_PER_SECOND = RATE / HOP

ROLLOFF_SHARE = 0.85
BAND_EDGES_HZ = (0.0, 90.0, 150.0, 600.0, 2_000.0, 5_000.0, 11_025.0)
"""Edges of the six bands whose power tells a kick from a snare from a hat."""

_LOWEST_POWER = 1e-10
_SILENCE_DB = -99.9
# A megabyte of frames: they and their spectra stay in the processor's cache.
_BLOCK_FRAMES = 128
# Divides the 1,024 bins below half the rate.
_GROUP_BINS = 32
# Onsets are a rise over this many hops: one hop is too little of the window to see a rise.
_RISE_HOPS = 2

_DIGITS = 6


class Sketch:
    """Takes mel spectra in dB and keeps the first ones that sound.

    Attributes:
        start: how many silent frames went before.
    """

    def __init__(self, bands: int, silence: float) -> None:
        self.start = 0
        self._bands = bands
        self._silence = silence
        self._parts: list[Array] = []
        self._left = OPENING_FRAMES

    def push(self, decibels: Array) -> None:
        """Take the next (n, bands)."""
        if not self._parts:
            silent = np.logical_and.accumulate(decibels.max(axis=1) <= self._silence)
            self.start += int(silent.sum())
            decibels = decibels[silent.sum() :]
        if self._left and len(decibels):
            taken = decibels[: self._left]
            self._parts.append(taken)
            self._left -= len(taken)

    def opening(self) -> Array:
        """The first frames: (n, bands), n ≤ OPENING_FRAMES."""
        if not self._parts:
            return np.zeros((0, self._bands), dtype=np.float32)
        return np.concatenate(self._parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Numbers per frame; n frames, the first centred on the start of the sound.

    Attributes:
        rms: (n,) linear, full scale is 1.
        centroid, rolloff, bandwidth: (n,) Hz, 0 in silence.
        flatness: (n,) 0 to 1.
        mfcc: (n, 13).
        chroma: (n, 12) power, C first.
        bands: (n, 6) power between BAND_EDGES_HZ.
        strength: (n,) onset strength, the mean rise of the mel spectrum.
    """

    rms: Array
    centroid: Array
    rolloff: Array
    bandwidth: Array
    flatness: Array
    mfcc: Array
    chroma: Array
    bands: Array
    strength: Array


class Resampler:
    """Brings a mono stream to RATE."""

    def __init__(self, rate: int) -> None:
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="float32")

    def push(self, chunk: Array, *, last: bool = False) -> Array:
        """Return what is ready after this chunk; with `last` also what was held back."""
        if self._stream is None:
            return chunk
        resampled: Array = self._stream.resample_chunk(chunk, last=last)
        return resampled


class Framer:
    """Cuts a stream into overlapping frames, centred on multiples of the hop."""

    def __init__(self, size: int, hop: int) -> None:
        self._size = size
        self._hop = hop
        self._kept = np.zeros(size // 2, dtype=np.float32)

    def push(self, chunk: Array) -> Array:
        """Return the frames that are now complete: (n, size), a view."""
        signal = np.concatenate((self._kept, chunk))
        count = max(0, (len(signal) - self._size) // self._hop + 1)
        self._kept = signal[count * self._hop :]
        if count == 0:
            return np.empty((0, self._size), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(signal, self._size)
        frames: Array = windows[:: self._hop][:count]
        return frames

    def finish(self) -> Array:
        """Return the frames that reach beyond the end."""
        return self.push(np.zeros(self._size // 2, dtype=np.float32))


class FrameReader:
    """Turns a stream at RATE into Frames."""

    def __init__(self) -> None:
        self._framer = Framer(FRAME, HOP)
        self.sketch = Sketch(MEL_BANDS, silence=_SILENCE_DB)
        self._parts: dict[str, list[Array]] = {column.name: [] for column in fields(Frames)}
        self._before = np.zeros((0, MEL_BANDS), dtype=np.float32)

    def push(self, chunk: Array) -> None:
        """Take the next samples."""
        self._add_frames(self._framer.push(chunk))

    def finish(self) -> Frames:
        """Take the end of the sound and give all its frames."""
        self._add_frames(self._framer.finish())
        return Frames(**{name: _join(parts) for name, parts in self._parts.items()})

    def _add_frames(self, windows: Array) -> None:
        for start in range(0, len(windows), _BLOCK_FRAMES):
            described = self._describe(windows[start : start + _BLOCK_FRAMES])
            for name, parts in self._parts.items():
                parts.append(getattr(described, name))

    def _describe(self, windows: Array) -> Frames:
        power = power_spectra(windows)
        # One product for all sums over bins: the spectra are read from memory once.
        sums = power @ _sums()
        mel, chroma, bands = np.split(sums, (MEL_BANDS, MEL_BANDS + CHROMA_COUNT), axis=1)
        # Copies, because what is kept of a whole keeps the whole.
        chroma, bands = chroma.copy(), bands.copy()
        decibels = _decibels(mel)
        self.sketch.push(decibels)
        shape = _shape(np.sqrt(power))
        return Frames(
            rms=np.sqrt(np.vecdot(windows, windows) / FRAME),
            centroid=shape[0],
            rolloff=shape[1],
            bandwidth=shape[2],
            flatness=_flatness(power),
            mfcc=decibels @ cepstral_basis(),
            chroma=chroma,
            bands=bands,
            strength=self._rise(mel),
        )

    def _rise(self, mel: Array) -> Array:
        # The fourth root of power is loudness-like and, unlike a logarithm, gives silence no rises.
        loud = np.sqrt(np.sqrt(mel))
        if not len(self._before):
            self._before = np.repeat(loud[:1], _RISE_HOPS, axis=0)
        joined = np.concatenate((self._before, loud))
        self._before = joined[-_RISE_HOPS:]
        strength: Array = np.maximum(joined[_RISE_HOPS:] - joined[:-_RISE_HOPS], 0).mean(axis=1)
        return strength


def power_spectra(windows: Array) -> Array:
    """Power spectra of frames through a Hann window: (n, size) to (n, size // 2 + 1)."""
    spectra = scipy.fft.rfft(windows * hann(windows.shape[1]), axis=1)
    parts: Array = spectra.view(np.float32)
    np.square(parts, out=parts)
    power: Array = parts[:, ::2] + parts[:, 1::2]
    return power


@cache
def hann(size: int) -> Array:
    """A periodic Hann window."""
    phase = np.arange(size) * (2 * np.pi / size)
    return np.asarray(0.5 - 0.5 * np.cos(phase), dtype=np.float32)


@cache
def table(name: str) -> Array:
    """Read a filter bank that `tables/make.py` made: (FRAME // 2 + 1, bands)."""
    bank: Array = np.load(Path(__file__).parent / "tables" / f"{name}.npy", allow_pickle=False)
    return bank


@cache
def cepstral_basis(bands: int = MEL_BANDS) -> Array:
    """The orthonormal DCT-II over MEL_BANDS, read in the middles of so many bands: (bands, 13).

    It makes cepstral coefficients of the mel bands, and transposed gives back their outline.
    """
    place = (np.arange(bands)[:, None] + 0.5) / bands
    order = np.arange(MFCC_COUNT)[None, :]
    basis = np.cos(np.pi * place * order) * np.sqrt(2 / MEL_BANDS)
    basis[:, 0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float32)


@cache
def bin_hz() -> Array:
    """Centre frequencies of the bins, Hz."""
    return (np.arange(FRAME // 2 + 1) * (RATE / FRAME)).astype(np.float32)


def spectral_features(frames: Frames) -> SpectralFeatures:
    """Average frames into slices of equal length; short sounds have one frame in each."""
    count = len(frames.rms)
    slices = min(MAX_SLICES, count)
    starts = np.arange(slices) * count // slices
    lengths = np.diff(np.append(starts, count)).astype(np.float32)
    curves = (frames.centroid, frames.rolloff, frames.bandwidth, frames.flatness, frames.rms)
    columns = [curve[:, None] for curve in curves] + [frames.mfcc, frames.chroma]
    sums = [np.add.reduceat(rows, starts, axis=0, dtype=np.float64) for rows in columns]
    means = np.concatenate(sums, axis=1).T / lengths
    chroma = means[-CHROMA_COUNT:]
    chroma /= np.maximum(chroma.max(axis=0), np.finfo(np.float32).tiny)
    centres = (starts + (lengths - 1) / 2) / FRAMES_PER_SECOND
    rows = [tuple(row) for row in np.round(np.vstack((centres, means)), _DIGITS).tolist()]
    return SpectralFeatures(
        times=rows[0],
        spectral_centroid=rows[1],
        spectral_rolloff=rows[2],
        bandwidth=rows[3],
        flatness=rows[4],
        rms=rows[5],
        mfcc=tuple(rows[6 : 6 + MFCC_COUNT]),
        chroma=tuple(rows[6 + MFCC_COUNT :]),
    )


def _join(parts: list[Array]) -> Array:
    """Join the parts and let go of them, so that not all of a long sound is held twice."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _shape(magnitude: Array) -> tuple[Array, Array, Array]:
    """Centroid, roll-off and bandwidth of magnitude spectra, Hz."""
    moments = magnitude @ _moments()
    total = moments[:, 0]
    known = np.maximum(total, np.finfo(np.float32).tiny)
    centroid = moments[:, 1] / known
    spread = moments[:, 2] / known - np.square(centroid)
    rolloff = _rolloff(magnitude, ROLLOFF_SHARE * total)
    return centroid, rolloff, np.sqrt(np.maximum(spread, 0))


def _rolloff(magnitude: Array, share: Array) -> Array:
    """Hz of the first bin at which the running sum reaches `share`.

    A running sum adds one value after the other, eight times slower than plain sums; so it runs
    over groups of bins, and then over the bins of one group alone.
    """
    groups = magnitude[:, :-1].reshape(len(magnitude), -1, _GROUP_BINS)
    running = np.cumsum(groups.sum(axis=2), axis=1)
    group = np.minimum((running < share[:, None]).sum(axis=1), running.shape[1] - 1)
    rows = np.arange(len(magnitude))
    before = np.where(group > 0, running[rows, group - 1], 0)
    inner = before[:, None] + np.cumsum(groups[rows, group], axis=1)
    place = group * _GROUP_BINS + (inner < share[:, None]).sum(axis=1)
    return np.asarray(bin_hz()[np.where(share > 0, place, 0)])


def _flatness(power: Array) -> Array:
    """The geometric mean of power over the arithmetic one; digital silence is flat by the floor.

    Logarithms are dear, so four bins are multiplied first: as magnitudes, between 1e-5 and some
    thousands each, their product stays far within single precision.
    """
    floored = np.maximum(power, _LOWEST_POWER)
    roots = np.sqrt(floored)
    last = roots.shape[1] - 1
    quarter = last // 4
    product = roots[:, :quarter] * roots[:, quarter : 2 * quarter]
    product *= roots[:, 2 * quarter : 3 * quarter]
    product *= roots[:, 3 * quarter : last]
    logs = np.log(product).sum(axis=1) + np.log(roots[:, last])
    flatness: Array = np.exp(2 * logs / (last + 1)) / floored.mean(axis=1)
    return flatness


def _decibels(power: Array) -> Array:
    decibels: Array = 10 * np.log10(np.maximum(power, _LOWEST_POWER))
    return decibels


@cache
def _sums() -> Array:
    """All that is summed over the bins of power, side by side: (bins, 64 + 12 + 6)."""
    hz = bin_hz()[:, None]
    low, high = np.array(BAND_EDGES_HZ[:-1]), np.array(BAND_EDGES_HZ[1:])
    bands = ((hz >= low) & (hz < high)).astype(np.float32)
    return np.concatenate((table("mel"), table("chroma"), bands), axis=1)


@cache
def _moments() -> Array:
    """What sums magnitude, frequency and its square: (bins, 3)."""
    return np.stack([bin_hz() ** power for power in range(3)], axis=1)

"""Spectrograms and waveforms of a file at the size and zoom a screen asks for.

Reading is blockwise, so memory depends on the picture and not on the file. A spectrogram takes
the loudest frame of every column, the loudest channel and the loudest bin of every row: what is
short or narrow stays visible at any zoom. Levels are calibrated: a full-scale sine reads 0 dB.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from smtui.audio.decoder import Decoder, Undecodable
from smtui.audio.sound_file import LOUDEST_SAMPLE, open_sound
from smtui.domain.errors import ErrorCode, SoundUnreadable
from smtui.domain.picture import Picture, PictureRequest, View

Floats = NDArray[np.float32]

_STEP = 2_048

# Below this a picture is silence; 24 bit ends at -144 dB, dither of 16 bit lies at -96 dB.
_FLOOR_DB = -120.0
# Above so many values (samples × channels) a coarse picture is worth having: some 0.3 s of work.
_QUICK_VALUES = 6_000_000
# Above so many samples frames overlap by half instead of three quarters.
_DENSE_SAMPLES = 30_000_000
_BLOCK_VALUES = 1 << 20
_COARSE_FRAMES = 4


class Pieces:
    """An open file that gives any piece of itself, zeros outside, reading nothing twice."""

    def __init__(self, decoder: Decoder, *, frames: int) -> None:
        self.rate: int = decoder.rate
        self.channels: int = decoder.channels
        self.frames = frames
        self._decoder = decoder
        self._kept_start = 0
        self._kept: Floats = np.zeros((0, self.channels), np.float32)
        self._was_read = False

    @property
    def duration(self) -> float:
        """Length in s."""
        return self.frames / self.rate

    def piece(self, start: int, stop: int) -> Floats:
        """Return samples start … stop, shape (stop - start, channels); outside the file zeros."""
        out = np.zeros((stop - start, self.channels), np.float32)
        low, high = max(start, 0), min(stop, self.frames)
        if low >= high:
            return out
        kept = self._kept[:0]
        if self._kept_start <= low <= self._kept_start + len(self._kept):
            kept = self._kept[low - self._kept_start :]
        if low + len(kept) < high:
            kept = np.concatenate([kept, self._decode(low + len(kept), high)])
        self._kept_start, self._kept = low, kept
        part = kept[: high - low]
        out[low - start : low - start + len(part)] = part
        return out

    def _decode(self, start: int, stop: int) -> Floats:
        try:
            self._decoder.go_to(start)
            block = self._decoder.decode(stop - start)
        except Undecodable as error:
            block = self._readable(start, stop)
            if not len(block) and not self._was_read:
                raise _damage(error) from error
        if len(block) < stop - start:
            # What could be read is worth a picture; the rest of the file is drawn as silence.
            self.frames = start + len(block)
        self._was_read = True
        if self._decoder.is_float:
            block[~(np.abs(block) <= LOUDEST_SAMPLE)] = 0
        return block

    def _readable(self, start: int, stop: int) -> Floats:
        """Read in small steps up to where the data are damaged."""
        steps = [np.zeros((0, self.channels), np.float32)]
        with contextlib.suppress(Undecodable):
            self._decoder.restart()
            self._decoder.go_to(start)
            for place in range(start, stop, _STEP):
                steps.append(self._decoder.decode(min(_STEP, stop - place)))
        return np.concatenate(steps)


@contextmanager
def open_pieces(path: Path) -> Iterator[Pieces]:
    """Open a sound by descriptor, because any bytes may be in its name. Raises SoundUnreadable."""
    with open_sound(path) as sound:
        try:
            yield Pieces(sound.decoder, frames=sound.count())
        except Undecodable as error:
            raise _damage(error) from error


def draw(request: PictureRequest, *, alive: Callable[[], None] = lambda: None) -> Picture:
    """Draw a span of a file; calls `alive` between blocks. Raises SoundUnreadable."""
    with open_pieces(request.path) as sound:
        span = _Span.of(request, sound)
        # The decoder may find the file shorter than its header says; the axis keeps the header's.
        rate, duration = sound.rate, sound.duration
        if request.view is View.WAVEFORM:
            levels, height, peak = _waveform(sound, span, alive), 2, 0.0
            low, high = 0.0, rate / 2
        else:
            low, high = _axis(request, rate)
            decibels = _spectrogram(sound, span, _window_length(request, span, rate), alive)
            rows = _rows(decibels, _edges(low, high, request), rate)
            levels, peak = _quantise(rows, request.range_db)
            height = len(rows)
    return Picture(
        width=span.width,
        height=height,
        levels=levels,
        start=span.start / rate,
        end=(span.start + span.samples) / rate,
        duration=duration,
        low_hz=low,
        high_hz=high,
        peak_db=peak,
        range_db=request.range_db,
        log=request.log,
        coarse=span.coarse,
    )


def _damage(error: Exception) -> SoundUnreadable:
    return SoundUnreadable("The sound is damaged here", code=ErrorCode.UNREADABLE, hint=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """What is drawn: samples from `start`, `step` samples to a column, `width` columns."""

    start: float
    step: float
    width: int
    coarse: bool

    @classmethod
    def of(cls, request: PictureRequest, sound: Pieces) -> _Span:
        """Cut what was asked for to what is there; at least one sample is shown."""
        end = sound.duration if request.end is None else min(request.end, sound.duration)
        start = min(max(request.start, 0.0), sound.duration)
        first = min(start * sound.rate, max(sound.frames - 1, 0))
        samples = max(end * sound.rate - first, 1.0)
        long = samples * sound.channels > _QUICK_VALUES
        width = max(request.width, 1)
        return cls(start=first, step=samples / width, width=width, coarse=request.coarse and long)

    @property
    def samples(self) -> float:
        """How many samples are shown."""
        return self.step * self.width


def _window_length(request: PictureRequest, span: _Span, rate: int) -> int:
    """Choose the window in samples, a power of two: short for a short span, 6 to 93 ms.

    A logarithmic axis shows lows in detail, so it gets the longer one for longer spans.
    """
    longest = 0.093 if request.log and span.samples > 4 * rate else 0.046
    seconds = min(max(span.samples / rate / 16, 0.006), longest)
    return 1 << max(round(math.log2(seconds * rate)), 4)


def _spectrogram(sound: Pieces, span: _Span, length: int, alive: Callable[[], None]) -> Floats:
    """Loudest level of each column and bin in dB re a full-scale sine, (width, length/2 + 1)."""
    centres, per_column = _centres(span, length)
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    window *= 2 / window.sum()
    power = np.zeros((span.width, length // 2 + 1), np.float32)
    at_once = max(_BLOCK_VALUES // (length * sound.channels), 1)
    if span.coarse:
        at_once = per_column
    for begin in range(0, len(centres), at_once):
        chunk = centres[begin : begin + at_once]
        piece = sound.piece(int(chunk[0]) - length // 2, int(chunk[-1]) + length // 2)
        frames = sliding_window_view(piece, length, axis=0)[chunk - chunk[0]] * window
        spectrum = scipy.fft.rfft(frames, axis=-1)
        loudest = (spectrum.real**2 + spectrum.imag**2).max(axis=1)
        columns = np.arange(begin, begin + len(chunk)) // per_column
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        reduced = np.maximum.reduceat(loudest, starts, axis=0)
        places = columns[starts]
        power[places] = np.maximum(power[places], reduced)
        alive()
    return _lift(10 * np.log10(np.maximum(power, 1e-14)))


def _centres(span: _Span, length: int) -> tuple[NDArray[np.int64], int]:
    """Where frames are centred, rising, in samples; and how many there are to a column.

    Frames overlap by three quarters (by half in very long spans), so that a click between two
    centres loses at most 1.4 dB (6 dB).
    """
    hop = length // 2 if span.samples > _DENSE_SAMPLES else length // 4
    if span.coarse:
        offsets = span.step / 2 + (np.arange(_COARSE_FRAMES) - _COARSE_FRAMES / 2 + 0.5) * hop
    else:
        per_column = max(int(np.ceil(span.step / hop)), 1)
        offsets = (np.arange(per_column) + 0.5) * span.step / per_column
    columns = span.start + np.arange(span.width) * span.step
    centres = (columns[:, None] + offsets[None, :]).astype(np.int64).ravel()
    return np.maximum.accumulate(centres), len(offsets)


def _lift(decibels: Floats) -> Floats:
    """Raise each spectral peak to the top of the parabola through it and its neighbours.

    A tone between two bins reads up to 1.4 dB low through a Hann window; so it reads within
    0.4 dB (J. O. Smith, Spectral Audio Signal Processing, "Quadratic interpolation").
    """
    left, middle, right = decibels[:, :-2], decibels[:, 1:-1], decibels[:, 2:]
    peak = (middle > left) & (middle >= right)
    bend = np.where(peak, left - 2 * middle + right, -1.0)
    lift = -((left - right) ** 2) / (8 * bend)
    out = decibels.copy()
    out[:, 1:-1] += np.where(peak, np.minimum(lift, 1.5), 0.0)
    return out


def _axis(request: PictureRequest, rate: int) -> tuple[float, float]:
    """Lowest and highest Hz to draw, within what the file's rate can hold."""
    half = rate / 2
    high = half if request.high_hz is None else min(max(request.high_hz, 1.0), half)
    low = min(max(request.low_hz, 0.0), high / 2)
    return (max(low, high / 10_000) if request.log else low), high


def _edges(low: float, high: float, request: PictureRequest) -> NDArray[np.float64]:
    count = max(request.height, 1) + 1
    return np.geomspace(low, high, count) if request.log else np.linspace(low, high, count)


def _rows(decibels: Floats, edges: NDArray[np.float64], rate: int) -> Floats:
    """Bring bins to rows, highest first: the loudest bin of a row, or what lies between bins."""
    bins = np.ascontiguousarray(decibels.T)
    width = rate / 2 / (len(bins) - 1)
    rows = np.empty((len(edges) - 1, bins.shape[1]), np.float32)
    for row, (low, high) in enumerate(itertools.pairwise(edges)):
        place = min((low + high) / 2 / width, len(bins) - 1.0)
        below = min(int(place), len(bins) - 2)
        part = place - below
        value = bins[below] * (1 - part) + bins[below + 1] * part
        first, last = int(np.ceil(low / width)), int(np.ceil(high / width))
        if first < last:
            value = np.maximum(value, bins[first:last].max(axis=0))
        rows[len(rows) - 1 - row] = value
    return rows


def _quantise(rows: Floats, range_db: float) -> tuple[bytes, float]:
    """Bytes 0 … 255 and the level of 255 in dB; silence is all 0."""
    peak = float(rows.max())
    if peak <= _FLOOR_DB:
        return bytes(rows.size), _FLOOR_DB
    scaled = np.rint((rows - (peak - range_db)) * (255 / range_db))
    return np.clip(scaled, 0, 255).astype(np.uint8).tobytes(), peak


def _waveform(sound: Pieces, span: _Span, alive: Callable[[], None]) -> bytes:
    """Lowest and highest sample of every column over all channels, as 2 × width bytes."""
    edges = np.floor(span.start + np.arange(span.width + 1) * span.step).astype(np.int64)
    edges[-1] = max(edges[-1], edges[-2] + 1)
    lows, highs = np.full(span.width, np.inf), np.full(span.width, -np.inf)
    for begin, end in _blocks(edges, sound.channels, coarse=span.coarse):
        piece = sound.piece(begin, end)
        first = int(np.searchsorted(edges, begin, "right")) - 1
        first = int(np.searchsorted(edges, edges[first], "left"))
        last = min(int(np.searchsorted(edges, end, "left")), span.width)
        starts = np.clip(edges[first:last] - begin, 0, len(piece) - 1)
        # Reducing along memory, channel by channel, is ten times faster than across it.
        apart = np.ascontiguousarray(piece.T)
        low = np.minimum.reduceat(apart, starts, axis=1).min(axis=0)
        high = np.maximum.reduceat(apart, starts, axis=1).max(axis=0)
        lows[first:last] = np.minimum(lows[first:last], low)
        highs[first:last] = np.maximum(highs[first:last], high)
        alive()
    both = np.clip(np.rint(128 + 127 * np.stack([lows, highs])), 0, 255)
    return bytes(both.astype(np.uint8).tobytes())


def _blocks(edges: NDArray[np.int64], channels: int, *, coarse: bool) -> Iterator[tuple[int, int]]:
    """Pieces to read: all of the span, or for a coarse picture the middle of every column."""
    size = max(_BLOCK_VALUES // channels, 1)
    if coarse:
        for low, high in itertools.pairwise(edges.tolist()):
            middle, half = (low + high) // 2, min((high - low + 1) // 2, 2048)
            yield middle - half, middle + half
        return
    for begin in range(int(edges[0]), int(edges[-1]), size):
        yield begin, min(begin + size, int(edges[-1]))

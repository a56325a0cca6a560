"""How high the peaks, how clean, how wide: what needs the file's own channels, in one pass.

Conventions: signals are (channels, n), float32, full scale ±1, at the file's own rate. True peak
follows ITU-R BS.1770-4, annex 2: the highest value of the signal oversampled four times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from smtui.audio.decoder import Samples
from smtui.audio.loudness import HIGHEST, LoudnessMeter, Steps

_DEPTHS = (8, 12, 16, 20, 24)
_GLANCE = 64

_CLIP_LEVEL = 0.9995
_CLIP_RUN = 3
_SILENCE_BELOW_PEAK = 10 ** (-60 / 20)
_TAPS = 24
"""Samples that make one between two others."""
_FACTOR = 4
_HIGHEST_OVERSAMPLED = 192_000
_PEAK_CANDIDATE = 0.5
"""A true peak lies beside a sample of at least this share of the highest sample."""

ENVELOPE_RATE = 1_000
"""Steps of the envelope in a second."""


class LevelMeter:
    """Takes a file's blocks in order and tells its levels at the end."""

    def __init__(self, *, sample_rate: int, channels: int, bit_depth: int | None = None) -> None:
        self._rate = sample_rate
        self._bit_depth = bit_depth
        self._depth = DepthMeter(bit_depth)
        self._channels = channels
        self._frames = 0
        self._sums = np.zeros(channels)
        self._products = np.zeros(3)
        self._clipped = 0
        self._clip_run = np.zeros((channels, _CLIP_RUN - 1), dtype=np.float32)
        self._loudness = LoudnessMeter(sample_rate, channels)
        self._peak = _PeakMeter(sample_rate, channels)
        self._envelope = Steps(sample_rate, ENVELOPE_RATE, HIGHEST)

    def push(self, signal: Samples) -> None:
        """Take the next (channels, n), each channel's samples side by side in memory."""
        self._sums += signal.sum(axis=1)
        if self._channels > 1:
            left, right = signal[0], signal[1]
            self._products += (left @ right, left @ left, right @ right)
        magnitude = np.abs(signal)
        highest = magnitude[0] if self._channels == 1 else magnitude.max(axis=0)
        self._envelope.push(highest[None, :])
        if highest.max() >= _CLIP_LEVEL:
            self._count_clipped(signal)
        else:
            self._clip_run[:] = 0
        self._peak.push(signal, magnitude)
        self._loudness.push(signal)
        self._depth.push(signal)
        self._frames += signal.shape[1]

    def levels(self) -> Levels:
        """Tell what was measured."""
        envelope = self._envelope.reduced()[0].astype(np.float32)
        head, tail = self._silence(envelope)
        peak = self._peak.highest()
        return Levels(
            loudness_lufs=self._loudness.integrated(),
            loudness_padded=self._loudness.padded,
            true_peak_dbtp=None if peak <= 0 else float(20 * np.log10(peak)),
            clipped_samples=self._clipped,
            bit_depth=self._bit_depth,
            bits_used=self._depth.used(),
            dc_offset=self._dc_offset(),
            silence_head=head,
            silence_tail=tail,
            stereo_correlation=self._correlation(),
            envelope=envelope,
        )

    def _count_clipped(self, signal: Samples) -> None:
        joined = np.concatenate((self._clip_run, signal), axis=1)
        self._clip_run = joined[:, -(_CLIP_RUN - 1) :]
        for side in (joined >= _CLIP_LEVEL, joined <= -_CLIP_LEVEL):
            runs = side[:, 2:] & side[:, 1:-1] & side[:, :-2]
            # Each run of three adds its last sample, and its first two where it begins.
            begins = runs.copy()
            begins[:, 1:] &= ~runs[:, :-1]
            self._clipped += int(runs.sum()) + (_CLIP_RUN - 1) * int(begins.sum())

    def _silence(self, envelope: Samples) -> tuple[float, float]:
        duration = self._frames / self._rate
        peak = float(envelope.max(initial=0))
        if peak == 0:
            return duration, 0.0
        sounding = envelope > peak * _SILENCE_BELOW_PEAK
        head = float(np.argmax(sounding)) / ENVELOPE_RATE
        tail = duration - float(len(sounding) - np.argmax(sounding[::-1])) / ENVELOPE_RATE
        return head, max(0.0, tail)

    def _dc_offset(self) -> float:
        means = self._sums / max(1, self._frames)
        return float(means[np.argmax(np.abs(means))])

    def _correlation(self) -> float | None:
        product, left, right = self._products
        if self._channels < 2 or left <= 0 or right <= 0:
            return None
        return float(np.clip(product / np.sqrt(left * right), -1, 1))


class DepthMeter:
    """Takes a sound's blocks in order and tells its depth at the end.

    Samples of n bits are whole multiples of 2^(1 - n). A glance at some samples rules a depth out
    at once where the sound needs more, so only a sound that pretends costs a look at every sample.
    """

    def __init__(self, bit_depth: int | None) -> None:
        """Take what the header says, None for lossy formats."""
        self._said = bit_depth
        self._left = [depth for depth in _DEPTHS if bit_depth is not None and depth < bit_depth]
        self._sounds = False

    def push(self, signal: Samples) -> None:
        """Take (channels, n)."""
        while self._left and not _fits(signal, self._left[0]):
            self._left.pop(0)
        if self._left and not self._sounds:
            self._sounds = bool(signal.any())

    def used(self) -> int | None:
        """The bits that are needed; digital silence needs what the header says."""
        return self._left[0] if self._left and self._sounds else self._said


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What the channels say.

    Attributes:
        loudness_lufs: integrated; None where nothing rises above -70 LUFS.
        loudness_padded: shorter than one block of 400 ms, so zeros fill it up.
        true_peak_dbtp: dB re full scale; None for digital silence.
        clipped_samples: in runs of three or more at full scale with the same sign.
        bit_depth: bits of a sample as the header says; None for lossy formats.
        bits_used: bits that the samples need; None for lossy formats.
        dc_offset: the mean of the channel that is furthest from zero, full scale is 1.
        silence_head, silence_tail: s below -60 dB of the peak.
        stereo_correlation: of the first two channels, None for mono and for silence.
        envelope: (n,) highest magnitude in each millisecond.
    """

    loudness_lufs: float | None
    loudness_padded: bool
    true_peak_dbtp: float | None
    clipped_samples: int
    bit_depth: int | None
    bits_used: int | None
    dc_offset: float
    silence_head: float
    silence_tail: float
    stereo_correlation: float | None
    envelope: Samples


def _fits(signal: Samples, depth: int) -> bool:
    scale = np.float32(2 ** (depth - 1))
    for part in (signal[:, ::_GLANCE], signal):
        scaled = part * scale
        if not np.array_equal(scaled, np.rint(scaled)):
            return False
    return True


class _PeakMeter:
    """Looks for the highest value between samples, where the samples are high."""

    def __init__(self, rate: int, channels: int) -> None:
        self._factor = _FACTOR if rate <= _HIGHEST_OVERSAMPLED else 1
        self._kept = np.zeros((channels, _TAPS), dtype=np.float32)
        self._highest = 0.0

    def push(self, signal: Samples, magnitude: Samples) -> None:
        """Take (channels, n) and its magnitude."""
        self._highest = max(self._highest, float(magnitude.max()))
        joined = np.concatenate((self._kept, signal), axis=1)
        self._kept = joined[:, -_TAPS:]
        self._look_between(joined)

    def highest(self) -> float:
        """The true peak, linear."""
        self._look_between(np.pad(self._kept, ((0, 0), (0, _TAPS))))
        return self._highest

    def _look_between(self, joined: Samples) -> None:
        if self._factor == 1 or self._highest == 0:
            return
        taps = _between(self._factor)
        half = _TAPS // 2
        floor = self._highest * _PEAK_CANDIDATE
        for row in joined:
            windows = np.lib.stride_tricks.sliding_window_view(row, _TAPS)
            high = np.abs(row) >= floor
            # A window's new samples lie between its two middle ones.
            beside = high[half - 1 : len(row) - half] | high[half : len(row) - half + 1]
            chosen = np.flatnonzero(beside)
            if len(chosen):
                between = windows[chosen] @ taps
                self._highest = max(self._highest, float(np.abs(between).max()))


@cache
def _between(factor: int) -> Samples:
    """Windowed sinc that makes the samples between: (taps, factor - 1)."""
    shifts = np.arange(1, factor) / factor
    offsets = np.arange(_TAPS)[:, None] - (_TAPS // 2 - 1) - shifts[None, :]
    window = np.cos(np.pi * offsets / _TAPS) ** 2
    taps = np.sinc(offsets) * window
    return np.asarray(taps / taps.sum(axis=0), dtype=np.float32)

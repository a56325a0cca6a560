"""Loudness and levels, held to an independent meter and to signals whose level is known."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import lfilter, resample_poly

from smtui.audio.levels import LevelMeter, Levels
from smtui.audio.loudness import BLOCK, Recursion, weighting
from tests.audio.sounds_made import sine


def measured(samples: np.ndarray, rate: int, *, block: int = 30_011) -> Levels:
    columns = samples[:, None] if samples.ndim == 1 else samples
    meter = LevelMeter(sample_rate=rate, channels=columns.shape[1])
    for start in range(0, len(columns), block):
        meter.push(np.ascontiguousarray(columns[start : start + block].T, dtype=np.float32))
    return meter.levels()


def noise(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    generator = np.random.default_rng(11)
    wave = 0.1 * generator.standard_normal((round(seconds * rate), channels))
    swell = 0.2 + np.abs(np.sin(np.arange(len(wave)) / rate * 2))
    return wave * swell[:, None]


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_loudness_of_a_tone_is_the_same_at_every_rate(rate: int) -> None:
    """997 Hz at -23 dBFS in both channels is -23.0 LUFS (EBU Tech 3341, case 1)."""
    tone = sine(997, 3.0, rate, level=10 ** (-23 / 20))
    loudness = measured(np.stack((tone, tone), axis=1), rate).loudness_lufs
    assert loudness == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_loudness_agrees_with_pyloudnorm(rate: int, channels: int) -> None:
    wave = noise(4.0, rate, channels)
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(wave)
    assert measured(wave, rate).loudness_lufs == pytest.approx(theirs, abs=0.1)


@pytest.mark.parametrize("hertz", [40, 100, 1_000, 4_000, 12_000])
def test_weighting_agrees_with_pyloudnorm_at_every_frequency(hertz: int) -> None:
    tone = sine(hertz, 2.0, 48_000)
    theirs = pyloudnorm.Meter(48_000, filter_class="DeMan").integrated_loudness(tone)
    assert measured(tone, 48_000).loudness_lufs == pytest.approx(theirs, abs=0.1)


@pytest.mark.parametrize("seconds", [0.41, 0.449, 0.46, 0.53, 0.58, 0.71, 0.99, 1.26])
def test_loudness_of_a_short_hit_agrees_with_pyloudnorm(seconds: float) -> None:
    """A hit that dies away depends most on where the last block ends."""
    rate = 44_100
    hit = noise(seconds, rate) * np.exp(-9 * np.arange(round(seconds * rate)) / rate)[:, None]
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(hit)
    assert measured(hit, rate).loudness_lufs == pytest.approx(theirs, abs=0.02)


@pytest.mark.parametrize("rate", [2_000, 44_100, 192_000])
def test_the_recursion_is_the_filter_itself(rate: int) -> None:
    """In single precision, also beside an offset and a rumble that are far louder."""
    generator = np.random.default_rng(5)
    wave = 0.001 * generator.standard_normal((2, 64 * (3 * rate // 64)))
    wave[0] += 0.9
    wave[1] += np.sin(2 * np.pi * 5 * np.arange(wave.shape[1]) / rate)
    sections = weighting(rate)
    exact = wave
    for above, below in sections:
        exact = lfilter(above, below, exact, axis=1)
    recursion = Recursion(sections, 2)
    cuts = np.cumsum(generator.integers(1, 90, 5_000)) * BLOCK
    pieces = np.split(wave.astype(np.float32), cuts[cuts < wave.shape[1]], axis=1)
    ours = np.concatenate([recursion.push(np.ascontiguousarray(piece)) for piece in pieces], axis=1)
    np.testing.assert_allclose(ours, exact, atol=2e-6)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000, 192_000])
def test_true_peak_agrees_with_another_resampler(rate: int) -> None:
    for seed in range(4):
        generator = np.random.default_rng(seed)
        hit = generator.standard_normal(rate) * np.exp(
            -generator.uniform(3, 40) * np.arange(rate) / rate
        )
        hit = (0.2 * hit).astype(np.float32)
        theirs = np.abs(resample_poly(np.pad(hit, 64).astype(float), 4, 1)).max()
        expected = 20 * np.log10(max(theirs, np.abs(hit).max()))
        assert measured(hit, rate).true_peak_dbtp == pytest.approx(expected, abs=0.2)


def test_silence_between_phrases_is_gated_away() -> None:
    """As in EBU Tech 3341, case 3: quiet stretches do not lower the loudness of the rest."""
    loud = sine(997, 6.0, 48_000, level=10 ** (-20 / 20))
    quiet = sine(997, 6.0, 48_000, level=10 ** (-45 / 20))
    both = np.concatenate((quiet, loud, quiet))
    alone = measured(loud, 48_000).loudness_lufs
    assert alone is not None
    assert measured(both, 48_000).loudness_lufs == pytest.approx(alone, abs=0.3)


def test_a_short_sound_is_padded_to_one_block_and_says_so() -> None:
    short = sine(997, 0.1, 48_000)
    padded = np.pad(short, (0, round(0.3 * 48_000)))
    levels = measured(short, 48_000)
    assert levels.loudness_padded
    whole = measured(padded, 48_000)
    assert not whole.loudness_padded
    assert levels.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=0.05)


def test_blocks_of_any_size_give_the_same_levels() -> None:
    wave = noise(1.37, 44_100, 2)
    first, second = measured(wave, 44_100, block=997), measured(wave, 44_100, block=10**6)
    assert first.loudness_lufs == pytest.approx(second.loudness_lufs, abs=1e-3)
    assert first.true_peak_dbtp == pytest.approx(second.true_peak_dbtp, abs=1e-3)
    assert first.stereo_correlation == pytest.approx(second.stereo_correlation, abs=1e-5)
    np.testing.assert_allclose(first.envelope, second.envelope, atol=1e-7)


def test_digital_silence_has_no_loudness_and_no_peak() -> None:
    levels = measured(np.zeros((44_100, 2)), 44_100)
    assert levels.loudness_lufs is None
    assert levels.true_peak_dbtp is None
    assert levels.stereo_correlation is None
    assert levels.silence_head == pytest.approx(1.0)


@pytest.mark.parametrize(("rate", "hertz"), [(44_100, 11_025), (48_000, 12_000), (96_000, 24_000)])
def test_true_peak_lies_between_samples(rate: int, hertz: int) -> None:
    """A tone at a quarter of the rate, 45° off: its samples are 3 dB below its peak."""
    phase = 2 * np.pi * hertz * np.arange(rate) / rate + np.pi / 4
    fade = np.minimum(1, np.minimum(np.arange(rate), np.arange(rate)[::-1]) / 2_000)
    levels = measured(0.5 * np.sin(phase) * fade, rate)
    assert levels.true_peak_dbtp == pytest.approx(-6.02, abs=0.3)


def test_clipped_samples_are_counted_in_runs() -> None:
    wave = 0.5 * np.ones(1_000)
    wave[100:105] = 1.0
    wave[200] = 1.0
    wave[300:303] = -1.0
    assert measured(wave, 44_100).clipped_samples == 8
    assert measured(wave, 44_100, block=102).clipped_samples == 8


def test_offset_silence_and_correlation_are_told() -> None:
    tone = np.pad(sine(441, 1.0, 44_100), (4_410, 8_820))
    levels = measured(np.stack((tone, -tone), axis=1), 44_100)
    assert levels.stereo_correlation == pytest.approx(-1.0)
    assert levels.silence_head == pytest.approx(0.1, abs=0.002)
    assert levels.silence_tail == pytest.approx(0.2, abs=0.002)
    assert measured(tone + 0.1, 44_100).dc_offset == pytest.approx(0.1, abs=1e-3)
    assert measured(tone, 44_100).stereo_correlation is None

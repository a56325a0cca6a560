"""Our transform and features are librosa's, within stated tolerances."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from smtui.audio.frames import (
    FRAME,
    HOP,
    RATE,
    FrameReader,
    Frames,
    Resampler,
    power_spectra,
    spectral_features,
    table,
)
from smtui.domain.mel import MEL_BANDS


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    """A chirp over noise, two plucks and a silence: something for every feature."""
    time = np.arange(3 * RATE) / RATE
    noise = np.random.default_rng(3).standard_normal(len(time))
    chirp = np.sin(2 * np.pi * (110 * time + 900 * time**2))
    pluck = np.exp(-((time - 1.2) % 0.9) * 7)
    wave = 0.3 * chirp * pluck + 0.02 * noise * (time < 2.5)
    return wave.astype(np.float32)


@pytest.fixture(scope="module")
def frames(signal: np.ndarray) -> Frames:
    reader = FrameReader()
    for start in range(0, len(signal), 9_973):
        reader.push(signal[start : start + 9_973])
    return reader.finish()


@pytest.fixture(scope="module")
def power(signal: np.ndarray) -> np.ndarray:
    spectra = librosa.stft(signal, n_fft=FRAME, hop_length=HOP, pad_mode="constant")
    return np.asarray(np.abs(spectra) ** 2)


def test_power_spectra_are_librosas(power: np.ndarray, signal: np.ndarray) -> None:
    padded = np.pad(signal, FRAME // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    np.testing.assert_allclose(power_spectra(windows).T, power, rtol=1e-3, atol=1e-6 * power.max())


def test_frame_count_is_librosas(power: np.ndarray, frames: Frames) -> None:
    assert len(frames.rms) == power.shape[1]


def test_mel_bank_is_librosas() -> None:
    bank = librosa.filters.mel(sr=RATE, n_fft=FRAME, n_mels=MEL_BANDS)
    np.testing.assert_allclose(table("mel").T, bank, atol=1e-7)


def test_mfcc_is_librosas_within_a_hundredth(power: np.ndarray, frames: Frames) -> None:
    mel = librosa.feature.melspectrogram(S=power, sr=RATE, n_mels=MEL_BANDS)
    theirs = librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), sr=RATE, n_mfcc=13)
    np.testing.assert_allclose(frames.mfcc.T, theirs, atol=0.01 * np.abs(theirs).max())


def test_chroma_is_librosas_within_a_thousandth(power: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.chroma_stft(S=power, sr=RATE, tuning=0.0, norm=None)
    np.testing.assert_allclose(frames.chroma.T, theirs, atol=1e-3 * theirs.max())


def test_centroid_is_librosas_within_two_hertz(power: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.spectral_centroid(S=np.sqrt(power), sr=RATE, n_fft=FRAME)[0]
    sounding = frames.rms > 1e-4
    np.testing.assert_allclose(frames.centroid[sounding], theirs[sounding], atol=2.0)


def test_rolloff_is_librosas_within_a_bin(power: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.spectral_rolloff(S=np.sqrt(power), sr=RATE, n_fft=FRAME)[0]
    sounding = frames.rms > 1e-4
    np.testing.assert_allclose(frames.rolloff[sounding], theirs[sounding], atol=RATE / FRAME + 0.1)


def test_bandwidth_is_librosas_within_ten_hertz(power: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.spectral_bandwidth(S=np.sqrt(power), sr=RATE, n_fft=FRAME)[0]
    sounding = frames.rms > 1e-4
    np.testing.assert_allclose(frames.bandwidth[sounding], theirs[sounding], atol=10.0)


def test_flatness_is_librosas(power: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.spectral_flatness(S=np.sqrt(power))[0]
    np.testing.assert_allclose(frames.flatness, theirs, rtol=1e-2, atol=1e-3)


def test_rms_is_librosas(signal: np.ndarray, frames: Frames) -> None:
    theirs = librosa.feature.rms(y=signal, frame_length=FRAME, hop_length=HOP, pad_mode="constant")[
        0
    ]
    np.testing.assert_allclose(frames.rms, theirs, atol=1e-5)


def test_chunks_of_any_size_give_the_same_frames(signal: np.ndarray, frames: Frames) -> None:
    reader = FrameReader()
    reader.push(signal)
    whole = reader.finish()
    np.testing.assert_allclose(whole.mfcc, frames.mfcc, atol=1e-3)
    np.testing.assert_allclose(whole.strength, frames.strength, atol=1e-5)


@pytest.mark.parametrize("length", [0, 1, 3, 2_047, 2_049])
def test_the_shortest_signals_have_a_frame(length: int) -> None:
    reader = FrameReader()
    reader.push(np.ones(length, dtype=np.float32))
    assert len(reader.finish().rms) == 1 + length // HOP


def test_resampling_in_blocks_keeps_length_and_tone() -> None:
    time = np.arange(96_000) / 96_000
    tone = np.sin(2 * np.pi * 1_000 * time).astype(np.float32)
    resampler = Resampler(96_000)
    parts = [resampler.push(tone[start : start + 7_001]) for start in range(0, len(tone), 7_001)]
    heard = np.concatenate([*parts, resampler.push(tone[:0], last=True)])
    assert abs(len(heard) - RATE) <= 1
    expected = np.sin(2 * np.pi * 1_000 * np.arange(len(heard)) / RATE)
    np.testing.assert_allclose(heard[500:-500], expected[500:-500], atol=1e-3)


def test_slices_are_means_of_their_frames(frames: Frames) -> None:
    features = spectral_features(frames)
    assert len(features.times) == 64
    assert len(features.mfcc) == 13
    assert len(features.chroma) == 12
    count = len(frames.rms)
    third = slice(2 * count // 64, 3 * count // 64)
    assert features.rms[2] == pytest.approx(frames.rms[third].mean(), abs=1e-5)
    assert features.spectral_centroid[2] == pytest.approx(frames.centroid[third].mean(), rel=1e-4)
    assert max(row[5] for row in features.chroma) == pytest.approx(1.0)


def test_a_short_sound_has_fewer_slices() -> None:
    reader = FrameReader()
    reader.push(np.ones(3 * HOP, dtype=np.float32))
    assert len(spectral_features(reader.finish()).times) == 4

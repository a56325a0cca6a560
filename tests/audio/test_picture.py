"""Pictures against signals whose truth is known."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from smtui.audio.picture import draw
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import Picture, PictureRequest, View

Floats = npt.NDArray[np.float64]


def written(
    folder: Path,
    samples: npt.ArrayLike,
    rate: int = 44_100,
    name: str = "sound.wav",
    subtype: str = "FLOAT",
) -> Path:
    path = folder / name
    soundfile.write(path, np.asarray(samples), rate, subtype=subtype)
    return path


def spectrogram(path: Path, **wishes: Any) -> Picture:
    defaults: dict[str, Any] = {"width": 64, "height": 48} | wishes
    return draw(PictureRequest(path=path, view=View.SPECTROGRAM, **defaults))


def waveform(path: Path, **wishes: Any) -> Picture:
    return draw(PictureRequest(path=path, view=View.WAVEFORM, height=1, width=64, **wishes))


def grid(picture: Picture) -> npt.NDArray[np.uint8]:
    return np.frombuffer(picture.levels, np.uint8).reshape(picture.height, picture.width)


def decibels(picture: Picture) -> Floats:
    return picture.peak_db - picture.range_db * (1 - grid(picture) / 255)


def row_of(picture: Picture, hertz: float) -> int:
    if picture.log:
        place = np.log(picture.high_hz / hertz) / np.log(picture.high_hz / picture.low_hz)
    else:
        place = (picture.high_hz - hertz) / (picture.high_hz - picture.low_hz)
    return int(place * picture.height)


def sine(hertz: float, rate: int, seconds: float = 1.0) -> Floats:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("hertz", [220.0, 997.3, 1_010.77, 3_000.1])
@pytest.mark.parametrize("log", [True, False])
def test_a_full_scale_sine_reads_0_db_at_its_frequency(
    tmp_path: Path, rate: int, hertz: float, log: bool
) -> None:
    picture = spectrogram(written(tmp_path, sine(hertz, rate), rate), log=log)
    column = decibels(picture)[:, 32]
    assert column.max() == pytest.approx(0, abs=0.5)
    assert abs(int(column.argmax()) - row_of(picture, hertz)) <= 1


def test_levels_fall_as_the_sound_does(tmp_path: Path) -> None:
    tone = sine(1_000, 44_100)
    tone[22_050:] *= 0.01
    picture = spectrogram(written(tmp_path, tone), log=False)
    row = decibels(picture)[row_of(picture, 1_000)]
    assert row[5] == pytest.approx(0, abs=0.5)
    assert row[60] == pytest.approx(-40, abs=0.7)


@pytest.mark.parametrize("seconds", [0.5, 5.0, 60.0])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.513, 0.9999])
def test_a_single_click_is_never_lost(tmp_path: Path, seconds: float, place: float) -> None:
    samples = np.zeros(round(seconds * 44_100), np.float32)
    samples[int(place * len(samples))] = 1.0
    path = written(tmp_path, samples)
    column = int(place * 64)
    assert abs(int(grid(spectrogram(path)).max(axis=0).argmax()) - column) <= 1
    assert grid(waveform(path))[1][column] == 255


def test_a_sound_in_one_channel_or_out_of_phase_is_as_loud_as_it_is(tmp_path: Path) -> None:
    tone = sine(1_000, 44_100)
    left = np.stack([tone, np.zeros_like(tone)], axis=1)
    assert spectrogram(written(tmp_path, left)).peak_db == pytest.approx(0, abs=0.5)
    opposed = np.stack([tone, -tone], axis=1)
    assert spectrogram(written(tmp_path, opposed)).peak_db == pytest.approx(0, abs=0.5)


def test_the_rate_of_the_file_does_not_change_where_a_tone_stands(tmp_path: Path) -> None:
    places = set()
    for rate in (22_050, 44_100, 96_000):
        path = written(tmp_path, sine(1_000, rate), rate)
        picture = spectrogram(path, high_hz=10_000.0)
        places.add(int(grid(picture)[:, 30].argmax()))
    assert max(places) - min(places) <= 1


def test_a_span_shows_only_its_part(tmp_path: Path) -> None:
    tones = np.concatenate([sine(500, 44_100), sine(2_000, 44_100)])
    path = written(tmp_path, tones)
    first = spectrogram(path, start=0.2, end=0.8)
    second = spectrogram(path, start=1.2, end=1.8)
    assert first.start == pytest.approx(0.2)
    assert first.end == pytest.approx(0.8)
    assert (grid(first)[:, 30].argmax() - row_of(first, 500)) in (-1, 0, 1)
    assert (grid(second)[:, 30].argmax() - row_of(second, 2_000)) in (-1, 0, 1)


@pytest.mark.parametrize(("start", "end"), [(-5.0, 99.0), (5.0, 6.0), (0.5, 0.5), (0.9, 0.1)])
def test_a_span_outside_the_sound_is_cut_to_it(tmp_path: Path, start: float, end: float) -> None:
    path = written(tmp_path, sine(500, 44_100))
    for picture in (
        spectrogram(path, start=start, end=end),
        draw(
            PictureRequest(path=path, view=View.WAVEFORM, start=start, end=end, width=30, height=1)
        ),
    ):
        assert 0 <= picture.start < picture.end <= 1.0 + 1e-9


@pytest.mark.parametrize("samples", [1, 3, 50, 1_000])
def test_the_shortest_sounds_have_pictures(tmp_path: Path, samples: int) -> None:
    path = written(tmp_path, np.ones(samples))
    assert len(spectrogram(path).levels) == 64 * 48
    assert max(waveform(path).levels) == 255


def test_silence_is_dark_and_has_a_finite_level(tmp_path: Path) -> None:
    path = written(tmp_path, np.zeros(44_100))
    picture = spectrogram(path)
    assert set(picture.levels) == {0}
    assert np.isfinite(picture.peak_db)
    assert set(waveform(path).levels) == {128}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38])
def test_what_is_no_number_is_drawn_as_silence(tmp_path: Path, bad: float) -> None:
    tone = sine(1_000, 44_100)
    tone[20_000:20_100] = bad
    path = written(tmp_path, tone)
    assert np.isfinite(spectrogram(path).peak_db)
    assert grid(spectrogram(path))[:, 5].max() > 0
    assert len(waveform(path).levels) == 128


def test_eight_channels_and_eight_bits(tmp_path: Path) -> None:
    tones = np.stack([sine(200 * (n + 1), 44_100) for n in range(8)], axis=1)
    picture = spectrogram(written(tmp_path, tones), high_hz=4_000.0, height=60)
    rows = [row_of(picture, 200 * (n + 1)) for n in range(8)]
    peaks = [grid(picture)[row - 1 : row + 2, 30].max() for row in rows]
    assert min(peaks) > 245
    coarse_bits = written(tmp_path, sine(440, 8_000), 8_000, "eight.wav", "PCM_U8")
    assert spectrogram(coarse_bits).peak_db == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize("name", ["sound.flac", "sound.ogg", "sound.mp3", "sound.aiff"])
def test_other_formats(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, 0.5 * sine(1_000, 44_100), 44_100)
    picture = spectrogram(path)
    assert picture.peak_db == pytest.approx(-6, abs=0.7)
    assert picture.duration == pytest.approx(1.0, abs=0.1)


def test_files_that_cannot_be_drawn_say_why(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("text" * 100)
    (tmp_path / "folder.wav").mkdir()
    flac = tmp_path / "cut.flac"
    soundfile.write(flac, np.random.default_rng(2).normal(0, 0.2, 100_000), 44_100)
    flac.write_bytes(flac.read_bytes()[:80])
    codes = {}
    for name in ("empty.wav", "text.wav", "folder.wav", "gone.wav", "cut.flac"):
        with pytest.raises(SoundUnreadable) as told:
            spectrogram(tmp_path / name)
        codes[name] = told.value.code
    assert codes["empty.wav"] == "empty"
    assert codes["text.wav"] == "unsupported"
    assert codes["gone.wav"] == "vanished"


def test_the_readable_part_of_a_truncated_file_is_drawn(tmp_path: Path) -> None:
    flac = tmp_path / "cut.flac"
    soundfile.write(flac, np.random.default_rng(2).normal(0, 0.2, 400_000), 44_100)
    flac.write_bytes(flac.read_bytes()[:300_000])
    levels = grid(spectrogram(flac)).max(axis=0)
    assert levels[2] > 128
    assert levels[-2] == 0


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    noise = np.random.default_rng(3).normal(0, 0.1, (48_000 * 30, 2))
    with soundfile.SoundFile(path, "w", 48_000, 2) as file:
        for _ in range(10):
            file.write(noise)
    tracemalloc.start()
    spectrogram(path)
    waveform(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


def test_a_coarse_picture_of_a_long_sound_looks_like_the_fine_one(tmp_path: Path) -> None:
    path = written(tmp_path, np.tile(sine(1_000, 44_100), 150), subtype="PCM_16")
    coarse, fine = spectrogram(path, coarse=True), spectrogram(path)
    assert coarse.coarse
    assert not fine.coarse
    assert np.abs(grid(coarse).argmax(axis=0) - grid(fine).argmax(axis=0)).max() <= 1
    short = spectrogram(written(tmp_path, sine(440, 44_100), name="short.wav"), coarse=True)
    assert not short.coarse


def test_signs_of_life_are_given_between_blocks(tmp_path: Path) -> None:
    path = written(tmp_path, np.tile(sine(1_000, 44_100), 60), subtype="PCM_16")
    beats = []
    draw(
        PictureRequest(path=path, view=View.SPECTROGRAM, width=64, height=48),
        alive=lambda: beats.append(1),
    )
    assert len(beats) > 3

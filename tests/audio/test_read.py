"""Every way a file can be bad is an analysis or a reason in words, never a traceback."""

from __future__ import annotations

import contextlib
import math
import os
import random
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.audio.picture import draw
from smtui.audio.recipe import listen
from smtui.audio.sound_file import open_sound, probe
from smtui.audio.tags import read_tags
from smtui.demo.sounds import Truth
from smtui.domain.analysis import Level, Measurement
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import PictureRequest, View
from tests.audio.sounds_made import Written, sine

MUTATIONS = 150


def refusal(path: Path) -> SoundUnreadable:
    """The reason for not hearing a file, which must be one sentence without a full stop."""
    with pytest.raises(SoundUnreadable) as caught:
        listen(path, level=Level.BASIC)
    title = caught.value.title
    assert title == title.strip(" .")
    assert "\n" not in title
    return caught.value


def numbers(measured: Measurement) -> list[float]:
    """Every number that a measurement tells."""
    features = measured.spectral_features
    plain = [
        measured.loudness_lufs, measured.true_peak_dbtp, measured.tempo, measured.dc_offset,
        measured.stereo_correlation, measured.kind_confidence, *measured.onsets, *measured.beats,
    ]  # fmt: skip
    if features is not None:
        plain += [*features.rms, *features.flatness, *features.bandwidth]
        plain += [value for row in (*features.mfcc, *features.chroma) for value in row]
    return [value for value in plain if value is not None]


def test_a_missing_file_has_vanished(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.wav").code == "vanished"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_said_to_be_forbidden(written: Written) -> None:
    path = written(sine(440, 0.1, 44_100))
    path.chmod(0)
    assert refusal(path).code == "no_permission"


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert refusal(path).code == "empty"


def test_a_header_without_samples_is_empty(written: Written) -> None:
    assert refusal(written(np.zeros(0))).code == "empty"


def test_text_named_wav_is_not_audio(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("kick, snare, kick, kick\n" * 50)
    assert refusal(path).code == "unsupported"


def test_a_folder_a_pipe_and_a_socket_are_not_audio(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "unsupported"
    os.mkfifo(tmp_path / "pipe.wav")
    assert refusal(tmp_path / "pipe.wav").code == "unsupported"
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path):
        server.bind("socket.wav")
    assert refusal(tmp_path / "socket.wav").code == "unsupported"


def test_a_flac_cut_in_half_breaks_off_where_it_does(written: Written) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(4 * 44_100)
    path = written(noise, name="cut.flac", subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    reason = refusal(path)
    assert reason.code == "unreadable"
    said = float(reason.title.split(" after ")[1].split(" s")[0])
    assert said == pytest.approx(2.0, abs=0.2)


def test_a_flac_damaged_within_is_damaged_where_it_is(written: Written) -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal(2 * 44_100)
    path = written(noise, name="hole.flac", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    reason = refusal(path)
    assert reason.code == "unreadable"
    said = float(reason.title.split(" after ")[1].split(" s")[0])
    assert said == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("seconds", [0.5, 4.0])
def test_a_flac_written_to_a_pipe_is_heard_to_its_end(written: Written, seconds: float) -> None:
    path = written(sine(440, seconds, 44_100), name="streamed.flac", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    # The last 36 bits before the checksum in STREAMINFO: the writer could not go back to fill in.
    data[21] &= 0xF0
    data[22:42] = bytes(20)
    path.write_bytes(data)
    assert probe(path).duration == seconds
    assert listen(path, level=Level.BASIC).duration == seconds
    picture = draw(PictureRequest(path=path, view=View.WAVEFORM, width=40, height=2))
    assert picture.duration == seconds
    # The last column: lowest and highest sample of a tone that goes on to the end.
    assert picture.levels[39] < 80 < 170 < picture.levels[79]


def test_an_ogg_cut_within_its_first_page_breaks_off(written: Written) -> None:
    path = written(sine(440, 1.0, 44_100), name="cut.ogg", subtype="VORBIS")
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert refusal(path).code == "unreadable"


def test_a_format_that_cannot_seek_is_heard_and_drawn_anywhere(written: Written) -> None:
    samples = np.concatenate([np.zeros(8_000), sine(440, 1.0, 8_000)])
    path = written(samples, rate=8_000, subtype="GSM610")
    assert listen(path, level=Level.ADVANCED).duration == pytest.approx(2.0, abs=0.1)
    for start, loud in ((1.2, True), (0.2, False)):
        part = PictureRequest(
            path=path, view=View.WAVEFORM, width=8, height=2, start=start, end=start + 0.5
        )
        assert (max(draw(part).levels) > 170) is loud


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30])
def test_values_that_are_no_sound_are_refused(written: Written, value: float) -> None:
    samples = sine(440, 1.0, 44_100)
    samples[777] = value
    assert refusal(written(samples)).code == "unreadable"


def test_a_flac_header_that_claims_days_is_refused_before_allocation(written: Written) -> None:
    path = written(sine(440, 0.5, 44_100), name="lie.flac", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    # The last 36 bits before the checksum in STREAMINFO are the number of samples.
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert refusal(path).code in ("unreadable", "too_long")


def test_a_wav_header_that_claims_more_than_there_is_is_heard_or_named(written: Written) -> None:
    path = written(sine(440, 0.5, 44_100), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    assert listen(path, level=Level.BASIC).duration == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rate_field", [b"\x01\x00\x00\x00", b"\xff\xff\xff\x7f"])
def test_an_absurd_sample_rate_is_refused(written: Written, rate_field: bytes) -> None:
    path = written(sine(440, 0.5, 44_100), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[24:28] = rate_field
    path.write_bytes(data)
    assert refusal(path).code == "unreadable"


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 100])
def test_a_handful_of_samples_is_heard(written: Written, frames: int) -> None:
    measured = listen(written(0.5 * np.ones(frames)), level=Level.ADVANCED)
    assert measured.duration == pytest.approx(frames / 44_100)
    assert measured.tempo is None
    assert measured.key is None
    assert measured.root_note is None
    assert all(math.isfinite(value) for value in numbers(measured))


@pytest.mark.parametrize("seconds", [0.05, 1.0, 7.0])
def test_silence_claims_nothing(written: Written, seconds: float) -> None:
    measured = listen(written(np.zeros(round(seconds * 44_100))), level=Level.ADVANCED)
    assert (measured.tempo, measured.key, measured.kind, measured.loudness_lufs) == (None,) * 4
    assert measured.root_note is None
    assert not measured.is_loop
    assert all(math.isfinite(value) for value in numbers(measured))


@pytest.mark.parametrize("rate", [8_000, 11_025, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_any_rate_and_number_of_channels_is_heard(
    written: Written, rate: int, channels: int
) -> None:
    tone = np.repeat(sine(440, 1.0, rate)[:, None], channels, axis=1)
    measured = listen(written(tone, rate=rate), level=Level.ADVANCED)
    assert measured.root_note == "A4"
    assert (measured.stereo_correlation is None) == (channels == 1)


def test_opposite_channels_are_heard_though_they_cancel(written: Written) -> None:
    tone = sine(440, 1.0, 44_100)
    measured = listen(written(np.stack((tone, -tone), axis=1)), level=Level.ADVANCED)
    assert measured.root_note == "A4"


@pytest.mark.parametrize(
    ("subtype", "depth"), [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24), ("FLOAT", 32)]
)
def test_bit_depth_is_told(written: Written, subtype: str, depth: int) -> None:
    measured = listen(written(sine(440, 1.0, 44_100), subtype=subtype), level=Level.BASIC)
    assert measured.bit_depth == depth
    assert measured.root_note == "A4"


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.flac", "PCM_16"), ("a.ogg", "VORBIS"), ("a.mp3", "MPEG_LAYER_III"), ("a.aiff", "PCM_16")],
)
def test_the_header_probe_agrees_with_the_whole_file(
    written: Written, name: str, subtype: str
) -> None:
    path = written(np.stack((sine(220, 1.5, 48_000),) * 2, axis=1), rate=48_000, name=name,
                   subtype=subtype)  # fmt: skip
    header = probe(path)
    assert (header.sample_rate, header.channels) == (48_000, 2)
    assert header.format == name.partition(".")[2]
    assert header.duration == pytest.approx(1.5, abs=0.06)
    assert header.duration == pytest.approx(listen(path, level=Level.BASIC).duration, abs=1e-6)


def test_content_counts_and_not_the_name(written: Written) -> None:
    path = written(sine(440, 0.5, 44_100), subtype="PCM_16")
    bare = path.rename(path.with_name("KICK"))
    assert probe(bare).format == "wav"


def test_the_hash_is_of_the_bytes(written: Written) -> None:
    path = written(sine(440, 0.5, 44_100))
    first = listen(path, level=Level.BASIC).file_hash
    copy = path.with_name("copy.wav")
    copy.write_bytes(path.read_bytes())
    assert listen(copy, level=Level.BASIC).file_hash == first
    copy.write_bytes(path.read_bytes() + b"\0")
    assert listen(copy, level=Level.BASIC).file_hash != first
    assert len(first) == 32


def test_a_span_can_be_read_alone(written: Written) -> None:
    ramp = np.linspace(0, 0.9, 44_100)
    with open_sound(written(ramp)) as sound:
        span = np.concatenate(list(sound.blocks(start=1_000, stop=41_000)))
    np.testing.assert_allclose(span[:, 0], ramp[1_000:41_000], atol=1e-6)


def test_mutated_files_are_heard_or_refused(
    demo: tuple[Path, tuple[Truth, ...]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ("kick tight.flac", "clap.aiff", "lead E4.ogg", "chord C keys.mp3", "hat closed.wav")
    seeds = [(demo[0] / name).read_bytes() for name in names]
    chance = random.Random(5)
    outcomes = {"heard": 0, "refused": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(MUTATIONS):
            path = tmp_path / f"mutation {number}"
            path.write_bytes(mutated(bytearray(chance.choice(seeds)), chance))
            try:
                read_tags(path)
                probe(path)
                measured = listen(path, level=Level.ADVANCED)
                assert all(math.isfinite(value) for value in numbers(measured))
                outcomes["heard"] += 1
            except SoundUnreadable:
                outcomes["refused"] += 1
    assert min(outcomes.values()) > MUTATIONS // 10, outcomes
    assert capfd.readouterr().out == ""


def mutated(data: bytearray, chance: random.Random) -> bytes:
    """Flip bits, cut, lie in the header, insert rubbish, or blank a stretch."""
    match chance.randrange(5):
        case 0:
            for _ in range(chance.choice((1, 5, 50))):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 1:
            del data[chance.randrange(1, len(data)) :]
        case 2:
            for _ in range(chance.choice((1, 3, 8))):
                data[chance.randrange(100)] = chance.choice((0, 127, 128, 255))
        case 3:
            place = chance.randrange(len(data))
            data[place:place] = chance.randbytes(chance.randrange(1, 2_000))
        case _:
            place = chance.randrange(len(data))
            data[place : place + 3_000] = bytes(len(data[place : place + 3_000]))
    return bytes(data)


def test_memory_stays_bounded_for_a_long_file(tmp_path: Path) -> None:
    """Ten minutes of stereo are 106 MB as floats; listening may take 30 kB for a second."""
    path = tmp_path / "long.wav"
    minute = np.random.default_rng(2).integers(-9_000, 9_000, (60 * 22_050, 2), dtype=np.int16)
    with soundfile.SoundFile(path, "w", 22_050, 2, "PCM_16") as file:
        for _ in range(10):
            file.write(minute)
    script = (
        "import resource, sys; from pathlib import Path; from smtui.audio.recipe import listen;"
        "from smtui.domain.analysis import Level;"
        "listen(Path(sys.argv[2]), level=Level.BASIC);"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "listen(Path(sys.argv[1]), level=Level.ADVANCED);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    short = tmp_path / "short.wav"
    soundfile.write(short, minute[: 5 * 22_050], 22_050)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(short)], capture_output=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1_024
    assert int(done.stdout) * unit < 10 * 60 * 30_000 + 30e6


def test_c_libraries_do_not_reach_the_terminal_once_hushed(
    demo: tuple[Path, tuple[Truth, ...]], tmp_path: Path
) -> None:
    data = bytearray((demo[0] / "chord C keys.mp3").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4_000] = bytes(4_000)
    path = tmp_path / "scratched.mp3"
    path.write_bytes(data)
    script = (
        "import sys; from pathlib import Path\n"
        "from smtui.audio.decoder_messages import discard_decoder_messages\n"
        "from smtui.domain.errors import SoundUnreadable\n"
        "discard_decoder_messages() if sys.argv[2] == 'hushed' else None\n"
        "from smtui.audio.recipe import listen; from smtui.domain.analysis import Level\n"
        "try:\n    listen(Path(sys.argv[1]), level=Level.BASIC)\n"
        "except SoundUnreadable:\n    pass\n"
        "print('said by Python', file=sys.stderr)"
    )

    def said(how: str) -> str:
        command = [sys.executable, "-c", script, str(path), how]
        return subprocess.run(command, capture_output=True, check=True, text=True).stderr

    assert said("loud") != "said by Python\n"
    assert said("hushed") == "said by Python\n"

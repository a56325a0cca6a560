"""All of a file is heard, however it is wrapped: the right length, and the same numbers.

What stands beside each file is the same sound in a plain WAV.
"""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from smtui.audio.picture import draw
from smtui.audio.recipe import listen
from smtui.audio.sound_file import open_sound, probe
from smtui.demo import instruments as play
from smtui.domain.analysis import Level
from smtui.domain.errors import SoundUnreadable
from smtui.domain.picture import PictureRequest, View
from tests.audio.encoding import (
    FORM,
    RATE,
    chunk,
    dsf,
    encoded,
    frames_alone,
    mp3,
    opus_in_caf,
    pcm,
    riff,
)
from tests.audio.sounds_made import sine


def melody(seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    """A sound of which no two stretches are alike: a sweep with strokes, loud to soft."""
    time = np.arange(round(seconds * rate)) / rate
    sweep = np.sin(2 * np.pi * (200 * time + 300 * time**2))
    strokes = np.exp(-12 * (time % 0.25))
    return np.asarray(0.6 * sweep * strokes * np.linspace(1, 0.4, len(time)))


def samples_of(path: Path, *, start: int = 0, stop: int | None = None) -> np.ndarray:
    with open_sound(path) as sound:
        return np.concatenate(list(sound.blocks(start=start, stop=stop)))


def assert_heard_from_anywhere(path: Path) -> np.ndarray:
    """Reading from the middle, forwards and back, gives what reading whole gives."""
    whole = samples_of(path)
    assert probe(path).frames == len(whole)
    with open_sound(path) as sound:
        for start in (len(whole) // 2, 777, len(whole) - 3_000, 0, len(whole) // 3):
            part = np.concatenate(list(sound.blocks(start=start, stop=start + 2_000)))
            np.testing.assert_allclose(part, whole[start : start + 2_000], atol=2e-6)
    return whole


# ---- what stands behind and in front


_BEHIND = {
    "ID3v1": b"TAG" + b"Loop".ljust(30, b"\0") + bytes(94) + b"\xff",
    "APE": b"APETAGEX" + struct.pack("<IIII", 2_000, 32, 0, 0) + bytes(8),
    "zeros": bytes(4_096),
    "rubbish": bytes(range(256)) * 20,
    "ones": b"\xff" * 3_000,
}


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.aiff", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("behind", list(_BEHIND))
def test_what_an_old_tagger_left_behind_a_sound_costs_nothing(
    tmp_path: Path, name: str, behind: str
) -> None:
    plain, tagged = tmp_path / name, tmp_path / f"tagged {name}"
    soundfile.write(plain, melody(), RATE)
    tagged.write_bytes(plain.read_bytes() + _BEHIND[behind])
    np.testing.assert_array_equal(assert_heard_from_anywhere(tagged), samples_of(plain))


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
def test_a_tag_in_front_costs_nothing(tmp_path: Path, name: str) -> None:
    plain, tagged = tmp_path / name, tmp_path / f"tagged {name}"
    soundfile.write(plain, melody(), RATE)
    tagged.write_bytes(b"ID3\3\0\0\0\0\x40\0" + bytes(8_192) + plain.read_bytes())
    np.testing.assert_array_equal(assert_heard_from_anywhere(tagged), samples_of(plain))


def test_a_flac_that_breaks_off_says_so_though_a_tag_stands_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal(3 * RATE), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + _BEHIND["ID3v1"])
    with pytest.raises(SoundUnreadable, match=r"(breaks off|damaged) after 1\.[45]"):
        listen(path, level=Level.BASIC)


# ---- sizes that are not true


@pytest.mark.parametrize("claimed", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", [b"RIFF", b"BW64", b"RF64"])
def test_a_wav_whose_recorder_was_switched_off_is_heard_to_its_end(
    tmp_path: Path, claimed: int, kind: bytes
) -> None:
    path = tmp_path / "cut.wav"
    sizes = chunk(b"ds64", bytes(28)) if kind != b"RIFF" else b""
    data = bytearray(riff(sizes, FORM, chunk(b"data", pcm(melody())), kind=kind))
    place = data.index(b"data") + 4
    data[4:8] = data[place : place + 4] = struct.pack("<I", claimed)
    path.write_bytes(data)
    heard = assert_heard_from_anywhere(path)
    np.testing.assert_allclose(heard[:, 0], melody(), atol=1e-4)


def test_a_wav_that_holds_nothing_but_notes_is_still_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(riff(FORM, chunk(b"data", b""), chunk(b"LIST", b"INFO" + bytes(40))))
    with pytest.raises(SoundUnreadable) as caught:
        listen(path, level=Level.BASIC)
    assert caught.value.code == "empty"


def test_a_bw64_is_heard_as_a_wav(tmp_path: Path) -> None:
    path = tmp_path / "broadcast.wav"
    data = pcm(melody())
    sizes = struct.pack("<QQQI", len(data) + 100, len(data), len(data) // 2, 0)
    whole = riff(chunk(b"ds64", sizes), FORM, chunk(b"data", data), kind=b"BW64")
    place = whole.index(b"data") + 4
    whole = whole[:4] + b"\xff" * 4 + whole[8:place] + b"\xff" * 4 + whole[place + 4 :]
    path.write_bytes(whole + chunk(b"axml", b"<xml/>" * 50))
    heard = assert_heard_from_anywhere(path)
    np.testing.assert_allclose(heard[:, 0], melody(), atol=1e-4)


def test_a_caf_of_open_size_is_heard_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "open.caf"
    soundfile.write(path, melody(), RATE, subtype="PCM_16")
    plain = samples_of(path)
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 8] = b"\xff" * 8
    path.write_bytes(data)
    np.testing.assert_array_equal(assert_heard_from_anywhere(path), plain)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM"])
def test_the_filled_up_end_of_an_adpcm_loop_does_not_count(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "loop.wav"
    soundfile.write(path, melody(2.0), RATE, subtype=subtype)
    data = bytearray(path.read_bytes())
    place = data.index(b"fact") + 8
    data[place : place + 4] = struct.pack("<I", 2 * RATE)
    path.write_bytes(data)
    assert soundfile.info(path).frames > 2 * RATE
    assert len(assert_heard_from_anywhere(path)) == 2 * RATE


# ---- MP3


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44_100, 16_000])
@pytest.mark.parametrize("variable", [True, False])
def test_an_mp3_from_a_pipe_is_heard_whole(
    tmp_path: Path, channels: int, rate: int, *, variable: bool
) -> None:
    sound = np.concatenate([np.zeros(2 * rate), melody(6, rate)])
    sound = sound if channels == 1 else np.stack([sound, -0.5 * sound], axis=1)
    known, piped = tmp_path / "known.mp3", tmp_path / "piped.mp3"
    piped.write_bytes(frames_alone(mp3(known, sound, variable=variable, rate=rate)))
    heard, right = assert_heard_from_anywhere(piped), samples_of(known)
    # Nobody tells what the encoder put in front, so that is still there.
    assert len(heard) / rate == pytest.approx(8, abs=0.15)
    front = 576
    np.testing.assert_allclose(heard[front : front + len(right)], right, atol=2e-6)
    assert listen(piped, level=Level.BASIC).duration == len(heard) / rate


@pytest.mark.parametrize("variable", [True, False])
def test_an_mp3_gives_the_same_samples_from_any_place(tmp_path: Path, *, variable: bool) -> None:
    path = tmp_path / "zoom.mp3"
    mp3(path, melody(8), variable=variable)
    right = soundfile.read(path, dtype="float32", always_2d=True)[0]
    np.testing.assert_array_equal(assert_heard_from_anywhere(path), right)


def test_the_picture_of_a_part_of_an_mp3_is_that_of_its_samples(tmp_path: Path) -> None:
    path, plain = tmp_path / "zoom.mp3", tmp_path / "zoom.wav"
    mp3(path, melody(8), variable=True)
    soundfile.write(plain, samples_of(path), RATE, subtype="FLOAT")

    def picture(of: Path) -> bytes:
        request = PictureRequest(path=of, view=View.WAVEFORM, width=60, height=2, start=5, end=5.3)
        return draw(request).levels

    assert picture(path) == picture(plain)


def test_mp3s_joined_by_cat_are_heard_one_after_the_other(tmp_path: Path) -> None:
    first, second, both = (tmp_path / f"{name}.mp3" for name in ("first", "second", "both"))
    tag = b"ID3\3\0\0\0\0\x08\0" + bytes(1_024)
    one = mp3(first, melody(2), variable=True) + _BEHIND["ID3v1"]
    both.write_bytes(one + tag + mp3(second, 0.5 * melody(3), variable=False))
    heard = assert_heard_from_anywhere(both)
    right = np.concatenate([samples_of(first), samples_of(second)])
    assert len(right) == 5 * RATE
    np.testing.assert_allclose(heard, right, atol=2e-6)


def test_mp3s_of_two_rates_in_one_file_are_named(tmp_path: Path) -> None:
    both = tmp_path / "both.mp3"
    one = mp3(tmp_path / "1.mp3", melody(2), variable=True)
    both.write_bytes(one + mp3(tmp_path / "2.mp3", melody(2, 48_000), variable=True, rate=48_000))
    with pytest.raises(SoundUnreadable, match="several sounds of different rates"):
        probe(both)


@pytest.mark.parametrize("name", ["inside.wav", "inside.mp3"])
def test_an_mp3_in_a_wav_is_heard_whole(tmp_path: Path, name: str) -> None:
    data = frames_alone(mp3(tmp_path / "plain.mp3", melody(4), variable=False))
    form = struct.pack("<HHIIHHH", 0x55, 1, RATE, 16_000, 1, 0, 12)
    form += struct.pack("<HIHHH", 1, 2, 417, 1, 0)
    fact = chunk(b"fact", struct.pack("<I", 4 * RATE))
    path = tmp_path / name
    path.write_bytes(
        riff(chunk(b"fmt ", form), fact, chunk(b"data", data), chunk(b"LIST", bytes(500)))
    )
    heard, right = assert_heard_from_anywhere(path), samples_of(tmp_path / "plain.mp3")
    np.testing.assert_allclose(heard[576 : 576 + len(right)], right, atol=2e-6)


def test_an_mp3_that_was_cut_says_where(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp3"
    data = mp3(path, melody(8), variable=False)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(SoundUnreadable, match=r"breaks off after 4\.\d s of 8\.0 s"):
        listen(path, level=Level.BASIC)


# ---- Ogg


def page_numbered(ogg: bytes, serial: int) -> bytes:
    """The same stream under another number, with its checksums made anew."""
    from smtui.audio.containers import _checksum

    out, place = bytearray(), 0
    while place < len(ogg):
        table = ogg[place + 27 : place + 27 + ogg[place + 26]]
        stop = place + 27 + len(table) + sum(table)
        page = bytearray(ogg[place:stop])
        page[14:18], page[22:26] = struct.pack("<I", serial), bytes(4)
        page[22:26] = struct.pack("<I", _checksum(page))
        out += page
        place = stop
    return bytes(out)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("numbers", [(1, 2), (7, 7)])
def test_a_chained_ogg_is_heard_to_the_end_of_its_last_stream(
    tmp_path: Path, subtype: str, numbers: tuple[int, int]
) -> None:
    parts, rights = [], []
    for number, seconds in zip(numbers, (2.0, 1.5), strict=True):
        path = tmp_path / f"{seconds}.ogg"
        soundfile.write(path, melody(seconds, 48_000), 48_000, format="OGG", subtype=subtype)
        parts.append(page_numbered(path.read_bytes(), number))
        rights.append(samples_of(path))
    both = tmp_path / "chained.ogg"
    both.write_bytes(b"".join(parts))
    heard = assert_heard_from_anywhere(both)
    assert len(heard) == 3.5 * 48_000
    np.testing.assert_allclose(heard, np.concatenate(rights), atol=2e-6)


def test_an_ogg_with_another_stream_between_its_pages_is_heard(tmp_path: Path) -> None:
    plain, mixed = tmp_path / "plain.ogg", tmp_path / "mixed.ogg"
    soundfile.write(plain, melody(), RATE)
    raw = page_numbered(plain.read_bytes(), 1)
    pages = [b"OggS" + page for page in raw.split(b"OggS")[1:]]
    index = bytearray(b"OggS\0\2" + bytes(8) + struct.pack("<III", 9, 0, 0) + b"\1\x40")
    index += b"fishead\0".ljust(64, b"\0")
    between = page_numbered(bytes(index), 9)
    ordinary = bytearray(between)
    ordinary[5] = 0
    mixed.write_bytes(between + pages[0] + bytes(ordinary) + b"".join(pages[1:]))
    np.testing.assert_array_equal(assert_heard_from_anywhere(mixed), samples_of(plain))


@pytest.mark.parametrize("told", [0, 8_000, 22_050, 44_100, 48_000, 96_000])
def test_opus_is_at_48_khz_whatever_rate_the_sound_once_had(tmp_path: Path, told: int) -> None:
    plain, path = tmp_path / "plain.opus", tmp_path / "told.opus"
    soundfile.write(plain, melody(2, 48_000), 48_000, format="OGG", subtype="OPUS")
    data = bytearray(plain.read_bytes())
    place = data.index(b"OpusHead") + 12
    data[place : place + 4] = struct.pack("<I", told)
    path.write_bytes(page_numbered(bytes(data), 3))
    assert (probe(path).sample_rate, probe(path).format) == (48_000, "opus")
    np.testing.assert_array_equal(assert_heard_from_anywhere(path), samples_of(plain))


# ---- what libsndfile does not know


@pytest.mark.parametrize(
    ("name", "codec", "container", "form", "depth"),
    [
        ("a.m4a", "alac", "ipod", "m4a", 16),
        ("a.wv", "wavpack", "wv", "wv", None),
        ("a.tta", "tta", "tta", "tta", 16),
        ("a.oga", "flac", "ogg", "flac", 16),
        ("a.mka", "flac", "matroska", "mka", 16),
        ("a.caf", "alac", "caf", "caf", 16),
    ],
)
def test_what_loses_nothing_gives_the_samples_of_its_wav(
    tmp_path: Path, name: str, codec: str, container: str, form: str, depth: int | None
) -> None:
    path = encoded(tmp_path / name, melody(), codec, container=container)
    heard = assert_heard_from_anywhere(path)
    assert len(heard) == 3 * RATE
    np.testing.assert_allclose(heard[:, 0], melody(), atol=1e-4)
    header = probe(path)
    assert header.format == form
    assert depth is None or header.bit_depth == depth


def test_a_flac_of_32_bits_is_heard(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "deep.flac", melody(), "flac", container="flac", options={"strict": "-2"}
    )
    assert len(assert_heard_from_anywhere(path)) == 3 * RATE


@pytest.mark.parametrize(
    ("name", "codec", "container", "rate", "longest"),
    [
        ("a.m4a", "aac", "ipod", RATE, 0.0),
        ("a.mp4", "libmp3lame", "mp4", RATE, 0.0),
        ("a.webm", "libopus", "webm", 48_000, 0.0),
        ("a.m4a", "libopus", "mp4", 48_000, 0.0),
        ("a.aac", "aac", "adts", RATE, 0.05),
        ("a.ac3", "ac3", "ac3", RATE, 0.05),
        ("a.wma", "wmav2", "asf", RATE, 0.1),
    ],
)
def test_other_codecs_are_heard_with_the_length_and_loudness_of_their_wav(
    tmp_path: Path, name: str, codec: str, container: str, rate: int, longest: float
) -> None:
    path, plain = tmp_path / name, tmp_path / "plain.wav"
    encoded(path, melody(3, rate), codec, container=container, rate=rate)
    soundfile.write(plain, melody(3, rate), rate)
    whole = assert_heard_from_anywhere(path)
    assert len(whole) / rate == pytest.approx(3, abs=longest)
    heard, right = (listen(each, level=Level.ADVANCED) for each in (path, plain))
    assert heard.loudness_lufs == pytest.approx(right.loudness_lufs, abs=0.7)
    if not longest:
        assert heard.tempo == pytest.approx(right.tempo, rel=0.01)
        assert heard.key == right.key
        np.testing.assert_allclose(heard.onsets, right.onsets, atol=0.03)


def test_opus_in_a_caf_is_heard_without_what_was_put_before_it(tmp_path: Path) -> None:
    path = opus_in_caf(tmp_path / "a.caf", melody(3, 48_000))
    same = assert_heard_from_anywhere(tmp_path / "a.webm")
    heard = assert_heard_from_anywhere(path)
    assert len(heard) == 3 * 48_000
    np.testing.assert_allclose(heard, same[: len(heard)], atol=1e-5)


def test_an_itunes_file_is_as_long_as_its_padding_leaves_it(tmp_path: Path) -> None:
    from mutagen.mp4 import MP4

    path = encoded(
        tmp_path / "song.m4a", melody(), "aac", container="ipod", options={"use_editlist": "0"}
    )
    tagged: Any = MP4(path)  # type: ignore[no-untyped-call]
    said = f" 00000000 00000400 00000000 {3 * RATE:016X} " + " ".join(["00000000"] * 8)
    tagged["----:com.apple.iTunes:iTunSMPB"] = [said.encode()]
    tagged.save()
    assert len(assert_heard_from_anywhere(path)) == 3 * RATE
    onsets = listen(path, level=Level.ADVANCED).onsets
    plain = tmp_path / "plain.wav"
    soundfile.write(plain, melody(), RATE)
    np.testing.assert_allclose(onsets, listen(plain, level=Level.ADVANCED).onsets, atol=0.02)


def test_one_bit_sound_is_heard(tmp_path: Path) -> None:
    path = dsf(tmp_path / "tone.dsf", sine(440, 0.5, RATE))
    header = probe(path)
    assert (header.format, header.sample_rate, header.bit_depth) == ("dsf", 352_800, 1)
    assert header.duration == pytest.approx(0.5, abs=0.02)
    assert listen(path, level=Level.ADVANCED).root_note == "A4"


def test_a_cut_m4a_says_where_it_breaks_off(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "cut.m4a", melody(6), "alac", container="ipod", options={"movflags": "faststart"}
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SoundUnreadable, match=r"(breaks off|damaged) after [23]\.\d"):
        listen(path, level=Level.BASIC)


def test_a_film_is_not_taken_for_a_list_of_addresses(tmp_path: Path) -> None:
    """FFmpeg would read a playlist and ask the addresses in it."""
    path = tmp_path / "list.m4a"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(SoundUnreadable, match="not a sound in a known format"):
        probe(path)


# ---- what is not heard is named


def _locked() -> bytes:
    comm = struct.pack(">hIh", 1, 88_200, 16) + bytes.fromhex("400eac44000000000000")
    comm += b"able" + bytes([15]) + b"Ableton Content"
    body = b"AIFC"
    for name, data in ((b"COMM", comm), (b"SSND", bytes(8) + bytes(range(256)) * 40)):
        body += name + struct.pack(">I", len(data)) + data + b"\0" * (len(data) & 1)
    return b"FORM" + struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("locked.aif", _locked(), "This coding (Ableton Content) cannot be read"),
        ("loop.rx2", b"CAT " + bytes(4) + b"REX2" + bytes(400), "It is a REX loop, which cannot"),
        ("kick.wav", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
        ("odd.wav", riff(chunk(b"fmt ", struct.pack("<HHIIHH", 0x777, 1, RATE, 1, 1, 8)),
                         chunk(b"data", bytes(5_000))), "(format 0x0777 in WAV) cannot be read"),
        ("kick.ncw", bytes(range(200)), "packed samples of Kontakt"),
        ("pack.sf2", b"RIFF" + bytes(4) + b"sfbk" + bytes(400), "soundfont"),
    ],
)  # fmt: skip
def test_what_cannot_be_heard_is_named_by_scan_and_inspect_alike(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    from smtui.domain.scan import Unreadable
    from smtui.folders.finder import read_file
    from smtui.folders.walk import walk_folder

    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SoundUnreadable) as caught:
        listen(path, level=Level.BASIC)
    assert words in caught.value.title
    assert caught.value.code == "unsupported"
    (candidate,) = [each for step in walk_folder(os.fsencode(tmp_path)) for each in step.candidates]
    found = read_file(candidate)
    assert isinstance(found, Unreadable)
    assert found.error == str(caught.value)


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [("a.m4a", "aac", "ipod"), ("a.webm", "libopus", "webm"), ("a.wv", "wavpack", "wv"),
     ("a.aac", "aac", "adts"), ("a.wma", "wmav2", "asf"), ("a.oga", "flac", "ogg")],
)  # fmt: skip
def test_a_scan_takes_them_in_by_content(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    from smtui.domain.sample import FoundFile
    from smtui.folders.finder import read_file
    from smtui.folders.walk import walk_folder

    sound = melody(1, 48_000)
    path = encoded(tmp_path / name, sound, codec, container=container, rate=48_000)
    path.rename(path.with_name("KICK"))
    (candidate,) = [each for step in walk_folder(os.fsencode(tmp_path)) for each in step.candidates]
    found = read_file(candidate)
    assert isinstance(found, FoundFile)
    assert found.duration == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("name", "form", "subtype"),
    [("mpc.snd", "MPC2K", "PCM_16"), ("fast.xi", "XI", "DPCM_16"), ("dump.sds", "SDS", "PCM_16"),
     ("atari.avr", "AVR", "PCM_16"), ("a.paf", "PAF", "PCM_16"), ("a.sph", "NIST", "PCM_16")],
)  # fmt: skip
def test_what_else_libsndfile_reads_is_taken_in(
    tmp_path: Path, name: str, form: str, subtype: str
) -> None:
    from smtui.folders.walk import walk_folder

    soundfile.write(tmp_path / name, sine(440, 1.0, RATE), RATE, format=form, subtype=subtype)
    steps = list(walk_folder(os.fsencode(tmp_path)))
    assert [each.path.name for step in steps for each in step.candidates] == [name]
    assert listen(tmp_path / name, level=Level.BASIC).duration == pytest.approx(1, abs=0.01)


# ---- what it costs


def test_ordinary_files_load_no_second_decoder(tmp_path: Path) -> None:
    names = ("a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff")
    for name in names:
        soundfile.write(tmp_path / name, melody(1), RATE)
    code = (
        "import sys; from pathlib import Path; from smtui.audio.recipe import listen\n"
        "from smtui.domain.analysis import Level\n"
        "for name in sys.argv[1:]: listen(Path(name), level=Level.ADVANCED)\n"
        "late = ('av', 'librosa', 'numba', 'scipy.signal')\n"
        "print([name for name in late if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_memory_does_not_grow_with_the_length_of_an_m4a(tmp_path: Path) -> None:
    paths = []
    for minutes in (0.2, 4):
        path = tmp_path / f"{minutes}.m4a"
        paths.append(encoded(path, melody(60 * minutes), "alac", container="ipod"))
    code = (
        "import json, resource, sys; from pathlib import Path\n"
        "from smtui.audio.sound_file import open_sound\n"
        "peaks = []\n"
        "for name in sys.argv[1:]:\n"
        "    with open_sound(Path(name)) as sound:\n"
        "        for block in sound.blocks(): pass\n"
        "    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        "print(json.dumps(peaks))"
    )
    command = [sys.executable, "-c", code, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    short, long = json.loads(done.stdout)
    unit = 1 if sys.platform == "darwin" else 1_024
    assert (long - short) * unit < 12e6


@pytest.mark.parametrize("seed", range(4))
def test_mutated_containers_are_heard_or_refused(tmp_path: Path, seed: int) -> None:
    import random

    chance = random.Random(seed)
    kinds = [("m4a", "aac", "ipod"), ("wv", "wavpack", "wv"), ("webm", "libopus", "webm"),
             ("wma", "wmav2", "asf"), ("oga", "flac", "ogg"), ("aac", "aac", "adts")]  # fmt: skip
    for name, codec, container in kinds:
        path = tmp_path / f"a.{name}"
        encoded(path, melody(0.5, 48_000), codec, container=container, rate=48_000)
        whole = path.read_bytes()
        for _ in range(12):
            data = bytearray(whole)
            for _ in range(chance.choice((1, 5, 40))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path.write_bytes(data[: chance.choice((len(data), len(data) // 2))])
            try:
                heard = listen(path, level=Level.BASIC)
                assert math.isfinite(heard.duration)
            except SoundUnreadable:
                pass


@pytest.mark.parametrize("bpm", [84, 97, 120, 133, 174])
@pytest.mark.parametrize("bars", [1, 2])
def test_the_padding_of_an_mp3_makes_no_loop_slower(tmp_path: Path, bpm: int, bars: int) -> None:
    wave = drum_loop(bpm, bars)
    data = mp3(tmp_path / "told.mp3", wave, variable=False)
    path = tmp_path / "loop.mp3"
    path.write_bytes(frames_alone(data))
    heard = listen(path, level=Level.ADVANCED)
    assert heard.duration > len(wave) / RATE + 0.01
    assert heard.is_loop
    assert heard.tempo == pytest.approx(bpm, abs=0.5)
    step = 60 / bpm
    assert len(heard.beats) == 4 * bars
    assert heard.beats[1] - heard.beats[0] == pytest.approx(step, rel=0.01)


def drum_loop(bpm: int, bars: int) -> np.ndarray:
    """Bass drum on one and three, snare on two and four, hats between."""
    wave = np.zeros(round(bars * 240 / bpm * RATE))
    strokes = {0: play.kick(RATE), 4: 0.7 * play.snare(RATE), 2: 0.3 * play.hat(RATE)}
    for number in range(16 * bars):
        stroke = strokes.get(number % 8 if number % 4 == 0 else 2 if number % 2 == 0 else -1)
        if stroke is not None:
            start = round(number * 15 / bpm * RATE)
            wave[start : start + len(stroke)] += 0.5 * stroke[: len(wave) - start]
    return wave

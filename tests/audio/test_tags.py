"""What files say of themselves is read where it can be, and never trusted in size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mutagen.flac
import pytest
from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.mp3 import MP3
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from smtui.audio.tags import LONGEST_TEXT, MOST_TAGS, read_tags
from tests.audio.sounds_made import Written, sine

# mutagen is written without types.
FLAC: Any = mutagen.flac.FLAC
FRAMES: Any = id3


def tagged_id3(tags: Any) -> None:
    tags.add(FRAMES.TIT2(encoding=3, text="Röd himmel"))
    tags.add(FRAMES.TPE1(encoding=3, text=["Ada", "Bo"]))
    tags.add(FRAMES.TBPM(encoding=3, text="124"))
    tags.add(FRAMES.TKEY(encoding=3, text="Am"))
    tags.add(FRAMES.TXXX(encoding=3, desc="Pack", text="Night"))
    tags.add(FRAMES.COMM(encoding=3, lang="eng", desc="", text="loud"))


@pytest.mark.parametrize(
    ("name", "subtype", "kind"),
    [
        ("a.wav", "PCM_16", WAVE),
        ("a.aiff", "PCM_16", AIFF),
        ("a.mp3", "MPEG_LAYER_III", MP3),
    ],
)
def test_id3_tags_are_read(written: Written, name: str, subtype: str, kind: type) -> None:
    path = written(sine(440, 0.5, 44_100), name=name, subtype=subtype)
    file = kind(path)
    if file.tags is None:
        file.add_tags()
    tagged_id3(file.tags)
    file.save()
    assert read_tags(path) == {
        "title": "Röd himmel",
        "artist": "Ada; Bo",
        "bpm": 124.0,
        "key": "Am",
        "pack": "Night",
        "comment": "loud",
    }


@pytest.mark.parametrize(
    ("name", "subtype", "kind"), [("a.flac", "PCM_16", FLAC), ("a.ogg", "VORBIS", OggVorbis)]
)
def test_vorbis_comments_are_read(written: Written, name: str, subtype: str, kind: type) -> None:
    path = written(sine(440, 0.5, 44_100), name=name, subtype=subtype)
    file = kind(path)
    file.update({"TITLE": "Dusk", "Artist": "Ada", "TEMPO": "97,5", "INITIALKEY": "F#m"})
    file.save()
    found = read_tags(path)
    assert (found["title"], found["artist"]) == ("Dusk", "Ada")
    assert (found["bpm"], found["key"]) == (97.5, "F#m")


@pytest.mark.parametrize("bpm", ["fast", "nan", "inf", "-3", "0", "99999", ""])
def test_a_tempo_that_is_none_is_left_out(written: Written, bpm: str) -> None:
    path = written(sine(440, 0.5, 44_100), name="a.flac", subtype="PCM_16")
    file = FLAC(path)
    file.update({"BPM": bpm, "TITLE": "Dusk"})
    file.save()
    assert read_tags(path).get("bpm") is None
    assert read_tags(path)["title"] == "Dusk"


def test_sizes_are_bounded(written: Written) -> None:
    path = written(sine(440, 0.5, 44_100), name="a.flac", subtype="PCM_16")
    file = FLAC(path)
    file.update({f"NOTE{number}": "x" * 5_000 for number in range(200)})
    file.save()
    found = read_tags(path)
    assert len(found) == MOST_TAGS
    assert {len(str(value)) for value in found.values()} == {LONGEST_TEXT}


def test_no_tags_are_no_tags(written: Written, tmp_path: Path) -> None:
    assert read_tags(written(sine(440, 0.1, 44_100))) == {}
    (tmp_path / "text.mp3").write_bytes(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + b"\xff" * 100)
    assert read_tags(tmp_path / "text.mp3") == {}
    assert read_tags(tmp_path / "gone.mp3") == {}


NORM = " 00000210 000005AD 0000A1B2 00010D3B 00000000 0030D53A 00000000 00000000 00000000 00000000"
GAPS = " 00000000 00000210 00000A2C 000000000010C0C4 00000000 0008D4F0 00000000 00000000 00000000"


def commented(written: Written, *comments: tuple[str, str]) -> dict[str, Any]:
    """Write an MP3 with comments by description and give its tags."""
    path = written(sine(440, 0.5, 44_100), name="a.mp3", subtype="MPEG_LAYER_III")
    kind: Any = MP3
    file = kind(path)
    file.add_tags()
    for described, text in comments:
        file.tags.add(FRAMES.COMM(encoding=3, lang="eng", desc=described, text=text))
    file.save()
    return dict(read_tags(path))


@pytest.mark.parametrize(
    "comments",
    [
        [("iTunNORM", NORM), ("", "dusty vinyl")],
        [("", "dusty vinyl"), ("iTunSMPB", GAPS), ("iTunPGAP", "0")],
        [("iTunes_CDDB_IDs", "11+C0FF"), ("Songs-DB_Custom1", "x"), ("", "dusty vinyl")],
        [("ID3v1 Comment", "dusty vi"), ("", "dusty vinyl")],
        [("Comment", "dusty vinyl"), ("ID3v1 Comment", "dusty vi")],
        [("c0", NORM), ("description", "dusty vinyl")],
    ],
    ids=str,
)
def test_numbers_of_itunes_do_not_hide_what_a_person_wrote(
    written: Written, comments: list[tuple[str, str]]
) -> None:
    assert commented(written, *comments) == {"comment": "dusty vinyl"}


def test_numbers_of_itunes_alone_are_no_comment(written: Written) -> None:
    assert commented(written, ("iTunNORM", NORM), ("", GAPS)) == {}


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ({"TBPM": "128", "TKEY": "Am"}, {"bpm": 128.0, "key": "Am"}),
        ({"BPM": "128 BPM", "INITIAL_KEY": "Am"}, {"bpm": 128.0, "key": "Am"}),
        ({"BPM": ["128", "64"]}, {"bpm": 128.0}),
        ({"BPM": "89,5"}, {"bpm": 89.5}),
        ({"BPM": "fast"}, {}),
        ({"SERATO_OVERVIEW": "AAAA" * 40, "ITUNNORM": NORM, "TITLE": "x"}, {"title": "x"}),
    ],
    ids=str,
)
def test_tempo_and_key_are_read_under_the_names_of_converters(
    written: Written, tags: dict[str, Any], read: dict[str, Any]
) -> None:
    path = written(sine(440, 0.5, 44_100), name="a.flac", subtype="PCM_16")
    file = FLAC(path)
    file.update(tags)
    file.save()
    assert read_tags(path) == read

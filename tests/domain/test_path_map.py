"""Paths as the documents have them and as a machine calls them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.domain.errors import SettingInvalid
from smtui.domain.path_map import PathMap
from smtui.domain.query import parse
from smtui.domain.question import Expression

STUDIO = PathMap(prefixes={"/mnt/samples": "/Volumes/samples"})


def raw(path: bytes) -> Path:
    return Path(os.fsdecode(path))


@pytest.mark.parametrize(
    ("kept", "here"),
    [
        ("/mnt/samples", "/Volumes/samples"),
        ("/mnt/samples/kick.wav", "/Volumes/samples/kick.wav"),
        ("/mnt/samples2/kick.wav", "/mnt/samples2/kick.wav"),
        ("/home/anna/kick.wav", "/home/anna/kick.wav"),
    ],
)
def test_prefixes_change_by_whole_parts_and_back(kept: str, here: str) -> None:
    assert STUDIO.here(Path(kept)) == Path(here)
    assert STUDIO.documents_path(Path(here)) == Path(kept)


def test_the_longest_prefix_wins_in_both_directions() -> None:
    paths = PathMap(prefixes={"/mnt": "/Volumes", "/mnt/samples/drums": "/fast", "/": "/far"})
    assert paths.here(Path("/mnt/samples/drums/a.wav")) == Path("/fast/a.wav")
    assert paths.here(Path("/mnt/samples/bass.wav")) == Path("/Volumes/samples/bass.wav")
    assert paths.here(Path("/home/a.wav")) == Path("/far/home/a.wav")
    assert paths.documents_path(Path("/fast/a.wav")) == Path("/mnt/samples/drums/a.wav")
    assert paths.documents_path(Path("/far")) == Path("/")


def test_the_longest_prefix_is_the_one_with_most_bytes() -> None:
    paths = PathMap(prefixes={"/ü": "/long", "/ü/ä": "/short"})
    assert paths.here(Path("/ü/ä/x.wav")) == Path("/short/x.wav")


def test_a_prefix_may_be_put_at_the_root() -> None:
    paths = PathMap(prefixes={"/mnt/nas": "/"})
    assert paths.here(Path("/mnt/nas/a.wav")) == Path("/a.wav")
    assert paths.here(Path("/mnt/nas")) == Path("/")
    assert paths.documents_path(Path("/a.wav")) == Path("/mnt/nas/a.wav")


def test_bytes_that_are_not_utf8_go_along() -> None:
    here = raw(b"/Volumes/samples/\xff\xfe.wav")
    assert os.fsencode(STUDIO.documents_path(here)) == b"/mnt/samples/\xff\xfe.wav"
    assert STUDIO.here(STUDIO.documents_path(here)) == here
    odd = PathMap(prefixes={"/mnt": os.fsdecode(b"/Vol\xff")})
    assert os.fsencode(odd.here(Path("/mnt/a"))) == b"/Vol\xff/a"


def test_a_place_that_the_documents_mean_otherwise_is_hidden() -> None:
    assert STUDIO.hidden(Path("/mnt/samples/kick.wav"))
    assert not STUDIO.hidden(Path("/Volumes/samples/kick.wav"))
    assert not STUDIO.hidden(Path("/home/anna"))
    swapped = PathMap(prefixes={"/a": "/b", "/b": "/a"})
    assert not swapped.hidden(Path("/a/x"))


def test_a_path_whose_place_is_taken_by_another_prefix_is_foreign() -> None:
    assert STUDIO.foreign(Path("/Volumes/samples/kick.wav"))
    assert not STUDIO.foreign(Path("/mnt/samples/kick.wav"))
    assert not STUDIO.foreign(Path("/home/anna"))


parts = st.text(st.sampled_from("ab\udcffü"), min_size=1, max_size=2)
places = st.lists(parts, min_size=1, max_size=3).map(lambda names: "/" + "/".join(names))


@given(st.dictionaries(places, places, max_size=3), places)
def test_what_is_not_hidden_is_found_again(prefixes: dict[str, str], place: str) -> None:
    try:
        paths = PathMap.of_setting(prefixes, origin="paths.map")
    except SettingInvalid:
        return
    here = Path(place)
    if not paths.hidden(here):
        assert paths.here(paths.documents_path(here)) == here
        assert not paths.foreign(paths.documents_path(here))
    for kept in paths.prefixes:
        assert not paths.hidden(paths.here(Path(kept)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"samples": "/x"},
            "paths.map should name folders from the root on, but samples does not begin with /",
        ),
        (
            {"/mnt": "~/x"},
            "paths.map should name folders from the root on, but ~/x does not begin with /",
        ),
        (
            {"/mnt": ""},
            "paths.map should name folders from the root on, but an empty name does not begin"
            " with /",
        ),
        ({"/a": "/x", "/b": "/x/"}, "paths.map puts /a and /b at the same place, /x"),
        ({"/a": "/x", "/a/": "/y"}, "paths.map names /a twice"),
        ({"/a\x1b": "/x", "/a\x1b/": "/y"}, "paths.map names /a\\x1b twice"),
    ],
)
def test_a_mistake_is_one_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingInvalid) as raised:
        PathMap.of_setting(given, origin="paths.map")
    assert str(raised.value) == sentence


def test_slashes_that_mean_nothing_are_taken_out() -> None:
    paths = PathMap.of_setting({"//mnt//samples/": "/Volumes/x/../samples/"}, origin="paths.map")
    assert paths == STUDIO


def asked(text: str) -> Expression:
    return STUDIO.in_documents(parse(text))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("in:/Volumes/samples/drums", "in:/mnt/samples/drums"),
        ("in:=/Volumes/samples", "in:=/mnt/samples"),
        ("in:/volumes/Samples/drums", "in:/mnt/samples/drums"),
        ("in:/mnt/samples/drums", "in:/mnt/samples/drums"),
        ("in:/Volumes/samples2", "in:/Volumes/samples2"),
        ("in:samples", "in:samples"),
        ("kick -in:/Volumes/samples | in:/home", "kick -in:/mnt/samples | in:/home"),
    ],
)
def test_a_filter_understands_this_machines_folders(typed: str, meant: str) -> None:
    assert asked(typed) == parse(meant)


def test_a_path_is_printed_as_this_machine_calls_it() -> None:
    paths = PathMap(prefixes={"/mnt/nas": "/Volumes/nas"})
    assert paths.printed(Path("/mnt/nas/kick.wav")) == "/Volumes/nas/kick.wav"
    assert paths.printed(Path(os.fsdecode(b"/mnt/nas/caf\xe9.wav"))) == "/Volumes/nas/caf\\xe9.wav"
    assert paths.printed(Path("/mnt/other.wav")) == "/mnt/other.wav"

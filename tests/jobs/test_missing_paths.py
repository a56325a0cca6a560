"""What this machine does not have, and how that is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtui.domain.path_map import PathMap
from smtui.jobs.missing_paths import find_missing, lacks

SAME = PathMap()


@pytest.fixture
def nas(tmp_path: Path) -> Path:
    folder = tmp_path / "nas"
    (folder / "drums").mkdir(parents=True)
    (folder / "drums/kick.wav").write_bytes(b"RIFF")
    return folder


def test_the_topmost_missing_folder_is_named_with_the_way_to_map_it(nas: Path) -> None:
    missing = find_missing(nas / "bass" / "deep" / "sub.wav", SAME)
    assert missing is not None
    assert (missing.kept, missing.folder) == (nas / "bass", True)
    assert missing.words == (
        f"does not have {nas}/bass; if it has another name there, its settings can say so:"
        f' [paths] map = {{"{nas}/bass" = "/its/name/there"}}'
    )
    assert lacks(missing.kept, SAME)
    (nas / "bass").mkdir()
    assert lacks(missing.kept, SAME), "nothing is in it yet"
    (nas / "bass" / "sub.wav").touch()
    assert not lacks(missing.kept, SAME)


def test_a_file_that_alone_is_missing_is_no_missing_folder(nas: Path) -> None:
    missing = find_missing(nas / "drums" / "snare.wav", SAME)
    assert missing is not None
    assert not missing.folder
    assert missing.words == f"does not have {nas}/drums/snare.wav"


def test_an_empty_folder_may_be_where_a_drive_belongs(nas: Path) -> None:
    (nas / "drums/kick.wav").unlink()
    (nas / "drums").rmdir()
    missing = find_missing(nas / "drums" / "kick.wav", SAME)
    assert missing is not None
    assert missing.kept == nas
    assert missing.words == f"has nothing in {nas}; is its drive mounted there?"


def test_a_mapped_folder_is_told_by_both_its_names(nas: Path) -> None:
    paths = PathMap(prefixes={"/mnt/nas": f"{nas}/away"})
    missing = find_missing(Path("/mnt/nas/kick.wav"), paths)
    assert missing is not None
    assert missing.kept == Path("/mnt/nas")
    assert missing.words == f"does not have {nas}/away (/mnt/nas in the library)"


def test_a_place_that_is_another_folder_of_the_library_here_is_missing(nas: Path) -> None:
    paths = PathMap(prefixes={"/mnt/nas": str(nas)})
    missing = find_missing(nas / "drums/kick.wav", paths)
    assert missing is not None
    assert missing.words == f"has another folder at {nas}"
    assert lacks(missing.kept, paths)


def test_what_is_there_is_seen_whatever_it_is(nas: Path) -> None:
    assert find_missing(nas / "drums/kick.wav", SAME) is None
    assert find_missing(nas / "drums", SAME) is None, "a folder in its place"
    (nas / "loop.wav").symlink_to("loop.wav")
    assert find_missing(nas / "loop.wav", SAME) is None, "the system says what is wrong with it"
    (nas / "dangling.wav").symlink_to("nowhere.wav")
    assert find_missing(nas / "dangling.wav", SAME) is not None
    if os.getuid() != 0:
        (nas / "drums").chmod(0)
        try:
            assert find_missing(nas / "drums/kick.wav", SAME) is None, "nobody may look"
        finally:
            (nas / "drums").chmod(0o700)


def test_a_file_where_a_folder_should_be_hides_what_is_below(nas: Path) -> None:
    missing = find_missing(nas / "drums/kick.wav/inner.wav", SAME)
    assert missing is not None
    assert missing.kept == nas / "drums/kick.wav/inner.wav"


def test_names_that_are_not_utf8_are_told_inertly(nas: Path) -> None:
    odd = Path(os.fsdecode(bytes(nas) + b"/\xff\x1b/kick.wav"))
    missing = find_missing(odd, SAME)
    assert missing is not None
    assert "/\\xff\\x1b; " in missing.words

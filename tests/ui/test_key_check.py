"""Keys that a person chose are checked as every other setting is."""

from __future__ import annotations

import pytest

from smtui.domain.errors import SettingInvalid
from smtui.ui.key_check import check_keys


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"library.scn": "z"}, "No setting keys.library.scn (file); did you mean"),
        ({"zzz": "z"}, "No setting keys.zzz (file); `?` on a screen lists them"),
        ({"library.scan": "j"}, "which is table.down already on the same screen (library)"),
        ({"library.scan": "b"}, "which is app.runs already on the same screen (library)"),
        ({"library.scan": "."}, "which is library.folder_only already"),
        ({"table.down": "t"}, "which is library.tag already on the same screen (library)"),
        ({"library.filter": "ctrl+banana"}, "is ctrl+banana, which is no key"),
        ({"library.filter": "banana"}, "is banana, which is no key"),
        ({"library.scan": ""}, "(file) is empty, which is no key"),
        ({"library.scan": "z,"}, "(file) is empty, which is no key"),
        ({"library.scan": "ctrl+i"}, "which a terminal cannot tell from tab"),
        ({"library.scan": "ctrl+q"}, "which leaves smtui"),
    ],
)
def test_a_key_that_cannot_work_is_refused_in_one_sentence(
    chosen: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingInvalid) as told:
        check_keys(chosen, {f"keys.{id_}": "file" for id_ in chosen})
    assert words in str(told.value)


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"library.scan": "z"},
        {"library.scan": "z,f5,ctrl+t"},
        {"library.scan": "i"},
        {"library.scan": "o", "library.sort": "i"},
        {"library.scan": "\u00fc"},
        {"detail.next": "pagedown"},
    ],
)
def test_keys_that_work_are_taken(chosen: dict[str, str]) -> None:
    check_keys(chosen, {})

"""Keys in tags, in every spelling that taggers are known to use; and what is none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtui.domain.filename_claims import key_in_tag, said_in
from smtui.domain.keys import KEY_NAMES, MAJOR, MINOR

# Each name with its step; two for the black keys.
NOTES = {
    "C": 0, "C#": 1, "Db": 1, "D": 2, "D#": 3, "Eb": 3, "E": 4, "F": 5, "F#": 6, "Gb": 6, "G": 7,
    "G#": 8, "Ab": 8, "A": 9, "A#": 10, "Bb": 10, "B": 11,
}  # fmt: skip
GERMAN = {
    "C": 0, "Cis": 1, "Des": 1, "D": 2, "Dis": 3, "Es": 3, "E": 4, "F": 5, "Fis": 6, "Ges": 6,
    "G": 7, "Gis": 8, "As": 8, "A": 9, "Ais": 10, "B": 10, "H": 11,
}  # fmt: skip
SOLFEGE = {"Do": 0, "Ré": 2, "Mi": 4, "Fa": 5, "Sol": 7, "La": 9, "Si": 11}
MODES = {
    MINOR: ("m", "min", " min", " minor", "-minor", " Minor", "MIN", "_min"),
    MAJOR: ("maj", " maj", " major", "-major", " Major", "MAJ", "M"),
}
WHEEL = {
    "A": ["8A", "1m"], "E": ["9A", "2m"], "B": ["10A", "3m"], "F#": ["11A", "4m"],
    "C#": ["12A", "5m"], "G#": ["1A", "6m"], "D#": ["2A", "7m"], "A#": ["3A", "8m"],
    "F": ["4A", "9m"], "C": ["5A", "10m"], "G": ["6A", "11m"], "D": ["7A", "12m"],
}  # fmt: skip
AROUND = ("", " ", " - 6", " +50", " (Energy 7)", "+12 ct")


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str, str]:
    """A key as it is written, with what it means."""
    mode = draw(st.sampled_from([MAJOR, MINOR]))
    note, step = draw(st.sampled_from([*NOTES.items()]))
    ending = draw(st.sampled_from(MODES[mode]))
    signs = draw(st.sampled_from(["plain", "signs", "words", "small"]))
    if signs == "signs":
        note = note[0] + note[1:].replace("#", "♯").replace("b", "♭")
    elif signs == "words":
        note = note[0] + note[1:].replace("#", " sharp").replace("b", " flat")
        ending = ending if ending.startswith((" ", "-", "_")) else f" {ending}"
    elif signs == "small":
        note = note.lower()
    return f"{note}{ending}{draw(st.sampled_from(AROUND))}", KEY_NAMES[step], mode


@given(spelled())
def test_a_key_in_letters_is_read_in_every_spelling(key: tuple[str, str, str]) -> None:
    text, note, mode = key
    assert key_in_tag(text) == (note, mode)


@pytest.mark.parametrize(("note", "step"), GERMAN.items())
@pytest.mark.parametrize("between", [" ", "-"])
def test_a_key_in_german_is_read(note: str, step: int, between: str) -> None:
    assert key_in_tag(f"{note}{between}Dur") == (KEY_NAMES[step], MAJOR)
    assert key_in_tag(f"{note.lower()}{between}moll") == (KEY_NAMES[step], MINOR)


@pytest.mark.parametrize(("note", "step"), SOLFEGE.items())
def test_a_key_in_syllables_is_read(note: str, step: int) -> None:
    assert key_in_tag(f"{note} mineur") == (KEY_NAMES[step], MINOR)
    assert key_in_tag(f"{note} maggiore") == (KEY_NAMES[step], MAJOR)
    assert key_in_tag(f"{note}# min") == (KEY_NAMES[(step + 1) % 12], MINOR)
    assert key_in_tag(f"{note} bémol majeur") == (KEY_NAMES[step - 1], MAJOR)


@pytest.mark.parametrize(("note", "hours"), WHEEL.items())
def test_a_key_on_a_wheel_is_read_with_and_without_a_zero(note: str, hours: list[str]) -> None:
    relative = KEY_NAMES[(KEY_NAMES.index(note) + 3) % 12]
    for hour in hours:
        other = hour.replace("A", "B").replace("m", "d")
        for text, key in ((hour, (note, MINOR)), (other, (relative, MAJOR))):
            for written in (text, text.zfill(3), text.lower(), f"{text} - 4", f"{text}/{text}"):
                assert key_in_tag(written) == key, written


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("8A/1m", ("A", MINOR)), ("8A (Am)", ("A", MINOR)), ("8A Am", ("A", MINOR)),
        ("G#m/Abm", ("G#", MINOR)), ("G", ("G", MAJOR)), ("a", ("A", None)), ("Am7", ("A", MINOR)),
        ("Dm 442 Hz", ("D", MINOR)), ("05A - Energy Level 7", ("C", MINOR)),
    ],
)  # fmt: skip
def test_what_stands_beside_a_key_does_not_hide_it(text: str, key: tuple[str, str | None]) -> None:
    assert key_in_tag(text) == key


@pytest.mark.parametrize(
    "text",
    """o|All|13A|0A|00A|8C|8A/9A|Am or C|A break|I Am Robot|No key|minor|major|6|120|as is|Beat
Dub|Ace|Bass|Cab|Face|D dorian|unknown|-|#|Hmm|Em all|Amen|Gm Kit|8 bars|A to B""".replace(
        "\n", "|"
    ).split("|"),
)
def test_what_is_no_key_says_nothing(text: str) -> None:
    assert key_in_tag(text) == (None, None)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    key, mode = key_in_tag(text)
    assert key is None or key in KEY_NAMES
    assert mode in (None, MAJOR, MINOR)


WORDS = """the quick dusty robot break layer night dub vinyl summer rain am a be do go see them
kick snare hat one two who what where e b I"""
PLAIN = re.split(r"\s", WORDS)


@given(st.lists(st.sampled_from(PLAIN), max_size=5))
def test_a_name_of_plain_words_claims_no_key(words: list[str]) -> None:
    assert said_in(f"{' '.join(words)} 120bpm x.wav").key is None


@given(st.sampled_from(PLAIN), st.sampled_from(PLAIN))
def test_what_somebody_is_is_no_key(first: str, second: str) -> None:
    said = said_in(f"{first} I Am {second} 60bpm.wav")
    assert (said.tempo, said.key) == (60.0, None)


@pytest.mark.parametrize(
    ("name", "tempo", "key"),
    [
        ("172 a break 172 2 layer.wav", 172, None),
        ("loop 120 bpm c# minor.wav", 120, "C# minor"),
        ("loop_120bpm_c_min.wav", 120, "C minor"),
        ("loop_120_a_minor.wav", 120, "A minor"),
        ("pad fsharp 90bpm.wav", 90, "F# None"),
        ("120 A Break.wav", 120, None),
        ("A Cappella 120 bpm.wav", 120, None),
        ("E Piano 120bpm.wav", 120, None),
        ("Verse A 128bpm.wav", 128, None),
        ("Side B 120bpm.wav", 120, None),
        ("Who Am I 90bpm.wav", 90, None),
        ("Got Em 120bpm.wav", 120, None),
        ("wait a min.wav", None, None),
        ("a minor problem.wav", None, None),
        ("4 bars 140.wav", 140, None),
        ("98__user__loop.wav", None, None),
    ],
)
def test_words_of_a_name_are_no_keys_and_counts_no_tempi(
    name: str, tempo: float | None, key: str | None
) -> None:
    said = said_in(name)
    assert said.tempo == tempo
    assert (f"{said.key} {said.mode}" if said.key else None) == key

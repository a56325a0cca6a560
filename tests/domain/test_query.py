"""What a person types into the filter line, and the mistakes they make."""

from __future__ import annotations

import math

import pytest

from smtui.domain.errors import QueryInvalid
from smtui.domain.query import CONDITIONS, MOST_CONDITIONS, both, parse, text_of
from smtui.domain.question import (
    All,
    Any,
    Between,
    Everything,
    Expression,
    Fact,
    Field,
    Is,
    Not,
    OneOf,
    Tagged,
    Unknown,
    Within,
    Words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Everything()),
        ("  \t ", Everything()),
        ("Kick", Words("kick")),
        ("kick dusty", All((Words("kick"), Words("dusty")))),
        ('"two words"', Words("two words")),
        (r'"a \"b\" \\ \n"', Words('a "b" \\ \\n')),
        ("12:30", Words("12:30")),
        ('"bpm:120"', Words("bpm:120")),
        ("kick | snare", Any((Words("kick"), Words("snare")))),
        ("kick|snare", Any((Words("kick"), Words("snare")))),
        ('"a|b"', Words("a|b")),
        (
            "a b | -c",
            Any((All((Words("a"), Words("b"))), Not(Words("c")))),
        ),
        ("-kick", Not(Words("kick"))),
        ("not:kick", Not(Words("kick"))),
        ("NOT:-kick", Words("kick")),
        ("--kick", Words("kick")),
        ('-"two words"', Not(Words("two words"))),
        ("loop", Any((Words("loop"), Is(Fact.LOOP)))),
        ("-loop", Not(Any((Words("loop"), Is(Fact.LOOP))))),
        ("not:loop", Not(Any((Words("loop"), Is(Fact.LOOP))))),
        ('"loop"', Words("loop")),
        ("is:loop", Is(Fact.LOOP)),
        ("is:One-Shot", Is(Fact.ONESHOT)),
        ("is:missing", Is(Fact.MISSING)),
        ("kind:kick,Snare", OneOf(Field.KIND, ("kick", "snare"))),
        ("-kind:kick", Not(OneOf(Field.KIND, ("kick",)))),
        ("kind:-", Unknown(Field.KIND)),
        ("tag:House", Tagged("House")),
        ('tag:"deep house"', Tagged("deep house")),
        ("tag:a,b", Any((Tagged("a"), Tagged("b")))),
        ('tag:"a,b"', Tagged("a,b")),
        ("tag:-", Unknown(Field.TAGS)),
        ('tag:"-"', Tagged("-")),
        ("in:drums/", Within("drums")),
        ('in:"/a/My Drums"', Within("/a/My Drums")),
        ('in:"a,b"', Within("a,b")),
        ("in:/", Within("/")),
        ("in:=/a/b", Within("/a/b", direct=True)),
        ('in:"=x"', Within("=x")),
        ("format:.WAV,aif", OneOf(Field.FORMAT, ("wav", "aiff"))),
        ("mode:minor", OneOf(Field.MODE, ("minor",))),
        ("channels:mono", Between(Field.CHANNELS, 1, 1)),
        ("channels:stereo", Between(Field.CHANNELS, 2, 2)),
        ("channels:1", Between(Field.CHANNELS, 1, 1)),
        ("rate:44100", Between(Field.RATE, 44100, 44100)),
        ("rate:44.1k", Between(Field.RATE, 44100, 44100)),
        ("rate:48khz", Between(Field.RATE, 48000, 48000)),
        ("rate:48", Between(Field.RATE, 48000, 48000)),
    ],
)
def test_a_filter_is_read(text: str, expected: Expression) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Am", "Am"),
        ("am", "Am"),
        ("A", "A"),
        ("aminor", "Am"),
        ('"a minor"', "Am"),
        ("a minor", "Am"),
        ("A#m", "A#m"),
        ("Bbm", "A#m"),
        ("B♭m", "A#m"),
        ("bb minor", "A#m"),
        ("bm", "Bm"),
        ("b", "B"),
        ("C", "C"),
        ("Cmaj", "C"),
        ("CM", "C"),
        ("AMIN", "Am"),
        ("f#", "F#"),
        ("Gb", "F#"),
        ("E#", "F"),
        ("Cb", "B"),
    ],
)
def test_a_key_may_be_written_as_musicians_do(text: str, label: str) -> None:
    assert parse(f"key:{text}") == OneOf(Field.KEY, (label,))
    assert parse(f"-key:{text}") == Not(OneOf(Field.KEY, (label,)))


def test_a_note_is_found_in_its_octave_or_in_all() -> None:
    every = ("A#", *(f"A#{octave}" for octave in range(9)))
    assert parse("note:Bb") == parse("root:a#") == OneOf(Field.NOTE, every)
    assert parse("kind:kick note:A1,Cb2") == All(
        (OneOf(Field.KIND, ("kick",)), OneOf(Field.NOTE, ("A1", "B1")))
    )
    assert parse("note:-") == Unknown(Field.NOTE)
    for text in ("note:A#", "note:A1,B1", "-note:C", "note:C,F#2", "note:-"):
        assert text_of(parse(text)) == text
    with pytest.raises(QueryInvalid, match="is not a note"):
        parse("note:Am")


def test_words_after_a_whole_key_stay_words() -> None:
    assert parse("key:Am minor") == All((OneOf(Field.KEY, ("Am",)), Words("minor")))
    assert parse("key:A kick") == All((OneOf(Field.KEY, ("A",)), Words("kick")))
    assert parse("key:Am,C") == OneOf(Field.KEY, ("Am", "C"))


def found(text: str, value: float) -> bool:
    between = parse(text)
    assert isinstance(between, Between)
    low = -math.inf if between.low is None else between.low
    high = math.inf if between.high is None else between.high
    return low <= value <= high


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        # The table shows 128.0 for 128.003: so it is found.
        ("bpm:120..128", [119.98, 120, 124, 128.003], [119.9, 128.1]),
        ("bpm:128..120", [120, 128], [119, 129]),
        ("bpm:120-128", [120, 128], [119, 129]),
        ("tempo:120…128", [120, 128], [119, 129]),
        ("bpm:..100", [20, 100], [101]),
        ("bpm:100..", [100, 300], [99]),
        ("bpm:120", [119.6, 120, 120.4], [119, 121]),
        ("bpm:120.0", [119.96, 120.04], [119.9, 120.1]),
        ("bpm:>120", [120.1, 200], [120, 120.04]),
        ("bpm:>=120", [119.96, 120], [119.9]),
        ("bpm:<120", [119.9], [120, 119.96]),
        ("bpm:<=128", [128, 128.04], [128.1]),
        ("bpm:~126", [121, 131], [120.9, 131.1]),
        ("bpm:126bpm", [126], [127]),
        ("len:<2", [0, 1.99], [2, 2.004, 3]),
        ("length:1..4", [1, 4], [0.9, 4.1]),
        ("len:>1:30", [90.1], [90]),
        ("len:<500ms", [0.49], [0.5]),
        ("loud:-12..-8", [-12.04, -8], [-12.1, -7.9]),
        ("loud:-8..-12", [-12, -8], [-13, -7]),
        ("loud:>-10", [-9.9], [-10, -10.04]),
        ("loud:-14", [-14.4], [-14.6]),
        ("rate:>=48k", [48000, 96000], [44100]),
        ("rate:~44.1k", [44100, 44056], [48000]),
        ("channels:>2", [3, 8], [2]),
    ],
)
def test_numbers_mean_what_the_table_shows(
    text: str, inside: list[float], outside: list[float]
) -> None:
    assert [value for value in inside if not found(text, value)] == []
    assert [value for value in outside if found(text, value)] == []


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("bpm:", "bpm:", "bpm:120..128"),
        ("kick tempo:", "tempo:", "bpm:120..128"),
        ("-key:", "key:", "key:Am"),
        ("bpm:fast", "fast", "A tempo looks like 126, 120..128"),
        ("bpm:>", ">", "A tempo looks like"),
        ("bpm:..", "..", "A tempo looks like"),
        ("bpm:120,5", "120,5", "A tempo looks like"),
        ("kick bpm:120..fast loop", "fast", "A tempo looks like"),
        ("bpm:120hz", "120hz", "not a tempo"),
        ("bpm:1:20", "1:20", "not a tempo"),
        ("len:-", "-", "A length in seconds looks like"),
        ("channels:~2", "~2", "Channels look like"),
        ("key:H", "H", "A key looks like Am"),
        ("key:Am,quack", "quack", "A key looks like Am"),
        ("mode:dorian", "dorian", "major and minor"),
        ("is:purple", "purple", "loop, oneshot, heard, failed, missing"),
        ("kind:kick,", "kick,", "missing beside a comma"),
        ("temp:120", "temp", "Did you mean tempo:?"),
        ("knd:kick", "knd", "Did you mean kind:?"),
        ("xyzzy:1", "xyzzy", "bpm:, key:"),
        ("name:kick", "name", "Just type the words"),
        ('kick "two wo', '"two wo', 'closing " is missing'),
        ('in:"', '"', 'closing " is missing'),
        ("kick |", "|", "missing after"),
        ("| kick", "|", "missing before"),
        ("a || b", "|", "missing"),
        ("kick -", "-", "needs a condition to leave out"),
        ("not:", "not:", "needs a condition to leave out"),
        ('kick ""', '""', "Nothing between"),
        ('in:""', '""', "A folder is missing"),
        ("in:=", "=", "A folder is missing"),
    ],
)
def test_a_mistake_is_named_at_its_place(text: str, place: str, says: str) -> None:
    with pytest.raises(QueryInvalid) as caught:
        parse(text)
    mistake = caught.value
    assert text[mistake.start : mistake.end] == place
    assert says in str(mistake)


def test_a_mistake_keeps_its_place_behind_bytes_that_are_not_text() -> None:
    with pytest.raises(QueryInvalid) as caught:
        parse("caf\udce9 bpm:fast")
    assert (caught.value.start, caught.value.end) == (9, 13)


def test_bytes_that_are_not_text_are_looked_for_as_the_library_shows_them() -> None:
    assert parse("caf\udce9") == Words("caf\\xe9")
    assert parse("in:\ud834") == Within("\\ud834")


def test_too_many_conditions_are_refused_before_a_store_meets_them() -> None:
    with pytest.raises(QueryInvalid, match="conditions"):
        parse("x " * (MOST_CONDITIONS + 1))


def test_every_example_of_the_help_can_be_typed() -> None:
    assert [text_of(parse(each.example)) for each in CONDITIONS] == [
        "bpm:120..128",
        "key:Am",
        "note:A",
        "mode:minor",
        "kind:kick,snare",
        "tag:house",
        "in:drums",
        "len:<2",
        "loud:-12..-8",
        "format:wav",
        "rate:44100",
        "channels:1",
        "peak:>-0.1",
        "clipped:>0",
        "dc:>0.01",
        "head:>0.05",
        "tail:>0.5",
        "corr:<0.2",
        "bits:16",
        "is:loop",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'kick "two words" -loop',
        "bpm:126",
        "bpm:126.0",
        "bpm:~126",
        "bpm:>120",
        "bpm:>=120",
        "len:<2",
        "len:0.5",
        "loud:-14",
        "loud:>-10",
        "bpm:-",
        "peak:>-1",
        "peak:-",
        "clipped:>=100",
        "dc:0.01",
        "head:0.05..0.1",
        "corr:-0.5..0",
        "bits:<24",
        "is:disagree",
        'in:="/a b/c"',
        "a b | -tag:x,y",
    ],
)
def test_what_is_written_back_is_what_was_typed(text: str) -> None:
    assert text_of(parse(text)) == text


def test_an_or_inside_an_and_is_multiplied_out() -> None:
    tree = All((Any((Words("a"), Words("b"))), Not(All((Words("c"), Is(Fact.LOOP))))))
    assert text_of(tree) == "a -c | a -is:loop | b -c | b -is:loop"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", " kick ", "kick"),
        ("kick", "", "kick"),
        ("kick", "bpm:120", "kick bpm:120"),
    ],
)
def test_two_filters_ask_for_both(first: str, second: str, expected: str) -> None:
    assert both(first, second) == expected


def test_an_or_in_one_of_two_filters_stays_within_it() -> None:
    a, b, c = Words("a"), Words("b"), Words("c")
    assert parse(both("a | b", "c")) in (All((Any((a, b)), c)), Any((All((a, c)), All((b, c)))))

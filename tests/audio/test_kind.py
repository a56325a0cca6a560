"""Kinds are heard of sounds made here, of seeds that nothing was learned from."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from smtui.audio.recipe import Explained, explain, listen
from smtui.demo import instruments as play
from smtui.domain.analysis import Level, Measurement
from tests.audio.sounds_made import Written, sine
from tests.truth.one_shots import DRUMS, RATE
from tests.truth.tones import TONES

Heard = list[tuple[str, Measurement]]
_SEED = 90_210
_OF_EACH = 6
_SURE = 0.8


@pytest.fixture(scope="module")
def heard() -> Heard:
    """Every kind of synthesised sound a few times, with its true kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        return [(kind, _listened(path, wave)) for kind, wave in _made()]


def _made() -> Iterator[tuple[str, np.ndarray]]:
    for name, (kind, make) in (DRUMS | TONES).items():
        for place in range(_OF_EACH):
            yield kind, make(np.random.default_rng((_SEED, place, *name.encode())))


def _listened(path: Path, wave: np.ndarray) -> Measurement:
    soundfile.write(path, 0.7 * wave / np.abs(wave).max(), RATE, subtype="FLOAT")
    return listen(path, level=Level.BASIC)


def test_most_sounds_are_of_the_kind_that_is_heard(heard: Heard) -> None:
    right = [measured.kind == kind for kind, measured in heard]
    assert np.mean(right) >= 0.85


def test_the_kind_or_the_next_likely_one_is_right(heard: Heard) -> None:
    either = [
        kind in (measured.kind, *(each.kind for each in measured.claims.kind_alternatives[:1]))
        for kind, measured in heard
    ]
    assert np.mean(either) >= 0.94


def test_no_kind_is_right_at_the_cost_of_another(heard: Heard) -> None:
    shares = defaultdict(list)
    for kind, measured in heard:
        shares[kind].append(measured.kind == kind)
    assert len(shares) == 12
    weak = {kind: np.mean(right) for kind, right in shares.items() if np.mean(right) < 0.5}
    assert not weak


def test_what_is_claimed_for_sure_is_right(heard: Heard) -> None:
    sure = [kind == m.kind for kind, m in heard if m.kind_confidence >= _SURE]
    assert len(sure) > len(heard) / 3
    assert np.mean(sure) >= 0.9
    unsure = [kind == m.kind for kind, m in heard if m.kind_confidence < _SURE]
    assert np.mean(unsure) < np.mean(sure)


def test_the_other_kinds_are_the_less_likely_ones(heard: Heard) -> None:
    for _, measured in heard:
        rivals = [each.confidence for each in measured.claims.kind_alternatives]
        assert rivals == sorted(rivals, reverse=True)
        assert measured.kind not in [each.kind for each in measured.claims.kind_alternatives]
        assert sum(rivals) + measured.kind_confidence <= 1.005
        assert max(rivals, default=0) <= measured.kind_confidence
    assert Counter(len(m.claims.kind_alternatives) for _, m in heard).most_common(1)[0][0] == 3


def told(path: Path) -> Explained:
    return explain(path, level=Level.ADVANCED)


def test_silence_is_of_no_kind(written: Written) -> None:
    quiet = told(written(np.zeros(RATE)))
    assert (quiet.measured.kind, quiet.measured.kind_confidence) == (None, 0.0)
    assert quiet.measured.claims.kind_alternatives == ()
    assert quiet.kind == ("nothing sounds",)


def test_the_evidence_is_what_a_person_can_hear(written: Written) -> None:
    kick = told(written(0.8 * play.kick(RATE)))
    assert kick.measured.kind == "kick"
    first, times, power, manner = kick.kind
    assert first.startswith(f"sounds like kick {kick.measured.kind_confidence:.0%}")
    assert "ms after the onset" in times
    assert int(power.split("%")[0]) > 50
    assert manner.endswith("struck once")
    hat = told(written(0.5 * play.hat(RATE)))
    assert hat.measured.kind == "hat"
    assert int(hat.kind[2].split("%")[0]) < 10
    assert "noise" in hat.kind[3]
    tone = told(written(sine(220, 1.5, RATE)))
    assert "one steady note, A3" in tone.kind[-1]


def test_what_goes_round_in_whole_bars_is_a_loop(written: Written) -> None:
    wave = np.zeros(4 * RATE)
    for beat in range(8):
        stroke = play.kick(RATE) if beat % 2 == 0 else play.snare(RATE)
        place = (beat * RATE // 2 + np.arange(len(stroke))) % len(wave)
        wave[place] += stroke
    loop = told(written(0.6 * wave))
    assert (loop.measured.kind, loop.measured.is_loop) == ("loop", True)
    assert "goes round in whole bars: a loop" in loop.kind


def test_a_long_piece_with_a_beat_is_music(written: Written) -> None:
    rate = 22_050
    wave = np.zeros(60 * rate)
    for beat in range(116):
        stroke = play.kick(rate) if beat % 2 == 0 else play.snare(rate)
        start = round((0.3 + beat / 2) * rate)
        wave[start : start + len(stroke)] += stroke
    wave *= 0.6 * np.minimum(1, np.linspace(12, 0, len(wave)))
    piece = told(written(wave, rate=rate))
    assert (piece.measured.kind, piece.measured.is_loop) == ("music", None)

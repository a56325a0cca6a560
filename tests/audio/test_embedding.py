"""Embeddings say how sounds sound, whatever their level, silence, rate, channels and codec."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import soxr

from smtui.audio.recipe import listen
from smtui.demo import instruments as play
from smtui.domain.analysis import Level
from smtui.domain.embedding import (
    BLOCKS,
    DIMENSIONS,
    ENVELOPE,
    RHYTHM,
    TIMBRE,
    TONALITY,
    alike,
)
from smtui.domain.likeness import Weights, wanted
from tests.audio.sounds_made import Written, sine
from tests.truth import changes
from tests.truth.one_shots import DRUMS, RATE
from tests.truth.tones import TONES

Embedding = tuple[float, ...]
_SEED = 31_337
_NAMES = ("kick", "snare", "clap", "hat closed", "crash", "tom", "bass", "chord", "lead", "zap")


def made(name: str, place: int = 0) -> np.ndarray:
    _, make = (DRUMS | TONES)[name]
    wave = make(np.random.default_rng((_SEED, place, *name.encode())))
    return np.asarray(0.7 * wave / np.abs(wave).max())


def heard(written: Written, wave: np.ndarray, rate: int = RATE) -> Embedding:
    return listen(written(wave, rate=rate), level=Level.ADVANCED).embedding


@pytest.fixture
def embedded(written: Written) -> Callable[..., Embedding]:
    return lambda wave, rate=RATE: heard(written, wave, rate)


Embedded = Callable[..., Embedding]


def test_the_blocks_follow_each_other_and_share_the_whole() -> None:
    assert [block.start for block in BLOCKS] == [0, *(block.stop for block in BLOCKS[:-1])]
    assert BLOCKS[-1].stop == DIMENSIONS == 768
    assert sum(block.share for block in BLOCKS) == pytest.approx(1)


@pytest.mark.parametrize("name", _NAMES)
def test_every_block_has_its_norm_and_says_absent_apart(embedded: Embedded, name: str) -> None:
    vector = np.array(embedded(made(name)))
    assert np.isfinite(vector).all()
    for block in BLOCKS:
        assert np.linalg.norm(vector[block.span]) == pytest.approx(block.norm, abs=1e-5)
        present = np.any(vector[block.start : block.absent])
        assert vector[block.absent] == (0 if present else pytest.approx(block.norm))


def test_what_there_is_nothing_of_is_absent(embedded: Embedded) -> None:
    def absent(vector: Embedding) -> list[str]:
        return [block.name for block in BLOCKS if vector[block.absent] > 0]

    assert absent(embedded(np.zeros(RATE))) == [block.name for block in BLOCKS]
    assert absent(embedded(0.7 * play.kick(RATE))) == ["rhythm", "tonality"]
    assert absent(embedded(sine(220, 1.0, RATE))) == ["rhythm"]
    strokes = np.concatenate([np.pad(0.7 * play.hat(RATE), (0, RATE // 4)) for _ in range(8)])
    assert absent(embedded(strokes)) == ["tonality"]


def test_the_level_basic_has_none(written: Written) -> None:
    assert listen(written(made("kick")), level=Level.BASIC).embedding == ()


@pytest.mark.parametrize("name", _NAMES)
def test_neither_level_nor_silence_nor_channels_change_it(embedded: Embedded, name: str) -> None:
    wave = made(name)
    plain = embedded(wave)
    assert alike(plain, embedded(0.05 * wave)) > 0.999
    assert alike(plain, embedded(np.stack((wave, wave), axis=1))) > 0.9999
    around = np.pad(wave, (round(0.4 * RATE), RATE))
    assert alike(plain, embedded(around)) > 0.985


@pytest.mark.parametrize("name", _NAMES)
def test_neither_rate_nor_codec_change_it_much(embedded: Embedded, name: str) -> None:
    wave = made(name)
    plain = embedded(wave)
    faster = soxr.resample(wave, RATE, 96_000, "VHQ")
    assert alike(plain, embedded(faster, 96_000)) > 0.985
    for codec in ("mp3", "ogg"):
        coded = changes.coded(wave[:, None].astype(np.float32), RATE, codec)
        assert alike(plain, embedded(coded)) > 0.95, codec


def test_sounds_of_the_same_name_are_the_most_alike(embedded: Embedded) -> None:
    names = [name for name in _NAMES for _ in range(6)]
    vectors = np.array([embedded(made(name, place % 6)) for place, name in enumerate(names)])
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    first = [names[place] for place in likeness.argmax(axis=1)]
    assert np.mean([one == other for one, other in zip(first, names, strict=True)]) >= 0.85
    order = np.argsort(-likeness, axis=1)[:, :5]
    near = [[names[place] == name for place in row] for name, row in zip(names, order, strict=True)]
    assert np.mean(near) >= 0.7


def test_each_aspect_tells_what_it_is_for(embedded: Embedded) -> None:
    """The same note by another voice is alike in tonality; the same rhythm by another drum too."""
    low = sine(220, 1.0, RATE)
    saw = 0.5 * (2 * ((220 * np.arange(RATE) / RATE) % 1) - 1)
    tone, bright, far = embedded(low), embedded(saw), embedded(sine(311.13, 1.0, RATE))
    assert alike(tone, bright, TONALITY) > 0.9 > alike(tone, far, TONALITY)
    assert alike(tone, bright, TIMBRE) < alike(tone, far, TIMBRE)

    def played(stroke: np.ndarray, places: tuple[float, ...]) -> Embedding:
        wave = np.zeros(3 * RATE)
        for place in places:
            start = round(place * RATE)
            wave[start : start + len(stroke)] += stroke[: len(wave) - start]
        return embedded(0.6 * wave)

    even, uneven = (0.0, 0.5, 1.0, 1.5, 2.0), (0.0, 0.31, 0.93, 1.24, 1.86, 2.17)
    kicks, hats = played(play.kick(RATE), even), played(play.hat(RATE), even)
    swung = played(play.kick(RATE), uneven)
    assert alike(kicks, hats, RHYTHM) > 0.8 > alike(kicks, swung, RHYTHM)
    assert alike(kicks, hats, TIMBRE) < alike(kicks, swung, TIMBRE)
    kick = made("kick")
    assert alike(embedded(kick), embedded(kick[::-1]), ENVELOPE) < 0.5


def test_a_query_may_weigh_the_aspects(embedded: Embedded) -> None:
    one, two = embedded(made("kick")), embedded(made("tom"))
    # By the blocks' shares and the steps: twice as much timbre as envelope, and nothing else.
    weights = Weights(timbre=3, envelope=4, rhythm=0, tonality=0)
    asked = 1.5 * sum(a * b for a, b in zip(wanted([one]).query(weights), two, strict=True))
    assert asked == pytest.approx(alike(one, two, TIMBRE) + 0.5 * alike(one, two, ENVELOPE))

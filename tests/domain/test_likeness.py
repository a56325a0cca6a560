"""A query is one vector, and its cosine is the weighted sum of the aspects."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest

from smtui.domain.embedding import BLOCKS, DIMENSIONS, alike
from smtui.domain.errors import InputInvalid
from smtui.domain.likeness import ASPECTS, HEAVIEST, Likeness, Weights, wanted


def an_embedding(seed: int) -> tuple[float, ...]:
    draw = Random(seed)
    numbers = [0.0] * DIMENSIONS
    for block in BLOCKS:
        part = [draw.gauss(0, 1) for _ in range(block.stop - block.start)]
        length = sqrt(sum(number * number for number in part))
        numbers[block.span] = [block.norm * number / length for number in part]
    return tuple(numbers)


SEED, OTHER, THIRD = an_embedding(1), an_embedding(2), an_embedding(3)


@pytest.mark.parametrize(
    "weights", [Weights(), Weights(timbre=5, rhythm=0), Weights(tonality=4, envelope=1)]
)
def test_one_vector_ranks_as_the_weighted_aspects_do(weights: Weights) -> None:
    looked_for = wanted([SEED], [THIRD])
    by_vector = sum(a * b for a, b in zip(looked_for.query(weights), OTHER, strict=True))
    assert by_vector == pytest.approx(looked_for.likeness(OTHER).score(weights), abs=1e-9)


def test_with_even_weights_a_seed_alone_is_compared_as_embeddings_are() -> None:
    score = wanted([SEED]).likeness(OTHER).score(Weights())
    assert score == pytest.approx(alike(SEED, OTHER), abs=1e-9)


def test_a_sound_is_wholly_like_itself_in_every_aspect() -> None:
    assert wanted([SEED]).likeness(SEED).aspects == pytest.approx((1, 1, 1, 1))


def test_all_weights_moved_alike_ask_the_same() -> None:
    heavier = Weights(timbre=3, rhythm=3, tonality=3, envelope=3)
    assert heavier.factors() == pytest.approx(Weights().factors())


def test_less_like_a_sound_moves_away_from_it() -> None:
    away = wanted([SEED], [OTHER]).likeness(OTHER).score(Weights())
    assert away < wanted([SEED]).likeness(OTHER).score(Weights())


def test_a_weight_of_nothing_leaves_its_aspect_out() -> None:
    only = Weights(timbre=0, tonality=0, envelope=0, rhythm=1)
    likeness = wanted([SEED]).likeness(OTHER)
    assert likeness.score(only) == pytest.approx(likeness.aspects[ASPECTS.index("rhythm")])


def test_weights_stop_at_their_ends() -> None:
    assert Weights(rhythm=HEAVIEST).moved("rhythm", +1).rhythm == HEAVIEST
    assert Weights(rhythm=0).moved("rhythm", -1).rhythm == 0


@pytest.mark.parametrize("wrong", [{"timbre": -1}, {"rhythm": 6}, {"tonality": float("nan")}])
def test_weights_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputInvalid):
        Weights(**wrong)


def test_all_weights_at_nothing_are_refused() -> None:
    with pytest.raises(InputInvalid, match="nothing to compare"):
        Weights(timbre=0, rhythm=0, tonality=0, envelope=0)


def test_seeds_that_cancel_out_are_refused_where_the_weights_look() -> None:
    twice = tuple(2 * number for number in SEED)
    with pytest.raises(InputInvalid, match="cancel"):
        wanted([SEED], [twice]).query(Weights())


def test_no_seed_and_a_vector_of_another_length_are_refused() -> None:
    with pytest.raises(InputInvalid, match="No sound"):
        wanted([])
    with pytest.raises(InputInvalid, match="768"):
        wanted([SEED[:100]])


def test_what_neither_sound_has_is_no_reason() -> None:
    assert Likeness(aspects=(0.8, 1.0, 1.0, 0.3)).telling == (0.8, None, None, 0.3)
    assert Likeness(aspects=(0.8, 0.7, -0.2, 0.3)).telling == (0.8, 0.7, -0.2, 0.3)
    assert Likeness(aspects=(1.0, 1.0, 1.0, 1.0)).telling == (1.0, 1.0, 1.0, 1.0)


def test_a_copy_through_a_codec_shows_how_alike_it_is_in_everything() -> None:
    copy = Likeness(aspects=(0.9982, 0.9999, 1.0, 0.9984))
    assert copy.is_copy
    assert copy.telling == copy.aspects
